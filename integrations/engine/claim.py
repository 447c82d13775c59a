"""Claiming a chunk: one worker at a time, proved by a conditional update and kept by renewing a lease."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from integrations.models import ChunkState, Run, RunChunk
from integrations.models.chunks import ChunkQuerySet

log = structlog.get_logger(__name__)

RENEWALS = 4
"""How many renewals a worker must miss to be taken for dead."""


class LeaseLost(Exception):  # noqa: N818 -- says what happened
    """Somebody else has taken the chunk over: stop at once and write nothing more."""


class Lease:
    """The right to work on a chunk. Asked before every call and proved again in every transaction that records."""

    def __init__(self, chunk: RunChunk, token: str, until: datetime) -> None:
        self.chunk = chunk
        self._token = token
        self._until = until
        self._stops_at = timezone.now() + timedelta(seconds=settings.SYNC_CHUNK_SECONDS)

    @property
    def time_is_up(self) -> bool:
        """Whether the chunk has run long enough and should give way after what is at hand."""
        return timezone.now() >= self._stops_at

    def check(self) -> None:
        """Raise LeaseLost once the lease has run out. Costs nothing, so it can be asked before every call."""
        if timezone.now() >= self._until:
            raise LeaseLost(f"The lease of chunk {self.chunk.pk} ran out.")

    def prove(self) -> None:
        """Lock the chunk's row in the present transaction and raise LeaseLost if it is not ours any more."""
        if not self._ours().select_for_update().exists():
            raise LeaseLost(f"Chunk {self.chunk.pk} was taken over.")

    @property
    def run_is_over(self) -> bool:
        """Whether the run failed or somebody asked to cancel it, so that the chunk's next batch must not be sent."""
        return not RunChunk.objects.filter(
            pk=self.chunk.pk, run__in=Run.objects.active(), run__cancel_requested_at=None
        ).exists()

    def renew(self) -> None:
        """Keep the chunk for the lease's time from now."""
        until = timezone.now() + lease_time()
        if not self._ours().update(leased_until=until):
            raise LeaseLost(f"Chunk {self.chunk.pk} was taken over.")
        self._until = until

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew from a thread while a call or a batch takes its time. A worker that is killed renews no more."""
        over = threading.Event()

        def keep_renewing() -> None:
            try:
                while not over.wait(lease_time().total_seconds() / RENEWALS):
                    try:
                        self.renew()
                    except DatabaseError:
                        log.warning("lease.not_renewed", chunk=self.chunk.pk, exc_info=True)
                        connection.close()  # a dropped one does not come back; the lease lasts for some more tries
            except LeaseLost:
                pass  # the worker finds out by itself when it checks or proves
            finally:
                connection.close()

        thread = threading.Thread(target=keep_renewing, name=f"lease-{self.chunk.pk}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def finish(self) -> None:
        """All of the chunk's work is done."""
        self._release(state=ChunkState.DONE, error="")

    def give_back(self, *, not_before: datetime, error: str = "", went_well: bool = True) -> None:
        """There is work left, for whoever comes at `not_before` or later. `attempts` counts from what went well."""
        attempts = {"attempts": 0} if went_well else {}
        self._release(state=ChunkState.QUEUED, not_before=not_before, offered_until=not_before, error=error, **attempts)

    def spent(self, calls: int, tokens: int) -> None:
        """Add to the chunk's bill."""
        if calls:
            RunChunk.objects.filter(pk=self.chunk.pk).update(calls=F("calls") + calls, tokens=F("tokens") + tokens)

    def save_progress(self, progress: dict[str, object]) -> None:
        """Remember how far the chunk is, in the present transaction."""
        self.chunk.progress = progress
        if not self._ours().update(progress=progress):
            raise LeaseLost(f"Chunk {self.chunk.pk} was taken over.")

    def _release(self, **values: object) -> None:
        if not self._ours().update(lease="", leased_until=None, **values):
            raise LeaseLost(f"Chunk {self.chunk.pk} was taken over.")

    def _ours(self) -> ChunkQuerySet:
        return RunChunk.objects.filter(pk=self.chunk.pk, lease=self._token, state=ChunkState.RUNNING)


def lease_time() -> timedelta:
    """How long a claim holds without being renewed."""
    return timedelta(seconds=settings.SYNC_LEASE_SECONDS)


def claim(chunk_id: int) -> Lease | None:
    """Take a chunk that nobody works on; None when it is done, not due, or in other hands."""
    now = timezone.now()
    token, until = uuid.uuid4().hex, now + lease_time()
    free = Q(state=ChunkState.QUEUED, not_before__lte=now) | Q(state=ChunkState.RUNNING, leased_until__lte=now)
    taken = RunChunk.objects.filter(free, pk=chunk_id).update(
        state=ChunkState.RUNNING, lease=token, leased_until=until, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    chunk = RunChunk.objects.select_related(
        "run__connection",
        "stage__step__connection__crm_account",
        "stage__step__connection__outreach_account",
        "account",
    ).get(pk=chunk_id)
    return Lease(chunk, token, until)
