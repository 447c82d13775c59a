"""Run entries in words: names for ids, reasons, lines of the download."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from integrations.domain.enums import Direction
from integrations.domain.reasons import Reason
from integrations.models import Member, RunEntry, RunStage, Sequence

from .values import value_in_words

UNMAPPED = "Owner "
"""How the planner's detail on an unmapped owner begins; the owner's id follows."""

CSV_BATCH = 2_000
_CSV_COLUMNS = (
    "stage",
    "name",
    "email",
    "action",
    "outcome",
    "reason",
    "detail",
    "changes",
    "owner_before",
    "owner_after",
    "sequence_external_id",
    "enrolment_reason",
)
CSV_HEADS = ("name", "email", "decision", "outcome", "reason", "detail", "changes", "owner", "sequence")


_REASONS = {reason.value: reason.text for reason in Reason}


def decorate(entries: Iterable[RunEntry]) -> None:
    """Give each entry `owner_words`, `sequence_words` and `detail_words`. Three queries, whatever the number."""
    entries = list(entries)
    accounts = _accounts(entries)
    owner_ids = {owner for entry in entries for owner in (entry.owner_before, entry.owner_after) if owner}
    owner_ids |= {entry.detail.removeprefix(UNMAPPED) for entry in entries if entry.detail.startswith(UNMAPPED)}
    sequence_ids = {entry.sequence_external_id for entry in entries if entry.sequence_external_id}
    members = _names(Member.objects.filter(external_id__in=owner_ids))
    sequences = _names(Sequence.objects.filter(external_id__in=sequence_ids))
    for entry in entries:
        source, target = accounts.get(entry.stage_id, (None, None))
        before = members.get((target, entry.owner_before), entry.owner_before)
        after = members.get((target, entry.owner_after), entry.owner_after)
        sequence = sequences.get((target, entry.sequence_external_id), entry.sequence_external_id)
        words: Any = entry
        words.owner_words = _change(before, after)
        words.detail_words = _detail(entry, source, members)
        words.sequence_words = _enrolment(entry, sequence)


Names = dict[tuple[int | None, str], str]
"""Names by (account, the product's id)."""


def _names(rows: QuerySet[Any]) -> Names:
    return {(account, number): name for account, number, name in rows.values_list("account_id", "external_id", "name")}


def _accounts(entries: list[RunEntry]) -> dict[int, tuple[int, int]]:
    """The (source, target) accounts of the entries' stages, without those whose step was deleted."""
    stages = RunStage.objects.filter(pk__in={entry.stage_id for entry in entries}, step__isnull=False)
    columns = ("pk", "step__direction", "step__connection__crm_account", "step__connection__outreach_account")
    return {
        pk: (crm, outreach) if direction == Direction.TO_OUTREACH else (outreach, crm)
        for pk, direction, crm, outreach in stages.values_list(*columns)
    }


def _detail(entry: RunEntry, source: int | None, members: Names) -> str:
    """The detail, with an unmapped owner's name in place of the id that the planner knows."""
    if entry.reason != Reason.OWNER_NOT_MAPPED or not entry.detail.startswith(UNMAPPED):
        return entry.detail
    owner = entry.detail.removeprefix(UNMAPPED)
    return members.get((source, owner), owner)


def reason_words(reason: str) -> str:
    """A stored reason in words; one that is no longer known stays as it is."""
    return _REASONS.get(reason, reason)


def _change(before: str, after: str) -> str:
    if not after:
        return ""
    return f"{before} → {after}" if before else after


def _enrolment(entry: RunEntry, sequence: str) -> str:
    if entry.enrolment_reason:
        return f"Not added: {reason_words(entry.enrolment_reason)}"
    return f"“{sequence}”" if sequence else ""


class _Line:
    """A file for csv.writer that gives every line back."""

    def write(self, line: str) -> str:
        """Nothing is stored."""
        return line


def csv_lines(entries: QuerySet[RunEntry]) -> Iterator[str]:
    """The download, in constant memory: heads, then a line per entry, oldest first."""
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(CSV_HEADS))
    rows = entries.select_related(None).only(*_CSV_COLUMNS).order_by("pk").iterator(chunk_size=CSV_BATCH)
    while batch := list(islice(rows, CSV_BATCH)):
        decorate(batch)
        for entry in batch:
            yield str(writer.writerow([_harmless(cell) for cell in _cells(entry)]))


def _cells(entry: RunEntry) -> Iterator[str]:
    yield from (entry.name, entry.email, entry.get_action_display(), entry.get_outcome_display())
    yield from (reason_words(entry.reason), str(getattr(entry, "detail_words", entry.detail)))
    yield "; ".join(
        f"{change['label']}: {value_in_words(change['before'])} → {value_in_words(change['after'])}"
        for change in entry.changes
    )
    yield from (str(getattr(entry, "owner_words", "")), str(getattr(entry, "sequence_words", "")))


def _harmless(cell: str) -> str:
    """Spreadsheets take cells that begin like this for formulas (OWASP: CSV injection)."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
