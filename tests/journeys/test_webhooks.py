"""Somebody is edited in Pipedrive, Pipedrive says so over HTTP, and a small run carries it to Reply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from integrations.domain.enums import Direction
from integrations.models import ChangeHint, Person, PersonLink, Run, RunState, SyncStep, Trigger, Webhook
from integrations.services import hints, runs, schedules, webhooks
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance, carry_out


class Wired:
    """An installation in step with itself, whose webhook is registered and delivers to a real web server."""

    def __init__(self, app: Installation) -> None:
        self.app = app
        self.step: SyncStep = app.step(Direction.TO_OUTREACH)
        app.map_owners(self.step)
        assert app.sync().state == RunState.SUCCEEDED
        webhooks.look_after(app.crm.pk)
        app.forget_calls()

    @property
    def linked(self) -> list[dict[str, Any]]:
        """People of Pipedrive who are linked, oldest first."""
        ids = set(PersonLink.objects.values_list("crm_person__external_id", flat=True))
        return [person for person in self.app.people() if str(person["id"]) in ids]

    def retitle(self, person: dict[str, Any], title: str) -> None:
        """A human edits the person's job title."""
        self.app.change("pipedrive", id=person["id"], fields={"job_title": title})

    def title_in_reply(self, person: dict[str, Any]) -> Any:
        return self.app.contacts()[person["emails"][0]["value"].lower()].get("title")

    def post(self, **command: Any) -> Any:
        return self.app.control("POST", "/deliveries", command)

    def delivered(self) -> None:
        """Wait until nothing is on its way."""
        deliver: Any = self.app.sandbox.post_room._send
        assert deliver.__self__.wait_until_idle(10)

    def small_run(self) -> Run | None:
        """The run that the gathered hints bring about, carried out."""
        self.delivered()
        long_ago = timezone.now() - timedelta(hours=1)
        ChangeHint.objects.update(seen_at=long_ago)
        Run.objects.update(created_at=long_ago)
        started = hints.start_hinted_runs()
        assert len(started) <= 1
        return carry_out(started[0]) if started else None


@pytest.fixture
def wired(install: Install, live_server: LiveServer, settings: Settings) -> Wired:
    settings.PUBLIC_URL = live_server.url
    return Wired(install(people=12, limits=False, pipedrive__webhook_retry_scale=0.001))


def test_an_edit_in_pipedrive_reaches_reply_by_a_small_run(wired: Wired) -> None:
    ada = wired.linked[0]
    wired.retitle(ada, "Countess")

    run = wired.small_run()

    assert run is not None
    assert (run.state, run.trigger, run.hinted) == (RunState.SUCCEEDED, Trigger.WEBHOOK, True)
    assert wired.title_in_reply(ada) == "Countess"
    stage = run.stages.get()
    assert (stage.seen, stage.updated) == (1, 1)
    assert_books_balance(run)
    assert not ChangeHint.objects.exists()
    # One call for the person, one for the fields, one for the counterpart: nobody else was read.
    calls = wired.app.calls()
    assert calls["pipedrive GET /api/v2/persons"] == 1
    assert not any(
        path.startswith("reply POST /v3/contacts/filter") or path == "reply GET /v3/contacts" for path in calls
    )
    assert Person.objects.filter(name="").count() == 0


def test_a_new_person_a_deleted_one_and_a_merged_one(wired: Wired) -> None:
    ada, ben, cy, *_ = wired.linked
    new = wired.app.change(
        "pipedrive",
        create={
            "name": "Newly Met",
            "owner_id": ada["owner_id"],
            "emails": [{"value": "newly@met.example", "primary": True, "label": "work"}],
        },
    )
    wired.app.change("pipedrive", delete=ben["id"])
    wired.app.change("pipedrive", merge=cy["id"], into=ada["id"])

    run = wired.small_run()

    assert run is not None
    assert run.state == RunState.SUCCEEDED
    assert "newly@met.example" in wired.app.contacts()
    gone = Person.objects.exclude(missing_since=None).values_list("external_id", flat=True)
    assert set(gone) == {str(ben["id"]), str(cy["id"])}
    assert wired.app.contacts()[ben["emails"][0]["value"].lower()]
    assert run.entries.get(source_external_id=str(new["id"])).outcome == "created"


def test_doubled_reordered_and_replayed_deliveries_make_one_change(wired: Wired) -> None:
    ada, ben, *_ = wired.linked
    wired.post(fate="twice")
    wired.retitle(ada, "First")
    wired.delivered()
    wired.post(fate="hold")
    wired.retitle(ada, "Second")
    wired.retitle(ben, "Other")
    wired.retitle(ada, "Third")
    wired.post(release="reversed")
    wired.delivered()
    wired.post(replay=[1, 2])
    wired.delivered()
    assert ChangeHint.objects.count() == 2

    run = wired.small_run()

    assert run is not None
    assert (wired.title_in_reply(ada), wired.title_in_reply(ben)) == ("Third", "Other")
    assert run.stages.get().updated == 2


def test_a_deletion_whose_delivery_came_before_an_older_one_is_still_seen(wired: Wired) -> None:
    ada = wired.linked[0]
    wired.post(fate="hold")
    wired.retitle(ada, "Late")
    wired.app.change("pipedrive", delete=ada["id"])
    wired.post(release="reversed")

    wired.small_run()

    assert Person.objects.get(account=wired.app.crm, external_id=str(ada["id"])).missing_since is not None


