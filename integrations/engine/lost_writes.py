"""Writes that were sent and whose answers never came: waited for, and looked up before anything is sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from integrations.connectors.ports import Connector
from integrations.domain.matching import usable_addresses
from integrations.models import Part, PersonEmail, Phase, RunChunk, RunEntry

from .bench import Bench
from .claim import Lease
from .journal import Job, record
from .mirror import store

LOOK_BACK = timedelta(minutes=5)
"""How far before the lost call a look-up starts: more than the two clocks differ."""


def are_under_way(chunk: RunChunk) -> bool:
    """Whether the chunk has sent something and nobody knows yet what became of it."""
    match Phase(chunk.phase):
        case Phase.WRITE:
            return entries_of(chunk).filter(write_part=Part.SENDING).exists()
        case Phase.ENROL:
            return RunEntry.objects.filter(pk__in=chunk.payload["entries"], enrol_part=Part.SENDING).exists()
        case _:
            return False


def entries_of(chunk: RunChunk) -> QuerySet[RunEntry]:
    """The entries of a chunk of creates or updates."""
    payload = chunk.payload
    return RunEntry.objects.filter(
        stage=chunk.stage_id, action=payload["action"], pk__gte=payload["first"], pk__lte=payload["last"]
    )


def look_up(lease: Lease, bench: Bench, connector: Connector, lost: Sequence[Job]) -> None:
    """Read what changed in the target since calls whose answers were lost, and note who came to be after all.

    The e-mail address tells whether a person came to be: a person with it who is linked to nobody is the one.
    """
    if not lost:
        return
    since = min(job.entry.sent_at for job in lost if job.entry.sent_at) - LOOK_BACK
    read_changes(lease, bench, connector, since)
    by_address = {
        email.address: email.person
        for email in PersonEmail.objects.filter(
            account=bench.account,
            address__in=[address for job in lost for address in usable_addresses(job.case.situation.source)],
            person__missing_since=None,
        ).select_related("person")
    }
    found = []
    for job in lost:
        address = next((a for a in usable_addresses(job.case.situation.source) if a in by_address), None)
        if address is not None:
            job.entry.write_part = Part.DONE
            job.target_after = by_address[address].as_value()
            found.append(job)
    record(lease, bench, found)


def read_changes(lease: Lease, bench: Bench, connector: Connector, since: datetime | None) -> None:
    """Bring the target's mirror up to date with who changed since then; None reads everybody."""
    cursor: str | None = None
    while True:
        page = connector.read_people(changed_since=since, cursor=cursor)
        lease.check()
        store(bench.account, page.people)
        cursor = page.next_cursor
        if cursor is None:
            return
