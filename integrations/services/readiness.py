"""Whether the installation as a whole can do its work, for whoever watches it from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from integrations.models import ChunkState, Run, RunChunk, RunState

from .workers import any_beat_since, silent_after

STUCK_AFTER = timedelta(minutes=5)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Readiness:
    """What was looked at, by name, and whether it was well."""

    checks: dict[str, bool] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether all of it was."""
        return all(self.checks.values())


class _Migrations:
    """Nothing can become pending while this code runs, so a good answer is kept: asking reads every migration."""

    is_done = False

    @classmethod
    def done(cls) -> bool:
        if not cls.is_done:
            executor = MigrationExecutor(connection)
            cls.is_done = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return cls.is_done


def readiness() -> Readiness:
    """Look at the database, its migrations, the workers' beat and the queue. What cannot be looked at is not well."""
    found = Readiness()
    looks: dict[str, Callable[[], bool]] = {
        "database": _database_answers,
        "migrations": _Migrations.done,
        "worker": lambda: any_beat_since(timezone.now() - silent_after()),
        "queue": lambda: not is_stuck(timezone.now()),
    }
    for name, look in looks.items():
        # Without the database each look would wait for it once more.
        found.checks[name] = found.checks.get("database", True) and _is_well(name, look)
    return found


def oldest_due(now: datetime) -> datetime | None:
    """Since when the longest waiting piece of work could have been begun; None when nothing waits."""
    chunks = RunChunk.objects.filter(state=ChunkState.QUEUED, not_before__lte=now, run__in=Run.objects.active())
    runs = Run.objects.filter(state=RunState.QUEUED)
    waiting = [
        chunks.order_by("not_before").values_list("not_before", flat=True).first(),
        runs.order_by("created_at").values_list("created_at", flat=True).first(),
    ]
    return min(filter(None, waiting), default=None)


def is_stuck(now: datetime) -> bool:
    """Whether work has waited long although nobody is at work. A long queue that moves is not stuck."""
    oldest = oldest_due(now)
    if oldest is None or now - oldest < STUCK_AFTER:
        return False
    return not RunChunk.objects.filter(state=ChunkState.RUNNING, leased_until__gt=now).exists()


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _is_well(name: str, look: Callable[[], bool]) -> bool:
    try:
        return look()
    except Exception as error:
        log.warning("readiness.look_failed", check=name, error=type(error).__name__)
        return False
