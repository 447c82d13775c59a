"""The main job on real input: people of Pipedrive come to Reply with their owners and into their sequences."""

from __future__ import annotations

from collections import Counter

from integrations.domain.enums import Direction
from integrations.models import Run, RunEntry, RunState
from tests.journeys.conftest import Install
from tests.journeys.installation import assert_books_balance


def reasons(run: Run) -> Counter[str]:
    return Counter(RunEntry.objects.filter(run=run).exclude(reason="").values_list("reason", flat=True))


def test_everybody_from_an_empty_reply_account_gets_the_mapped_owner_and_the_rest_a_reason(install: Install) -> None:
    app = install(people=120)
    step = app.step(Direction.TO_OUTREACH)
    unmapped = app.people()[0]["owner_id"]
    email = next(u["email"] for u in app.control("GET", "/state")["pipedrive"]["users"] if u["id"] == unmapped)
    pairs = app.map_owners(step, leave_out=[email])

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    contacts = app.contacts()
    entries = {entry.source_external_id: entry for entry in run.entries.all()}
    for person in app.people():
        entry = entries[str(person["id"])]
        owner = pairs.get(str(person["owner_id"]))
        if owner is None:
            assert entry.outcome == "skipped", entry.reason
        if entry.outcome == "created":
            contact = contacts[entry.email]
            assert str(contact["ownerUserId"]) == owner
            assert contact.get("lastName", "") in person["name"]
    assert len(contacts) == run.entries.filter(outcome="created").count() > 50
    assert reasons(run)["owner_not_mapped"] > 0


def test_a_second_run_writes_nothing(install: Install) -> None:
    app = install(people=80)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    back = app.step(Direction.TO_CRM)
    app.map_owners(back)
    assert app.sync().state == RunState.SUCCEEDED
    app.forget_calls()

    for _ in range(2):
        run = app.sync()
        assert run.state == RunState.SUCCEEDED
        assert_books_balance(run)

    assert app.writes() == []
