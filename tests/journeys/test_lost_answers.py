"""A write whose answer was lost is looked up as of its first try, and not before it has settled."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from pytest_django import Settings

from integrations.domain.enums import Direction
from integrations.models import Part, RunChunk, RunEntry, RunState, SyncStep
from integrations.services import runs
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation


def to_pipedrive(install: Install, people: int) -> tuple[Installation, SyncStep]:
    """So many contacts that only Reply has, with a mapped owner."""
    app = install(people=1, limits=False)
    step = app.step(Direction.TO_CRM)
    app.map_owners(step)
    for number in range(people):
        app.change("reply", create={"email": f"p{number}@example.com", "firstName": f"P{number}"})
    return app, step


def test_an_entry_that_is_sent_again_keeps_the_time_of_its_first_try(install: Install) -> None:
    app, step = to_pipedrive(install, 1)
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="reset", times=9)
    run = runs.drive(runs.request_run(connection=app.connection, step=step))
    first = RunEntry.objects.get(run=run, write_part=Part.SENDING).sent_at
    tried = app.calls()["pipedrive POST /api/v2/persons"]
    assert RunChunk.objects.open().filter(run=run).update(not_before=timezone.now()) == 1

    runs.drive(run)

    assert app.calls()["pipedrive POST /api/v2/persons"] > tried
    assert RunEntry.objects.get(run=run).sent_at == first


def test_a_chunk_whose_time_is_up_waits_all_the_same_for_a_lost_write_to_settle(
    install: Install, settings: Settings
) -> None:
    settings.SYNC_CHUNK_SECONDS = 0
    app, step = to_pipedrive(install, 60)
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="answer_lost", times=1)

    run = runs.drive(runs.request_run(connection=app.connection, step=step))

    assert run.state == RunState.APPLYING
    assert RunChunk.objects.open().get(run=run).not_before > timezone.now() + timedelta(seconds=5)
