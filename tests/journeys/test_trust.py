"""Seeing before and a way back: preview and apply, brake, undo, retry, cancel."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.domain.enums import Direction
from integrations.models import PersonLink, Run, RunEntry, RunKind, RunState, SyncStep
from integrations.services import runs
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance, carry_out


def carried_out(run: Run) -> Run:
    """The run as it ends, waits not waited for."""
    run = carry_out(run)
    assert_books_balance(run)
    return run


def mapped(install: Install, people: int = 40, **options: Any) -> tuple[Installation, SyncStep]:
    app = install(people=people, **options)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    return app, step


def without_stamps(app: Installation) -> dict[str, dict[str, Any]]:
    """Reply's contacts without what every write moves."""
    return {a: {k: v for k, v in c.items() if k not in ("changedAt",)} for a, c in app.contacts().items()}


def test_a_preview_writes_to_nobody_and_applying_it_does_what_it_showed(install: Install) -> None:
    app, step = mapped(install)
    app.forget_calls()
    preview = app.preview(step)
    assert preview.state == RunState.SUCCEEDED
    assert app.writes() == []
    assert not PersonLink.objects.exists()
    shown = preview.stages.get()

    run = carried_out(runs.apply_plan(preview=preview))

    assert run.state == RunState.SUCCEEDED, run.failure
    stage = run.stages.get()
    assert (stage.created, stage.skipped, stage.conflicts) == (shown.created, shown.skipped, shown.conflicts)
    assert len(app.contacts()) == shown.created
    app.forget_calls()
    assert app.sync(step).state == RunState.SUCCEEDED
    assert app.writes() == []


def test_entries_whose_person_has_changed_since_the_preview_are_left_and_marked_stale(install: Install) -> None:
    app, step = mapped(install)
    preview = app.preview(step)
    entry = preview.entries.filter(action="create").first()
    assert entry is not None
    app.change("pipedrive", id=int(entry.source_external_id), fields={"name": "Somebody Else"})
    other = preview.entries.filter(action="create").last()
    assert other is not None
    app.change("reply", create={"email": other.email, "firstName": "Came", "lastName": "First"})

    run = carried_out(runs.apply_plan(preview=preview))

    stale = set(run.entries.filter(reason="stale").values_list("source_external_id", flat=True))
    assert stale == {entry.source_external_id, other.source_external_id}
    assert entry.email not in app.contacts()
    assert app.contacts()[other.email]["firstName"] == "Came"


def test_a_preview_made_with_other_settings_is_refused(install: Install) -> None:
    app, step = mapped(install)
    preview = app.preview(step)
    step.owner_mappings.first().delete()  # type: ignore[union-attr]

    with pytest.raises(runs.RunRefused, match="have changed since this preview"):
        runs.apply_plan(preview=preview)


def edited(app: Installation, step: SyncStep, count: int = 8) -> list[dict[str, Any]]:
    """Everybody synced, then phone and owner of some changed in Pipedrive; answers those people as they were."""
    assert app.sync(step).state == RunState.SUCCEEDED
    app.sync(step)
    linked = {link.crm_person.external_id for link in PersonLink.objects.select_related("crm_person")}
    people = [p for p in app.people() if str(p["id"]) in linked][:count]
    owners = [int(left) for left in app.map_owners(step)]
    app.sync(step)
    for number, person in enumerate(people):
        fields: dict[str, Any] = {"phones": [{"value": f"+1 555 000 1{number}", "primary": True}]}
        if number % 2:
            fields["owner_id"] = next(owner for owner in owners if owner != person["owner_id"])
        app.change("pipedrive", id=person["id"], fields=fields)
    return people


def test_undo_puts_back_every_field_and_owner_and_the_next_run_leaves_it_so(install: Install) -> None:
    app, step = mapped(install)
    people = edited(app, step)
    before = without_stamps(app)
    run = app.sync(step)
    assert run.stages.get().updated == len(people)
    assert without_stamps(app) != before

    undo = carried_out(runs.undo_run(run=run))

    assert undo.state == RunState.SUCCEEDED, undo.failure
    assert without_stamps(app) == before
    assert undo.stages.get().updated == len(people)
    app.forget_calls()
    assert app.sync().state == RunState.SUCCEEDED
    assert app.writes() == []


