"""Putting people into sequences: ledger first, then a look at who is in already, then one call per batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from django.db import transaction

from integrations.connectors.ports import Connector, EnrolmentBatch
from integrations.domain.enums import Role
from integrations.domain.reasons import Reason
from integrations.models import (
    Action,
    Enrolment,
    EnrolmentState,
    Part,
    PersonLink,
    Run,
    RunEntry,
    SequenceStep,
)
from integrations.models import Sequence as SequenceRow
from integrations.models.bulk import insert_absent, overwrite

from .bench import Bench
from .claim import Lease
from .journal import save_entries
from .recording import settle

OWED_TOGETHER = 500
"""Owed enrolments that are entered at a time."""


def enrol(lease: Lease, bench: Bench, connector: Connector) -> bool:
    """Enrol a chunk's people. Whoever is in the sequence already, or in the ledger from another run, is not sent."""
    payload = lease.chunk.payload
    entries = list(RunEntry.objects.filter(pk__in=payload["entries"], enrol_part__in=[Part.PLANNED, Part.SENDING]))
    sequence = SequenceRow.objects.get(account=bench.account, external_id=payload["sequence"])
    ledger = _open_ledger(lease, bench, sequence, payload["step"], entries)
    fresh = [entry for entry in entries if entry.pk in ledger]
    doubtful = [entry.target_external_id for entry in fresh if not _is_new(entry) or entry.enrol_part == Part.SENDING]
    inside = connector.participants(sequence.external_id, doubtful) if doubtful else frozenset()
    to_send = [entry for entry in fresh if entry.target_external_id not in inside]
    _mark_sending(lease, to_send)
    answers = {}
    if to_send:
        batch = EnrolmentBatch(
            sequence.external_id,
            payload["step"],
            payload["ignore_step_delay"],
            tuple(entry.target_external_id for entry in to_send),
        )
        answers = {result.person_id: result for result in connector.enrol(batch)}
    for entry in entries:
        result = answers.get(entry.target_external_id)
        row = ledger.get(entry.pk)
        if result is not None and row is not None:
            _note(entry, row, enrolled=result.enrolled, reason=result.reason, detail=result.detail)
        elif row is None:
            _refuse(entry, Reason.ALREADY_ENROLLED, "")
        elif entry.enrol_part == Part.SENDING:
            # We sent it before, its answer was lost, and there it is.
            _note(entry, row, enrolled=True, reason=None, detail="")
        else:
            _note(entry, row, enrolled=False, reason=Reason.ALREADY_ENROLLED, detail="")
    with transaction.atomic():
        lease.prove()
        overwrite(Enrolment, ledger.values(), ["state", "reason", "detail"])
        for entry in entries:
            settle(entry)
        save_entries(entries)
    return True


def owe(run: Run, reason: Reason) -> None:
    """Keep in the ledger whom a run that ends early meant to enrol, and say on their entries that it did not.

    They were new when the run created them, and will not be for the next run; the ledger is how that one knows.
    """
    unfinished = run.entries.filter(enrol_part__in=[Part.PLANNED, Part.SENDING])
    account = run.connection.account(Role.OUTREACH)
    sequences = dict(SequenceRow.objects.filter(account=account).values_list("external_id", "pk"))
    wanted = unfinished.values_list("source_person_id", "sequence_external_id").iterator(chunk_size=OWED_TOGETHER)
    while batch := dict(islice(wanted, OWED_TOGETHER)):
        links = PersonLink.objects.filter(connection=run.connection, crm_person__in=list(batch))
        insert_absent(
            Enrolment, (Enrolment(link=link, sequence_id=sequences[batch[link.crm_person_id]]) for link in links)
        )
    unfinished.filter(enrol_part=Part.SENDING).update(enrolment_reason=Reason.OUTCOME_UNKNOWN)
    unfinished.filter(enrol_part=Part.PLANNED).update(enrolment_reason=reason)


def _open_ledger(
    lease: Lease, bench: Bench, sequence: SequenceRow, step_id: str, entries: Sequence[RunEntry]
) -> dict[int, Enrolment]:
    """Ledger rows by entry for those who may be sent: new rows, and rows that an interrupted try of ours left."""
    side = bench.step.way.source.value
    links = {
        link.person_id(bench.step.way.source): link
        for link in PersonLink.objects.filter(
            **{
                "connection_id": bench.step.connection_id,
                f"{side}_person__in": [entry.source_person_id for entry in entries],
            }
        )
    }
    step = SequenceStep.objects.filter(sequence=sequence, external_id=step_id).first()
    with transaction.atomic():
        lease.prove()
        insert_absent(
            Enrolment, (Enrolment(link=link, sequence=sequence, sequence_step=step) for link in links.values())
        )
        rows = {
            row.link_id: row
            for row in Enrolment.objects.filter(
                link__in=links.values(), sequence=sequence, state=EnrolmentState.SENDING
            )
        }
    return {
        entry.pk: rows[links[entry.source_person_id].pk]
        for entry in entries
        if entry.source_person_id in links and links[entry.source_person_id].pk in rows
    }


def _is_new(entry: RunEntry) -> bool:
    """Whether this run made the contact, who then cannot be in a sequence yet."""
    return entry.action == Action.CREATE and entry.write_part == Part.DONE


def _mark_sending(lease: Lease, entries: Sequence[RunEntry]) -> None:
    with transaction.atomic():
        lease.prove()
        RunEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(enrol_part=Part.SENDING)


def _note(entry: RunEntry, row: Enrolment, *, enrolled: bool, reason: Reason | None, detail: str) -> None:
    if enrolled:
        entry.enrol_part, row.state = Part.DONE, EnrolmentState.ENROLLED
        return
    reason = reason or Reason.ENROLMENT_REFUSED
    _refuse(entry, reason, detail)
    row.state = EnrolmentState.ENROLLED if reason is Reason.ALREADY_ENROLLED else EnrolmentState.REFUSED
    row.reason, row.detail = reason, detail[:255]


def _refuse(entry: RunEntry, reason: Reason, detail: str) -> None:
    entry.enrol_part = Part.REFUSED
    entry.enrolment_reason, entry.enrolment_detail = reason, detail[:255]
