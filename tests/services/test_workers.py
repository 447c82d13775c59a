from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.signals import post_execute

from integrations.models import Heartbeat
from integrations.services import workers

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_worker(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(workers.WORKER_VARIABLE, "host-7-1")
    return "host-7-1"


def finish_a_task() -> None:
    post_execute.send(sender="django_q", task={"func": "integrations.tasks.anything", "success": True})


def test_a_finished_task_is_a_beat_of_the_worker_it_came_through(in_worker: str) -> None:
    before = timezone.now()
    finish_a_task()
    beat = workers.latest_beat(in_worker)
    assert beat is not None
    assert before <= beat <= timezone.now()
    assert workers.latest_beat("host-7-2") is None


def test_a_worker_has_one_row_however_often_it_beats(in_worker: str) -> None:
    finish_a_task()
    first = workers.latest_beat(in_worker)
    finish_a_task()
    last = workers.latest_beat(in_worker)
    assert first is not None
    assert last is not None
    assert last > first
    assert Heartbeat.objects.count() == 1


def test_a_task_outside_a_supervised_worker_is_nobodys_beat() -> None:
    finish_a_task()
    assert not Heartbeat.objects.exists()


def test_a_database_that_is_away_does_not_end_the_process_that_reports_the_beat(
    in_worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Heartbeat.objects, "update_or_create", refuse)
    finish_a_task()


def test_a_queue_that_is_away_is_told_apart_from_a_worker_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(Heartbeat.objects, "filter", refuse)
    with pytest.raises(workers.QueueAwayError, match="connection refused"):
        workers.latest_beat("host-7-1")


def test_a_database_that_cannot_be_written_is_told_apart_from_one_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(workers, "async_task", refuse)
    with pytest.raises(workers.QueueLockedError):
        workers.request_beat()


def test_only_an_empty_queue_is_given_a_beat() -> None:
    workers.request_beat()
    workers.request_beat()
    assert [row.task["func"] for row in OrmQ.objects.all()] == [workers.BEAT_TASK]
    assert get_broker().queue_size() == 1


def test_beats_of_workers_long_gone_are_forgotten() -> None:
    now = timezone.now()
    Heartbeat.objects.create(worker="host-7-1", beat_at=now - timedelta(days=2))
    Heartbeat.objects.create(worker="host-7-2", beat_at=now - timedelta(hours=2))
    workers.forget_old_beats()
    assert list(Heartbeat.objects.values_list("worker", flat=True)) == ["host-7-2"]
