"""What happens by itself: looking after idle work, and the connections' own schedule."""

from __future__ import annotations

from django.utils import timezone
from django_q.models import Schedule

from integrations.models import Connection, Run, Trigger

from .hints import start_hinted_runs
from .queue import enqueue
from .runs import RunRefused, request_run, sweep
from .timetable import full_check_is_due, next_run_at
from .webhooks import look_after_due

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
    start_hinted_runs()
    look_after_due()
    enqueue("look_for_alerts")


def start_due_runs() -> list[Run]:
    """Ask for a run of every enabled connection that is due. Refusals are no news here: the next minute asks again."""
    started = []
    now = timezone.now()
    for connection in Connection.objects.enabled().with_accounts():
        last = Run.objects.of_the_schedule().filter(connection=connection).order_by("-pk").first()
        full = full_check_is_due(connection, last, now)
        due = next_run_at(connection, last)
        if full or (due is not None and due <= now):
            try:
                started.append(request_run(connection=connection, trigger=Trigger.SCHEDULE, full=full))
            except RunRefused:
                continue
    return started
