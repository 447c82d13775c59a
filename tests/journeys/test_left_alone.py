"""Whom a sync leaves as they are, and the reason that it gives for it."""

from __future__ import annotations

from typing import Any

from integrations.domain.enums import Direction
from integrations.models import PersonLink, Run, RunState, SyncStep
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance


def synced(install: Install, people: int = 20, **options: Any) -> tuple[Installation, SyncStep, PersonLink]:
    """Everybody synced towards Reply, and one of the pairs."""
    app = install(people=people, **options)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync(step)
    app.sync(step)
    app.forget_calls()
    return app, step, PersonLink.objects.select_related("crm_person", "outreach_person").order_by("pk")[0]


def contact_of(app: Installation, link: PersonLink) -> dict[str, Any]:
    """The pair's contact as Reply holds it now."""
    return next(c for c in app.contacts().values() if str(c["id"]) == link.outreach_person.external_id)


def outcome(run: Run, link: PersonLink) -> tuple[str, str]:
    """What became of the pair's person, and why; "counted" for somebody without an entry."""
    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    entry = run.entries.filter(source_person=link.crm_person).first()
    return (entry.outcome, entry.reason) if entry else ("counted", "")


def test_a_field_that_somebody_keeps_setting_back_is_reported_after_the_third_time_and_left_alone(
    install: Install,
) -> None:
    app, step, link = synced(install)
    runs = []
    for number in range(5):
        app.change("reply", id=int(link.outreach_person.external_id), fields={"firstName": f"Flip {number}"})
        runs.append(outcome(app.sync(step), link))

    assert runs[:3] == [("updated", "")] * 3
    assert runs[3:] == [("unchanged", "set_back_repeatedly")] * 2
    assert contact_of(app, link)["firstName"] == "Flip 4"
    assert len(app.writes()) == 3
    app.change("pipedrive", id=int(link.crm_person.external_id), fields={"name": "New Start"})
    assert outcome(app.sync(step), link) == ("updated", "")
    assert contact_of(app, link)["firstName"] == "New"


def test_a_person_whose_owner_changes_to_an_unmapped_one_is_skipped_and_the_contact_stays(install: Install) -> None:
    app, step, link = synced(install)
    unmapped = next(p["owner_id"] for p in app.people() if str(p["owner_id"]) != link.crm_person.owner_external_id)
    step.owner_mappings.filter(source_member__external_id=str(unmapped)).delete()
    before = contact_of(app, link)
    fields = {"owner_id": unmapped, "name": "Moved Away"}
    app.change("pipedrive", id=int(link.crm_person.external_id), fields=fields)

    assert outcome(app.sync(step), link) == ("skipped", "owner_not_mapped")
    assert contact_of(app, link) == before
    assert not app.writes()


def test_a_changed_address_follows_the_link_and_makes_nobody_new(install: Install) -> None:
    app, step, link = synced(install)
    contacts = len(app.contacts())
    emails = [{"value": "moved@example.com", "primary": True, "label": "work"}]
    app.change("pipedrive", id=int(link.crm_person.external_id), fields={"emails": emails})

    assert outcome(app.sync(step), link) == ("updated", "")
    assert contact_of(app, link)["email"] == "moved@example.com"
    assert len(app.contacts()) == contacts


def test_a_person_whom_the_token_no_longer_sees_counts_as_gone_and_nothing_is_deleted(install: Install) -> None:
    app, step, link = synced(install)
    before = contact_of(app, link)
    state = app.sandbox.products["pipedrive"].state  # type: ignore[attr-defined]
    hidden = state.persons[int(link.crm_person.external_id)]
    other = next(user for user in state.users.values() if str(user.id) != app.crm.user_external_id)
    hidden.visible_to, hidden.owner_id = 1, other.id
    state.users[int(app.crm.user_external_id)].is_admin = False

    assert outcome(app.sync(step, full=True), link) == ("skipped", "source_deleted")
    assert contact_of(app, link) == before
    assert not app.writes()


def test_a_contact_in_another_members_hands_is_left_with_that_reason(install: Install) -> None:
    """A plain member of a private team does not see teammates' contacts, and may not make them a second time."""
    app = install(people=20, replyio__edition="private")
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    own = step.owner_mappings.get(target_member__external_id=app.outreach.user_external_id)
    step.owner_mappings.exclude(pk=own.pk).delete()
    users = app.sandbox.products["reply"].state.users  # type: ignore[attr-defined]
    users[int(app.outreach.user_external_id)].is_owner = False
    teammate = next(number for number in users if str(number) != app.outreach.user_external_id)
    users[teammate].is_owner = True
    app.change("reply", create={"email": "held@example.com", "firstName": "Held", "ownerUserId": teammate})
    emails = [{"value": "held@example.com"}]
    fields = {"name": "Other Name", "owner_id": int(own.source_member.external_id), "emails": emails}
    made = app.change("pipedrive", create=fields)

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    entry = run.entries.get(source_external_id=str(made["id"]))
    assert (entry.outcome, entry.reason) == ("skipped", "held_by_teammate")
    assert (app.contacts()["held@example.com"]["firstName"], run.stages.get().failed) == ("Held", 0)
    assert_books_balance(run)


def test_somebody_whom_reply_remembers_as_deleted_is_not_made_again(install: Install) -> None:
    app = install(people=20)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    made = app.change("pipedrive", create={"name": "Once Gone", "emails": [{"value": "gone@example.com"}]})
    contact = app.change("reply", create={"email": "gone@example.com", "firstName": "Once"})
    app.change("reply", delete=contact["id"])

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED
    entry = run.entries.get(source_external_id=str(made["id"]))
    assert (entry.outcome, entry.reason) == ("skipped", "remembered_as_deleted")
    assert "gone@example.com" not in app.contacts()
    assert_books_balance(run)


def test_a_conflict_ends_with_the_next_ordinary_sync_after_somebody_else_made_way(install: Install) -> None:
    app, step, link = synced(install)
    owner = int(link.crm_person.owner_external_id)
    old, young = [
        app.change("pipedrive", create={"name": name, "owner_id": owner, "emails": [{"value": "twin@example.com"}]})
        for name in ("Old Twin", "Young Twin")
    ]
    entry = app.sync(step).entries.get(source_external_id=str(young["id"]))
    assert (entry.outcome, entry.reason) == ("conflict", "duplicate_source")

    app.change("pipedrive", id=old["id"], fields={"emails": [{"value": "old@example.com"}]})
    app.sync(step)
    app.sync(step)

    assert app.contacts()["old@example.com"]["firstName"] == "Old"
    assert app.contacts()["twin@example.com"]["firstName"] == "Young"
