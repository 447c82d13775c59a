"""Change hints: keeping what webhooks tell, and turning it into small runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils import timezone

from integrations.connectors.webhooks import Notice
from integrations.engine.hints import hinted_steps
from integrations.models import (
    ChangeHint,
    Connection,
    ReadCheckpoint,
    Run,
    RunState,
    StepCheckpoint,
    SyncStep,
    Trigger,
    Webhook,
)

from .runs import RunRefused, request_run

GATHERS_FOR = timedelta(seconds=20)
"""How long a first hint waits for others: people edit several fields, and several people, in a row."""
APART = timedelta(seconds=60)
"""Small runs of a connection are at least so far apart: each costs some twenty of Pipedrive's daily tokens."""
RESTS_FOR = timedelta(minutes=5)
"""How long after a run that failed, or that was no small one, webhooks start no other."""
MOST_HINTED = 100
"""People in a small run: as many as Pipedrive gives in one call. An ordinary run reads more for less."""
NOTED_EVERY = timedelta(seconds=30)


def note(webhook: Webhook, notice: Notice) -> None:
    """Keep whom a delivery is about, for every enabled connection of the account. One small write."""
    for person in notice.people:
        ChangeHint.objects.give(webhook.account_id, person, gone=person in notice.gone)
    now = timezone.now()
    # Seldom, since all deliveries would wait for this one row.
    if webhook.delivered_at is None or webhook.delivered_at < now - NOTED_EVERY:
        Webhook.objects.filter(pk=webhook.pk).update(delivered_at=now)


def start_hinted_runs() -> list[Run]:
    """Ask for a run of every connection whose hints have waited long enough. A run that is active comes first."""
    now = timezone.now()
    waiting = {
        row["connection"]: (row["people"], row["oldest"])
        for row in ChangeHint.objects.waiting()
        .order_by()
        .values("connection")
        .annotate(people=Count("pk"), oldest=Min("seen_at"))
    }
    connections = Connection.objects.enabled().with_accounts().filter(pk__in=waiting)
    started = []
    for connection in connections.exclude(runs__in=Run.objects.active()):
        people, oldest = waiting[connection.pk]
        steps = hinted_steps(connection)
        if not steps or oldest > now - GATHERS_FOR:
            continue
        is_small = people <= MOST_HINTED and _is_ready_for_small_runs(steps)
        if _has_run_lately(connection, now, is_small=is_small):
            continue
        try:
            started.append(request_run(connection=connection, trigger=Trigger.WEBHOOK, hinted=is_small))
        except RunRefused:
            continue
    return started


def _is_ready_for_small_runs(steps: list[SyncStep]) -> bool:
    """Whether all people were read once, and the steps have been through an ordinary run: the first sync is none for a
    handful of people."""
    accounts = {account.pk for step in steps for account in (step.source_account, step.target_account)}
    read = ReadCheckpoint.objects.filter(account__in=accounts).exclude(full_read_at=None).count()
    return read == len(accounts) and StepCheckpoint.objects.filter(step__in=steps).count() == len(steps)


def _has_run_lately(connection: Connection, now: datetime, *, is_small: bool) -> bool:
    last = Run.objects.filter(connection=connection, trigger=Trigger.WEBHOOK).order_by("-pk").first()
    if last is None:
        return False
    rests = RESTS_FOR if last.state == RunState.FAILED or not is_small else APART
    return last.created_at > now - rests
