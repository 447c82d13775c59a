from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.errors import OutcomeUnknown, PermissionDenied, Rejected, Unavailable
from integrations.connectors.ports import NewPerson, Written
from integrations.domain.reasons import Reason
from tests.connectors.replyio.workspace import ANNA, BEN, CHLOE, LEAD_SOURCE, by_ref, make_workspace, new


@pytest.mark.parametrize("applies", [True, False])
def test_new_people_are_created_with_their_values_in_one_call(applies: bool) -> None:
    work = make_workspace(import_applies_owner=applies)
    person = NewPerson(
        4, "ann@x.example",
        {"firstName": "Ann", "title": "Boss", "companySize": "Ten", LEAD_SOURCE: "Web"}, owner_id=BEN,
    )  # fmt: skip
    result = by_ref(work.connect().create_people([person, new(5, "bob@x.example", BEN)]))
    assert [result[ref].written for ref in (4, 5)] == [Written.CREATED] * 2
    created = work.contact(result[4].person_id or "")
    assert created.texts == {"email": "ann@x.example", "firstName": "Ann", "title": "Boss", "companySize": "Ten"}
    assert work.custom_of(str(created.id)) == {7101: "Web"}
    assert work.calls()["POST /v3/contacts/import"] == 1


@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.parametrize(("owner", "is_set"), [(ANNA, True), (BEN, False), (None, False)])
def test_the_owner_is_only_known_to_be_set_where_it_is_the_keys_own_user(
    applies: bool, owner: str | None, is_set: bool
) -> None:
    work = make_workspace(import_applies_owner=applies)
    result = by_ref(work.connect().create_people([new(0, "ann@x.example", owner)]))[0]
    assert result.owner_is_set is is_set
    if is_set:
        assert str(work.contact(result.person_id or "").owner_user_id) == owner


def test_results_belong_to_their_people_across_calls() -> None:
    work = make_workspace()
    people = [new(ref, f"p{ref}@x.example") for ref in range(2500)]
    results = by_ref(work.connect().create_people(people))
    assert {work.contact(results[ref].person_id or "").email for ref in (0, 999, 1000, 2499)} == {
        "p0@x.example", "p999@x.example", "p1000@x.example", "p2499@x.example",
    }  # fmt: skip
    assert work.calls() == {"POST /v3/contacts/import": 3}


def test_somebody_who_is_there_already_is_filled_and_not_overwritten() -> None:
    work = make_workspace()
    there = work.add("Ann", "ann@x.example", title="Boss")
    result = by_ref(work.connect().create_people([new(0, "ANN@x.example", title="Clerk", city="Rome")]))[0]
    assert (result.written, result.person_id) == (Written.UPDATED, there)
    assert not result.owner_is_set
    assert work.contact(there).texts["title"] == "Boss"
    assert work.contact(there).texts["city"] == "Rome"


def test_the_same_address_twice_makes_one_person() -> None:
    work = make_workspace()
    results = by_ref(work.connect().create_people([new(0, "ann@x.example"), new(1, "Ann@x.example")]))
    assert (results[0].written, results[1].written) == (Written.CREATED, Written.FOUND)
    assert results[0].person_id == results[1].person_id


def test_a_teammates_contact_is_left_alone_and_named() -> None:
    work = make_workspace(import_no_edit_permission=True)
    theirs = work.add("Ann", "ann@x.example", owner=BEN)
    connector = work.connect(f"sandbox-reply-key-{CHLOE}")
    results = by_ref(connector.create_people([new(0, "ann@x.example"), new(1, "bob@x.example")]))
    assert (results[0].written, results[0].reason) == (Written.REFUSED, Reason.HELD_BY_TEAMMATE)
    assert results[0].person_id == theirs
    assert results[1].written is Written.CREATED


def test_somebody_deleted_is_remembered_unless_they_shall_be_restored() -> None:
    work = make_workspace()
    ann, bob = work.add("Ann", "ann@x.example"), work.add("Bob", "bob@x.example")
    work.delete(ann)
    work.delete(bob)
    restored = NewPerson(1, "bob@x.example", {"firstName": "Bob"}, restore_deleted=True)
    results = by_ref(work.connect().create_people([new(0, "ann@x.example"), restored]))
    assert (results[0].written, results[0].reason) == (Written.REFUSED, Reason.REMEMBERED_AS_DELETED)
    assert (results[1].written, results[1].person_id) == (Written.CREATED, bob)
    assert int(ann) not in work.state.contacts


