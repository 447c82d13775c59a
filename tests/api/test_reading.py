from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Account, ApiBudget, Person, PersonEmail, Run, RunEntry, RunStage, RunState
from tests.admin.office import Office
from tests.api.conftest import Api


def make_run(office: Office, entries: int = 0, state: str = RunState.SUCCEEDED) -> Run:
    run = Run.objects.create(connection=office.connection, state=state)
    stage = RunStage.objects.create(
        run=run, step=office.step, label="People", seen=entries, created=entries, closed_at=timezone.now()
    )
    RunEntry.objects.bulk_create(
        RunEntry(
            run=run,
            stage=stage,
            source_external_id=str(number),
            name=f"Person {number}",
            email=f"p{number}@example.com",
            action="create" if number % 2 else "skip",
            outcome="created" if number % 2 else "skipped",
            reason="" if number % 2 else "owner_not_mapped",
            detail="" if number % 2 else "Owner 3",
            owner_after="102" if number % 2 else "",
            changes=[{"key": "email", "label": "Email", "before": None, "after": f"p{number}@example.com", "rule": 1}],
        )
        for number in range(1, entries + 1)
    )
    return run


def test_accounts_are_told_without_their_credentials(api: Api, office: Office) -> None:
    Account.objects.filter(pk=office.pipedrive.pk).update(status_detail="fine")
    account = Account.objects.get(pk=office.pipedrive.pk)
    account.credentials = {"api_token": "very-secret"}
    account.save()
    listed, one = api.get("accounts/"), api.get(f"accounts/{account.pk}/")
    assert [row["name"] for row in listed.body["results"]] == ["Pipedrive", "Reply"]
    assert one.body["status_detail"] == "fine"
    assert "secret" not in str(listed.body) + str(one.body)
    assert "credentials" not in one.body


def test_a_connection_names_its_steps_and_the_run_that_is_active(api: Api, office: Office) -> None:
    run = make_run(office, state=RunState.HELD)
    body = api.get(f"connections/{office.connection.pk}/").body
    assert body["steps"] == [office.step.pk]
    assert body["active_run"] == run.pk


def test_a_step_comes_with_its_rows_in_words_its_version_and_its_warnings(api: Api, office: Office) -> None:
    answer = api.get(f"steps/{office.step.pk}/")
    assert [row["words"] for row in answer.body["field_mappings"]] == ["Email → Email"]
    (pair,) = answer.body["owner_mappings"]
    assert pair["source_member"] == office.member("Ada Pipe").pk
    assert answer.headers["ETag"] == f'"{answer.body["version"]}"'
    assert answer.body["warnings"] == []
    assert api.get(f"steps/?connection={office.connection.pk}").body["results"][0]["id"] == office.step.pk
    assert api.get(f"steps/?connection={office.connection.pk + 1}").body["results"] == []


def test_the_directory_tells_members_fields_lists_and_sequences(api: Api, office: Office) -> None:
    members = api.get(f"accounts/{office.pipedrive.pk}/members/").body["results"]
    assert {row["name"]: row["can_own"] for row in members}["Gone Pipe"] is False
    fields = {row["key"]: row for row in api.get(f"accounts/{office.pipedrive.pk}/fields/").body["results"]}
    assert fields["stage"]["options"][1] == {"id": "2", "label": "Customer"}
    (saved,) = api.get(f"accounts/{office.pipedrive.pk}/saved-filters/").body["results"]
    assert saved["name"] == "Warm leads"
    sequences = {row["name"]: row for row in api.get(f"accounts/{office.reply.pk}/sequences/").body["results"]}
    assert sequences["Old news"]["blocked"] == "archived"
    assert [step["number"] for step in sequences["Welcome"]["steps"]] == ["1", "2", "3"]


def test_a_run_tells_its_progress_its_books_and_what_can_be_done(api: Api, office: Office) -> None:
    run = make_run(office, entries=4)
    run.entries.filter(name="Person 1").update(outcome="updated")
    body = api.get(f"runs/{run.pk}/").body
    assert body["progress"]["percent"] == 100
    assert body["progress"]["counts"]["seen"] == 4
    assert body["stages"][0]["label"] == "People"
    assert body["actions"] == ["undo"]
    listed = api.get(f"runs/?connection={office.connection.pk}&state=succeeded").body["results"]
    assert [(row["id"], row["seen"], row["written"]) for row in listed] == [(run.pk, 4, 4)]
    assert api.get("runs/?state=failed").body["results"] == []


