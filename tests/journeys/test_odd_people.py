"""Odd people: each has an outcome and a reason of their own, and nobody else is affected."""

from __future__ import annotations

import pytest

from integrations.domain.enums import Direction
from integrations.models import Account, Member, RunState
from integrations.services.accounts import read_directory
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance


def person(app: Installation, **fields: object) -> str:
    """A new person in Pipedrive; answers the id."""
    owner = app.people()[0]["owner_id"]
    made = app.change("pipedrive", create={"owner_id": owner, **fields})
    return str(made["id"])


def email(*addresses: str) -> list[dict[str, object]]:
    return [{"value": a, "primary": not i, "label": "work"} for i, a in enumerate(addresses)]


def test_each_oddity_has_its_own_outcome(install: Install) -> None:
    app = install(people=30)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    malformed = person(app, name="Mal Formed", emails=email("not an address"))
    missing = person(app, name="Miss Ing", emails=[])
    first = person(app, name="First Twin", emails=email("twin@example.com"))
    second = person(app, name="Second Twin", emails=email("Twin@Example.com"))
    nameless = person(app, name="x.y@example.com", emails=email("x.y@example.com"))
    late = person(app, name="Late Bloomer", emails=email("not usable", "late.bloomer@example.com"))

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    found = {e.source_external_id: (e.outcome, e.reason) for e in run.entries.all()}
    assert found[malformed] == ("skipped", "malformed_email")
    assert found[missing] == ("skipped", "no_email")
    assert found[first] == ("created", "")
    assert found[second] == ("conflict", "duplicate_source")
    assert found[nameless][0] == "created"
    assert found[late] == ("created", "")
    assert {"twin@example.com", "x.y@example.com", "late.bloomer@example.com"} <= set(app.contacts())


@pytest.mark.parametrize("leaver", ["left", "right"])
def test_people_of_a_pair_with_a_deactivated_member_are_skipped_with_that_reason(install: Install, leaver: str) -> None:
    app = install(people=30)
    step = app.step(Direction.TO_OUTREACH)
    pairs = app.map_owners(step)
    left, right = next((a, b) for a, b in pairs.items() if b != "48101")
    if leaver == "left":
        # Pipedrive's deactivated users keep their people until somebody gives them away.
        app.sandbox.products["pipedrive"].state.users[int(left)].active = False  # type: ignore[attr-defined]
    else:
        app.sandbox.products["reply"].state.users[int(right)].removed = True  # type: ignore[attr-defined]
    read_directory(Account.objects.get(pk=(app.crm if leaver == "left" else app.outreach).pk))

    run = app.sync(step)

    entries = run.entries.filter(reason="member_inactive").select_related("source_person")
    # Somebody of the sandbox's company had left before.
    left_before = set(Member.objects.filter(account=app.crm, is_active=False).values_list("external_id", flat=True))
    owners = {entry.source_person.owner_external_id for entry in entries if entry.source_person}
    assert left in owners
    assert owners <= {left, *left_before}
    assert not [c for c in app.contacts().values() if str(c["ownerUserId"]) == right]
    assert run.state == RunState.SUCCEEDED
    assert_books_balance(run)


def test_a_deleted_target_is_skipped_and_not_made_again(install: Install) -> None:
    app = install(people=20)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    contact = next(iter(app.contacts().values()))
    app.change("reply", delete=contact["id"])

    run = app.sync(step)

    assert [e.reason for e in run.entries.all()] == ["target_deleted"]
    assert contact["email"] not in app.contacts()
    assert_books_balance(run)


def test_a_deleted_source_deletes_nothing(install: Install) -> None:
    app = install(people=20)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    before = app.contacts()
    gone = app.people()[0]
    app.change("pipedrive", delete=gone["id"])

    run = app.sync(step, full=True)

    assert app.contacts() == before
    assert run.entries.filter(source_external_id=str(gone["id"]), reason="source_deleted").exists()
