"""What is wrong with a step's rows, for whoever takes them in: a form, the API.

Things that a row had before may stay whatever has become of them; `is_new` says whether a column's thing is another one
than the stored row has. Things that were not found are None, and said elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from integrations import models
from integrations.domain.conversion import can_convert
from integrations.domain.enums import Operator, UnmappedOwners
from integrations.domain.filters import LIST_OPERATORS, check_condition
from integrations.engine.settings_loader import condition_value
from integrations.models import AccountField, FilterCondition, Member, SequenceStep

from .step_choices import cannot_be_read, cannot_be_written, gone
from .step_warnings import Section

IsNew = Callable[[str], bool]

NO_VALUE = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY, *LIST_OPERATORS)
"""Operators that take no value."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mistake in a row: the column, and a sentence for people."""

    column: str
    text: str


def check_field_mapping(source: AccountField | None, target: AccountField | None, is_new: IsNew) -> Iterator[Trouble]:
    """What cannot be converted, read or written is refused before any person meets it."""
    if source is None or target is None or not (is_new("source_field") or is_new("target_field")):
        return
    trouble = can_convert(source.as_value(), target.as_value())
    if trouble:
        yield Trouble("target_field", trouble)
        return
    if is_new("source_field") and (why := cannot_be_read(source)):
        yield Trouble("source_field", f"{source} is {why}.")
    if is_new("target_field") and (why := cannot_be_written(target)):
        yield Trouble("target_field", f"{target} is {why}.")


def check_owner_mapping(source: Member | None, target: Member | None, is_new: IsNew) -> Iterator[Trouble]:
    """A member who has left cannot be given people; a pair that was there before stays."""
    if target is not None and target.trouble and is_new("target_member"):
        yield Trouble("target_member", f"{target.name} is {target.trouble} and cannot be given people.")
    if source is not None and is_new("source_member") and (why := gone(source)):
        yield Trouble("source_member", f"{source.name} is {why}.")


def check_sequence_mapping(
    owner: Member | None, sequence: models.Sequence | None, step: SequenceStep | None, is_new: IsNew
) -> Iterator[Trouble]:
    """The step must be one of the sequence, and the sequence must take people."""
    if sequence is not None and step is not None and step.sequence_id != sequence.pk:
        yield Trouble("sequence_step", f"This is not a step of “{sequence.name}”. Choose one of its steps.")
    if sequence is not None and sequence.blocked and is_new("sequence"):
        yield Trouble("sequence", f"“{sequence.name}” is {sequence.blocked}: nobody can be added to it.")
    if step is not None and is_new("sequence_step") and (why := gone(step)):
        yield Trouble("sequence_step", f"Step {step} is {why}.")
    if owner is not None and owner.trouble and is_new("owner"):
        yield Trouble("owner", f"{owner.name} is {owner.trouble} and cannot be given people.")


def check_filter_condition(rule: FilterCondition) -> Iterator[Trouble]:
    """The operator and the value must fit what the rule looks at."""
    trouble = check_condition(condition_value(rule))
    if trouble:
        yield Trouble("operator" if "cannot be asked" in trouble else "value", trouble)


def check_fallback(policy: str, member: Member | None, is_new: IsNew) -> Iterator[Trouble]:
    """The policy that gives unmapped owners' people to a member needs one who can own them."""
    if policy != UnmappedOwners.FALLBACK:
        return
    if member is None:
        yield Trouble("fallback_member", "Choose who gets the people with an unmapped owner.")
    elif member.trouble and is_new("fallback_member"):
        yield Trouble("fallback_member", f"{member.name} is {member.trouble} and cannot be given people.")


UNIQUE = {Section.FIELDS: "target_field", Section.OWNERS: "source_member", Section.SEQUENCES: "owner"}
"""The column that no two rows of a section may share."""

_REPEATED = {
    Section.FIELDS: "{thing} is mapped more than once, in rows {rows}: one field cannot take two values.",
    Section.OWNERS: "{thing} is on the left side of rows {rows}. Each member can be on the left side only once.",
    Section.SEQUENCES: "{thing} has several rows: {rows}. Each owner can have only one.",
}


def check_repeated(section: Section, things: Sequence[object | None]) -> Iterator[tuple[int, Trouble]]:
    """Rows, by their index, whose thing in the section's unique column stands in others too, naming it and all rows.

    Rows are counted from 1 in the words.
    """
    rows: dict[str, list[int]] = {}
    for index, thing in enumerate(things):
        if thing is not None:
            rows.setdefault(str(thing), []).append(index)
    for name, same in rows.items():
        if len(same) > 1:
            numbers = [str(index + 1) for index in same]
            words = ", ".join(numbers[:-1]) + " and " + numbers[-1]
            text = _REPEATED[section].format(thing=name, rows=words)
            for index in same:
                yield index, Trouble(UNIQUE[section], text)
