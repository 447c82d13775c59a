"""People to sequence: at the right step, with the right options, once."""

from __future__ import annotations

import pytest

from integrations.domain.enums import Direction
from integrations.domain.reasons import Reason
from integrations.models import Account, AccountStatus, RunState
from integrations.services import runs
from tests.journeys.conftest import Install
from tests.journeys.installation import assert_books_balance


@pytest.mark.parametrize("ignore_delay", [True, False])
def test_synced_people_of_the_row_s_owner_start_at_the_chosen_step(install: Install, ignore_delay: bool) -> None:
    app = install(people=60)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    row = app.enrol(step, "48101", ignore_step_delay=ignore_delay)

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    theirs = {c["id"] for c in app.contacts().values() if c["ownerUserId"] == 48101}
    links = app.enrolments()
    assert {link["contactId"] for link in links} == theirs
    assert {link["stepId"] for link in links} == {int(row.sequence_step.external_id)}
    assert {link["ignoreStepDelay"] for link in links} == {ignore_delay}
    assert run.stages.get().enrolled == len(theirs)
    assert_books_balance(run)


def test_only_for_new_records_leaves_known_contacts_out(install: Install) -> None:
    app = install(people=40)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    app.enrol(step, "48101", only_for_new=True)
    owner = next(left.external_id for left in app.crm.members.filter(email__startswith="anna"))
    app.change("pipedrive", create={"name": "New One", "owner_id": int(owner), "emails": [{"value": "n@example.com"}]})

    app.sync(step)

    assert [link["contactId"] for link in app.enrolments()] == [app.contacts()["n@example.com"]["id"]]


def test_known_contacts_are_enrolled_when_the_row_is_added_later_and_only_once(install: Install) -> None:
    app = install(people=40)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    app.enrol(step, "48101")

    app.sync(step)
    links = app.enrolments()
    app.forget_calls()
    app.sync(step)

    assert {link["contactId"] for link in links} == {
        c["id"] for c in app.contacts().values() if c["ownerUserId"] == 48101
    }
    assert app.writes() == []


def test_new_people_whose_run_failed_before_their_enrolment_are_enrolled_by_the_next_run(install: Install) -> None:
    app = install(people=40)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.enrol(step, "48101", only_for_new=True)
    app.fault(product="reply", method="POST", path="contact-links", kind="revoked_key")

    failed = app.sync(step)
    app.control("DELETE", "/faults")
    Account.objects.update(status=AccountStatus.HEALTHY)
    run = app.sync(step)

    theirs = {c["id"] for c in app.contacts().values() if c["ownerUserId"] == 48101}
    assert failed.state == RunState.FAILED
    assert theirs
    assert {entry.enrolment_reason for entry in failed.entries.exclude(sequence_external_id="")} == {
        Reason.OUTCOME_UNKNOWN
    }
    assert run.state == RunState.SUCCEEDED, run.failure
    assert sorted(link["contactId"] for link in app.enrolments()) == sorted(theirs)
    assert app.preview(step).entries.exclude(sequence_external_id="").count() == 0


def test_new_people_whose_enrolment_was_cancelled_are_enrolled_by_the_next_run(install: Install) -> None:
    app = install(people=40)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.enrol(step, "48101", only_for_new=True)
    app.fault(product="reply", method="POST", path="contact-links", kind="status_503", times=None)
    waiting = runs.drive(runs.request_run(connection=app.connection, step=step))
    runs.cancel_run(run=waiting)
    cancelled = runs.drive(waiting)
    app.control("DELETE", "/faults")

    run = app.sync(step)

    theirs = {c["id"] for c in app.contacts().values() if c["ownerUserId"] == 48101}
    assert cancelled.state == RunState.CANCELLED
    assert run.state == RunState.SUCCEEDED, run.failure
    assert theirs
    assert sorted(link["contactId"] for link in app.enrolments()) == sorted(theirs)