def test_entries_are_filtered_and_searched(api: Api, office: Office) -> None:
    run = make_run(office, entries=6)
    entries = f"runs/{run.pk}/entries/"

    def names(query: str) -> list[str]:
        return [row["name"] for row in api.get(f"{entries}?{query}").body["results"]]

    assert names("outcome=created") == ["Person 1", "Person 3", "Person 5"]
    assert names("action=skip&search=P4@EXAMPLE") == ["Person 4"]
    assert names("reason=owner_not_mapped&limit=2") == ["Person 2", "Person 4"]
    assert names("stage=999999") == []
    first = api.get(entries).body["results"][0]
    assert first["changes"] == [
        {
            "key": "email",
            "label": "Email",
            "before": None,
            "after": "p1@example.com",
            "mapping": 1,
            "sets_back": False,
        }
    ]
    assert first["owner"] == "Ben Reply"
    skipped = api.get(f"{entries}?search=Person 2").body["results"][0]
    assert (skipped["detail"], skipped["reason_text"][:9]) == ("Cy Pipe", "The owner")


def test_pages_are_turned_by_cursor_to_the_last_entry_and_back(api: Api, office: Office) -> None:
    run = make_run(office, entries=25)
    page = api.get(f"runs/{run.pk}/entries/?limit=10").body
    seen: list[str] = []
    while True:
        seen += [row["name"] for row in page["results"]]
        if page["next"] is None:
            break
        page = api.get(page["next"]).body
    assert seen == [f"Person {number}" for number in range(1, 26)]
    assert api.get(page["previous"]).body["results"][0]["name"] == "Person 11"


def test_a_page_of_entries_costs_the_same_queries_whatever_its_length(api: Api, office: Office) -> None:
    run = make_run(office, entries=200)

    def queries(limit: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer = api.get(f"runs/{run.pk}/entries/?limit={limit}")
        assert len(answer.body["results"]) == limit
        return len(captured)

    queries(1)  # the first one notes that the token was used
    assert queries(200) == queries(2) <= 12


@pytest.mark.parametrize("path", ["steps/", "runs/", "connections/", "accounts/{reply}/sequences/"])
def test_lists_cost_the_same_queries_whatever_their_length(api: Api, office: Office, path: str) -> None:
    path = path.format(reply=office.reply.pk)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(path).status == 200
        return len(captured)

    queries()  # the first one notes that the token was used
    before = queries()
    other = Account.objects.create(product="pipedrive", role="crm", people_label="People", name="Second")
    twin = type(office.connection).objects.create(name="Twin", crm_account=other, outreach_account=office.reply)
    for position in range(2, 6):
        type(office.step).objects.create(connection=office.connection, direction="to_outreach", position=position)
        Run.objects.create(connection=twin, state=RunState.SUCCEEDED)
        office.reply.sequences.create(external_id=f"x{position}", name="More", status="active")
    assert queries() == before


def test_why_is_answered_step_by_step(api: Api, office: Office) -> None:
    person = Person.objects.create(
        account=office.pipedrive,
        external_id="77",
        name="Grace",
        email="grace@example.com",
        emails=["grace@example.com"],
        owner_external_id="2",
    )
    PersonEmail.objects.create(account=office.pipedrive, person=person, address="grace@example.com")
    body = api.get("explain/?q=GRACE@example.com").body
    (story,) = body["steps"]
    assert story["verdict"] == "skip"
    assert "left side" in story["reason"]
    assert story["person"]["id"] == "77"
    assert api.get("explain/?q=nobody@example.com").body["steps"] == []


def test_budgets_tell_every_limit_of_every_account(api: Api, office: Office) -> None:
    now = timezone.now().timestamp()
    ApiBudget.objects.create(account=office.reply, window="hour", capacity=3000, seconds=3600, spent=[[now - 60, 30]])
    ApiBudget.objects.create(account=office.reply, window="minute", capacity=100, seconds=60, spent=[[now - 300, 30]])
    reply = next(row for row in api.get("budgets/").body if row["account"] == office.reply.pk)
    assert [(row["name"], row["spent"], row["percent"]) for row in reply["windows"]] == [
        ("minute", 0, 0),
        ("hour", 30, 1),
    ]


def test_the_api_says_who_one_is(api: Api) -> None:
    body = api.get("me/").body
    assert body["username"] == "administrator"
    assert body["roles"] == ["Administrator"]
    assert "integrations.operate_connection" in body["rights"]
    assert body["token"]["hint"].startswith("sa_")


@override_settings(TIME_ZONE="America/New_York")
def test_times_are_in_utc_whatever_the_pages_show(api: Api, office: Office) -> None:
    run = make_run(office)
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    Run.objects.filter(pk=run.pk).update(finished_at=at, started_at=at - timedelta(minutes=1))
    body: Any = api.get(f"runs/{run.pk}/").body
    assert (body["started_at"], body["finished_at"]) == ("2026-07-01T11:59:00Z", "2026-07-01T12:00:00Z")
