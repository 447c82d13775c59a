"""Words for what was noted in the history: rows by their numbers and names, values as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from integrations.models import (
    Account,
    AccountField,
    AlertSettings,
    Connection,
    FieldMapping,
    FilterCondition,
    Member,
    OwnerMapping,
    SavedFilter,
    Sequence,
    SequenceMapping,
    SequenceStep,
    SyncStep,
)

KINDS: Mapping[type[models.Model], str] = {
    Account: "account",
    AlertSettings: "alert settings",
    Connection: "connection",
    SyncStep: "step",
    FieldMapping: "field mapping",
    FilterCondition: "filtering rule",
    OwnerMapping: "owner mapping",
    SequenceMapping: "people to sequence, row",
}
"""What is configured, and what people call it."""

_SIDES = {"source_field": "left side", "target_field": "right side"}
_SIDES |= {"source_member": "left side", "target_member": "right side"}
_NAMED: Mapping[type[models.Model], tuple[str, ...]] = {
    Account: (),
    Member: (),
    AccountField: (),
    SavedFilter: (),
    Sequence: (),
    SequenceStep: ("sequence",),
}
"""What a value can refer to, with what its name needs."""
Record = Any
"""A row of a history table; simple-history makes their classes."""


class ChangeWords:
    """Words for the records given, whose names are looked up once."""

    def __init__(self, records: Iterable[tuple[type[models.Model], Record]]) -> None:
        wanted: dict[type[models.Model], set[int]] = {}
        steps: list[Record] = []
        for model, record in records:
            if model is SyncStep:
                steps.append(record)
            for field in model._meta.concrete_fields:
                related = field.related_model
                if isinstance(related, type) and related in _NAMED:
                    key = getattr(record, field.attname, None)
                    if key is not None:
                        wanted.setdefault(related, set()).add(key)
        self._names = {
            (model, key): _name(thing)
            for model, keys in wanted.items()
            for key, thing in model._default_manager.select_related(*_NAMED[model]).in_bulk(keys).items()
        }

        # By the connection, which outlives its steps.
        connections = Connection.objects.select_related("crm_account", "outreach_account").in_bulk(
            {step.connection_id for step in steps}
        )
        self._arrows = {
            step.id: SyncStep(direction=step.direction, connection=connections[step.connection_id]).arrow
            for step in steps
            if step.connection_id in connections
        }

    def title(self, model: type[models.Model], record: Record) -> str:
        """ "owner mapping 3", "step Prospects"."""
        if model is SyncStep:
            return f"step “{self.step(record)}”"
        if model in (Account, Connection):
            return f"{KINDS[model]} “{record.name}”"
        if model is AlertSettings:
            return KINDS[model]
        return f"{KINDS[model]} {record.position + 1}"

    def step(self, record: Record) -> str:
        """A step's name then, else its direction."""
        in_general = self.value(SyncStep._meta.get_field("direction"), record.direction)
        return record.name or self._arrows.get(record.id, in_general)

    def content(self, model: type[models.Model], record: Record) -> str:
        """What a row says: "Ada → Ben"; empty for what is no row."""
        if model not in _CONTENTS:
            return ""
        fields: list[Any] = [model._meta.get_field(name) for name in _contents(model, record)]
        first, *others = (self.value(field, getattr(record, field.attname)) for field in fields)
        joint = " " if model is FilterCondition else " → "
        return joint.join([first, *others])

    def label(self, field: Any) -> str:
        """What people call a field."""
        return _SIDES.get(field.name) or str(field.verbose_name)

    def value(self, field: Any, value: Any) -> str:
        """A value as people read it."""
        if field.is_relation:
            if value is None:
                return "nobody" if field.related_model is Member else "nothing"
            return self._names.get((field.related_model, value), f"(gone, id {value})")
        if isinstance(value, bool):
            return "yes" if value else "no"
        if field.flatchoices:
            return str(dict(field.flatchoices).get(value, value))
        return str(value) if value not in (None, "") else "(empty)"


_CONTENTS: Mapping[type[models.Model], tuple[str, ...]] = {
    FieldMapping: ("source_field", "target_field"),
    OwnerMapping: ("source_member", "target_member"),
    SequenceMapping: ("owner", "sequence", "sequence_step"),
    FilterCondition: (),
}


def _contents(model: type[models.Model], record: Record) -> tuple[str, ...]:
    if model is not FilterCondition:
        return _CONTENTS[model]
    about = record.subject if record.subject != "owner" else "subject"
    parts = [about, "operator"]
    parts += ["member"] if record.member_id else ["value"] if record.value else []
    return tuple(parts)


def _name(thing: Any) -> str:
    if isinstance(thing, AccountField):
        return thing.label
    return str(thing) if isinstance(thing, SequenceStep) else str(thing.name)
