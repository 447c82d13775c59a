from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.errors import NotFound, PermissionDenied, Rejected
from integrations.connectors.ports import Written
from integrations.domain.reasons import Reason
from tests.connectors.replyio.workspace import (
    ANNA,
    BEN,
    CHLOE,
    EMPLOYEES,
    LEAD_SOURCE,
    Workspace,
    by_ref,
    change_of,
    changes_of,
    everybody,
    make_workspace,
)


def test_a_change_is_sent_alone_and_answered_with_the_whole_person() -> None:
    work = make_workspace()
    ann = work.add("Ann", "ann@x.example", title="Clerk", city="Rome")
    connector = work.connect()
    result = by_ref(connector.update_people([change_of(3, connector.get_people([ann])[ann], title="Boss")]))[3]
    assert (result.written, result.person_id) == (Written.UPDATED, ann)
    assert result.person is not None
    assert (result.person.values["title"], result.person.values["city"]) == ("Boss", "Rome")
    assert not result.owner_is_set


def test_clearing_takes_values_away() -> None:
    work = make_workspace()
    ann = work.add("Ann", "ann@x.example", title="Clerk", companySize="Ten")
    work.contact(ann).custom.update({7101: "Web", 7102: "40"})
    connector = work.connect()
    current = connector.get_people([ann])[ann]
    changes = {"title": None, "companySize": None, LEAD_SOURCE: None}
    result = by_ref(connector.update_people([changes_of(0, current, changes)]))[0]
    assert result.person is not None
    assert [result.person.values.get(key) for key in changes] == [None] * 3
    assert work.custom_of(ann) == {7102: "40"}
    assert "companySize" not in work.contact(ann).texts or work.contact(ann).texts["companySize"] == "Empty"


def test_a_change_of_address_is_a_patch() -> None:
    work = make_workspace()
    ann = work.add("Ann", "ann@x.example")
    connector = work.connect_with_limit(0)
    current = connector.get_people([ann])[ann]
    assert by_ref(connector.update_people([change_of(0, current, email="new@x.example")]))[0].written is Written.UPDATED
    assert work.contact(ann).email == "new@x.example"


def test_an_address_that_is_taken_is_refused_where_reply_says_so() -> None:
    work = make_workspace(email_patch_collision="reject")
    ann, _ = work.add("Ann", "ann@x.example"), work.add("Bob", "bob@x.example")
    connector = work.connect()
    result = by_ref(connector.update_people([change_of(0, everybody(connector)[ann], email="bob@x.example")]))[0]
    assert (result.written, result.reason) == (Written.REFUSED, Reason.REJECTED)
    assert isinstance(result.error, Rejected)
    assert "already exists" in result.error.message


def test_somebody_who_is_gone_is_not_found() -> None:
    work = make_workspace()
    ann, bob = work.add("Ann", "ann@x.example"), work.add("Bob", "bob@x.example")
    connector = work.connect()
    people = everybody(connector)
    work.delete(ann)
    updates = [change_of(0, people[ann], title="Boss"), change_of(1, people[bob], title="Boss")]
    results = by_ref(connector.update_people(updates))
    assert (results[0].written, results[0].reason) == (Written.REFUSED, Reason.NOT_FOUND)
    assert isinstance(results[0].error, NotFound)
    assert results[1].written is Written.UPDATED


def test_somebody_in_a_teammates_hands_is_said_to_be() -> None:
    work = make_workspace(edition="private", invisible_contact="forbidden")
    theirs = work.add("Ann", "ann@x.example", owner=BEN)
    seen = everybody(work.connect())[theirs]
    result = by_ref(work.connect(f"sandbox-reply-key-{CHLOE}").update_people([change_of(0, seen, title="Boss")]))[0]
    assert (result.written, result.reason) == (Written.REFUSED, Reason.HELD_BY_TEAMMATE)