@pytest.mark.parametrize("reading", ["fails_batch", "fails_item"])
@pytest.mark.parametrize("bad", [(17,), (0,), (99,), (3, 50, 51)])
def test_malformed_addresses_cost_the_others_nothing(reading: str, bad: tuple[int, ...]) -> None:
    work = make_workspace(import_bad_email=reading)
    people = [new(ref, "nonsense@" if ref in bad else f"p{ref}@x.example") for ref in range(100)]
    results = by_ref(work.connect().create_people(people))
    assert {ref for ref, result in results.items() if result.written is Written.REFUSED} == set(bad)
    assert all(results[ref].reason is Reason.REJECTED for ref in bad)
    assert all(isinstance(results[ref].error, Rejected) for ref in bad)
    assert len(work.state.contacts) == 100 - len(bad)
    assert work.calls()["POST /v3/contacts/import"] <= 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Invalid data .no first name"),
        ({"firstName": "Ann", "cf:7102": "many"}, "Wrong field format"),
        ({"firstName": "Ann", "timeZoneId": "Mars/Phobos"}, "Mars/Phobos"),
    ],
)
def test_what_reply_says_of_a_row_is_passed_on(values: dict[str, Any], words: str) -> None:
    work = make_workspace()
    results = by_ref(work.connect().create_people([NewPerson(0, "ann@x.example", values), new(1, "bob@x.example")]))
    error = results[0].error
    assert isinstance(error, Rejected)
    with pytest.raises(Rejected, match=words):
        raise error
    assert results[1].written is Written.CREATED


def test_an_unknown_company_size_is_the_rows_own_fault() -> None:
    work = make_workspace()
    results = by_ref(work.connect().create_people([new(0, "a@x.example", companySize="Huge"), new(1, "b@x.example")]))
    error = results[0].error
    assert isinstance(error, Rejected)
    assert error.field == "companySize"
    assert results[1].written is Written.CREATED


def test_a_lost_answer_is_an_unknown_outcome_for_each_of_its_call_and_no_others() -> None:
    work = make_workspace()
    work.fail("answer_lost", "/v3/contacts/import")
    results = by_ref(work.connect().create_people([new(ref, f"p{ref}@x.example") for ref in range(1001)]))
    assert all(isinstance(results[ref].error, OutcomeUnknown) for ref in range(1000))
    assert {results[ref].reason for ref in range(1000)} == {Reason.OUTCOME_UNKNOWN}
    assert results[1000].written is Written.CREATED
    assert len(work.state.contacts) == 1001


def test_creating_again_after_a_lost_answer_makes_nobody_twice() -> None:
    work = make_workspace()
    work.fail("answer_lost", "/v3/contacts/import")
    connector, people = work.connect(), [new(0, "ann@x.example")]
    list(connector.create_people(people))
    assert by_ref(connector.create_people(people))[0].written is Written.UPDATED
    assert len(work.state.contacts) == 1


def test_a_product_that_is_down_is_raised_and_what_was_yielded_stands() -> None:
    work = make_workspace()
    work.fail("reset", "/v3/contacts/import", after=1, times=None)
    work.fail("status_429", "/v3/contacts/import", after=1, times=None)
    results = work.connect().create_people([new(ref, f"p{ref}@x.example") for ref in range(1500)])
    first = [next(results) for _ in range(1000)]
    assert {result.written for result in first} == {Written.CREATED}
    second = list(results)
    assert {type(result.error) for result in second} == {OutcomeUnknown}


def test_a_key_that_may_not_write_is_refused_person_by_person() -> None:
    work = make_workspace()
    results = by_ref(work.connect("sandbox-reply-read-key").create_people([new(0, "ann@x.example")]))
    assert results[0].reason is Reason.PERMISSION_DENIED
    assert isinstance(results[0].error, PermissionDenied)
    assert "contacts:write" in results[0].error.message


def test_a_call_that_could_not_be_made_is_raised() -> None:
    work = make_workspace()
    work.fail("status_429", "/v3/contacts/import", times=None)
    with pytest.raises(Exception, match="no more calls"):
        list(work.connect().create_people([new(0, "ann@x.example")]))
    assert issubclass(Unavailable, Exception)


def test_nobody_costs_no_call() -> None:
    work = make_workspace()
    assert list(work.connect().create_people([])) == []
    assert work.calls() == {}


@pytest.mark.parametrize("unique", ["per_team", "per_owner"])
def test_creating_never_uses_the_call_that_may_blank_whom_it_finds(unique: str) -> None:
    work = make_workspace(post_existing_email="overwrite_and_blank", email_unique=unique)
    there = work.add("Ann", "ann@x.example", title="Boss")
    list(work.connect().create_people([new(0, "ann@x.example")]))
    assert work.contact(there).texts["title"] == "Boss"
    assert "POST /v3/contacts" not in work.calls()
