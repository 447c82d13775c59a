"""Two clusters, as on two hosts: they share a run's work and the accounts' budget, over the database or over Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from integrations.domain.enums import Direction
from integrations.models import Run, RunState
from integrations.services.runs import request_run
from tests.commands.running_worker import RunningWorker
from tests.journeys.conftest import Install
from tests.journeys.installation import assert_books_balance

REDIS_URL = "redis://127.0.0.1:6379/9"

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

Hire = Callable[[str], RunningWorker]


@pytest.fixture
def hire(database_url: str, tmp_path: Path) -> Iterator[Hire]:
    started: list[RunningWorker] = []

    def start(redis_url: str) -> RunningWorker:
        log = tmp_path / f"worker{len(started)}.log"
        # No beat comes while the only worker is busy, which the limits make last.
        started.append(
            RunningWorker(
                database_url, log, stale_after=60, REDIS_URL=redis_url, SYNC_LEASE_SECONDS="4", SYNC_SETTLE_SECONDS="2"
            )
        )
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture(params=["database", "redis"])
def redis_url(request: pytest.FixtureRequest) -> str:
    """Where the queue is; empty for the database."""
    if request.param == "database":
        return ""
    try:
        redis.Redis.from_url(REDIS_URL).flushdb()
    except redis.ConnectionError:
        pytest.skip("no Redis on the local port 6379")
    return REDIS_URL


def finished(run: Run) -> bool:
    run.refresh_from_db()
    return not run.is_active


def test_two_clusters_share_a_run_and_never_exceed_a_limit(install: Install, hire: Hire, redis_url: str) -> None:
    app = install(people=60)
    step = app.step(Direction.TO_OUTREACH)
    pairs = app.map_owners(step)
    # A chunk for each owner. One of them may wait in a cluster's memory, so it takes several for both to have some.
    app.fault(product="reply", method="PUT", path="/v3/contacts/owner", kind="latency", seconds=0.7)
    app.forget_calls()
    clusters = [hire(redis_url), hire(redis_url)]
    for each in clusters:
        each.wait_for_a_beat_of_child(1)

    run = request_run(connection=app.connection, step=step)
    clusters[0].wait_until(lambda: finished(run), within=90)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    assert len(app.contacts()) == run.stages.get().created
    assigned = [[event for event in each.events("chunk.worked") if event["phase"] == "assign"] for each in clusters]
    assert all(assigned), "one cluster did everything"
    assert app.calls()["reply PUT /v3/contacts/owner"] == sum(map(len, assigned)) <= len(pairs)
    summary = app.control("GET", "/summary")
    assert summary["pipedrive"]["violations"] == summary["reply"]["violations"] == 0