def test_a_lost_answer_to_a_patch_is_made_good_by_sending_it_again() -> None:
    work = make_workspace()
    ann = work.add("Ann", "ann@x.example")
    connector = work.connect()
    current = everybody(connector)[ann]
    work.fail("answer_lost", "/v3/contacts/")
    assert by_ref(connector.update_people([change_of(0, current, title="Boss")]))[0].written is Written.UPDATED


def test_an_owner_alone_is_no_change_of_the_contact() -> None:
    work = make_workspace()
    ann = work.add("Ann", "ann@x.example")
    connector = work.connect()
    current = everybody(connector)[ann]
    work.forget_calls()
    result = by_ref(connector.update_people([change_of(0, current, owner=BEN)]))[0]
    assert (result.written, result.person_id, result.owner_is_set) == (Written.FOUND, ann, False)
    assert work.calls() == {}


def test_a_key_without_the_scope_asks_once_and_not_for_each() -> None:
    work = make_workspace()
    ids = work.add_many(10)
    people = everybody(work.connect())
    work.forget_calls()
    updates = [change_of(ref, people[each], title="Boss") for ref, each in enumerate(ids)]
    results = by_ref(work.connect("sandbox-reply-read-key").update_people(updates))
    assert {result.reason for result in results.values()} == {Reason.PERMISSION_DENIED}
    assert all(isinstance(result.error, PermissionDenied) for result in results.values())
    assert work.calls() == {"PATCH /v3/contacts/{id}": 1}


def many(work: Workspace, count: int, owner: str = ANNA) -> list[str]:
    ids = work.add_many(count, owner)
    for each in ids:
        record = work.contact(each)
        record.custom.update({7101: "Web", 7102: "40"})
        record.texts.update({"city": "Rome", "notes": "Keep me", "timeZoneId": "Europe/Rome"})
        record.call_status, record.account_id = "toCall", 99
    return ids


@pytest.mark.parametrize("blanks", [True, False])
@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.parametrize("owner", [ANNA, BEN])
def test_many_changes_go_as_whole_records_and_nothing_else_changes(blanks: bool, applies: bool, owner: str) -> None:
    work = make_workspace(import_overwrite_blanks_omitted=blanks, import_applies_owner=applies)
    ids = many(work, 50, owner)
    work.contact(ids[7]).is_opted_out = True
    connector = work.connect()
    before = everybody(connector)
    work.forget_calls()
    updates = [changes_of(ref, before[each], {"title": f"T{ref}", EMPLOYEES: 41}) for ref, each in enumerate(ids)]
    results = by_ref(connector.update_people(updates))
    assert {result.written for result in results.values()} == {Written.UPDATED}
    assert work.calls().get("PATCH /v3/contacts/{id}", 0) == 0
    assert work.calls()["POST /v3/contacts/import"] <= 2
    after = everybody(connector)
    for ref, each in enumerate(ids):
        expected = {**before[each].values, "title": f"T{ref}", EMPLOYEES: 41}
        assert dict(after[each].values) == expected
        assert (after[each].owner_id, after[each].opted_out) == (before[each].owner_id, before[each].opted_out)


def test_of_many_changes_those_that_clear_or_readdress_are_patches() -> None:
    work = make_workspace()
    ids = many(work, 40)
    connector = work.connect()
    people = everybody(connector)
    work.forget_calls()
    updates = [change_of(ref, people[each], title="Boss") for ref, each in enumerate(ids)]
    updates[0] = change_of(0, people[ids[0]], city=None)
    updates[1] = change_of(1, people[ids[1]], email="new@x.example")
    results = by_ref(connector.update_people(updates))
    assert {result.written for result in results.values()} == {Written.UPDATED}
    assert work.calls() == {
        "PATCH /v3/contacts/{id}": 2, "POST /v3/contacts/import": 1, "GET /v3/whoami": 1,
    }  # fmt: skip
    assert "city" not in work.contact(ids[0]).texts


