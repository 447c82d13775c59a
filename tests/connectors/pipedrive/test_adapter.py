from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from integrations.connectors.errors import (
    AuthenticationFailed,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Rejected,
    UnexpectedResponse,
)
from integrations.connectors.pipedrive.adapter import PipedriveConnector, open_account
from integrations.connectors.ports import Credentials, NewPerson, PersonUpdate, Unlimited, WriteResult, Written
from integrations.domain.catalogue import Field
from integrations.domain.person import ListItem, Person, Value
from integrations.domain.reasons import Reason
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Clock, Sandbox
from integrations.sandbox.options import SandboxOptions
from tests.connectors.bench import IN_PROCESS, Bench, CheckedAdapter, taken
from tests.connectors.pipedrive.harness import TOKEN, PipedriveHarness, persons
from tests.connectors.scripted import Scripted, ScriptedTransport

REAL = "https://api.pipedrive.com"
EVERY_FIELD = {"success": True, "data": [], "additional_data": {"next_cursor": None}}


def on_sandbox(people: int = 20, **options: object) -> Bench:
    harness = PipedriveHarness(**options)
    sandbox = harness.sandbox(people)
    transport = requests.Session()
    transport.mount(IN_PROCESS, CheckedAdapter(sandbox, harness.check))
    return Bench(harness, sandbox, IN_PROCESS, transport)


