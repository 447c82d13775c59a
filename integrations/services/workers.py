"""Signs of life of the queue's workers.

django-q2 can look alive and do nothing: a worker that is killed at a bad moment leaves a lock of the cluster's internal
queues held (django-q2 issues 23 and 339). Processes that exist prove nothing, so a beat is recorded where a task's
result comes out at the far end of the cluster: behind the broker, the pusher, a worker, the monitor. Any task counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

from integrations.models.heartbeats import Heartbeat

WORKER_VARIABLE = "SYNCADMIN_WORKER"
BEAT_TASK = "integrations.tasks.heartbeat"
FORGOTTEN_AFTER = timedelta(days=1)
SHORTEST_SILENCE = timedelta(minutes=3)

log = structlog.get_logger(__name__)


class QueueAwayError(Exception):
    """The database or the broker does not answer, so that nothing can be said about any worker."""


class QueueLockedError(QueueAwayError):
    """The database answers and cannot be written, since some process holds its write lock: perhaps a hanging worker."""


def silent_after() -> timedelta:
    """How long no worker may beat before none is believed to be there: all may be at a chunk and its last call."""
    longest_chunk = settings.SYNC_CHUNK_SECONDS + sum(settings.SYNC_HTTP_TIMEOUT)
    return max(SHORTEST_SILENCE, timedelta(seconds=longest_chunk + 60))


def latest_beat(worker: str) -> datetime | None:
    """When a task last came through this worker, or None when none ever has. Raises QueueAwayError."""
    with _queue_may_be_away():
        return Heartbeat.objects.filter(worker=worker).values_list("beat_at", flat=True).first()


def any_beat_since(moment: datetime) -> bool:
    """Whether a task has come through any worker since then. Raises QueueAwayError."""
    with _queue_may_be_away():
        return Heartbeat.objects.filter(beat_at__gte=moment).exists()


def request_beat() -> None:
    """Enqueue a task that does nothing, so that an idle worker has something to prove itself with.

    When tasks are waiting already, they are proof enough, and a queue that nobody empties does not grow.
    Raises QueueAwayError.
    """
    with _queue_may_be_away():
        if get_broker().queue_size() == 0:
            async_task(BEAT_TASK, q_options={"task_name": "heartbeat", "save": False})


def record_beat(sender: object, task: dict[str, Any], **kwargs: Any) -> None:
    """Receiver of django-q2's `post_execute`, which its monitor process sends when a result has been dealt with.

    Does nothing outside a supervised worker. A database that is away is logged and no more: an exception here would end
    the monitor process.
    """
    worker = os.environ.get(WORKER_VARIABLE)
    if not worker:
        return
    try:
        Heartbeat.objects.update_or_create(worker=worker, defaults={"beat_at": timezone.now()})
    except DatabaseError:
        log.warning("worker.beat_not_recorded", worker=worker, exc_info=True)


def forget_old_beats() -> None:
    """Remove the rows of workers that have been gone for a day: every start of a worker adds one."""
    Heartbeat.objects.filter(beat_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()


@contextmanager
def _queue_may_be_away() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, RedisError) as error:
        is_locked = isinstance(error, DatabaseError) and "database is locked" in str(error)
        raise (QueueLockedError if is_locked else QueueAwayError)(str(error)) from error
