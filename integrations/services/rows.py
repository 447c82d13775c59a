"""Making the stored rows of a step equal to wanted ones, in an order that no uniqueness constraint minds."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from integrations.models import SyncStep


@dataclass(slots=True)
class RowsChanged:
    """What was done. `changed` has the names of the attributes."""

    new: list[Any] = field(default_factory=list)
    changed: list[tuple[Any, list[str]]] = field(default_factory=list)
    deleted: list[Any] = field(default_factory=list)


def replace_rows(
    step: SyncStep,
    model: type[Model],
    key: Callable[[Any], Hashable],
    wanted: Sequence[tuple[Hashable, dict[str, Any]]],
) -> RowsChanged:
    """Make the step's rows the wanted ones, given as (key, attributes), in that order.

    Stored rows go by their key, so two may trade what must be unique; the caller has made the wanted keys unique.
    Must run in a transaction.
    """
    done = RowsChanged()
    stored = {key(row): row for row in model._default_manager.filter(step=step)}
    plan = [(stored.pop(name, None), {**values, "position": number}) for number, (name, values) in enumerate(wanted)]
    for row in stored.values():
        row.delete()
        done.deleted.append(row)
    for known, values in plan:
        if known is None:
            new = model(step=step, **values)
            new.save(force_insert=True)
            done.new.append(new)
            continue
        names = [name for name, value in values.items() if getattr(known, name) != value]
        for name in names:
            setattr(known, name, values[name])
        if names:
            known.save(update_fields=[name.removesuffix("_id") for name in names])
        if set(names) - {"position"}:
            done.changed.append((known, [name.removesuffix("_id") for name in names]))
    return done
