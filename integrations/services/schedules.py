"""What happens by itself: looking after idle work, and the connections' own schedule."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_q.models import Schedule

from integrations.models import Connection, Run, RunKind, Trigger

from .runs import RunRefused, request_run, sweep

MINUTELY = "integrations.tasks.minutely"


def ensure() -> None:
    """Have the queue call us every minute. Two clusters may fire it at once; nothing here minds."""
    Schedule.objects.get_or_create(
        name="SyncAdmin: every minute",
        defaults={"func": MINUTELY, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )


def minutely() -> None:
    """Take up idle work, then start what is due."""
    sweep()
    start_due_runs()


def start_due_runs() -> list[Run]:
    """Ask for a run of every enabled connection whose interval has passed. Refusals are no news here."""
    started = []
    for connection in Connection.objects.enabled().with_accounts():
        last = Run.objects.filter(connection=connection, kind=RunKind.SYNC, step=None).order_by("-pk").first()
        since = connection.enabled_at if last is None else last.created_at
        if since is not None and since + timedelta(minutes=connection.interval_minutes) <= timezone.now():
            try:
                started.append(request_run(connection=connection, trigger=Trigger.SCHEDULE))
            except RunRefused:
                continue
    return started
