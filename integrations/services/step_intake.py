"""Taking in the rows of a step's sections as programs send them: what their ids mean, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from integrations.models import (
    ConditionSubject,
    FieldMapping,
    FilterCondition,
    OwnerMapping,
    SequenceMapping,
    SyncStep,
)

from .step_checks import (
    NO_VALUE,
    UNIQUE,
    Trouble,
    check_field_mapping,
    check_filter_condition,
    check_owner_mapping,
    check_repeated,
    check_sequence_mapping,
)
from .step_choices import StepChoices, gone
from .step_warnings import Section

Row = Mapping[str, Any]
"""A row's columns by name, the ids of things as `..._id`."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A mistake in a draft. `section` and `index` are None for the settings, `index` for a whole section."""

    section: Section | None
    index: int | None
    trouble: Trouble


def unknown(number: int, kind: str, where: str) -> str:
    return f"“{where}” has no {kind} {number}."


class RowTaker:
    """Takes the rows of one section in: finds what their ids mean, and what is wrong with them."""

    section: Section
    model: type[Model]
    columns: tuple[str, ...]

    def __init__(self, step: SyncStep, choices: StepChoices) -> None:
        self.step = step
        self.choices = choices
        unique = UNIQUE.get(self.section)
        stored: list[Any] = list(self.model._default_manager.filter(step=step))
        self.stored = {getattr(row, f"{unique}_id"): row for row in stored} if unique else {}
        self.source, self.target = step.source_account.name, step.target_account.name

    def take(self, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[Misplaced]]:
        """The rows with all their columns, and every mistake in them."""
        mistakes = []
        taken: list[dict[str, Any]] = []
        for index, row in enumerate(rows):
            values = {**self.defaults(), **row}
            taken.append(values)
            mistakes += [Misplaced(self.section, index, trouble) for trouble in self.check(values)]
        if self.section in UNIQUE:
            things = [self.unique_thing(values) for values in taken]
            mistakes += [Misplaced(self.section, *found) for found in check_repeated(self.section, things)]
        return taken, mistakes

    def defaults(self) -> dict[str, Any]:
        """The columns that a row may leave out."""
        fields: list[Any] = [self.model._meta.get_field(column.removesuffix("_id")) for column in self.columns]
        return {
            column: field.get_default() for column, field in zip(self.columns, fields, strict=True) if not field.null
        }

    def check(self, values: dict[str, Any]) -> Iterator[Trouble]:
        """What is wrong with the row by itself."""
        raise NotImplementedError

    def find(self, values: Row, column: str, things: Mapping[int, Any], kind: str, where: str) -> Any:
        """The thing that the column names, or the trouble that there is none."""
        number = values.get(f"{column}_id")
        if number is None:
            return None
        return things.get(number) or Trouble(column, unknown(number, kind, where))

    def is_new(self, values: Row) -> Callable[[str], bool]:
        """Whether a column's thing is another one than in the stored row with the same unique thing."""
        unique = UNIQUE[self.section]
        stored = self.stored.get(values[f"{unique}_id"])
        return lambda column: stored is None or getattr(stored, f"{column}_id") != values[f"{column}_id"]

    def unique_thing(self, values: Row) -> Any:
        """What the unique column names."""
        raise NotImplementedError


def _sorted_out(*found: Any) -> tuple[list[Trouble], list[Any]]:
    """Troubles, and the things with None in place of a trouble."""
    troubles = [one for one in found if isinstance(one, Trouble)]
    return troubles, [None if isinstance(one, Trouble) else one for one in found]


class _Fields(RowTaker):
    section, model = Section.FIELDS, FieldMapping
    columns = ("source_field_id", "target_field_id", "mode", "when_blank")

    def check(self, values: dict[str, Any]) -> Iterator[Trouble]:
        troubles, (source, target) = _sorted_out(
            self.find(values, "source_field", self.choices.source_fields, "field", self.source),
            self.find(values, "target_field", self.choices.target_fields, "field", self.target),
        )
        yield from troubles
        yield from check_field_mapping(source, target, self.is_new(values))

    def unique_thing(self, values: Row) -> Any:
        return self.choices.target_fields.get(values["target_field_id"])


