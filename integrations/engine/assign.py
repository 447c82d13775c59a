"""Assigning owners where a product takes them by a call of its own: one call per owner and batch."""

from __future__ import annotations

from django.db import transaction

from integrations.connectors.errors import OutcomeUnknown
from integrations.connectors.ports import Connector, Written
from integrations.domain.reasons import Reason
from integrations.models import Part, RunEntry

from .bench import Bench
from .claim import Lease
from .journal import jobs_for, reason_of, record
from .recording import fail


def apply_owners(lease: Lease, bench: Bench, connector: Connector) -> bool:
    """Give a chunk's people to their owner. Doing it twice is harmless, so a repeated chunk just does it again."""
    owner = lease.chunk.payload["owner"]
    unfinished = RunEntry.objects.filter(
        pk__in=lease.chunk.payload["entries"], owner_part__in=[Part.PLANNED, Part.SENDING]
    )
    jobs = [job for job in jobs_for(bench, unfinished) if job.case.target is not None]
    for job in jobs:
        job.target_after = job.case.target.as_value() if job.case.target else None
    with transaction.atomic():
        lease.prove()
        RunEntry.objects.filter(pk__in=[job.entry.pk for job in jobs]).update(owner_part=Part.SENDING)
    unknown: OutcomeUnknown | None = None
    settled = []
    try:
        for result in connector.assign_owner(owner, [job.entry.target_external_id for job in jobs]):
            job = jobs[result.ref]
            if isinstance(result.error, OutcomeUnknown):
                unknown = result.error
                continue
            if result.written is Written.REFUSED:
                reason = reason_of(result.error) if result.error else Reason.OWNER_NOT_ASSIGNED
                detail = result.error.message if result.error else ""
                fail(job.entry, "owner_part", Reason.OWNER_NOT_ASSIGNED, detail or reason.text)
            else:
                job.entry.owner_part = Part.DONE
                job.target_after = job.case.target.with_owner(owner) if job.case.target else None
            settled.append(job)
    finally:
        record(lease, bench, settled)
    if unknown is not None:
        raise unknown
    return True