def test_a_teammates_contacts_among_many_are_held_and_the_others_done() -> None:
    work = make_workspace()
    mine, theirs = many(work, 30, CHLOE), [work.add("Their", f"their{each}@x.example", BEN) for each in range(5)]
    people = everybody(work.connect())
    updates = [change_of(ref, people[each], title="Boss") for ref, each in enumerate([*mine, *theirs])]
    results = by_ref(work.connect(f"sandbox-reply-key-{CHLOE}").update_people(updates))
    assert {results[ref].written for ref in range(30)} == {Written.UPDATED}
    assert {results[ref].reason for ref in range(30, 35)} == {Reason.HELD_BY_TEAMMATE}


def test_a_row_that_an_import_does_not_take_is_patched() -> None:
    work = make_workspace()
    ids = many(work, 30)
    work.contact(ids[4]).texts["timeZoneId"] = "Mars/Phobos"
    connector = work.connect()
    people = everybody(connector)
    work.forget_calls()
    updates = [change_of(ref, people[each], title="Boss") for ref, each in enumerate(ids)]
    results = by_ref(connector.update_people(updates))
    assert {result.written for result in results.values()} == {Written.UPDATED}
    assert work.calls()["PATCH /v3/contacts/{id}"] == 1


def test_two_contacts_of_one_address_are_patched_each() -> None:
    work = make_workspace(email_unique="per_owner", edition="private")
    ids = [*many(work, 30), work.add("Double", "person3@many.example", BEN)]
    connector = work.connect()
    people = everybody(connector)
    updates = [change_of(ref, people[each], title=f"T{ref}") for ref, each in enumerate(ids)]
    results = by_ref(connector.update_people(updates))
    assert {result.written for result in results.values()} == {Written.UPDATED}
    assert [work.contact(each).texts["title"] for each in ids] == [f"T{ref}" for ref in range(31)]


def test_where_addresses_are_unique_per_owner_one_probe_keeps_the_others_from_being_doubled() -> None:
    work = make_workspace(email_unique="per_owner", edition="private")
    ids = [*many(work, 5), *[work.add("Their", f"their{each}@x.example", BEN) for each in range(30)]]
    connector = work.connect()
    people = everybody(connector)
    updates = [change_of(ref, people[each], title="Boss") for ref, each in enumerate(ids)]
    results = by_ref(connector.update_people(updates))
    refused = [result for result in results.values() if result.written is Written.REFUSED]
    assert len(results) == len(ids)
    assert len(refused) == 1
    assert "wrote to contact" in (refused[0].error.message if refused[0].error else "")
    assert len(work.state.contacts) == len(ids) + 1


def test_a_contact_that_was_deleted_meanwhile_is_not_found_among_many() -> None:
    work = make_workspace()
    ids = many(work, 30)
    connector = work.connect()
    people = everybody(connector)
    work.delete(ids[2])
    updates = [change_of(ref, people[each], title="Boss") for ref, each in enumerate(ids)]
    results = by_ref(connector.update_people(updates))
    assert results[2].reason is Reason.NOT_FOUND
    assert {results[ref].written for ref in range(30) if ref != 2} == {Written.UPDATED}
    assert len(work.state.contacts) == 29


@pytest.mark.parametrize("readings", [{}, {"missing_values": "null"}, {"company_size_case": "camel"}])
def test_writing_back_what_was_read_changes_nothing(readings: dict[str, Any]) -> None:
    work = make_workspace(60, **readings)
    connector = work.connect_with_limit(0)
    before = everybody(connector)
    updates = [change_of(ref, person, title=person.values["title"] or "None")
               for ref, person in enumerate(before.values())]  # fmt: skip
    assert {result.written for result in connector.update_people(updates)} == {Written.UPDATED}
    after = everybody(connector)
    for person_id, person in before.items():
        assert dict(after[person_id].values) == {**person.values, "title": person.values["title"] or "None"}
