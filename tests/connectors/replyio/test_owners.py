from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.errors import PermissionDenied, RateLimited, Rejected
from integrations.connectors.ports import Written
from integrations.domain.reasons import Reason
from tests.connectors.replyio.workspace import ANNA, BEN, CHLOE, by_ref, make_workspace

STRANGER = "99999"


def test_many_contacts_get_an_owner_in_one_call() -> None:
    work = make_workspace()
    ids = work.add_many(1000)
    results = by_ref(work.connect().assign_owner(BEN, ids))
    assert all(result.written is Written.UPDATED and result.owner_is_set for result in results.values())
    assert [results[ref].person_id for ref in range(1000)] == ids
    assert {str(contact.owner_user_id) for contact in work.state.contacts.values()} == {BEN}
    assert work.calls() == {"PUT /v3/contacts/owner": 1}


def test_doing_it_twice_is_harmless() -> None:
    work = make_workspace()
    ids = work.add_many(3)
    connector = work.connect()
    list(connector.assign_owner(BEN, ids))
    assert all(result.owner_is_set for result in connector.assign_owner(BEN, ids))


def test_the_same_person_twice_has_two_results() -> None:
    work = make_workspace()
    (ann,) = work.add_many(1)
    results = by_ref(work.connect().assign_owner(BEN, [ann, ann]))
    assert {ref: result.person_id for ref, result in results.items()} == {0: ann, 1: ann}


@pytest.mark.parametrize("gone", [(0,), (499,), (999,), (3, 500, 998)])
def test_those_who_are_gone_are_found_out_and_the_others_done(gone: tuple[int, ...]) -> None:
    work = make_workspace()
    ids = work.add_many(1000)
    for place in gone:
        work.delete(ids[place])
    results = by_ref(work.connect().assign_owner(BEN, ids))
    assert {ref for ref, result in results.items() if result.reason is Reason.NOT_FOUND} == set(gone)
    assert {ref for ref, result in results.items() if result.owner_is_set} == set(range(1000)) - set(gone)
    assert sum(work.calls().values()) <= 25 * len(gone)


def test_when_most_are_gone_they_are_looked_up_and_not_tried_one_by_one() -> None:
    work = make_workspace()
    ids = work.add_many(1000)
    for each in ids[:990]:
        work.delete(each)
    results = by_ref(work.connect().assign_owner(BEN, ids[:100] + ids[-10:]))
    assert {ref for ref, result in results.items() if result.owner_is_set} == set(range(100, 110))
    assert {results[ref].reason for ref in range(100)} == {Reason.NOT_FOUND}
    assert work.calls()["PUT /v3/contacts/owner"] <= 26


@pytest.mark.parametrize("team_users", ["ok", "forbidden"])
@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("count", [1, 1000])
def test_a_user_who_is_no_member_is_said_to_be_none(team_users: str, status: int, count: int) -> None:
    work = make_workspace(team_users=team_users, owner_not_in_team_status=status)
    ids = work.add_many(count)
    results = by_ref(work.connect().assign_owner(STRANGER, ids))
    assert len(results) == count
    assert {result.reason for result in results.values()} == {Reason.OWNER_NOT_ASSIGNED}
    for result in results.values():
        assert isinstance(result.error, Rejected)
        assert f"User {STRANGER} is no member" in result.error.message
    assert {str(contact.owner_user_id) for contact in work.state.contacts.values()} == {ANNA}
    assert sum(work.calls().values()) <= 15


@pytest.mark.parametrize("readings", [{"team_users": "forbidden"}, {}])
def test_somebody_gone_is_not_taken_for_a_stranger(readings: dict[str, Any]) -> None:
    work = make_workspace(**readings)
    (ann,) = work.add_many(1)
    work.delete(ann)
    result = by_ref(work.connect().assign_owner(BEN, [ann]))[0]
    assert (result.written, result.reason) == (Written.REFUSED, Reason.NOT_FOUND)


def test_a_member_in_private_mode_may_not_give_contacts_away_and_finds_out_cheaply() -> None:
    work = make_workspace(edition="private")
    ids = work.add_many(200, CHLOE)
    results = by_ref(work.connect(f"sandbox-reply-key-{CHLOE}").assign_owner(BEN, ids))
    assert {result.reason for result in results.values()} == {Reason.OWNER_NOT_ASSIGNED}
    assert all(isinstance(result.error, PermissionDenied) for result in results.values())
    assert work.calls()["PUT /v3/contacts/owner"] <= 26


def test_a_key_without_the_scope_says_which_one_and_asks_once() -> None:
    work = make_workspace()
    ids = work.add_many(2)
    results = by_ref(work.connect("sandbox-reply-read-key").assign_owner(BEN, ids))
    errors = [result.error.message for result in results.values() if result.error]
    assert len(errors) == 2
    assert all("contacts:operate" in message for message in errors)
    assert work.calls() == {"PUT /v3/contacts/owner": 1}


def test_nobody_costs_no_call() -> None:
    work = make_workspace()
    assert list(work.connect().assign_owner(BEN, [])) == []
    assert work.calls() == {}


def test_a_limit_that_is_reached_is_raised_and_what_was_yielded_stands() -> None:
    work = make_workspace()
    ids = work.add_many(1001)
    work.fail("status_429", "/v3/contacts/owner", after=1, times=None)
    results = work.connect().assign_owner(BEN, ids)
    assert all(next(results).owner_is_set for _ in range(1000))
    with pytest.raises(RateLimited):
        next(results)
