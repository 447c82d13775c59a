"""Run entries in words: names for ids, reasons, lines of the download."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db.models import QuerySet

from integrations.domain.reasons import Reason
from integrations.models import Member, RunEntry, Sequence

from .values import value_in_words

UNMAPPED = "Owner "
"""How the planner's detail on an unmapped owner begins; the owner's id follows."""

CSV_BATCH = 2_000
CSV_HEADS = ("name", "email", "decision", "outcome", "reason", "detail", "changes", "owner", "sequence")


def decorate(entries: Iterable[RunEntry]) -> None:
    """Give each entry `owner_words`, `sequence_words` and `detail_words`. Two queries, whatever the number."""
    entries = list(entries)
    owner_ids = {owner for entry in entries for owner in (entry.owner_before, entry.owner_after) if owner}
    owner_ids |= {entry.detail.removeprefix(UNMAPPED) for entry in entries if entry.detail.startswith(UNMAPPED)}
    sequence_ids = {entry.sequence_external_id for entry in entries if entry.sequence_external_id}
    members: dict[tuple[int | None, str], str] = {
        (member.account_id, member.external_id): member.name
        for member in Member.objects.filter(external_id__in=owner_ids)
    }
    sequences: dict[tuple[int | None, str], str] = {
        (sequence.account_id, sequence.external_id): sequence.name
        for sequence in Sequence.objects.filter(external_id__in=sequence_ids)
    }
    for entry in entries:
        account = target_account_id(entry)
        before = members.get((account, entry.owner_before), entry.owner_before)
        after = members.get((account, entry.owner_after), entry.owner_after)
        entry.owner_words = _change(before, after)  # type: ignore[attr-defined]
        name = sequences.get((account, entry.sequence_external_id), entry.sequence_external_id)
        source = source_account_id(entry)
        sources = {owner: text for (of, owner), text in members.items() if of == source}
        entry.detail_words = _detail(entry, sources)  # type: ignore[attr-defined]
        entry.sequence_words = _enrolment(entry, name)  # type: ignore[attr-defined]


def target_account_id(entry: RunEntry) -> int | None:
    """The account that the entry's step writes to; None once the step was deleted."""
    step = entry.stage.step
    return step.target_account.pk if step is not None else None


def source_account_id(entry: RunEntry) -> int | None:
    """The account that the entry's step reads from; None once the step was deleted."""
    step = entry.stage.step
    return step.source_account.pk if step is not None else None


def _detail(entry: RunEntry, names: dict[str, str]) -> str:
    """The detail, with an unmapped owner's name in place of the id that the planner knows."""
    if entry.reason != Reason.OWNER_NOT_MAPPED or not entry.detail.startswith(UNMAPPED):
        return entry.detail
    owner = entry.detail.removeprefix(UNMAPPED)
    return names.get(owner, owner)


def reason_words(reason: str) -> str:
    """A stored reason in words; one that is no longer known stays as it is."""
    return Reason(reason).text if reason in list(Reason) else reason


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
    rows = entries.order_by("pk").iterator(chunk_size=CSV_BATCH)
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
