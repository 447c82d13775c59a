"""Undo of a large run, with people who went on working meanwhile. UNDO_PEOPLE=1000 makes it as large as one likes."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from integrations.domain.enums import Direction
from integrations.models import PersonLink, Run, RunState
from integrations.services import runs
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance, carry_out

PEOPLE = int(os.environ.get("UNDO_PEOPLE", "120"))
TOUCHED = 10
TOUCHED_NAME = "Somebody"
STAMPS = ("changedAt", "update_time")


def both_sides(app: Installation) -> dict[Direction, dict[str, dict[str, Any]]]:
    """Everybody whom a run in this direction can change, by id, without what every write moves."""
    sides = {Direction.TO_OUTREACH: app.contacts().values(), Direction.TO_CRM: app.people()}
    return {
        direction: {str(one["id"]): {key: value for key, value in one.items() if key not in STAMPS} for one in people}
        for direction, people in sides.items()
    }


def edit(app: Installation, direction: Direction, links: list[PersonLink]) -> None:
    """Another name and another owner for everybody, on the side that the step reads."""
    for number, link in enumerate(links):
        owner = "ben" if number % 2 else "anna"
        if direction is Direction.TO_OUTREACH:
            owner_id = int(app.crm.members.get(email__startswith=owner).external_id)
            fields = {"name": f"Renamed No{number}", "owner_id": owner_id}
            app.change("pipedrive", id=int(link.crm_person.external_id), fields=fields)
        else:
            owner_id = int(app.outreach.members.get(email__startswith=owner).external_id)
            fields = {"firstName": "Renamed", "lastName": f"No{number}", "ownerUserId": owner_id}
            app.change("reply", id=int(link.outreach_person.external_id), fields=fields)


def touch(app: Installation, direction: Direction, target_ids: list[str]) -> None:
    """Somebody changes what the run wrote."""
    for target_id in target_ids:
        if direction is Direction.TO_OUTREACH:
            app.change("reply", id=int(target_id), fields={"firstName": TOUCHED_NAME, "lastName": ""})
        else:
            app.change("pipedrive", id=int(target_id), fields={"name": TOUCHED_NAME})


def ended(run: Run) -> Run:
    """The run as it ends. A large one waits for our share of the products' limits, as it would in earnest."""
    run = carry_out(run)
    while run.is_active:
        time.sleep(1)
        run = carry_out(run)
    return run


@pytest.mark.parametrize("direction", list(Direction))
def test_undo_of_a_large_run_puts_back_what_nobody_touched_since_and_names_the_rest(
    install: Install, direction: Direction
) -> None:
    app = install(people=PEOPLE, limits=False)
    steps = {way: app.step(way) for way in Direction}
    for step in steps.values():
        app.map_owners(step)
    app.sync()
    app.sync()
    edit(app, direction, list(PersonLink.objects.select_related("crm_person", "outreach_person").order_by("pk")))
    before = both_sides(app)[direction]
    run = app.sync(steps[direction], full=True)
    runs.approve_run(run=run)
    run = ended(run)
    written = both_sides(app)[direction]
    changed = [target_id for target_id, value in written.items() if value != before[target_id]]
    touched = changed[:TOUCHED]
    touch(app, direction, touched)

    undo = ended(runs.undo_run(run=run))

    after = both_sides(app)[direction]
    assert undo.state == RunState.SUCCEEDED, undo.failure
    assert_books_balance(undo)
    assert len(changed) > PEOPLE * 0.6
    assert [one for one in after if one not in touched and after[one] != before[one]] == []
    named = undo.entries.filter(target_external_id__in=touched)
    assert {entry.target_external_id for entry in named} == set(touched)
    for entry in named:
        now = after[entry.target_external_id]
        assert TOUCHED_NAME in (now.get("firstName"), now.get("name"))
        assert "changed_since" in (entry.reason, *(note["reason"] for note in entry.notes))
