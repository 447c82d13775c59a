"""Killed or hanging in mid-run: the run finishes by itself, and nobody is doubled or lost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations.domain.enums import Direction
from integrations.models import Run, RunState
from integrations.services.runs import request_run
from tests.commands.running_worker import RunningWorker
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

Workers = Callable[[], RunningWorker]


@pytest.fixture
def worker(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    started: list[RunningWorker] = []

    def start() -> RunningWorker:
        log = tmp_path / f"worker{len(started)}.log"
        started.append(RunningWorker(database_url, log, SYNC_LEASE_SECONDS="3", SQLITE_BUSY_SECONDS="2"))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def calls(app: Installation, route: str) -> int:
    return sum(count for name, count in app.calls().items() if name.startswith(route))


def finished(run: Run) -> bool:
    run.refresh_from_db()
    return not run.is_active


def assert_nobody_doubled_or_lost(app: Installation, run: Run) -> None:
    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    contacts = Counter(c["email"].lower() for c in app.control("GET", "/state")["reply"]["contacts"])
    assert max(contacts.values()) == 1
    for entry in run.entries.filter(outcome="created"):
        assert entry.target_external_id


@pytest.mark.parametrize(
    ("how", "route", "number"),
    [
        (signal.SIGKILL, "pipedrive GET /api/v2/persons", 1),
        (signal.SIGKILL, "reply POST /v3/contacts/import", 1),
        (signal.SIGKILL, "reply PUT /v3/contacts/owner", 2),
        (signal.SIGKILL, "reply POST /v3/sequences", 1),
        (signal.SIGSTOP, "reply POST /v3/contacts/import", 1),
        (signal.SIGSTOP, "reply PUT /v3/contacts/owner", 2),
    ],
)
def test_a_cluster_stopped_on_the_way_to_reply(
    install: Install, worker: Workers, route: str, number: int, how: signal.Signals
) -> None:
    app = install(people=40, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.enrol(step, "48101")
    product, method, path = route.split()
    app.fault(product=product, method=method, path=path, kind="latency", seconds=0.7)
    app.forget_calls()
    running = worker()
    running.wait_for_a_beat_of_child(1)
    run = request_run(connection=app.connection, step=step)

    running.wait_until(lambda: calls(app, route) >= number)
    os.killpg(running.cluster, how)
    running.wait_until(lambda: finished(run), within=60)

    assert_nobody_doubled_or_lost(app, run)
    links = Counter((link["contactId"], link["sequenceId"]) for link in app.enrolments())
    assert {contact for contact, _ in links} == {c["id"] for c in app.contacts().values() if c["ownerUserId"] == 48101}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_cluster_stopped_between_single_writes_to_pipedrive(
    install: Install, worker: Workers, how: signal.Signals
) -> None:
    app = install(people=1, limits=False)
    step = app.step(Direction.TO_CRM)
    app.map_owners(step)
    for number in range(30):
        app.change("reply", create={"email": f"p{number}@example.com", "firstName": f"P{number}"})
    app.fault(product="pipedrive", method="POST", path="/api/v2/persons", kind="latency", seconds=0.2)
    app.forget_calls()
    running = worker()
    running.wait_for_a_beat_of_child(1)
    run = request_run(connection=app.connection, step=step)

    running.wait_until(lambda: calls(app, "pipedrive POST /api/v2/persons") >= 9)
    os.killpg(running.cluster, how)
    running.wait_until(lambda: finished(run), within=60)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    addresses = Counter(email["value"] for p in app.people() for email in p["emails"])
    assert {a for a in addresses if a.startswith("p")} >= {f"p{number}@example.com" for number in range(30)}
    assert max(addresses.values()) == 1
