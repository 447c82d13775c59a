"""A chunk outlives a database that is away for a moment, and its worker gets over the loss of its connection."""

from __future__ import annotations

import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from integrations.domain.enums import Direction
from integrations.engine import claim as claiming
from integrations.engine import work as working
from integrations.engine.claim import Lease, claim
from integrations.engine.write_people import apply_writes
from integrations.models import Phase, Run, RunChunk, RunState
from integrations.models.chunks import ChunkState
from integrations.services import runs
from tests.journeys.conftest import Install, install

__all__ = ["install"]


def test_a_lease_is_still_kept_when_the_database_was_away_for_a_moment(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "RENEWALS", 450)
    app, now, renew = install(people=1), timezone.now(), Lease.renew
    run = Run.objects.create(connection=app.connection)
    chunk = RunChunk.objects.create(run=run, phase=Phase.READ, payload={}, offered_until=now, not_before=now)
    tries: list[int] = []
    renewed = threading.Event()

    def away_at_first(lease: Lease) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("server closed the connection unexpectedly")
        renew(lease)
        renewed.set()

    monkeypatch.setattr(Lease, "renew", away_at_first)
    lease = claim(chunk.pk)
    assert lease is not None
    with lease.kept():
        assert renewed.wait(10)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="no server can drop the connection to a file")
def test_a_worker_whose_connection_is_dropped_gives_its_chunk_back_over_a_new_one(install: Install) -> None:
    app = install(people=10)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)

    def lose_the_connection(*args: object) -> bool:
        assert connection.connection is not None
        connection.connection.close()
        connection.errors_occurred = True
        raise OperationalError("terminating connection due to administrator command")

    with patch.object(working, "read", lose_the_connection):
        run = runs.drive(runs.request_run(connection=app.connection, step=step))

    waiting = RunChunk.objects.filter(run=run, phase=Phase.READ)
    assert {chunk.state for chunk in waiting} == {ChunkState.QUEUED}
    assert all("administrator command" in chunk.error for chunk in waiting)


def test_what_went_well_many_times_is_not_given_up_at_its_first_trouble(install: Install, settings: Settings) -> None:
    settings.SYNC_CHUNK_SECONDS = 0
    app = install(people=1, limits=False)
    step = app.step(Direction.TO_CRM)
    app.map_owners(step)
    for number in range(160):
        app.change("reply", create={"email": f"p{number}@example.com", "firstName": f"P{number}"})
    slices = []

    def fail_once(*args: object) -> bool:
        slices.append(1)
        if len(slices) == 3:
            raise OperationalError("the database system is starting up")
        return apply_writes(*args)  # type: ignore[arg-type]

    with patch.object(working, "PATIENCE", 3), patch.object(working, "apply_writes", fail_once):
        run = runs.drive(runs.request_run(connection=app.connection, step=step))

    assert run.state == RunState.APPLYING
    assert RunChunk.objects.open().get(run=run).not_before < timezone.now() + timedelta(seconds=2)
