"""What runs did with some people, by name and in words."""

from __future__ import annotations

from collections.abc import Collection

from integrations.domain.enums import Direction
from integrations.domain.reasons import Reason
from integrations.models import Outcome, RunEntry

from .explanation import PastEntry
from .name_book import NameBook

LATEST = 10
_TEXTS = {reason.value: reason.text for reason in Reason}


def latest_entries(people: Collection[int], names: NameBook) -> list[PastEntry]:
    """The latest entries across runs in which these mirrored people were source or target, newest first."""
    entries = RunEntry.objects.select_related("run", "stage__step__connection").order_by("-pk")
    # One question for each side: each has an index that gives the newest first, and both at once have none.
    found = {
        entry.pk: entry
        for entry in (
            *entries.filter(source_person__in=people)[:LATEST],
            *entries.filter(target_person__in=people)[:LATEST],
        )
    }
    return [_past(found[pk], names) for pk in sorted(found, reverse=True)[:LATEST]]


def _past(entry: RunEntry, names: NameBook) -> PastEntry:
    is_planned = entry.outcome == Outcome.PLANNED
    outcome = f"to {entry.get_action_display()}" if is_planned else entry.get_outcome_display()
    return PastEntry(
        entry_pk=entry.pk,
        run_pk=entry.run_id,
        run=str(entry.run),
        at=entry.at,
        step=entry.stage.label,
        action=entry.action,
        outcome=str(outcome),
        reason=_TEXTS.get(entry.reason, entry.reason),
        detail=_detail(entry, names),
        changed=tuple(change["label"] for change in entry.changes),
        owner=_owner(entry, names),
        enrolment=_enrolment(entry, names),
    )


def _accounts(entry: RunEntry) -> tuple[int, int] | None:
    """Source and target account; None once the step was deleted."""
    step = entry.stage.step
    if step is None:
        return None
    crm, outreach = step.connection.crm_account_id, step.connection.outreach_account_id
    return (crm, outreach) if step.way is Direction.TO_OUTREACH else (outreach, crm)


def _detail(entry: RunEntry, names: NameBook) -> str:
    accounts = _accounts(entry)
    if entry.reason != Reason.OWNER_NOT_MAPPED or accounts is None:
        return entry.detail
    return f"Owner {names.member(accounts[0], entry.detail.removeprefix('Owner '))}"


def _owner(entry: RunEntry, names: NameBook) -> str:
    accounts = _accounts(entry)
    if not entry.owner_after or accounts is None:
        return ""
    after = names.member(accounts[1], entry.owner_after)
    return f"{names.member(accounts[1], entry.owner_before)} → {after}" if entry.owner_before else after


def _enrolment(entry: RunEntry, names: NameBook) -> str:
    if entry.enrolment_reason:
        return f"Not put into the sequence: {_TEXTS.get(entry.enrolment_reason, entry.enrolment_reason)}"
    accounts = _accounts(entry)
    if not entry.sequence_external_id or accounts is None:
        return ""
    return f"{names.sequence(accounts[1], entry.sequence_external_id)} ({entry.get_enrol_part_display()})"
