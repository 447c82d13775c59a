"""The planner's answer for one person: a closed union of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .person import Value
from .reasons import Reason


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One target field's change. `rule_id` is the mapping row that caused it, None for what the product requires.

    `sets_back`: only the target had changed, and the source's value is put back.
    """

    key: str
    label: str
    before: Value
    after: Value
    rule_id: int | None = None
    sets_back: bool = False


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """The target owner's change, by member ids. `pair_id` is the owner pair, None for the fallback member."""

    before: str | None
    after: str
    pair_id: int | None = None
    sets_back: bool = False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Put the person into a sequence at a step."""

    rule_id: int
    sequence_id: str
    step_id: str
    ignore_step_delay: bool


@dataclass(frozen=True, slots=True)
class NotEnrolled:
    """A row applied to the person, and this is why it does not enrol."""

    rule_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Note:
    """Something people should know of a person who is synced all the same. `field` is a target key or empty."""

    reason: Reason
    field: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """No such person in the target. `address` is the e-mail that was looked for. `owner` None: the product decides."""

    address: str
    fields: tuple[FieldChange, ...]
    owner: OwnerChange | None = None
    enrolment: Enrolment | NotEnrolled | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """The target differs in `fields` or `owner`, or is to be enrolled."""

    target_id: str
    fields: tuple[FieldChange, ...] = ()
    owner: OwnerChange | None = None
    enrolment: Enrolment | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The target is as it should be. `enrolment` says why a sequence row that applies does not enrol."""

    target_id: str
    enrolment: NotEnrolled | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """The person is not synced by this step."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A human has to decide. `others` are the ids of the people involved."""

    reason: Reason
    detail: str = ""
    others: tuple[str, ...] = ()


Decision: TypeAlias = Create | Update | Unchanged | Skip | Conflict


def reason_of(decision: Decision) -> Reason | None:
    """Why nothing is written, where people must hear of it.

    Of the unchanged that are only those whose field was set back so often that the step has given up.
    """
    match decision:
        case Skip() | Conflict():
            return decision.reason
        case Unchanged() if any(note.reason is Reason.SET_BACK_REPEATEDLY for note in decision.notes):
            return Reason.SET_BACK_REPEATEDLY
        case _:
            return None
