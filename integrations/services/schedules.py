"""What happens by itself: looking after idle work, and the connections' own schedule."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_q.models import Schedule

from integrations.models import Connection, Run, RunKind, Trigger

from .queue import enqueue
from .runs import RunRefused, request_run, sweep

NIGHT = range(1, 5)
"""Hours, in the installation's time zone, in which the full check takes place."""
MINUTELY = "integrations.tasks.minutely"
HOURLY = "integrations.tasks.hourly"


def ensure() -> None:
    """Have the queue call us every minute and every hour. Two clusters may fire it at once; nothing here minds."""
    Schedule.objects.get_or_create(
        name="SyncAdmin: every minute",
        defaults={"func": MINUTELY, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )
    Schedule.objects.get_or_create(
        name="SyncAdmin: every hour", defaults={"func": HOURLY, "schedule_type": Schedule.HOURLY, "repeats": -1}
    )


def minutely() -> None:
    """Take up idle work, start what is due, and have somebody look for alerts: trouble there stays there."""
    sweep()
    start_due_runs()
    enqueue("look_for_alerts")


def start_due_runs() -> list[Run]:
    """Ask for a run of every enabled connection whose interval has passed. Refusals are no news here."""
    started = []
    for connection in Connection.objects.enabled().with_accounts():
        last = Run.objects.filter(connection=connection, kind=RunKind.SYNC, step=None).order_by("-pk").first()
        since = connection.enabled_at if last is None else last.created_at
        if since is not None and since + timedelta(minutes=connection.interval_minutes) <= timezone.now():
            try:
                full = _needs_full_check(connection)
                started.append(request_run(connection=connection, trigger=Trigger.SCHEDULE, full=full))
            except RunRefused:
                continue
    return started


def _needs_full_check(connection: Connection) -> bool:
    """Whether everybody is to be looked at again: once a night, since deletions are only seen by their absence."""
    if timezone.localtime().hour not in NIGHT:
        return False
    since = timezone.now() - timedelta(hours=len(NIGHT) + 12)
    return not Run.objects.filter(connection=connection, full=True, created_at__gte=since).exists()
