"""Reading: pages of people into the mirror, saved filters' members, and the directory when it is old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.connectors.errors import NotFound
from integrations.connectors.ports import Connector
from integrations.models import (
    Account,
    Phase,
    ReadCheckpoint,
    Run,
    RunChunk,
    SavedFilter,
    SavedFilterPerson,
    SyncStep,
)
from integrations.models.bulk import upsert

from .claim import Lease
from .completeness import NOTHING_READ, is_short, look_for_the_gone, look_for_unseen
from .connect import spec_of
from .directory import refresh_directory
from .hints import read_hinted
from .mirror import store

OVERLAP = timedelta(seconds=60)
"""How far before the newest stamp seen an incremental read starts: stamps have whole seconds and may become visible
late."""
SETTLES_AFTER = timedelta(seconds=120)
"""Two reads so far apart that agree on the newest stamp have seen all there was up to it."""
FULL_READ_MARGIN = timedelta(minutes=10)
"""Somebody may change behind a full read while it goes on; the next read starts this much before it began."""
UNREADABLE_KEPT = 20
"""Of so many rows that could not be understood is kept why."""
DIRECTORY_KEEPS = timedelta(hours=24)


def reading_for(run: Run, steps: Iterable[SyncStep]) -> list[RunChunk]:
    """The chunks that read what the run's steps need (not saved yet)."""
    accounts: dict[int, Account] = {}
    filters: dict[int, SavedFilter] = {}
    for step in steps:
        for account in (step.source_account, step.target_account):
            accounts[account.pk] = account
        for row in step.filter_conditions.exclude(saved_filter=None).select_related("saved_filter"):
            if row.saved_filter is not None:
                filters[row.saved_filter.pk] = row.saved_filter
    chunks = []
    for account in accounts.values():
        if run.full or _directory_is_old(account):
            chunks.append(_chunk(run, account, {"what": "directory"}))
        chunks.append(_chunk(run, account, {"what": "people", **_scope(account, full=run.full)}))
    chunks.extend(
        _chunk(run, accounts[saved.account_id], {"what": "saved_filter", "id": saved.pk, "scan": run.pk})
        for saved in filters.values()
    )
    return chunks


def read(lease: Lease, connector: Connector) -> bool:
    """Do a read chunk's work; answers whether it is finished."""
    account = lease.chunk.account
    if account is None:
        return True
    match lease.chunk.payload["what"]:
        case "directory":
            refresh_directory(account, connector)
            return True
        case "saved_filter":
            return _read_saved_filter(lease, connector)
        case "hinted" | "counterparts":
            return read_hinted(lease, connector, account)
        case _:
            return _read_people(lease, connector, account)


def _read_people(lease: Lease, connector: Connector, account: Account) -> bool:
    scan: int | None = lease.chunk.payload["scan"]
    since = _moment(lease.chunk.payload["since"])
    progress = {**NOTHING_READ, **lease.chunk.progress}
    while True:
        page = connector.read_people(changed_since=since, cursor=progress["cursor"])
        is_last = page.next_cursor is None
        newest = max((p.updated_at for p in page.people if p.updated_at), default=None)
        with transaction.atomic():
            lease.prove()
            changed = store(account, page.people, scan=scan)
            progress = {
                **progress,
                "cursor": page.next_cursor,
                "newest": _stamp(max(filter(None, (newest, _moment(progress["newest"]))), default=None)),
                "read": progress["read"] + len(page.people),
                "changed": progress["changed"] + changed,
                "unread": progress["unread"] + len(page.unreadable),
                "unreadable": [*progress["unreadable"], *page.unreadable][:UNREADABLE_KEPT],
            }
            lease.save_progress(progress)
            if is_last and scan is None:
                _finish_reading(account, lease.chunk.payload, _moment(progress["newest"]))
        if is_last:
            break
        if lease.time_is_up:
            return False
    if scan is not None:
        if is_short(lease, connector, account, scan, progress):
            return False
        look_for_unseen(lease, connector, account, scan, is_whole=not progress["unread"])
        _finish_reading(account, lease.chunk.payload, _moment(progress["newest"]))
    look_for_the_gone(lease, connector, account)
    return True


def _read_saved_filter(lease: Lease, connector: Connector) -> bool:
    payload = lease.chunk.payload
    saved = SavedFilter.objects.get(pk=payload["id"])
    progress = lease.chunk.progress or {"cursor": None}
    while True:
        try:
            page = connector.read_saved_filter(saved.external_id, progress["cursor"])
        except NotFound:
            SavedFilter.objects.filter(pk=saved.pk).update(missing_since=timezone.now())
            saved.people.all().delete()
            return True
        with transaction.atomic():
            lease.prove()
            upsert(
                SavedFilterPerson,
                (
                    SavedFilterPerson(saved_filter=saved, person_external_id=i, scan=payload["scan"])
                    for i in dict.fromkeys(page.ids)
                ),
                by=["saved_filter", "person_external_id"],
                columns=["scan"],
            )
            progress = {"cursor": page.next_cursor}
            lease.save_progress(progress)
            if page.next_cursor is None:
                saved.people.filter(scan__lt=payload["scan"]).delete()
        if page.next_cursor is None:
            return True
        if lease.time_is_up:
            return False


def _scope(account: Account, *, full: bool) -> dict[str, object]:
    """Everything, as a numbered scan, or what changed since the checkpoint."""
    checkpoint, _ = ReadCheckpoint.objects.get_or_create(account=account)
    incremental = spec_of(account).reads_changes and checkpoint.full_read_at is not None and not full
    if incremental and checkpoint.newest is not None:
        # Stamps are inclusive, so a settled read starts with the second after the newest.
        since = checkpoint.newest + timedelta(seconds=1) if checkpoint.settled else checkpoint.newest - OVERLAP
        return {"scan": None, "since": _stamp(since), "began": _stamp(timezone.now())}
    ReadCheckpoint.objects.filter(pk=checkpoint.pk).update(scans=F("scans") + 1)
    checkpoint.refresh_from_db()
    return {"scan": checkpoint.scans, "since": None, "began": _stamp(timezone.now())}


def _finish_reading(account: Account, payload: dict[str, object], newest: datetime | None) -> None:
    checkpoint = ReadCheckpoint.objects.get(account=account)
    began = _moment(payload["began"]) or timezone.now()
    if payload["scan"] is not None:
        checkpoint.full_read_at = timezone.now()
        if newest is not None:
            checkpoint.newest, checkpoint.settled = min(newest, began - FULL_READ_MARGIN), False
    elif newest is None or newest == checkpoint.newest:
        apart = checkpoint.read_at is not None and began - checkpoint.read_at >= SETTLES_AFTER
        checkpoint.settled = checkpoint.settled or apart
    elif checkpoint.newest is None or newest > checkpoint.newest:
        checkpoint.newest, checkpoint.settled = newest, False
    checkpoint.read_at = timezone.now()
    checkpoint.save(update_fields=["newest", "settled", "read_at", "full_read_at"])


def _directory_is_old(account: Account) -> bool:
    refreshed = account.directory_refreshed_at
    return refreshed is None or refreshed < timezone.now() - DIRECTORY_KEEPS


def _chunk(run: Run, account: Account, payload: dict[str, object]) -> RunChunk:
    now = timezone.now()
    return RunChunk(run=run, account=account, phase=Phase.READ, payload=payload, offered_until=now, not_before=now)


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(stamp: object) -> datetime | None:
    return parse_datetime(str(stamp)) if stamp else None
