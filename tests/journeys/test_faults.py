"""Whatever goes wrong with a call, the run gets over it: nobody doubled, nobody lost, nobody enrolled twice."""

from __future__ import annotations

from collections import Counter

import pytest

from integrations.domain.enums import Direction
from integrations.models import Account, AccountStatus, Run, RunState
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance

KINDS = ("status_500", "status_503", "status_429", "reset", "answer_lost", "truncated", "not_json")
TO_REPLY = (
    ("pipedrive", "GET", "/api/v2/persons"),
    ("reply", "GET", "/v3/contacts"),
    ("reply", "POST", "/v3/contacts/import"),
    ("reply", "PUT", "/v3/contacts/owner"),
    ("reply", "POST", "/v3/sequences/.*/contact-links/bulk"),
)


def assert_nobody_doubled_lost_or_enrolled_twice(app: Installation, run: Run) -> None:
    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    state = app.control("GET", "/state")
    contacts = Counter(contact["email"].lower() for contact in state["reply"]["contacts"])
    persons = Counter(mail["value"].lower() for p in app.people() for mail in p["emails"])
    created = set(run.entries.filter(outcome="created").values_list("email", flat=True))
    assert set(contacts.values()) <= {1}
    assert created <= set(contacts)
    assert set(persons) >= set(contacts)
    assert all(link["moves"] == 0 for link in state["reply"]["contactLinks"])
    enrolled = {c["id"] for c in state["reply"]["contacts"] if c["ownerUserId"] == 48101}
    assert {link["contactId"] for link in state["reply"]["contactLinks"]} == enrolled


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("product", "method", "path"), TO_REPLY)
def test_a_fault_on_the_way_to_reply(install: Install, kind: str, product: str, method: str, path: str) -> None:
    app = install(people=25, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.enrol(step, "48101")
    app.fault(product=product, method=method, path=f"^{path}", kind=kind, times=2)

    run = app.sync(step)

    assert_nobody_doubled_lost_or_enrolled_twice(app, run)
    app.control("DELETE", "/faults")
    app.sync(step)
    app.forget_calls()
    app.sync(step)
    assert app.writes() == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_fault_on_the_way_to_pipedrive(install: Install, kind: str, method: str) -> None:
    app = install(people=3, limits=False)
    step = app.step(Direction.TO_CRM)
    app.map_owners(step)
    for number in range(12):
        app.change("reply", create={"email": f"p{number}@example.com", "firstName": f"P{number}"})
    app.fault(product="pipedrive", method=method, path="^/api/v2/persons", kind=kind, times=3)

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    made = Counter(mail["value"] for p in app.people() for mail in p["emails"] if mail["value"].startswith("p"))
    assert made == Counter(f"p{number}@example.com" for number in range(12))


def test_a_key_that_is_revoked_in_mid_run_stops_the_run_and_marks_the_account(install: Install) -> None:
    app = install(people=25, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.fault(product="reply", method="PUT", path="^/v3/contacts/owner", kind="revoked_key")

    run = app.sync(step)

    assert run.state == RunState.FAILED
    assert "Reply" in run.failure
    assert_books_balance(run)
    assert Account.objects.get(pk=app.outreach.pk).status == AccountStatus.NEEDS_ATTENTION
