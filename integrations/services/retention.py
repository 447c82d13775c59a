"""Forgetting what is old enough, a bounded number of rows at a time."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet
from django.utils import timezone
from django_q.models import Failure

from integrations.models import (
    Alert,
    ApiUsage,
    ChangeHint,
    Connection,
    IdempotentRequest,
    Run,
    RunChunk,
    RunEntry,
    StepCheckpoint,
)

from .idempotency import REMEMBERED_FOR
from .workers import forget_old_beats

AT_A_TIME = 5_000
"""Rows deleted in one statement, so that no other writer waits long."""
IN_ONE_GO = 20
"""Statements of one visit; the next visit goes on."""
SOLVED_ALERTS = timedelta(days=90)
FAILED_TASKS = timedelta(days=14)
"""The queue's own record of tasks that raised; it keeps those that succeeded by number (`save_limit`)."""
USAGE = timedelta(days=400)
HINTS = timedelta(days=7)
"""A full check, which comes every night, sees what a hint told of; hints pile up where a connection is switched off."""
LOG_INS = timedelta(days=90)
"""Who logged in from where, and who failed to."""


def forget() -> None:
    """Delete everything whose time has passed."""
    now = timezone.now()
    forget_old_entries()
    forget_old_beats()
    _delete(Alert.objects.filter(closed_at__lt=now - SOLVED_ALERTS))
    _delete(IdempotentRequest.objects.filter(created_at__lt=now - REMEMBERED_FOR))
    _delete(Failure.objects.filter(stopped__lt=now - FAILED_TASKS))
    _delete(ChangeHint.objects.filter(run=None, seen_at__lt=now - HINTS))
    _delete(ApiUsage.objects.filter(day__lt=(now - USAGE).date()))
    _delete(AccessAttempt.objects.filter(attempt_time__lt=now - LOG_INS))
    _delete(AccessLog.objects.filter(attempt_time__lt=now - LOG_INS))
    _delete(Session.objects.filter(expire_date__lt=now))


def forget_old_entries() -> int:
    """Delete entries and chunks of runs that ended before the retention period; answers how many entries.

    The runs themselves stay, with their books. A step's last stage keeps its entries, since its failures are tried
    again by the next run.
    """
    forgotten = 0
    kept = StepCheckpoint.objects.exclude(stage=None).values("stage__run_id")
    for connection in Connection.objects.all():
        before = timezone.now() - timedelta(days=connection.retention_days)
        old = Run.objects.over().filter(connection=connection, finished_at__lt=before).exclude(pk__in=kept)
        deleted, all_gone = _delete(RunEntry.objects.filter(run__in=old))
        forgotten += deleted
        if all_gone:
            RunChunk.objects.filter(run__in=old).delete()
    return forgotten


def _delete(rows: QuerySet[Model]) -> tuple[int, bool]:
    """Delete them a part at a time; answers how many, and whether none is left."""
    deleted = 0
    for _ in range(IN_ONE_GO):
        # In no order: by primary key, the database would look through all younger rows as well.
        ids = list(rows.order_by().values_list("pk", flat=True)[:AT_A_TIME])
        rows.model._default_manager.filter(pk__in=ids).delete()
        deleted += len(ids)
        if len(ids) < AT_A_TIME:
            return deleted, True
    return deleted, False
