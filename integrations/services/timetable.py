"""When connections run by themselves: their interval, the night's full check, and what pauses them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.utils import timezone

from integrations.models import Connection, Run, RunState

NIGHT = range(1, 5)
"""Hours, in the installation's time zone, in which the full check takes place."""
JITTER_SHARE = 10
"""A run comes up to half of a tenth of its interval earlier or later, so that many connections do not run at once."""
MOST_JITTER = timedelta(minutes=10)
SINCE_LAST_FULL = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a connection does not run by itself although it is enabled, and since when, if that is known."""

    why: str
    since: datetime | None
    run: Run | None = None


def next_run_at(connection: Connection, last: Run | None) -> datetime | None:
    """When the connection is due; None while it is disabled, or its last run is not over.

    `last` is the newest of its runs of the schedule (`Run.objects.of_the_schedule`). Runs are an interval apart,
    counted from the start. A turn that comes while that run is still active is left out, not made up for.
    """
    since = last.created_at if last is not None else connection.enabled_at
    if not connection.enabled or since is None or (last is not None and last.is_active):
        return None
    interval = timedelta(minutes=connection.interval_minutes)
    turns = 1
    if last is not None and last.finished_at is not None:
        turns += max(0, (last.finished_at - since) // interval)
    return since + turns * interval + _jitter(connection, last, interval)


def full_check_is_due(connection: Connection, last: Run | None, now: datetime) -> bool:
    """Whether everybody is to be looked at again: once a night, since deletions are only seen by their absence.

    Every connection has its own minute of the night. One that has never run waits for its first turn, which looks at
    everybody anyway.
    """
    local = timezone.localtime(now)
    if local.hour not in NIGHT or last is None:
        return False
    minutes = (local.hour - NIGHT.start) * 60 + local.minute
    if minutes < crc32(f"night of {connection.pk}".encode()) % ((len(NIGHT) - 1) * 60):
        return False
    return not (
        Run.objects.of_the_schedule()
        .filter(connection=connection, full=True, created_at__gte=now - SINCE_LAST_FULL)
        .exists()
    )


def pause_of(connection: Connection, active: Run | None) -> Pause | None:
    """What keeps an enabled connection from running by itself until somebody does something about it."""
    if not connection.enabled:
        return None
    for account in (connection.outreach_account, connection.crm_account):
        if not account.is_healthy:
            return Pause(f"“{account.name}” needs attention", account.status_since)
    if active is not None and active.state == RunState.HELD:
        return Pause(f"run {active.pk} is held", active.held_at, active)
    return None


def _jitter(connection: Connection, last: Run | None, interval: timedelta) -> timedelta:
    """The same for everybody who asks, and another one after every run."""
    spread = int(min(interval / JITTER_SHARE, MOST_JITTER).total_seconds())
    turn = f"{connection.pk} after {last.pk if last is not None else None}"
    return timedelta(seconds=crc32(turn.encode()) % (spread + 1) - spread // 2)
