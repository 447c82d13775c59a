from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.errors import (
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    Unavailable,
    UnexpectedResponse,
)
from integrations.connectors.ports import Identity
from tests.connectors.replyio.workspace import ANNA, BEN, CHLOE, EMPLOYEES, everybody, make_workspace


def test_the_identity_is_the_team_with_its_name() -> None:
    work = make_workspace()
    assert work.connect().identity() == Identity("20417", "Lumen Works", ANNA, "anna.kovacs@lumenworks.example")


def test_the_identity_needs_no_list_of_members() -> None:
    work = make_workspace(team_users="forbidden")
    assert work.connect().identity().name == "Reply workspace 20417"


@pytest.mark.parametrize("body", ["problem", "empty"])
def test_a_wrong_key_is_said_to_be_wrong(body: str) -> None:
    work = make_workspace(unauthorized_body=body)
    with pytest.raises(AuthenticationFailed, match="does not accept the API key"):
        work.connect("nonsense").identity()


@pytest.mark.parametrize("key", ["sandbox-reply-team-key", "sandbox-reply-org-key"])
def test_a_team_key_acts_for_the_user_it_is_told(key: str) -> None:
    assert make_workspace().connect(key, acting_user_id=BEN).identity().user_id == BEN


def test_an_organization_key_acts_for_an_address_in_a_team() -> None:
    connector = make_workspace().connect(
        "sandbox-reply-org-key", acting_user_email="ben.adeyemi@lumenworks.example", team_id="20417"
    )
    assert connector.identity().user_id == BEN


def test_an_organization_key_without_an_acting_user_says_what_is_missing() -> None:
    with pytest.raises(AuthenticationFailed, match="give the id of the user"):
        make_workspace().connect("sandbox-reply-org-key", acting_user_id=" ").identity()


def test_a_key_of_a_user_who_is_gone_is_a_key_that_does_not_work() -> None:
    with pytest.raises(AuthenticationFailed, match="not in the team"):
        make_workspace().connect("sandbox-reply-team-key", acting_user_id="1").identity()


def test_the_directory_has_members_fields_lists_and_numbered_steps() -> None:
    directory = make_workspace(20).connect().directory()
    assert directory.warnings == ()
    assert directory.members_are_complete
    assert {member.name for member in directory.members} >= {"Anna Kovács", "Ben Adeyemi"}
    assert {field.key for field in directory.fields} >= {"email", "firstName", EMPLOYEES}
    assert [each.id for each in directory.saved_filters][:2] == ["list:5101", "list:5102"]
    running = next(each for each in directory.sequences if each.name == "Inbound demo requests")
    assert [step.number for step in running.steps] == ["1", "2", "3", "4"]
    assert running.steps[0].label.startswith("E-mail")
    archived = [each for each in directory.sequences if each.status == "archived"]
    assert archived
    assert all(each.steps == () for each in archived)


@pytest.mark.parametrize("refusal", ["organization_required", "forbidden"])
def test_members_are_taken_from_owners_where_the_list_is_refused(refusal: str) -> None:
    work = make_workspace(team_users=refusal)
    work.add("Only", "only@x.example", owner=CHLOE)
    directory = work.connect().directory()
    assert not directory.members_are_complete
    assert directory.members[0].name == "anna.kovacs@lumenworks.example"
    assert f"Member {CHLOE}" in {member.name for member in directory.members}
    assert len({member.id for member in directory.members}) == len(directory.members)
    (warning,) = directory.warnings
    assert "taken from the owners of contacts and sequences" in warning


def test_deriving_members_from_owners_reads_five_pages_at_the_most() -> None:
    work = make_workspace(team_users="forbidden")
    work.add_many(7000)
    connector = work.connect()
    work.forget_calls()
    connector.directory()
    assert work.calls()["GET /v3/contacts"] == 5


def test_a_part_of_the_directory_that_is_refused_becomes_a_warning() -> None:
    work = make_workspace()
    work.state.keys["sandbox-reply-key"].scopes = ("contacts:read",)
    directory = work.connect().directory()
    assert directory.sequences == ()
    assert directory.fields
    (warning,) = directory.warnings
    assert "sequences could not be read. The API key lacks the scope sequences:read." in warning


def test_a_member_in_private_mode_is_offered_only_their_own_sequences() -> None:
    work = make_workspace(edition="private")
    directory = work.connect(f"sandbox-reply-key-{CHLOE}").directory()
    assert {each.owner_id for each in directory.sequences} == {CHLOE}


@pytest.mark.parametrize(
    "readings",
    [
        {},
        {"missing_values": "null"},
        {"missing_values": "empty"},
        {"company_size_case": "camel"},
        {"stamps_filled": True},
        {"list_order": "recent_first"},
    ],
)
def test_people_read_the_same_under_each_reading(readings: dict[str, Any]) -> None:
    plain, work = make_workspace(30), make_workspace(30, **readings)
    expected = {person.id: (person.name, person.emails, person.owner_id, dict(person.values))
                for person in everybody(plain.connect()).values()}  # fmt: skip
    found = {person.id: (person.name, person.emails, person.owner_id, dict(person.values))
             for person in everybody(work.connect()).values()}  # fmt: skip
    for values in (*expected.values(), *found.values()):
        values[3].pop("addingDate")
    assert found == expected


