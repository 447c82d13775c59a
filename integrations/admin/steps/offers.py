"""What the selects of a step's page offer: read once per request, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from integrations.domain.enums import Direction, FieldKind
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
from integrations.services.step_choices import StepChoices, cannot_be_read, cannot_be_written, gone

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
        choices = StepChoices.of(step)
        self.source_members: Offer[Member] = Offer("source_members", _named(choices.source_members), _member, gone)
        self.target_members: Offer[Member] = Offer(
            "target_members", _named(choices.target_members), _member, lambda member: member.trouble
        )
        self.source_fields: Offer[AccountField] = Offer(
            "source_fields", _named(choices.source_fields), _field, cannot_be_read
        )
        self.target_fields: Offer[AccountField] = Offer(
            "target_fields", _named(choices.target_fields), _field, cannot_be_written
        )
        self.subjects: Offer[Subject] = Offer(
            "subjects",
            {
                "owner": ("owner", None),
                **{f"field-{pk}": ("field", field) for pk, field in choices.source_fields.items()},
                **{f"list-{pk}": ("saved_filter", row) for pk, row in choices.saved_filters.items()},
            },
            _subject,
            lambda subject: gone(subject[1]) if subject[1] else "",
        )
        self.sequences: Offer[Sequence] = Offer(
            "sequences", _named(choices.sequences), _sequence, lambda sequence: sequence.blocked
        )
        self.sequence_steps: Offer[SequenceStep] = Offer(
            "sequence_steps", _named(choices.sequence_steps), _sequence_step, gone
        )

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


def _named(things: Mapping[int, T]) -> dict[str, T]:
    """By what a form sends."""
    return {str(pk): thing for pk, thing in things.items()}


def _member(member: Member) -> dict[str, Any]:
    return {"text": member.name or member.email, "hint": member.email, "trouble": member.trouble}


def _field(field: AccountField) -> dict[str, Any]:
    return {"text": str(field), "hint": "custom" if field.is_custom else "", "trouble": gone(field)}


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
    return {"text": str(step), "hint": "", "trouble": gone(step), "parent": str(step.sequence_id)}
