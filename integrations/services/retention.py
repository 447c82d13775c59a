"""Forgetting run entries after the connection's retention period, a bounded number at a time."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.models import Connection, Run, RunChunk, RunEntry, StepCheckpoint

AT_A_TIME = 5_000
"""Rows deleted in one statement, so that no other writer waits long."""
IN_ONE_GO = 20
"""Statements of one visit; the next visit goes on."""


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
        for _ in range(IN_ONE_GO):
            ids = list(RunEntry.objects.filter(run__in=old).order_by("pk").values_list("pk", flat=True)[:AT_A_TIME])
            RunEntry.objects.filter(pk__in=ids).delete()
            forgotten += len(ids)
            if len(ids) < AT_A_TIME:
                RunChunk.objects.filter(run__in=old).delete()
                break
    return forgotten
