"""What the selects of a step's page offer: read once per request, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from django.db.models import Model

from integrations.domain.enums import Direction, FieldKind, Operator
from integrations.domain.filters import LIST_OPERATORS, OPERATORS
from integrations.engine.connect import spec_of
from integrations.models import (
    AccountField,
    FilterCondition,
    Member,
    SavedFilter,
    Sequence,
    SequenceStatus,
    SequenceStep,
    SyncStep,
)

T = TypeVar("T")

OPERATOR_WORDS: Mapping[str, str] = {
    str(value): str(label) for value, label in FilterCondition._meta.get_field("operator").flatchoices
}


class Offer(Generic[T]):
    """The things that one kind of select offers, by the value that the form sends.

    `refuse` says why a thing cannot be chosen anew, empty when it can; a row that has it already keeps it.
    `describe` gives the words and whatever else the page's script needs.
    """

    def __init__(
        self,
        name: str,
        things: Mapping[str, T],
        describe: Callable[[T], dict[str, Any]],
        refuse: Callable[[T], str] = lambda thing: "",
    ) -> None:
        self.name = name
        self.things = things
        self.describe = describe
        self.refuse = refuse

    def label(self, value: str) -> str:
        """The words for a value, empty when it is not on offer at all."""
        thing = self.things.get(value)
        return str(self.describe(thing)["text"]) if thing is not None else ""

    def as_data(self) -> list[dict[str, Any]]:
        """For the page's script. What cannot be chosen anew is marked, since rows may have it."""
        return [
            {"id": value, **self.describe(thing), "refused": self.refuse(thing)} for value, thing in self.things.items()
        ]


Subject = tuple[str, AccountField | SavedFilter | None]
"""What a filtering rule looks at: "owner", "field" or "saved_filter", and which."""


class StepOffers:
    """All offers of one step, in a constant number of queries."""

    def __init__(self, step: SyncStep) -> None:
        source, target = step.source_account, step.target_account
        self.source_label, self.target_label = spec_of(source).label, spec_of(target).label
        self.is_to_outreach = step.way is Direction.TO_OUTREACH
        source_members, target_members = _members(source.pk), _members(target.pk)
        source_fields, target_fields = _fields(source.pk), _fields(target.pk)
        self.source_members: Offer[Member] = Offer("source_members", source_members, _member, _gone)
        self.target_members: Offer[Member] = Offer(
            "target_members", target_members, _member, lambda member: member.trouble
        )
        self.source_fields: Offer[AccountField] = Offer("source_fields", source_fields, _field, _cannot_be_read)
        self.target_fields: Offer[AccountField] = Offer("target_fields", target_fields, _field, _cannot_be_written)
        self.subjects: Offer[Subject] = Offer(
            "subjects",
            {
                "owner": ("owner", None),
                **{f"field-{pk}": ("field", field) for pk, field in source_fields.items()},
                **{f"list-{row.pk}": ("saved_filter", row) for row in SavedFilter.objects.filter(account=source)},
            },
            _subject,
            lambda subject: _gone(subject[1]) if subject[1] else "",
        )
        sequences: dict[str, Sequence] = {}
        steps: dict[str, SequenceStep] = {}
        if self.is_to_outreach:
            rows = Sequence.objects.filter(account=target).select_related("owner")
            sequences = {str(row.pk): row for row in rows}
            steps = {
                str(row.pk): row
                for row in SequenceStep.objects.filter(sequence__account=target).order_by("sequence", "position")
            }
        self.sequences: Offer[Sequence] = Offer("sequences", sequences, _sequence, lambda sequence: sequence.blocked)
        self.sequence_steps: Offer[SequenceStep] = Offer("sequence_steps", steps, _sequence_step, _gone)

    def as_data(self) -> dict[str, Any]:
        """Everything that the page's script needs, as JSON values."""
        offers: tuple[Offer[Any], ...] = (
            self.source_members,
            self.target_members,
            self.source_fields,
            self.target_fields,
            self.subjects,
            self.sequences,
            self.sequence_steps,
        )
        return {**{offer.name: offer.as_data() for offer in offers}, "operators": dict(OPERATOR_WORDS)}


def _members(account_id: int) -> dict[str, Member]:
    return _by_pk(Member.objects.filter(account_id=account_id))


def _fields(account_id: int) -> dict[str, AccountField]:
    return _by_pk(AccountField.objects.filter(account_id=account_id))


R = TypeVar("R", bound=Model)


def _by_pk(rows: Iterable[R]) -> dict[str, R]:
    return {str(row.pk): row for row in rows}


def _gone(thing: Any) -> str:
    return "" if thing.is_present else "gone"


def _cannot_be_read(field: AccountField) -> str:
    return _gone(field) or ("cannot be mapped" if field.kind == FieldKind.OTHER else "")


def _cannot_be_written(field: AccountField) -> str:
    return _cannot_be_read(field) or ("" if field.writable else "cannot be written")


def _member(member: Member) -> dict[str, Any]:
    return {"text": member.name or member.email, "hint": member.email, "trouble": member.trouble}


def _field(field: AccountField) -> dict[str, Any]:
    return {"text": str(field), "hint": "custom" if field.is_custom else "", "trouble": _gone(field)}


def _subject(subject: Subject) -> dict[str, Any]:
    _, thing = subject
    if thing is None:
        operators = OPERATORS[FieldKind.OPTION]
        return {"text": "Owner", "hint": "", "operators": list(operators), "input": "member"}
    if isinstance(thing, SavedFilter):
        return {"text": str(thing), "hint": "list", "operators": list(LIST_OPERATORS), "input": ""}
    kind = FieldKind(thing.kind)
    return {
        "text": str(thing),
        "hint": "custom" if thing.is_custom else "",
        "operators": [str(operator) for operator in OPERATORS[kind]],
        "input": _INPUTS.get(kind, "text"),
        "options": [{"id": option["id"], "text": option["label"]} for option in thing.options],
    }


_INPUTS = {
    FieldKind.DATE: "date",
    FieldKind.NUMBER: "number",
    FieldKind.OPTION: "option",
    FieldKind.OPTIONS: "option",
}


def _sequence(sequence: Sequence) -> dict[str, Any]:
    owner = sequence.owner.name if sequence.owner else "no owner"
    trouble = sequence.blocked or ("paused" if sequence.status == SequenceStatus.PAUSED else "")
    return {"text": sequence.name, "hint": f"{owner}, {sequence.get_status_words()}", "trouble": trouble}


def _sequence_step(step: SequenceStep) -> dict[str, Any]:
    return {"text": str(step), "hint": "", "trouble": _gone(step), "parent": str(step.sequence_id)}


NO_VALUE = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY, *LIST_OPERATORS)
"""Operators that take no value."""
