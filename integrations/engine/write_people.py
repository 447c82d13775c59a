"""Applying creates and updates: mark as sending, call, record. A repeated chunk looks up what it had sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.connectors.errors import AuthenticationFailed, OutcomeUnknown, RateLimited
from integrations.connectors.ports import Connector, ConnectorSpec, NewPerson, PersonUpdate, WriteResult, Written
from integrations.domain.reasons import Reason
from integrations.models import Action, Part, RunEntry

from .bench import Bench
from .claim import Lease
from .journal import Job, jobs_for, person_after, reason_of, record, save_entries
from .lost_writes import entries_of, look_up
from .recording import fail, refuse

CREATES_IN_CHUNK = 1_000
SINGLE_UPDATES_IN_CHUNK = 400
BULK_UPDATES_IN_CHUNK = 20_000
"""A product may want a call of its own before it takes bulk updates; so many make up for that call."""
RECORDED_TOGETHER = 50
"""Results of single calls that are recorded in one transaction."""


def apply_writes(lease: Lease, bench: Bench, connector: Connector) -> bool:
    """Carry out a chunk's creates or updates; answers whether all are done.

    Raises OutcomeUnknown when it has to be called again, to look up what became of lost calls.
    """
    is_create = lease.chunk.payload["action"] == Action.CREATE
    entries = entries_of(lease.chunk).filter(write_part__in=[Part.PLANNED, Part.SENDING]).order_by("pk")
    if is_create and not bench.spec.creates_are_repeatable:
        look_up(lease, bench, connector, jobs_for(bench, entries.filter(write_part=Part.SENDING)))
    size = max(bench.spec.create_batch if is_create else bench.spec.update_batch, RECORDED_TOGETHER)
    unknown: OutcomeUnknown | None = None
    while ids := list(entries.values_list("pk", flat=True)[:size]):
        if lease.run_is_over:
            return True
        batch = _fresh_jobs(bench, entries.filter(pk__lte=ids[-1]))
        _mark_sending(lease, batch)
        results = (
            _create(connector, batch, restore=bench.settings.recreate_deleted)
            if is_create
            else _update(connector, batch)
        )
        unknown = _take_results(lease, bench, connector, batch, results) or unknown
        entries = entries.filter(pk__gt=ids[-1])
        if lease.time_is_up:
            break
    if unknown is not None:
        raise unknown
    return not entries.exists()


def _fresh_jobs(bench: Bench, entries: QuerySet[RunEntry]) -> list[Job]:
    """The entries with their cases as they stand now; the stale ones are set aside."""
    jobs = jobs_for(bench, entries)
    stale = [job for job in jobs if _is_stale(job)]
    for job in stale:
        refuse(job.entry, Reason.STALE, "")
    save_entries([job.entry for job in stale])
    return [job for job in jobs if not _is_stale(job)]


def chunk_sizes(spec: ConnectorSpec) -> dict[Action, int]:
    """How many entries make up one chunk of writing, by what is done with them."""
    updates = SINGLE_UPDATES_IN_CHUNK if spec.update_batch == 1 else BULK_UPDATES_IN_CHUNK
    return {Action.CREATE: CREATES_IN_CHUNK, Action.UPDATE: updates}


def _is_stale(job: Job) -> bool:
    """Whether the person changed since the decision; what was sent already is settled first all the same."""
    if job.entry.write_part != Part.PLANNED:
        return job.entry.write_part == Part.REFUSED
    target = job.case.target.content if job.case.target else ""
    is_other_target = job.entry.action == Action.UPDATE and target != job.entry.target_content
    return job.case.row.content != job.entry.source_content or is_other_target


def _mark_sending(lease: Lease, batch: Sequence[Job]) -> None:
    now = timezone.now()
    with transaction.atomic():
        lease.prove()
        for job in batch:
            job.entry.was_sent_before = job.entry.sent_at is not None
            job.entry.write_part, job.entry.sent_at = Part.SENDING, job.entry.sent_at or now
        # The first try's time stays: a look-up must reach back to whenever the person may have come to be.
        RunEntry.objects.filter(pk__in=[job.entry.pk for job in batch]).update(
            write_part=Part.SENDING, sent_at=Coalesce("sent_at", Value(now))
        )


def _mark_unsent(lease: Lease, jobs: Sequence[Job]) -> None:
    """Take back the mark of those whose turn did not come, or whose call was refused: a lost answer is a result too."""
    with transaction.atomic():
        lease.prove()
        RunEntry.objects.filter(pk__in=[job.entry.pk for job in jobs if not job.entry.was_sent_before]).update(
            write_part=Part.PLANNED, sent_at=None
        )


def _create(connector: Connector, batch: Sequence[Job], *, restore: bool) -> Iterator[WriteResult]:
    return connector.create_people(
        [
            NewPerson(
                ref=index,
                address=job.entry.email,
                values={change.key: change.after for change in job.decision.fields},
                owner_id=job.decision.owner.after if job.decision.owner else None,
                restore_deleted=restore,
            )
            for index, job in enumerate(batch)
        ]
    )


def _update(connector: Connector, batch: Sequence[Job]) -> Iterator[WriteResult]:
    return connector.update_people(
        [
            PersonUpdate(
                ref=index,
                current=job.case.target.as_value(),
                changes={change.key: change.after for change in job.decision.fields},
                owner_id=job.decision.owner.after
                if job.decision.owner and connector.spec.owner_travels_with_writes
                else None,
            )
            for index, job in enumerate(batch)
            if job.case.target is not None
        ]
    )


def _take_results(
    lease: Lease, bench: Bench, connector: Connector, batch: Sequence[Job], results: Iterable[WriteResult]
) -> OutcomeUnknown | None:
    """Record results as they come, a few together; answers the loss of an answer, if any was lost.

    Whatever stops the rest (a limit, a revoked key), what was answered before is recorded.
    """
    unknown: OutcomeUnknown | None = None
    settled: list[Job] = []
    there: dict[str, Job] = {}
    answered: set[int] = set()
    try:
        for result in results:
            job = batch[result.ref]
            answered.add(result.ref)
            if isinstance(result.error, OutcomeUnknown):
                unknown = result.error
                continue
            if job.entry.action == Action.CREATE and result.written in (Written.UPDATED, Written.FOUND):
                there[result.person_id or ""] = job
                continue
            _take(bench, job, result)
            settled.append(job)
            if len(settled) >= RECORDED_TOGETHER and bench.spec.create_batch == 1:
                record(lease, bench, settled)
                settled = []
        settled += _take_found(bench, connector, there)
    except (RateLimited, AuthenticationFailed):
        _mark_unsent(lease, [job for ref, job in enumerate(batch) if ref not in answered])
        raise
    finally:
        record(lease, bench, settled)
    return unknown


def _take_found(bench: Bench, connector: Connector, jobs: Mapping[str, Job]) -> list[Job]:
    """People who were to be created and are there: by somebody else meanwhile, or by our call whose answer was lost.

    What they look like is read, since a product fills only what is empty then; the next run sees the differences.
    """
    people = connector.get_people(list(jobs)) if jobs else {}
    new_only = {rule.id for rule in bench.settings.sequences if rule.only_for_new}
    for person_id, job in jobs.items():
        entry = job.entry
        if person_id not in people:
            fail(entry, "write_part", Reason.NOT_FOUND, "")
            continue
        job.target_after = people[person_id]
        if entry.was_sent_before:
            entry.write_part = Part.DONE
            continue
        entry.write_part = Part.FOUND
        if entry.enrol_part == Part.PLANNED and entry.sequence_rule in new_only:
            entry.enrol_part = Part.NONE
    return list(jobs.values())


def _take(bench: Bench, job: Job, result: WriteResult) -> None:
    entry = job.entry
    if result.written is Written.REFUSED:
        detail = result.error.message if result.error else ""
        if result.reason in (Reason.HELD_BY_TEAMMATE, Reason.REMEMBERED_AS_DELETED):
            refuse(entry, result.reason, detail)
        else:
            reason = result.reason or (reason_of(result.error) if result.error else Reason.REJECTED)
            fail(entry, "write_part", reason, detail)
        return
    entry.write_part = Part.DONE
    wanted_owner = job.decision.owner.after if job.decision.owner else None
    owner: str | None
    if result.owner_is_set or (wanted_owner and bench.spec.owner_travels_with_writes):
        owner = wanted_owner
        if entry.owner_part == Part.PLANNED:
            entry.owner_part = Part.DONE
    elif job.case.target is not None:
        owner = job.case.target.owner_external_id or None
    else:
        owner = bench.account.user_external_id or None
    person_id = result.person_id or entry.target_external_id
    job.target_after = result.person or person_after(bench, job, person_id, owner)
