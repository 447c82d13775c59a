"""What people have changed in the configuration: who, when, and from what to what, the newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.db import models

from integrations.models import (
    Account,
    AlertSettings,
    Connection,
    FieldMapping,
    FilterCondition,
    OwnerMapping,
    SequenceMapping,
    SyncStep,
)

from .change_words import KINDS, ChangeWords, Record

MOST_RECORDS = 2_000
"""Of each kind, the newest: what a page looks through."""
MOST_CHANGES = 200
ONE_GO = timedelta(seconds=2)
"""Between records of one save."""
ROWS: tuple[type[models.Model], ...] = (FieldMapping, FilterCondition, OwnerMapping, SequenceMapping)
Configured: TypeAlias = Account | AlertSettings | Connection | SyncStep
_NOT_TOLD = ("id", "step", "connection", "position")
Source = tuple[type[models.Model], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value of a thing, before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """What happened to one thing: "changed", "owner mapping 3", "Ada → Ben" and its values. `step` is where it is."""

    verb: str
    title: str
    content: str = ""
    step: str = ""
    values: tuple[ChangedValue, ...] = ()

    def __str__(self) -> str:
        """For a terminal."""
        where = f" of “{self.step}”" if self.step else ""
        content = f": {self.content}" if self.content else ""
        values = "".join(f"\n    {value.label}: {value.before} → {value.after}" for value in self.values)
        return f"{self.verb.capitalize()} {self.title}{where}{content}{values}"


@dataclass(slots=True)
class Change:
    """What somebody did in one go. `why` is what a command or service gave as the reason."""

    at: datetime
    who: str
    why: str
    lines: list[ChangeLine] = field(default_factory=list)


def changes_of(thing: Configured) -> list[Change]:
    """The changes of an account, the alerts' settings, a step with its rows, or a connection with its steps.

    Also of rows and steps that were deleted since.
    """
    pairs = [(model, before, after) for model, where in _sources(thing) for before, after in _successions(model, where)]
    words = ChangeWords([(model, record) for model, *both in pairs for record in both if record is not None])
    steps = _step_names(thing, words)
    changes: list[Change] = []
    for model, before, after in sorted(pairs, key=lambda each: _when(each[2]), reverse=True):
        line = _line(words, model, before, after, steps.get(getattr(after, "step_id", None) or 0, ""))
        if line is None and not (after.history_change_reason and model not in ROWS):
            continue
        change = _joined(changes, after)
        if line is not None:
            change.lines.insert(0, line)
        if len(changes) > MOST_CHANGES:
            return changes[:MOST_CHANGES]
    return changes


def bookmark() -> dict[type[models.Model], int]:
    """Where the history stands, for `changes_since`."""
    models_kept: tuple[Any, ...] = tuple(KINDS)
    return {
        model: model.history.order_by("-history_id").values_list("history_id", flat=True).first() or 0
        for model in models_kept
    }


def changes_since(mark: dict[type[models.Model], int]) -> list[ChangeLine]:
    """The net difference between then and now, thing by thing, in the order in which things were first touched."""
    pairs: list[tuple[type[models.Model], Record | None, Record]] = []
    for each, since in mark.items():
        model: Any = each
        touched: dict[int, Record] = {
            record.id: record for record in model.history.filter(history_id__gt=since).order_by("history_id")
        }
        earlier: dict[int, Record] = {
            record.id: record
            for record in model.history.filter(history_id__lte=since, id__in=list(touched)).order_by("history_id")
        }
        for key, after in touched.items():
            before = earlier.get(key)
            if before is None and after.history_type == "-":
                continue
            after.history_type = "+" if before is None else after.history_type
            pairs.append((each, before, after))
    words = ChangeWords([(model, record) for model, *both in pairs for record in both if record is not None])
    steps = {step.pk: str(step) for step in SyncStep.objects.with_accounts()}
    lines = [
        _line(words, model, before, after, steps.get(getattr(after, "step_id", None) or 0, ""))
        for model, before, after in pairs
    ]
    return [line for line in lines if line is not None]


def _sources(thing: Configured) -> Iterator[Source]:
    yield type(thing), {"id": thing.pk}
    step_ids = [thing.pk] if isinstance(thing, SyncStep) else []
    if isinstance(thing, Connection):
        yield SyncStep, {"connection_id": thing.pk}
        step_ids = list(SyncStep.history.filter(connection_id=thing.pk).order_by().values_list("id", flat=True))
    if step_ids:
        for model in ROWS:
            yield model, {"step_id__in": set(step_ids)}


def _successions(model: Any, where: dict[str, Any]) -> Iterator[tuple[Record | None, Record]]:
    """Each record with the one before it."""
    newest = model.history.filter(**where).select_related("history_user").order_by("-history_id")
    records = list(newest[:MOST_RECORDS])
    latest: dict[int, Record] = {}
    for record in reversed(records):
        before = latest.get(record.id)
        latest[record.id] = record
        # The first record of what was there before the oldest one that is looked at has nothing to differ from.
        if before is not None or record.history_type != "~":
            yield before, record


def _step_names(thing: Configured, words: ChangeWords) -> dict[int, str]:
    """On a connection's page, rows are told apart by their steps."""
    if not isinstance(thing, Connection):
        return {}
    records = SyncStep.history.filter(connection_id=thing.pk).order_by("history_id")
    return {record.id: words.step(record) for record in records}


def _line(words: ChangeWords, model: type[models.Model], before: Any, after: Any, step: str) -> ChangeLine | None:
    title, content = words.title(model, after), words.content(model, after)
    if after.history_type != "~":
        return ChangeLine("added" if after.history_type == "+" else "removed", title, content, step)
    values = []
    for column in after._meta.concrete_fields:
        told = column.name not in _NOT_TOLD or (column.name == "position" and model is SyncStep)
        if not told or column.name.startswith("history_"):
            continue
        old, new = getattr(before, column.attname), getattr(after, column.attname)
        if old != new:
            original = model._meta.get_field(column.name)
            values.append(ChangedValue(words.label(original), words.value(original, old), words.value(original, new)))
    return ChangeLine("changed", title, words.content(model, before), step, tuple(values)) if values else None


def _joined(changes: list[Change], record: Record) -> Change:
    """The change that the record belongs to, which is a new one unless it was made in one go with the last."""
    user = record.history_user
    why = record.history_change_reason or ""
    who = (user.get_full_name() or user.get_username()) if user else "A command" if "manage.py" in why else "System"
    last = changes[-1] if changes else None
    if last is not None and (last.who, last.why) == (who, why) and last.at - record.history_date < ONE_GO:
        return last
    changes.append(Change(record.history_date, who, why))
    return changes[-1]


def _when(record: Record) -> tuple[datetime, int]:
    return record.history_date, record.history_id
