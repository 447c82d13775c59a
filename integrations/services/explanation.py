"""What Why? answers: frozen values that a page, a command or an API can show as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from integrations.domain.decisions import Create, Decision, Skip, Unchanged, Update


class Verdict(StrEnum):
    """What a step would do with a person now."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    SKIP = "skip"
    CONFLICT = "conflict"

    @classmethod
    def of(cls, decision: Decision) -> Verdict:
        """The verdict that a decision amounts to."""
        if isinstance(decision, Create | Update):
            return cls.CREATE if isinstance(decision, Create) else cls.UPDATE
        if isinstance(decision, Unchanged):
            return cls.UNCHANGED
        return cls.SKIP if isinstance(decision, Skip) else cls.CONFLICT

    @property
    def words(self) -> str:
        """The verdict as people read it."""
        return _VERDICTS[self]


_VERDICTS = {
    Verdict.CREATE: "Would be created",
    Verdict.UPDATE: "Would be updated",
    Verdict.UNCHANGED: "Unchanged",
    Verdict.SKIP: "Skipped",
    Verdict.CONFLICT: "Conflict",
}


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A person as the mirror holds them. `found_by` says why the question means this person; `owner` is a name."""

    pk: int
    account: str
    people_label: str
    id: str
    name: str
    emails: tuple[str, ...]
    owner: str
    found_by: str
    changed_at: datetime | None
    missing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Searched:
    """An account that was looked through, and how fresh its mirror is; None where it was never read."""

    account: str
    people_label: str
    read_at: datetime | None
    full_read_at: datetime | None
    people: tuple[Mirrored, ...]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """One filtering rule, in words, and how the person fares. `actual` is the person's value in words."""

    words: str
    passed: bool
    actual: str


@dataclass(frozen=True, slots=True)
class FilterStory:
    """All filtering rules. Without rules everybody passes."""

    words: str
    passed: bool
    rules: tuple[RuleVerdict, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One matter that was decided: the outcome in words, and the row or policy that caused it, "" where none did."""

    words: str
    cause: str = ""
    is_trouble: bool = False


@dataclass(frozen=True, slots=True)
class FieldStory:
    """One target field. `changes`: it would be written. `cause` names the mapping row, `remark` says what else counts.

    `before` and `after` are values in words, "" where blank; they are the same where nothing is written.
    """

    key: str
    label: str
    before: str
    after: str
    changes: bool
    cause: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class StepStory:
    """What one step would do with one source person now, and why.

    `owner`, `sequence` and `fields` are empty where the decision fell before they were looked at. `hindrances` say why
    runs would not come to it, or not the next one. `decision` is the planner's own answer.
    """

    step_pk: int
    step: str
    connection_pk: int
    connection: str
    person: Mirrored
    verdict: Verdict
    reason: str
    detail: str
    match: Line
    filter: FilterStory
    owner: Line | None
    sequence: Line | None
    fields: tuple[FieldStory, ...]
    notes: tuple[str, ...]
    hindrances: tuple[str, ...]
    decision: Decision

    @property
    def changed_fields(self) -> tuple[FieldStory, ...]:
        """Those that would be written."""
        return tuple(field for field in self.fields if field.changes)

    @property
    def kept_fields(self) -> tuple[FieldStory, ...]:
        """Those that stay as they are."""
        return tuple(field for field in self.fields if not field.changes)


@dataclass(frozen=True, slots=True)
class PastEntry:
    """What a run did with one of the people. `entry_pk` and `run_pk` are the rows'."""

    entry_pk: int
    run_pk: int
    run: str
    at: datetime
    step: str
    action: str
    outcome: str
    reason: str
    detail: str
    changed: tuple[str, ...]
    owner: str
    enrolment: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer. `accounts` are all that were looked through, also those without such a person.

    `left_out` counts people with the address beyond those who are explained.
    """

    query: str
    asked_at: datetime
    accounts: tuple[Searched, ...]
    steps: tuple[StepStory, ...]
    past: tuple[PastEntry, ...]
    left_out: int = 0

    @property
    def people(self) -> tuple[Mirrored, ...]:
        """Everybody whom the question means, in all accounts."""
        return tuple(person for account in self.accounts for person in account.people)
