"""From decisions to run entries and back, and what an entry's parts add up to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from integrations.connectors.ports import ConnectorSpec
from integrations.domain.decisions import (
    Conflict,
    Create,
    Decision,
    Enrolment,
    FieldChange,
    Note,
    NotEnrolled,
    OwnerChange,
    Skip,
    Unchanged,
    Update,
    reason_of,
)
from integrations.domain.person import value_from_json, value_to_json
from integrations.domain.reasons import Reason
from integrations.models import Action, Outcome, Part, RunChunk, RunEntry, RunStage

from .situations import Case


def entry_for(chunk: RunChunk, stage: RunStage, case: Case, decision: Decision, spec: ConnectorSpec) -> RunEntry | None:
    """The entry of a decision (not saved); None for the unchanged, unless there is something to say of them."""
    entry = RunEntry(
        run_id=chunk.run_id,
        stage=stage,
        chunk=chunk,
        source_person=case.row,
        target_person=case.target,
        source_external_id=case.row.external_id,
        target_external_id=case.target.external_id if case.target else "",
        name=case.row.name,
        email=case.row.email,
        source_content=case.row.content,
        target_content=case.target.content if case.target else "",
    )
    match decision:
        case Unchanged():
            reason = reason_of(decision)
            if reason is None:
                return None
            entry.action, entry.outcome, entry.reason = Action.UNCHANGED, Outcome.UNCHANGED, reason
            entry.notes = _notes_to_json(decision.notes)
        case Skip():
            entry.action, entry.outcome = Action.SKIP, Outcome.SKIPPED
            entry.reason, entry.detail = decision.reason, decision.detail
        case Conflict():
            entry.action, entry.outcome = Action.CONFLICT, Outcome.CONFLICT
            entry.reason, entry.detail = decision.reason, decision.detail
        case Create() | Update():
            _describe(entry, decision, spec)
        case _:
            assert_never(decision)
    return entry


def _describe(entry: RunEntry, decision: Create | Update, spec: ConnectorSpec) -> None:
    entry.action = Action.CREATE if isinstance(decision, Create) else Action.UPDATE
    entry.changes = [_change_to_json(change) for change in decision.fields]
    entry.notes = _notes_to_json(decision.notes)
    owner = decision.owner
    if owner is not None:
        entry.owner_before, entry.owner_after, entry.owner_pair = owner.before or "", owner.after, owner.pair_id
        entry.owner_sets_back = owner.sets_back
        if not spec.owner_travels_with_writes:
            entry.owner_part = Part.PLANNED
    if isinstance(decision, Create):
        entry.email = decision.address or entry.email
        entry.write_part = Part.PLANNED
    elif decision.fields or (owner is not None and spec.owner_travels_with_writes):
        entry.write_part = Part.PLANNED
    match decision.enrolment:
        case Enrolment() as enrolment:
            entry.sequence_rule = enrolment.rule_id
            entry.sequence_external_id, entry.step_external_id = enrolment.sequence_id, enrolment.step_id
            entry.ignore_step_delay = enrolment.ignore_step_delay
            entry.enrol_part = Part.PLANNED
        case NotEnrolled() as refusal:
            entry.sequence_rule, entry.enrolment_reason = refusal.rule_id, refusal.reason


def decision_of(entry: RunEntry) -> Create | Update:
    """The decision that a create or update entry was made from."""
    fields = tuple(_change_from_json(change) for change in entry.changes)
    owner = None
    if entry.owner_after:
        owner = OwnerChange(entry.owner_before or None, entry.owner_after, entry.owner_pair, entry.owner_sets_back)
    notes = tuple(Note(Reason(note["reason"]), note["field"], note["detail"]) for note in entry.notes)
    enrolment = None
    if entry.sequence_external_id and entry.sequence_rule is not None:
        enrolment = Enrolment(
            entry.sequence_rule, entry.sequence_external_id, entry.step_external_id, entry.ignore_step_delay
        )
    if entry.action == Action.CREATE:
        return Create(entry.email, fields, owner, enrolment, notes)
    return Update(entry.target_external_id, fields, owner, enrolment, notes)


def settle(entry: RunEntry) -> None:
    """Set the outcome that the parts add up to; an entry with work left stays planned."""
    parts = (entry.write_part, entry.owner_part, entry.enrol_part)
    if entry.write_part == Part.FAILED or entry.owner_part == Part.FAILED:
        entry.outcome = Outcome.FAILED
    elif entry.write_part == Part.REFUSED:
        entry.outcome = Outcome.SKIPPED
    elif Part.PLANNED in parts or Part.SENDING in parts:
        entry.outcome = Outcome.PLANNED
    elif entry.write_part == Part.FOUND:
        entry.outcome = Outcome.UPDATED
    elif entry.action == Action.CREATE:
        entry.outcome = Outcome.CREATED
    else:
        entry.outcome = Outcome.UPDATED if Part.DONE in parts else Outcome.UNCHANGED


def fail(entry: RunEntry, part: str, reason: Reason, detail: str) -> None:
    """A part failed for good: the person's later parts do not take place."""
    setattr(entry, part, Part.FAILED)
    entry.reason, entry.detail = reason, detail
    if part != "enrol_part":
        drop_later_parts(entry)
    settle(entry)


def refuse(entry: RunEntry, reason: Reason, detail: str) -> None:
    """The product would not write this person, in a way that is no failure."""
    entry.write_part = Part.REFUSED
    entry.reason, entry.detail = reason, detail
    drop_later_parts(entry)
    settle(entry)


def drop_later_parts(entry: RunEntry) -> None:
    """Without the person's own write there is no owner to assign and nobody to enrol."""
    if entry.owner_part == Part.PLANNED:
        entry.owner_part = Part.NONE
    if entry.enrol_part == Part.PLANNED:
        entry.enrol_part = Part.NONE


def _notes_to_json(notes: Iterable[Note]) -> list[dict[str, str]]:
    return [{"reason": note.reason.value, "field": note.field, "detail": note.detail} for note in notes]


def _change_to_json(change: FieldChange) -> dict[str, Any]:
    return {
        "key": change.key,
        "label": change.label,
        "before": value_to_json(change.before),
        "after": value_to_json(change.after),
        "rule": change.rule_id,
        "sets_back": change.sets_back,
    }


def _change_from_json(change: dict[str, Any]) -> FieldChange:
    return FieldChange(
        change["key"],
        change["label"],
        value_from_json(change["before"]),
        value_from_json(change["after"]),
        change["rule"],
        change["sets_back"],
    )
