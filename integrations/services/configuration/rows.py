"""The rows of a step as a file gives them, turned into attributes of the models, with the rules of the step's page."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from django.db.models import Model

from integrations.domain.conversion import can_convert
from integrations.domain.filters import LIST_OPERATORS, check_condition
from integrations.engine.settings_loader import condition_value
from integrations.models import (
    FieldMapping,
    FilterCondition,
    OwnerMapping,
    SequenceMapping,
)

from .document import Entry
from .references import Directory

Line = tuple[Hashable, dict[str, Any]]
"""A row by its key, as `services.rows.replace_rows` takes it."""
Reader = Callable[[Entry, Directory, Directory, int], Line | None]
"""Reads one row, given the directories of source and target and its number. None: something was noted as wrong."""


def words_of(model: type[Model], name: str) -> list[str]:
    """The values that a field with choices can have."""
    field: Any = model._meta.get_field(name)
    return [str(value) for value, _ in field.flatchoices]


def field_row(entry: Entry, source: Directory, target: Directory, number: int) -> Line | None:
    """from, to, overwrite, when_blank."""
    given = entry.entries(["from", "to"], ["overwrite", "when_blank"])
    if given is None or not {"from", "to"} <= given.keys():
        return None
    left, right = source.fields.find(given["from"]), target.fields.find(given["to"])
    mode = given["overwrite"].choice(words_of(FieldMapping, "mode")) if "overwrite" in given else "always"
    blank = given["when_blank"].choice(words_of(FieldMapping, "when_blank")) if "when_blank" in given else "keep"
    if left is None or right is None or mode is None or blank is None:
        return None
    trouble = can_convert(left.as_value(), right.as_value())
    if trouble:
        entry.refuse(trouble)
        return None
    columns = {"source_field_id": left.pk, "target_field_id": right.pk, "mode": mode, "when_blank": blank}
    return right.pk, columns


def owner_row(entry: Entry, source: Directory, target: Directory, number: int) -> Line | None:
    """from, to."""
    given = entry.entries(["from", "to"])
    if given is None or len(given) < 2:
        return None
    left, right = source.members.find(given["from"]), target.members.find(given["to"])
    if left is None or right is None:
        return None
    return left.pk, {"source_member_id": left.pk, "target_member_id": right.pk}


def sequence_row(entry: Entry, source: Directory, target: Directory, number: int) -> Line | None:
    """owner, sequence, step, ignore_step_delay, only_for_new."""
    options = ("ignore_step_delay", "only_for_new")
    given = entry.entries(["owner", "sequence", "step"], options)
    if given is None or not {"owner", "sequence", "step"} <= given.keys():
        return None
    owner, sequence = target.members.find(given["owner"]), target.sequences.find(given["sequence"])
    step = target.step_of(sequence).find(given["step"]) if sequence is not None else None
    flags = {name: given[name].boolean() if name in given else False for name in options}
    if owner is None or sequence is None or step is None or None in flags.values():
        return None
    return owner.pk, {"owner_id": owner.pk, "sequence_id": sequence.pk, "sequence_step_id": step.pk, **flags}


def filter_row(entry: Entry, source: Directory, target: Directory, number: int) -> Line | None:
    """group, about, operator, and field, list, member or value as these ask for."""
    given = entry.entries(["about", "operator"], ["group", "field", "list", "member", "value"])
    if given is None or not {"about", "operator"} <= given.keys():
        return None
    about = given["about"].choice(words_of(FilterCondition, "subject"))
    operator = given["operator"].choice(words_of(FilterCondition, "operator"))
    group = given["group"].choice(words_of(FilterCondition, "group")) if "group" in given else ""
    if about is None or operator is None or group is None:
        return None
    rule = FilterCondition(subject=about, operator=operator, group=group)
    if not _fill(rule, entry, given, source):
        return None
    if about == "saved_filter" and operator not in [str(each) for each in LIST_OPERATORS]:
        given["operator"].refuse(f"A list is asked for by {' or '.join(LIST_OPERATORS)}.")
        return None
    trouble = check_condition(condition_value(rule))
    if trouble:
        entry.refuse(trouble)
        return None
    columns = ("group", "subject", "field_id", "member_id", "saved_filter_id", "operator", "value")
    return number, {column: getattr(rule, column) for column in columns}


_ABOUT = {"field": "field", "saved_filter": "list"}


def _fill(rule: FilterCondition, entry: Entry, given: dict[str, Entry], source: Directory) -> bool:
    """Set what the rule looks at and its value; whether all was there."""
    wanted = _ABOUT.get(rule.subject)
    for key in ("field", "list"):
        if key in given and key != wanted:
            given[key].refuse(f"A rule about “{rule.subject}” has no {key}.")
            return False
    if wanted is not None and wanted not in given:
        entry.refuse(f"The key “{wanted}” is missing.")
        return False
    if rule.subject == "field":
        rule.field = source.fields.find(given["field"])
    elif rule.subject == "saved_filter":
        rule.saved_filter = source.saved_filters.find(given["list"])
    if wanted is not None and rule.field is None and rule.saved_filter is None:
        return False
    if "member" in given:
        if rule.subject != "owner":
            given["member"].refuse("Only a rule about the owner has a member.")
            return False
        rule.member = source.members.find(given["member"])
        return rule.member is not None
    if "value" in given:
        if rule.subject != "field":
            given["value"].refuse("Only a rule about a field has a value.")
            return False
        value = given["value"].text()
        rule.value = value or ""
        return value is not None
    return True


SECTIONS: dict[str, tuple[type[Model], Reader, str]] = {
    "fields": (
        FieldMapping,
        field_row,
        "This target field is in row {other} already: one field cannot take two values.",
    ),
    "filters": (FilterCondition, filter_row, ""),
    "owners": (OwnerMapping, owner_row, "This member is on the left side of row {other} already."),
    "sequences": (SequenceMapping, sequence_row, "This owner is in row {other} already."),
}
"""Key of the file to what its rows are, how they are read, and why two of them cannot be alike."""

KEY_COLUMNS: dict[type[Model], str] = {
    FieldMapping: "target_field_id",
    OwnerMapping: "source_member_id",
    SequenceMapping: "owner_id",
}
"""What a stored row is known by. Filtering rules go by their places."""


def read_rows(section: str, entry: Entry, source: Directory, target: Directory) -> list[Line]:
    """A section's rows. What is wrong, doubled rows too, is noted."""
    _, read, alike = SECTIONS[section]
    lines: list[Line] = []
    seen: dict[Hashable, int] = {}
    for number, item in enumerate(entry.items() or [], start=1):
        line = read(item, source, target, number)
        if line is None:
            continue
        if line[0] in seen:
            item.refuse(alike.format(other=seen[line[0]]))
            continue
        seen[line[0]] = number
        lines.append(line)
    return lines