class _Owners(RowTaker):
    section, model = Section.OWNERS, OwnerMapping
    columns = ("source_member_id", "target_member_id")

    def check(self, values: dict[str, Any]) -> Iterator[Trouble]:
        troubles, (source, target) = _sorted_out(
            self.find(values, "source_member", self.choices.source_members, "member", self.source),
            self.find(values, "target_member", self.choices.target_members, "member", self.target),
        )
        yield from troubles
        yield from check_owner_mapping(source, target, self.is_new(values))

    def unique_thing(self, values: Row) -> Any:
        return self.choices.source_members.get(values["source_member_id"])


class _Sequences(RowTaker):
    section, model = Section.SEQUENCES, SequenceMapping
    columns = ("owner_id", "sequence_id", "sequence_step_id", "ignore_step_delay", "only_for_new")

    def check(self, values: dict[str, Any]) -> Iterator[Trouble]:
        if not self.choices.sequences:
            yield Trouble("sequence", f"“{self.target}” has no sequences that people could be put into.")
            return
        troubles, (owner, sequence, step) = _sorted_out(
            self.find(values, "owner", self.choices.target_members, "member", self.target),
            self.find(values, "sequence", self.choices.sequences, "sequence", self.target),
            self.find(values, "sequence_step", self.choices.sequence_steps, "sequence step", self.target),
        )
        yield from troubles
        yield from check_sequence_mapping(owner, sequence, step, self.is_new(values))

    def unique_thing(self, values: Row) -> Any:
        return self.choices.target_members.get(values["owner_id"])


class _Filters(RowTaker):
    section, model = Section.FILTERS, FilterCondition
    columns = ("group", "subject", "field_id", "member_id", "saved_filter_id", "operator", "value")

    def __init__(self, step: SyncStep, choices: StepChoices) -> None:
        super().__init__(step, choices)
        rules = FilterCondition.objects.filter(step=step)
        self.known = {thing for rule in rules for thing in ((rule.field_id, None), (None, rule.saved_filter_id))}

    def defaults(self) -> dict[str, Any]:
        return {**super().defaults(), "field_id": None, "member_id": None, "saved_filter_id": None}

    def check(self, values: dict[str, Any]) -> Iterator[Trouble]:
        troubles, (looked_at, member, saved) = _sorted_out(
            self.find(values, "field", self.choices.source_fields, "field", self.source),
            self.find(values, "member", self.choices.source_members, "member", self.source),
            self.find(values, "saved_filter", self.choices.saved_filters, "saved filter or list", self.source),
        )
        strays = [Trouble(column, text) for column, text in _strays(values)]
        yield from (*troubles, *strays)
        if troubles or strays:
            return
        for thing in (looked_at, saved):
            is_known = (values["field_id"], values["saved_filter_id"]) in self.known
            if thing is not None and gone(thing) and not is_known:
                yield Trouble("field" if thing is looked_at else "saved_filter", f"“{thing}” no longer exists.")
        rule = FilterCondition(
            subject=values["subject"],
            field=looked_at,
            member=member,
            saved_filter=saved,
            operator=values["operator"],
            value=values["value"],
        )
        yield from check_filter_condition(rule)


def _strays(values: Row) -> Iterator[tuple[str, str]]:
    """Columns that go with another subject or operator, and the subject's own where it is missing."""
    subject = values["subject"]
    for column, theirs in (
        ("field", ConditionSubject.FIELD),
        ("member", ConditionSubject.OWNER),
        ("saved_filter", ConditionSubject.SAVED_FILTER),
    ):
        number = values[f"{column}_id"]
        if number is not None and subject != theirs:
            yield column, f"Only in rules whose subject is “{theirs}”."
        if number is None and subject == theirs and theirs != ConditionSubject.OWNER:
            yield column, f"A rule whose subject is “{theirs}” names it here."
    if values["value"] and subject == ConditionSubject.OWNER:
        yield "value", "Name the owner as “member”."
    elif values["value"] and values["operator"] in NO_VALUE:
        yield "value", "This operator takes no value."


TAKERS: dict[Section, type[RowTaker]] = {taker.section: taker for taker in (_Fields, _Filters, _Owners, _Sequences)}
"""What takes which section in."""