def on_script(
    *answers: Scripted | Exception, secrets: dict[str, str] | None = None, base_url: str = REAL
) -> tuple[PipedriveConnector, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    credentials = Credentials(base_url, secrets or {"api_token": TOKEN})
    opened = open_account(credentials, Unlimited(), transport=transport.session(), sleep=lambda seconds: None)
    return opened, transport


def as_user(bench: Bench, user_id: int) -> Any:
    return bench.open(Credentials(f"{IN_PROCESS}/pipedrive", {"api_token": f"{TOKEN}-{user_id}"}))


def field_named(fields: tuple[Field, ...], label: str) -> Field:
    return next(field for field in fields if field.label == label)


def update(bench: Bench, person_id: str, changes: dict[str, Value], owner_id: str | None = None) -> WriteResult:
    connector = bench.open()
    current = connector.get_people([person_id])[person_id]
    [result] = connector.update_people([PersonUpdate(0, current, changes, owner_id)])
    return result


def me(**members: Any) -> Scripted:
    return Scripted(200, {"success": True, "data": {"id": 5, "name": "Anna", **members}})


def test_the_api_token_goes_in_its_own_header_and_never_in_the_address() -> None:
    connector, transport = on_script(me(company_id=9))
    connector.identity()
    assert transport.requests[0].headers["x-api-token"] == TOKEN
    assert TOKEN not in (transport.requests[0].url or "")


def test_an_access_token_goes_as_a_bearer() -> None:
    connector, transport = on_script(me(company_id=9), secrets={"access_token": "oauth-token", "api_token": "other"})
    connector.identity()
    assert transport.requests[0].headers["Authorization"] == "Bearer oauth-token"
    assert "x-api-token" not in transport.requests[0].headers


def test_the_company_wants_to_be_called_at_its_own_address() -> None:
    connector, _ = on_script(me(company_id=9, company_name="Acme", company_domain="acme"))
    identity = connector.identity()
    assert (identity.id, identity.name, identity.user_id, identity.user_name) == ("9", "Acme", "5", "Anna")
    assert identity.base_url == "https://acme.pipedrive.com"


@pytest.mark.parametrize("base_url", ["https://notpipedrive.com", "http://127.0.0.1:8900/pipedrive"])
def test_nobody_is_sent_from_another_host_to_pipedrives(base_url: str) -> None:
    connector, _ = on_script(me(company_id=9, company_domain="acme"), base_url=base_url)
    assert connector.identity().base_url == ""


def test_an_identity_without_a_company_is_unexpected() -> None:
    connector, _ = on_script(me())
    with pytest.raises(UnexpectedResponse):
        connector.identity()


def test_an_answer_without_data_is_unexpected() -> None:
    connector, _ = on_script(Scripted(200, {"success": True}))
    with pytest.raises(UnexpectedResponse):
        connector.identity()


def test_all_pages_of_the_fields_are_read() -> None:
    def page(code: str, cursor: str | None) -> Scripted:
        row = {"field_code": code, "field_name": code, "field_type": "text", "is_custom_field": True}
        return Scripted(200, {"success": True, "data": [row], "additional_data": {"next_cursor": cursor}})

    empty = Scripted(200, {"success": True, "data": None})
    connector, transport = on_script(empty, page("a" * 40, "next"), page("b" * 40, None), empty)
    fields = [field.key for field in connector.directory().fields if field.is_custom]
    assert fields == ["a" * 40, "b" * 40]
    assert "cursor=next" in (transport.requests[2].url or "")


def test_what_the_key_may_not_see_is_left_out_of_the_directory_with_a_warning() -> None:
    refused = Scripted(403, {"success": False, "error": "Scope and URL mismatch", "errorCode": 403})
    connector, _ = on_script(refused, me(company_id=9, email="anna@acme.example"), refused, refused)
    directory = connector.directory()
    assert [(member.id, member.email) for member in directory.members] == [("5", "anna@acme.example")]
    assert not directory.members_are_complete
    assert [field.key for field in directory.fields] == ["name", "first_name", "last_name", "emails", "phones"]
    assert directory.saved_filters == ()
    assert len(directory.warnings) == 3


def test_a_revoked_key_is_no_warning() -> None:
    connector, _ = on_script(Scripted(401, {"success": False, "error": "unauthorized access"}))
    with pytest.raises(AuthenticationFailed):
        connector.directory()


def test_deactivated_users_are_offered_as_inactive() -> None:
    members = {member.name: member.active for member in on_sandbox().open().directory().members}
    assert members["Hugo Nakamura"] is False
    assert members["Anna Kovács"] is True


def test_people_are_asked_for_a_hundred_at_a_time() -> None:
    bench = on_sandbox(people=250)
    found = bench.open().get_people([*bench.people(), "x1"])
    assert set(found) == set(bench.people())
    assert [call.path for call in bench.calls()].count("/api/v2/persons") == 3


def test_a_scan_of_many_people_takes_one_call_for_each_five_hundred() -> None:
    bench = on_sandbox(people=1_200)
    connector = bench.open()
    cursor, seen = None, 0
    while True:
        page = connector.read_people(changed_since=None, cursor=cursor)
        seen, cursor = seen + len(page.people), page.next_cursor
        if cursor is None:
            break
    assert seen == 1_200
    assert [call.route for call in bench.calls()].count("/api/v2/persons") == 3


def test_deleted_people_in_a_list_say_so_and_are_not_given_by_id() -> None:
    bench = on_sandbox(list_includes_deleted=True)
    gone = next(iter(bench.people()))
    bench.harness.delete(bench.sandbox, gone)
    connector = bench.open()
    listed = {person.id: person for person in connector.read_people(changed_since=None, cursor=None).people}
    assert gone not in listed or listed[gone].is_deleted
    assert connector.get_people([gone]) == {}


def test_a_filter_that_pipedrive_cannot_make_sense_of_is_not_found() -> None:
    connector, _ = on_script(Scripted(400, {"success": False, "error": "Invalid filter"}))
    with pytest.raises(NotFound):
        connector.read_saved_filter("12", None)


def test_the_limiter_learns_the_plans_windows() -> None:
    bench = on_sandbox(limits=True)
    bench.open().identity()
    assert {(limit.window, limit.capacity) for limit in bench.limiter.observed} == {("burst", 40), ("daily", 300_000)}


def test_a_changed_phone_leaves_the_second_address_and_all_labels_alone() -> None:
    bench = on_sandbox()
    person_id, before = next((key, row) for key, row in persons(bench.sandbox).items() if len(row["emails"]) == 2)
    assert update(bench, person_id, {"phones": (ListItem("+15550001", "mobile", True),)}).written is Written.UPDATED
    after = persons(bench.sandbox)[person_id]
    assert after["emails"] == before["emails"]
    assert after["phones"] == [{"value": "+15550001", "label": "mobile", "primary": True}]


def test_a_new_primary_address_keeps_the_old_one_behind_it() -> None:
    bench = on_sandbox()
    person_id, before = next((key, row) for key, row in persons(bench.sandbox).items() if len(row["emails"]) == 1)
    old = before["emails"][0]
    wanted = (ListItem("new@x.example", "", True), ListItem(old["value"]))
    assert update(bench, person_id, {"emails": wanted}).written is Written.UPDATED
    assert persons(bench.sandbox)[person_id]["emails"] == [
        {"value": "new@x.example", "label": "work", "primary": True},
        {"value": old["value"], "label": old["label"], "primary": False},
    ]


def test_a_changed_last_name_keeps_the_first_one() -> None:
    bench = on_sandbox()
    person_id = bench.plain_people()[0]
    first = bench.people()[person_id].first_name
    result = update(bench, person_id, {"last_name": "Changed"})
    assert persons(bench.sandbox)[person_id]["name"] == f"{first} Changed"
    assert result.person is not None
    assert result.person.values["last_name"] == "Changed"


def test_custom_values_of_every_kind_arrive_and_can_be_cleared() -> None:
    bench = on_sandbox()
    fields = bench.open().directory().fields
    source, tags = field_named(fields, "Lead source"), field_named(fields, "Interests")
    wanted: dict[str, Value] = {
        source.key: source.options[1].id,
        tags.key: (tags.options[0].id, tags.options[2].id),
        field_named(fields, "Employees").key: 250,
        field_named(fields, "Last met").key: "2026-05-15",
        field_named(fields, "LinkedIn").key: "https://linkedin.example/in/x",
        field_named(fields, "Secondary phone").key: "+15550002",
    }
    person_id = next(iter(bench.people()))
    result = update(bench, person_id, wanted)
    assert result.person is not None
    assert {key: result.person.values.get(key) for key in wanted} == wanted
    assert bench.open().get_people([person_id])[person_id].values == result.person.values
    cleared = update(bench, person_id, dict.fromkeys(wanted))
    assert cleared.person is not None
    assert not set(wanted) & set(cleared.person.values)


def test_a_value_that_pipedrive_does_not_take_refuses_this_person_only() -> None:
    bench = on_sandbox()
    source = field_named(bench.open().directory().fields, "Lead source").key
    people = [
        NewPerson(0, "a@x.example", {"first_name": "A", source: "999999"}),
        NewPerson(1, "b@x.example", {"first_name": "B", "no such field": "x"}),
        NewPerson(2, "c@x.example", {"first_name": "C"}),
    ]
    results = {result.ref: result for result in bench.open().create_people(people)}
    assert [results[ref].written for ref in range(3)] == [Written.REFUSED, Written.REFUSED, Written.CREATED]
    assert [results[ref].reason for ref in (0, 1)] == [Reason.REJECTED, Reason.REJECTED]
    assert isinstance(results[1].error, Rejected)
    assert results[1].error.field == "no such field"
    assert [bench.with_address(person.address) != [] for person in people] == [False, False, True]


def test_a_job_title_is_refused_where_the_account_has_none() -> None:
    bench = on_sandbox(contact_sync=False)
    result = update(bench, next(iter(bench.people())), {"job_title": "CTO"})
    assert result.reason is Reason.REJECTED


def test_nothing_to_change_is_no_call() -> None:
    bench = on_sandbox()
    person_id = next(iter(bench.people()))
    result = update(bench, person_id, {})
    assert (result.written, result.person_id) == (Written.UPDATED, person_id)
    assert not [call for call in bench.calls() if call.method == "PATCH"]


def test_an_owner_change_that_is_not_permitted_says_what_to_do() -> None:
    bench = on_sandbox(no_owner_change=True)
    plain_user = 103
    person_id = next(key for key, row in persons(bench.sandbox).items() if row["owner_id"] != plain_user)
    [result] = as_user(bench, plain_user).assign_owner("104", [person_id])
    assert result.reason is Reason.PERMISSION_DENIED
    assert type(result.error) is PermissionDenied
    assert "permission set" in result.error.message
    assert not result.owner_is_set


def test_an_owner_that_pipedrive_did_not_take_is_not_said_to_be_set() -> None:
    fields = Scripted(200, EVERY_FIELD)
    ignored = Scripted(200, {"success": True, "data": {"id": 7, "owner_id": 1}})
    connector, _ = on_script(fields, ignored)
    [result] = connector.assign_owner("2", ["7"])
    assert result.written is Written.UPDATED
    assert not result.owner_is_set


def test_an_update_that_is_answered_with_a_deleted_person_found_nobody() -> None:
    connector, _ = on_script(
        Scripted(200, EVERY_FIELD), Scripted(200, {"success": True, "data": {"id": 7, "is_deleted": True}})
    )
    [result] = connector.assign_owner("2", ["7"])
    assert (result.written, result.reason) == (Written.REFUSED, Reason.NOT_FOUND)


@pytest.mark.parametrize("body", [{"success": True, "data": {}}, {"success": True}, {}, [1], "", {"success": False}])
def test_a_success_that_does_not_say_whom_it_made_leaves_the_outcome_unknown(body: Any) -> None:
    connector, _ = on_script(Scripted(200, EVERY_FIELD), Scripted(201, body))
    [result] = connector.create_people([NewPerson(0, "a@x.example", {})])
    assert (result.written, result.reason) == (Written.REFUSED, Reason.OUTCOME_UNKNOWN)
    assert type(result.error) is OutcomeUnknown


def test_a_redirected_write_ends_the_batch() -> None:
    connector, _ = on_script(Scripted(200, EVERY_FIELD), Scripted(302, "", {"Location": "https://elsewhere.test"}))
    given, error = taken(connector.create_people([NewPerson(0, "a@x.example", {})]))
    assert given == []
    assert type(error) is UnexpectedResponse


@pytest.fixture
def limited() -> Sandbox:
    """The smallest plan's limits, by a clock that only tests move."""
    options = SandboxOptions().with_values({"pipedrive.plan": "lite"})
    clock = Clock(datetime(2026, 5, 15, 12, 0, tzinfo=UTC))
    return build_sandbox(options, 5, clock=clock, deliver=lambda delivery: None)


def test_a_burst_is_waited_out_and_the_day_is_not(limited: Sandbox) -> None:
    bench = Bench(PipedriveHarness(), limited, IN_PROCESS, requests.Session())
    assert bench.transport is not None
    bench.transport.mount(IN_PROCESS, CheckedAdapter(limited, bench.harness.check))
    connector = open_account(
        bench.credentials, Unlimited(), transport=bench.transport, sleep=lambda seconds: limited.clock.advance(seconds)
    )
    for _ in range(60):
        connector.identity()
    assert limited.log.counts("pipedrive").statuses[429] >= 1
    limited.use_options(limited.options.with_values({"pipedrive.daily_budget": 1}))
    with pytest.raises(RateLimited) as caught:
        connector.identity()
    assert caught.value.code == "daily_budget"
    assert caught.value.retry_after > 0


def test_the_page_that_shuts_us_out_is_not_answered_with_more_calls(limited: Sandbox) -> None:
    transport = requests.Session()
    transport.mount(IN_PROCESS, CheckedAdapter(limited, PipedriveHarness().check))
    connector = open_account(
        Credentials(f"{IN_PROCESS}/pipedrive", {"api_token": TOKEN}), Unlimited(), transport=transport,
        sleep=lambda seconds: None,
    )  # fmt: skip
    errors: list[RateLimited] = []
    while not errors or errors[-1].code != "blocked":
        try:
            connector.identity()
        except RateLimited as error:
            errors.append(error)
        assert len(errors) < 50
    assert errors[-1].retry_after >= 60
    assert limited.log.counts("pipedrive").statuses[403] == 1


def test_a_person_that_cannot_be_read_is_told_of_and_the_others_are_given() -> None:
    rows = [{"id": 1, "name": "Ann"}, {"name": "Nobody"}]
    connector, _ = on_script(
        Scripted(200, {"success": True, "data": rows, "additional_data": {"next_cursor": None}}),
        Scripted(200, EVERY_FIELD),
    )
    page = connector.read_people(changed_since=None, cursor=None)
    assert page.people == (Person("1", "Ann", None, (), {"name": "Ann"}),)
    assert len(page.unreadable) == 1


def test_the_further_pages_of_a_saved_filter_are_asked_for_by_cursor_alone() -> None:
    connector, transport = on_script(
        Scripted(200, {"success": True, "data": [{"id": 8}], "additional_data": {"next_cursor": "third"}})
    )
    page = connector.read_saved_filter("12", "second")
    assert (page.ids, page.next_cursor) == (("8",), "third")
    [request] = transport.requests
    assert "filter_id=12" in (request.url or "")
    assert "cursor=second" in (request.url or "")
