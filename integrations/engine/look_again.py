"""Looking at the target again before people are written, when what the plan was made from has grown old.

A run may have been held for hours, have waited for a limit until midnight, or come back from a back-up. Meanwhile
colleagues, or the run itself after the back-up, may have created and changed the very people whom it is about to write.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.connectors.ports import Connector
from integrations.domain.matching import usable_addresses
from integrations.domain.reasons import Reason
from integrations.models import Action, Part, PersonEmail, ReadCheckpoint, RunEntry

from .bench import Bench
from .claim import Lease
from .journal import save_entries
from .links import link_pairs
from .lost_writes import LOOK_BACK, read_changes
from .read import OVERLAP
from .recording import refuse

FRESH_FOR = timedelta(minutes=5)
LOOKED_AT = "looked_at"


def look_again(lease: Lease, bench: Bench, connector: Connector) -> None:
    """Read what has changed in the target since it was last read, if that is long ago.

    Whoever was to be created and is there by now is linked, and left to the next run; whoever changed is stale, as
    always. Nothing is done for products that tell no changes: those find by themselves who is there already
    (`creates_are_repeatable`).
    """
    if not bench.spec.reads_changes:
        return
    now = timezone.now()
    checkpoint = ReadCheckpoint.objects.filter(account=bench.account).first()
    looked_at = parse_datetime(lease.chunk.progress.get(LOOKED_AT, ""))
    read_at = checkpoint.read_at if checkpoint else None
    if any(moment is not None and now - moment < FRESH_FOR for moment in (looked_at, read_at)):
        return
    read_changes(lease, bench, connector, _since(looked_at, checkpoint))
    with transaction.atomic():
        lease.prove()
        if lease.chunk.payload["action"] == Action.CREATE:
            _link_who_is_there(lease, bench)
        lease.save_progress({**lease.chunk.progress, LOOKED_AT: now.isoformat()})


def _since(looked_at: datetime | None, checkpoint: ReadCheckpoint | None) -> datetime | None:
    """By our own clock after a look of our own, else by the product's; None reads everybody."""
    if looked_at is not None:
        return looked_at - LOOK_BACK
    return checkpoint.newest - OVERLAP if checkpoint and checkpoint.newest else None


def _link_who_is_there(lease: Lease, bench: Bench) -> None:
    planned = RunEntry.objects.filter(
        stage=bench.stage,
        action=Action.CREATE,
        pk__gte=lease.chunk.payload["first"],
        pk__lte=lease.chunk.payload["last"],
        write_part=Part.PLANNED,
    ).select_related("source_person")
    wanted = {
        entry: usable_addresses(entry.source_person.as_value()) for entry in planned if entry.source_person is not None
    }
    there: dict[str, set[int]] = {}
    for address, person in PersonEmail.objects.filter(
        account=bench.account, address__in={a for found in wanted.values() for a in found}, person__missing_since=None
    ).values_list("address", "person_id"):
        there.setdefault(address, set()).add(person)
    pairs, found = [], []
    for entry, addresses in wanted.items():
        people = set[int]().union(*(there.get(address, set()) for address in addresses))
        if people:
            refuse(entry, Reason.STALE, "")
            found.append(entry)
        if len(people) == 1 and entry.source_person_id is not None:
            pairs.append((entry.source_person_id, people.pop()))
    link_pairs(bench.step, pairs)
    save_entries(found)