def test_custom_numbers_are_numbers_and_cost_one_call_a_connector() -> None:
    work = make_workspace(30)
    connector = work.connect()
    people = everybody(connector)
    everybody(connector)
    assert any(isinstance(person.values.get(EMPLOYEES), int) for person in people.values())
    assert work.calls() == {"GET /v3/contacts": 2, "GET /v3/custom-fields": 1}


def test_a_member_in_private_mode_reads_only_their_own() -> None:
    work = make_workspace(60, edition="private")
    people = everybody(work.connect(f"sandbox-reply-key-{CHLOE}"))
    assert {person.owner_id for person in people.values()} == {CHLOE}


@pytest.mark.parametrize("order", ["by_id", "recent_first"])
@pytest.mark.parametrize("what", ["delete", "change", "add"])
def test_nobody_is_missed_while_others_work_in_reply(order: str, what: str) -> None:
    work = make_workspace(list_order=order)
    ids = work.add_many(3500)
    connector = work.connect()
    found: set[str] = set()
    gone: set[str] = set()
    cursor: str | None = None
    for page in range(100):
        got = connector.read_people(changed_since=None, cursor=cursor)
        found |= {person.id for person in got.people}
        if (cursor := got.next_cursor) is None:
            break
        if page < 3 and what == "delete":
            for place in range(400):
                victim = ids[place * 8 + page]
                work.delete(victim)
                gone.add(victim)
        elif page < 3 and what == "change":
            for place in range(page, 3500, 50):
                work.change(ids[place], title=f"Changed {page}")
        elif page < 3:
            work.add(f"New{page}", f"new{page}@x.example")
    assert cursor is None
    assert set(ids) - gone <= found


def test_reading_is_repeated_by_the_session_when_reply_is_unwell() -> None:
    work = make_workspace(5)
    work.fail("status_503", "/v3/contacts", times=2)
    assert len(everybody(work.connect())) == len(work.state.contacts)


def test_a_product_that_stays_away_is_unavailable() -> None:
    work = make_workspace(5)
    work.fail("reset", "/v3/contacts", times=None)
    with pytest.raises(Unavailable):
        everybody(work.connect())


def test_a_cursor_of_something_else_is_refused() -> None:
    with pytest.raises(UnexpectedResponse, match="start again"):
        make_workspace().connect().read_people(changed_since=None, cursor="17")


def test_a_list_gives_its_members() -> None:
    work = make_workspace(40)
    page = work.connect().read_saved_filter("list:5101", None)
    assert page.next_cursor is None
    assert set(page.ids) == {str(each) for each in work.state.lists[5101].contact_ids}


def test_a_long_list_is_read_in_pages() -> None:
    work = make_workspace()
    ids = work.add_many(2500)
    work.state.lists[5101].contact_ids = dict.fromkeys(map(int, ids))
    connector = work.connect()
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page = connector.read_saved_filter("list:5101", cursor)
        found.update(page.ids)
        if (cursor := page.next_cursor) is None:
            break
    assert found == set(ids)
    assert work.calls() == {"GET /v3/contact-lists": 1, "POST /v3/contacts/filter": 3}


@pytest.mark.parametrize("saved_filter", ["list:999", "list:", "nonsense"])
def test_a_list_that_is_gone_is_not_found(saved_filter: str) -> None:
    with pytest.raises(NotFound, match="list is gone"):
        make_workspace(5).connect().read_saved_filter(saved_filter, None)


@pytest.mark.parametrize("refusal", ["forbidden", "not_found"])
def test_people_by_id_leave_out_those_who_are_gone_or_out_of_sight(refusal: str) -> None:
    work = make_workspace(edition="private", invisible_contact=refusal)
    mine, theirs = work.add("Mine", "mine@x.example", CHLOE), work.add("Theirs", "theirs@x.example", BEN)
    gone = work.add("Gone", "gone@x.example", CHLOE)
    work.delete(gone)
    assert set(work.connect(f"sandbox-reply-key-{CHLOE}").get_people([mine, theirs, gone, mine])) == {mine}


def test_many_people_by_id_cost_pages_and_not_a_call_each() -> None:
    work = make_workspace()
    ids = work.add_many(1500)
    gone = ids.pop()
    work.delete(gone)
    found = work.connect().get_people([*ids[::3], gone])
    assert set(found) == set(ids[::3])
    assert work.calls() == {"GET /v3/contacts": 2, "GET /v3/contacts/{id}": 1}


def test_nobody_by_id_costs_no_call() -> None:
    work = make_workspace()
    assert work.connect().get_people([]) == {}
    assert work.calls() == {}


def test_a_key_without_the_scope_is_told_which_one_it_lacks() -> None:
    work = make_workspace(5)
    work.state.keys["sandbox-reply-key"].scopes = ("sequences:*",)
    with pytest.raises(PermissionDenied, match="lacks the scope contacts:read"):
        work.connect().read_people(changed_since=None, cursor=None)
