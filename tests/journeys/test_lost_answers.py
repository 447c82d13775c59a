"""A write whose answer was lost is looked up as of its first try, and not before it has settled."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from pytest_django import Settings

from integrations.domain.enums import Direction
from integrations.domain.reasons import Reason
from integrations.models import Outcome, Part, RunChunk, RunEntry, RunState, SyncStep
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


def test_what_was_answered_before_a_key_was_revoked_is_in_the_books(install: Install) -> None:
    app, step = to_pipedrive(install, 40)
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="revoked_key", after=20)

    run = runs.drive(runs.request_run(connection=app.connection, step=step))

    assert run.state == RunState.FAILED
    made = {email["value"] for person in app.people() for email in person["emails"] if person["name"].startswith("P")}
    assert {entry.email for entry in RunEntry.objects.filter(run=run, outcome=Outcome.CREATED)} == made
    assert len(made) == 20


def test_nobody_whose_answer_was_lost_is_called_skipped_when_the_run_fails(install: Install) -> None:
    app, step = to_pipedrive(install, 12)
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="answer_lost")
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="revoked_key", after=8)

    run = runs.drive(runs.request_run(connection=app.connection, step=step))

    assert run.state == RunState.FAILED
    lost = RunEntry.objects.get(run=run, reason=Reason.OUTCOME_UNKNOWN)
    assert lost.outcome == Outcome.FAILED
    assert run.stages.get().failed == 1


def test_a_limit_that_is_met_after_a_lost_answer_does_not_shorten_the_time_for_the_lost_write_to_settle(
    install: Install,
) -> None:
    app, step = to_pipedrive(install, 12)
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="answer_lost")
    app.fault(product="pipedrive", method="POST", path="^/api/v2/persons$", kind="status_429", times=200)

    run = runs.drive(runs.request_run(connection=app.connection, step=step))

    assert RunChunk.objects.open().get(run=run).not_before > timezone.now() + timedelta(seconds=5)
