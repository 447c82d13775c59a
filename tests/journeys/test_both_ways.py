"""Both directions together: a change on either side arrives on the other once, and comes back to nobody."""

from __future__ import annotations

from typing import Any

from integrations.domain.enums import Direction
from integrations.models import PersonLink, RunState
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance


def in_step(install: Install, people: int = 40, **options: Any) -> Installation:
    """Everybody synced both ways, and quiet."""
    app = install(people=people, **options)
    app.map_owners(app.step(Direction.TO_OUTREACH))
    app.map_owners(app.step(Direction.TO_CRM))
    assert app.sync().state == RunState.SUCCEEDED
    assert app.sync().state == RunState.SUCCEEDED
    app.forget_calls()
    return app


def linked(app: Installation, number: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """A linked pair as both products hold it now, of an owner who is mapped both ways."""
    link = PersonLink.objects.filter(outreach_person__owner_external_id="48101").order_by("pk")[number]
    person = next(p for p in app.people() if str(p["id"]) == link.crm_person.external_id)
    contact = next(c for c in app.contacts().values() if str(c["id"]) == link.outreach_person.external_id)
    return person, contact


def test_a_change_in_pipedrive_arrives_in_reply_with_exactly_one_update_and_no_echo(install: Install) -> None:
    app = in_step(install)
    person, _ = linked(app)
    app.change("pipedrive", id=person["id"], fields={"phones": [{"value": "+44 20 7946 0123", "primary": True}]})

    assert app.sync().state == RunState.SUCCEEDED
    assert app.sync().state == RunState.SUCCEEDED

    assert [(c["method"], c["product"]) for c in app.writes()] == [("PATCH", "reply")]
    assert linked(app)[1]["phone"] == "+44 20 7946 0123"
    assert linked(app)[0]["phones"][0]["value"] == "+44 20 7946 0123"


def test_a_change_in_reply_arrives_in_pipedrive_with_exactly_one_update_and_no_echo(install: Install) -> None:
    app = in_step(install)
    _, contact = linked(app, 3)
    app.change("reply", id=contact["id"], fields={"firstName": "Wilhelmina"})

    run = app.sync()
    assert_books_balance(run)
    assert app.sync().state == RunState.SUCCEEDED

    assert [(c["method"], c["product"]) for c in app.writes()] == [("PATCH", "pipedrive")]
    assert linked(app, 3)[0]["name"].startswith("Wilhelmina ")
    assert linked(app, 3)[1]["firstName"] == "Wilhelmina"


def test_a_new_owner_in_pipedrive_becomes_the_mapped_owner_in_reply(install: Install) -> None:
    app = in_step(install)
    person, contact = linked(app)
    pairs = app.map_owners(app.step(Direction.TO_OUTREACH))
    app.sync()
    app.forget_calls()
    other = next(left for left in pairs if left != str(person["owner_id"]))
    app.change("pipedrive", id=person["id"], fields={"owner_id": int(other)})

    run = app.sync()
    app.sync()

    assert str(app.contacts()[contact["email"]]["ownerUserId"]) == pairs[other]
    assert next(p["owner_id"] for p in app.people() if p["id"] == person["id"]) == int(other)
    assert [c["path"] for c in app.writes()] == ["/v3/contacts/owner"]
    entry = run.entries.get(source_external_id=str(person["id"]))
    assert (entry.owner_before, entry.owner_after) == (pairs[str(person["owner_id"])], pairs[other])


def test_a_contact_that_only_reply_has_becomes_a_person_with_the_mapped_owner(install: Install) -> None:
    app = in_step(install)
    pairs = app.map_owners(app.step(Direction.TO_CRM))
    owner = next(iter(pairs))
    app.change(
        "reply",
        create={"email": "new.face@example.com", "firstName": "New", "lastName": "Face", "ownerUserId": int(owner)},
    )

    app.sync()
    app.sync()

    person = next(p for p in app.people() if p["emails"] and p["emails"][0]["value"] == "new.face@example.com")
    assert (person["name"], str(person["owner_id"])) == ("New Face", pairs[owner])
    assert sum(c["method"] == "POST" for c in app.writes()) == 1
