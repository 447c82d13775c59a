"""Merged in Pipedrive: the link follows the survivor."""

from __future__ import annotations

from integrations.domain.enums import Direction
from integrations.models import PersonLink, RunState
from tests.journeys.conftest import Install


def test_the_link_follows_the_survivor_of_a_merge(install: Install) -> None:
    app = install(people=20)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    link = PersonLink.objects.select_related("crm_person").order_by("pk")[0]
    loser = link.crm_person
    survivor = app.change("pipedrive", create={"name": "Survivor", "owner_id": int(loser.owner_external_id)})
    app.change("pipedrive", merge=int(loser.external_id), into=survivor["id"])
    contacts = len(app.contacts())

    run = app.sync(step, full=True)

    link.refresh_from_db()
    assert run.state == RunState.SUCCEEDED, run.failure
    assert link.crm_person.external_id == str(survivor["id"])
    assert len(app.contacts()) == contacts
    assert app.contacts()[loser.email.lower()]["firstName"] == "Survivor"


def test_a_person_who_is_deleted_and_has_no_heir_keeps_the_link(install: Install) -> None:
    app = install(people=20)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    link = PersonLink.objects.select_related("crm_person").order_by("pk")[0]
    app.change("pipedrive", delete=int(link.crm_person.external_id))

    app.sync(step, full=True)

    assert PersonLink.objects.get(pk=link.pk).crm_person == link.crm_person