def test_undo_is_not_carried_back_by_the_opposite_step(install: Install) -> None:
    app, step = mapped(install)
    app.map_owners(app.step(Direction.TO_CRM))
    edited(app, step, 4)
    before = without_stamps(app)
    run = app.sync(step)
    carried_out(runs.undo_run(run=run))
    people = app.people()
    app.forget_calls()

    app.sync()
    app.sync()

    assert app.writes() == []
    assert app.people() == people
    assert without_stamps(app) == before


def test_undo_leaves_what_was_changed_since_and_names_it(install: Install) -> None:
    app, step = mapped(install)
    people = edited(app, step, 3)
    run = app.sync(step)
    link = PersonLink.objects.get(crm_person__external_id=str(people[0]["id"]))
    app.change("reply", id=int(link.outreach_person.external_id), fields={"phone": "+44 1"})

    undo = carried_out(runs.undo_run(run=run))

    left = undo.entries.get(source_external_id=str(people[0]["id"]))
    assert (left.outcome, left.reason) == ("skipped", "changed_since")
    contact = next(c for c in app.contacts().values() if str(c["id"]) == link.outreach_person.external_id)
    assert contact["phone"] == "+44 1"


def test_undo_lists_the_people_whom_the_run_created_and_deletes_nobody(install: Install) -> None:
    app, step = mapped(install)
    people = edited(app, step, 2)
    app.change("pipedrive", create={"name": "Late Comer", "emails": [{"value": "late@comer.example", "primary": True}]})
    run = app.sync(step)
    assert run.stages.get().created == 1
    contacts = set(app.contacts())

    undo = carried_out(runs.undo_run(run=run))

    assert set(app.contacts()) == contacts
    assert undo.entries.filter(reason="created_stays").count() == 1
    assert undo.stages.get().updated == len(people)


def test_a_run_that_only_created_people_is_not_undone(install: Install) -> None:
    app, step = mapped(install)
    run = app.sync(step)

    with pytest.raises(runs.RunRefused, match="undo deletes nobody"):
        runs.undo_run(run=run)

    assert not runs.can_be_undone(run)


def test_undo_towards_pipedrive_puts_names_lists_and_owners_back(install: Install) -> None:
    app, _ = mapped(install)
    back = app.step(Direction.TO_CRM)
    app.map_owners(back)
    app.sync()
    app.sync()
    links = PersonLink.objects.filter(outreach_person__owner_external_id="48101").order_by("pk")[:3]
    stamps = ("update_time",)
    before = [{k: v for k, v in p.items() if k not in stamps} for p in app.people()]
    for link in links:
        fields = {"firstName": "Changed", "phone": "+1 555 77", "ownerUserId": 48102}
        app.change("reply", id=int(link.outreach_person.external_id), fields=fields)
    run = app.sync(back)
    assert run.stages.get().updated == 3

    undo = carried_out(runs.undo_run(run=run))

    assert undo.state == RunState.SUCCEEDED
    assert [{k: v for k, v in p.items() if k not in stamps} for p in app.people()] == before


def test_a_run_that_would_change_too_many_is_held_and_can_be_discarded_or_approved(install: Install) -> None:
    app, step = mapped(install, people=30)
    app.connection.brake_minimum = 5
    app.connection.save()
    edited(app, step, 12)
    before = app.contacts()

    held = app.sync(step)
    assert held.state == RunState.HELD
    assert "linked people would change" in held.held_because[0]
    assert app.contacts() == before
    runs.discard_run(run=held)
    held.refresh_from_db()
    assert held.state == RunState.CANCELLED
    assert_books_balance(held)

    again = app.sync(step)
    assert again.state == RunState.HELD
    runs.approve_run(run=again)
    done = carried_out(again)
    assert done.state == RunState.SUCCEEDED
    assert done.stages.get().updated == 12


def test_retry_takes_only_those_who_failed(install: Install) -> None:
    app, step = mapped(install)
    people = edited(app, step, 2)
    run = app.sync(step)
    RunEntry.objects.filter(run=run, source_external_id=str(people[0]["id"])).update(outcome="failed")

    again = carried_out(runs.retry_failed(run=run))

    assert again.kind == RunKind.RETRY
    assert again.stages.get().seen == 1
    with pytest.raises(runs.RunRefused, match="Nobody failed"):
        runs.retry_failed(run=again)