def test_whoever_a_lost_delivery_was_about_is_found_by_the_schedule(wired: Wired) -> None:
    ada = wired.linked[0]
    wired.post(fate="lose")
    wired.retitle(ada, "Lost")
    assert wired.small_run() is None
    assert wired.title_in_reply(ada) != "Lost"

    wired.app.sync()

    assert wired.title_in_reply(ada) == "Lost"


def test_hints_wait_while_a_run_is_active_and_are_taken_up_after_it(wired: Wired) -> None:
    ada = wired.linked[0]
    active = runs.request_run(connection=wired.app.connection)
    wired.retitle(ada, "Patient")
    assert wired.small_run() is None

    runs.cancel_run(run=active)
    active.refresh_from_db()
    assert ChangeHint.objects.waiting().count() == 1
    wired.small_run()

    assert wired.title_in_reply(ada) == "Patient"


def test_a_hint_that_comes_while_its_person_is_being_read_waits_for_the_next_run(wired: Wired) -> None:
    ada = wired.linked[0]
    wired.retitle(ada, "Once")
    wired.delivered()
    run = runs.request_run(connection=wired.app.connection, trigger=Trigger.WEBHOOK, hinted=True)
    runs.begin(run.pk)
    wired.retitle(ada, "Twice")
    wired.delivered()

    carry_out(run)

    assert ChangeHint.objects.waiting().count() == 1


def test_many_hints_make_an_ordinary_run(wired: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "MOST_HINTED", 2)
    people = wired.linked[:3]
    for person in people:
        wired.retitle(person, "One of many")

    run = wired.small_run()

    assert run is not None
    assert (run.hinted, run.trigger) == (False, Trigger.WEBHOOK)
    assert {wired.title_in_reply(person) for person in people} == {"One of many"}
    assert not ChangeHint.objects.exists()


def test_an_ordinary_run_looks_up_whoever_is_said_to_be_deleted(wired: Wired) -> None:
    ada = wired.linked[0]
    wired.app.change("pipedrive", delete=ada["id"])
    wired.delivered()

    wired.app.sync()

    assert Person.objects.get(account=wired.app.crm, external_id=str(ada["id"])).missing_since is not None
    assert not ChangeHint.objects.exists()


def test_the_echo_of_our_own_writes_changes_nobody(wired: Wired) -> None:
    back = wired.app.step(Direction.TO_CRM)
    wired.app.map_owners(back)
    wired.app.sync()
    ada = wired.linked[0]
    contact = wired.app.contacts()[ada["emails"][0]["value"].lower()]
    wired.app.change("reply", id=contact["id"], fields={"title": "From Reply"})
    wired.app.sync()
    assert next(p for p in wired.app.people() if p["id"] == ada["id"])["job_title"] == "From Reply"
    wired.app.forget_calls()

    run = wired.small_run()

    assert run is not None
    assert run.stages.get().unchanged >= 1
    assert wired.app.writes() == []


def test_a_change_made_in_reply_meanwhile_is_seen_before_it_is_overwritten(wired: Wired) -> None:
    wired.step.on_conflict = "hold"
    wired.step.save()
    wired.app.sync()
    ada = wired.linked[0]
    contact = wired.app.contacts()[ada["emails"][0]["value"].lower()]
    wired.app.change("reply", id=contact["id"], fields={"title": "Reply's word"})
    wired.retitle(ada, "Pipedrive's word")

    run = wired.small_run()

    assert run is not None
    assert run.stages.get().conflicts == 1
    assert wired.title_in_reply(ada) == "Reply's word"


def test_before_the_first_sync_webhooks_start_an_ordinary_run(wired: Wired) -> None:
    wired.step.checkpoint.delete()
    wired.retitle(wired.linked[0], "Early")

    run = wired.small_run()

    assert run is not None
    assert not run.hinted


def test_a_small_run_does_not_put_off_the_schedule(wired: Wired) -> None:
    wired.retitle(wired.linked[0], "Between")
    wired.delivered()
    last, long_ago = Run.objects.of_the_schedule().latest("pk"), timezone.now() - timedelta(hours=3)
    Run.objects.filter(pk=last.pk).update(created_at=long_ago, finished_at=long_ago)
    ChangeHint.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    (small,) = hints.start_hinted_runs()
    carry_out(small)

    assert [run.trigger for run in schedules.start_due_runs()] == [Trigger.SCHEDULE]


def test_a_ban_is_noticed_and_mended(wired: Wired) -> None:
    before = Webhook.objects.get()
    wired.app.change("pipedrive", webhook=int(before.remote_id), do="ban")
    ada = wired.linked[0]
    Webhook.objects.update(check_after=timezone.now())

    webhooks.look_after(wired.app.crm.pk)

    after = Webhook.objects.get()
    assert after.remote_id != before.remote_id
    assert "switched it off" in after.detail
    wired.retitle(ada, "Heard again")
    wired.small_run()
    assert wired.title_in_reply(ada) == "Heard again"
    assert len(wired.app.control("GET", "/state")["pipedrive"]["webhooks"]) == 1


@pytest.mark.parametrize("listed", [True, False])
def test_a_deletion_by_pipedrive_is_noticed_and_mended(wired: Wired, listed: bool) -> None:
    wired.app.control("PATCH", "/options", {"pipedrive": {"deleted_webhook_listed": listed}})
    before = Webhook.objects.get()
    wired.app.change("pipedrive", webhook=int(before.remote_id), do="delete")
    Webhook.objects.update(check_after=timezone.now())

    webhooks.look_after(wired.app.crm.pk)

    after = Webhook.objects.get()
    assert after.remote_id != before.remote_id
    assert after.secret_hash != before.secret_hash
    assert "registered again" in after.detail
