"""Back to a back-up from the middle of a run although the products have moved on: nobody is there or enrolled twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from integrations.domain.enums import Direction
from integrations.engine.work import work
from integrations.models import Connection, Part, PersonLink, Run, RunChunk, RunEntry, RunState
from integrations.sandbox.core import Request, Response, Sandbox
from integrations.services import runs
from tests.journeys.backups import CAN_BACK_UP, Backup
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance, carry_out

pytestmark = pytest.mark.skipif(not CAN_BACK_UP, reason="no pg_dump here")


def at_the_nth_create(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Do something once, before that create in Pipedrive is answered."""
    handle, count = Sandbox.handle, 0

    def counting(self: Sandbox, request: Request) -> Response:
        nonlocal count
        if request.method == "POST" and request.path == "/pipedrive/api/v2/persons":
            count += 1
            if count == number:
                act()
        return handle(self, request)

    monkeypatch.setattr(Sandbox, "handle", counting)


def later(monkeypatch: pytest.MonkeyPatch, span: timedelta) -> None:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + span)


def resume(run: Run) -> Run:
    """What the workers' sweep does with a run whose worker is gone."""
    for chunk in RunChunk.objects.idle(timezone.now()).filter(run=run):
        work(chunk.pk)
    return carry_out(run)


def addresses(app: Installation) -> tuple[Counter[str], Counter[str]]:
    """How often each address is there, in Pipedrive and in Reply."""
    in_pipedrive = Counter(email["value"].lower() for person in app.people() for email in person["emails"])
    state = app.control("GET", "/state")
    return in_pipedrive, Counter(c["email"].lower() for c in state["reply"]["contacts"] if c.get("email"))


def enrolments(app: Installation) -> Counter[tuple[int, int]]:
    return Counter((link["contactId"], link["sequenceId"]) for link in app.enrolments())


def test_syncing_goes_on_from_a_backup_that_was_taken_in_the_middle_of_a_run(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = install(people=12, limits=False)
    out, back = app.step(Direction.TO_OUTREACH), app.step(Direction.TO_CRM)
    for owner in dict.fromkeys(app.map_owners(out).values()):
        app.enrol(out, owner)
    app.map_owners(back)
    for number in range(70):
        app.change("reply", create={"email": f"p{number}@example.com", "firstName": f"P{number}"})
    backup = Backup(tmp_path)
    at_the_nth_create(monkeypatch, 20, backup.take)

    run = app.sync()
    assert run.state == RunState.SUCCEEDED, run.failure
    # After the back-up: the rest of the run, colleagues' work in both products, and further runs.
    app.change("pipedrive", create={"name": "Late Comer", "emails": [{"value": "late@example.com", "primary": True}]})
    app.change("reply", create={"email": "after@example.com", "firstName": "After"})
    p5 = next(person for person in app.people() if person["emails"][0]["value"] == "p5@example.com")
    app.change("pipedrive", id=p5["id"], fields={"name": "Renamed By Hand"})
    for _ in range(2):
        assert app.sync().state == RunState.SUCCEEDED
    there, enrolled = addresses(app), enrolments(app)
    assert there[0]["p69@example.com"] == there[0]["after@example.com"] == there[1]["late@example.com"] == 1

    backup.restore()
    later(monkeypatch, timedelta(hours=1))
    run = Run.objects.get()
    assert run.state == RunState.APPLYING
    parts = Counter(RunEntry.objects.filter(stage__step=back).values_list("write_part", flat=True))
    assert parts[Part.PLANNED] > 10, "what the run was still to create is there by now"
    resumed = resume(run)
    assert resumed.state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS), resumed.failure
    assert_books_balance(resumed)
    assert addresses(app) == there

    assert app.sync().state == RunState.SUCCEEDED
    assert addresses(app) == there
    assert enrolments(app) == enrolled
    assert max(enrolled.values()) == 1
    assert PersonLink.objects.count() == len(set(there[0]) & set(there[1]))
    names = {person["emails"][0]["value"]: person["name"] for person in app.people() if person["emails"]}
    assert names["p5@example.com"] == "Renamed By Hand"
    app.forget_calls()
    assert app.sync().state == RunState.SUCCEEDED
    assert app.writes() == []


def test_a_held_run_that_is_approved_later_links_whom_a_colleague_has_created_meanwhile(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=1, limits=False)
    step = app.step(Direction.TO_CRM)
    app.map_owners(step)
    app.change("reply", create={"email": "p0@example.com", "firstName": "P0"})
    assert app.sync(step).state == RunState.SUCCEEDED
    Connection.objects.update(brake_percent=1, brake_minimum=0)
    app.change("reply", id=app.contacts()["p0@example.com"]["id"], fields={"firstName": "Changed"})
    for number in (1, 2):
        app.change("reply", create={"email": f"p{number}@example.com", "firstName": f"P{number}"})
    run = app.sync(step)
    assert run.state == RunState.HELD
    # Meanwhile a colleague changes one of them, and creates another.
    p0 = PersonLink.objects.get().crm_person.external_id
    app.change("pipedrive", id=int(p0), fields={"name": "By Hand"})
    app.change("pipedrive", create={"name": "By Hand", "emails": [{"value": "P1@example.com", "primary": True}]})
    later(monkeypatch, timedelta(hours=1))

    runs.approve_run(run=run)
    run = carry_out(run)

    assert run.state == RunState.SUCCEEDED
    assert_books_balance(run)
    outcomes = {entry.email: (entry.outcome, entry.reason) for entry in run.entries.exclude(action="skip")}
    assert outcomes == {
        "p0@example.com": ("skipped", "stale"),
        "p1@example.com": ("skipped", "stale"),
        "p2@example.com": ("created", ""),
    }
    assert [person["name"] for person in app.people()].count("By Hand") == 2
    assert addresses(app)[0]["p1@example.com"] == 1
    assert PersonLink.objects.count() == 3


def test_a_run_that_has_just_read_does_not_look_again(install: Install) -> None:
    app = install(people=1, limits=False)
    step = app.step(Direction.TO_CRM)
    app.map_owners(step)
    app.change("reply", create={"email": "p@example.com", "firstName": "P"})
    app.forget_calls()
    assert app.sync(step).state == RunState.SUCCEEDED
    assert app.calls()["pipedrive GET /api/v2/persons"] == 1
