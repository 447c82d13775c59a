from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.replyio.client import INBOUND, MEMBER, MEMBER_KEY, OWNER, QUIET, SPRING, TEAMMATE, Reply


def enrolled(reply: Reply, email: str = "ada@acme.example") -> int:
    contact_id = reply.create(email)
    reply.post(f"/v3/sequences/{INBOUND}/contact-links/bulk", {"contactIds": [contact_id]})
    return contact_id


def test_contacts_can_be_given_to_a_member() -> None:
    reply = Reply()
    ids = [reply.create("ada@acme.example"), reply.create("eva@acme.example")]
    answer = reply.call("PUT", "/v3/contacts/owner", {"contactIds": ids, "userId": MEMBER})
    assert (answer.status, answer.json()) == (200, {"isSuccess": True, "affectedIds": ids})
    assert {reply.stored(each)["ownerUserId"] for each in ids} == {MEMBER}


@pytest.mark.parametrize(("more_ids", "user_id"), [([999], MEMBER), ([], 999)])
def test_nobody_is_given_away_when_one_is_missing_or_the_target_is_no_member(more_ids: list[int], user_id: int) -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    body = {"contactIds": [contact_id, *more_ids], "userId": user_id}
    assert reply.code("PUT", "/v3/contacts/owner", body) == (404, "contact.notFound")
    assert reply.stored(contact_id)["ownerUserId"] == OWNER


def test_giving_away_needs_contacts_and_a_target() -> None:
    body: dict[str, Any] = {"contactIds": []}
    assert Reply().pointers("PUT", "/v3/contacts/owner", body) == ["/contactIds", "/userId"]


def test_bulk_deletion_tells_only_the_failures() -> None:
    reply = Reply(edition="private")
    theirs, own = reply.create("ada@acme.example"), reply.create("eva@acme.example", key=MEMBER_KEY)
    answer = reply.post("/v3/contacts/bulk-delete", {"ids": [theirs, own, 999]}, key=MEMBER_KEY)
    assert {key: failure["error"] for key, failure in answer.items()} == {str(theirs): "forbidden", "999": "notFound"}
    assert [each["id"] for each in reply.sandbox.dump()["contacts"]] == [theirs]


def test_failures_may_come_as_numbers() -> None:
    answer = Reply(failure_codes="number").post("/v3/contacts/bulk-delete", {"ids": [999]})
    assert isinstance(answer["999"]["error"], int)


def test_a_contact_can_be_moved_to_a_step_of_a_sequence() -> None:
    reply = Reply()
    contact_id = enrolled(reply)
    step = reply.steps(QUIET)[2]
    body = {"sequenceId": QUIET, "startStepId": step, "ignoreStepDelay": True, "removeFromExisting": True}
    assert reply.call("POST", f"/v3/contacts/{contact_id}/move-to-sequence", body).status == 204
    link = reply.link(QUIET, contact_id)
    assert link is not None
    assert (link["stepId"], link["ignoreStepDelay"]) == (step, True)
    assert reply.link(INBOUND, contact_id) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"sequenceId": 9}, (404, "contact.sequenceNotFound")),
        ({"sequenceId": SPRING}, (400, "sequence.archived")),
        ({"sequenceId": INBOUND}, (400, "contact.invalidInput")),
    ],
)
def test_a_move_that_cannot_be_done_is_refused(body: Any, expected: tuple[int, str]) -> None:
    reply = Reply()
    assert reply.code("POST", f"/v3/contacts/{enrolled(reply)}/move-to-sequence", body) == expected


def test_statuses_tell_the_flags_and_every_sequence() -> None:
    reply = Reply()
    shown = reply.get(f"/v3/contacts/{enrolled(reply)}/statuses")
    assert (shown["isOptedOut"], shown["callStatus"], shown["meetingStatus"]) == (False, "none", "none")
    assert [(each["sequenceId"], each["statusInSequence"]) for each in shown["sequences"]] == [(INBOUND, "active")]


def test_sequences_of_a_contact_tell_where_it_stands() -> None:
    reply = Reply()
    (row,) = reply.get(f"/v3/contacts/{enrolled(reply)}/sequences")
    assert (row["sequenceName"], row["currentStep"]["displayName"]) == ("Inbound demo requests", "1")


def test_only_shared_lists_of_a_contact_show() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    private = reply.post("/v3/contact-lists", {"name": "Mine"})["id"]
    for each in (private, 5101):
        reply.post(f"/v3/contact-lists/{each}/add-contacts", {"contactIds": [contact_id]})
    assert reply.get(f"/v3/contacts/{contact_id}/lists") == [{"id": 5101, "name": "Webinar attendees"}]


def test_the_history_of_a_contact_is_told_newest_first() -> None:
    reply = Reply()
    contact_id = enrolled(reply)
    reply.call("POST", f"/v3/contacts/{contact_id}/notes", {"notes": "Met at the fair"})
    page = reply.get(f"/v3/contacts/{contact_id}/activities")
    assert [line["activityType"] for line in page["items"]] == ["note", "addedToSequence"]
    assert (page["items"][0]["userName"], page["hasMore"]) == ("Anna Kovács", False)


def test_opting_out_finishes_every_participation() -> None:
    reply = Reply()
    contact_id = enrolled(reply)
    assert reply.post("/v3/contacts/set-opted-out", {"contactIds": [contact_id], "isOptedOut": True}) == {}
    link = reply.link(INBOUND, contact_id)
    assert link is not None
    assert (link["status"], reply.stored(contact_id)["isOptedOut"]) == ("finished", True)
    reply.post("/v3/contacts/set-opted-out", {"contactIds": [contact_id], "isOptedOut": False})
    assert reply.stored(contact_id)["isOptedOut"] is False


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"contactIds": [1, 1], "isOptedOut": True}, ["/contactIds"]),
        ({"contactIds": list(range(1, 102)), "isOptedOut": True}, ["/contactIds"]),
        ({"contactIds": [1]}, ["/isOptedOut"]),
        ({"contactIds": [], "isOptedOut": "no"}, ["/contactIds", "/isOptedOut"]),
    ],
)
def test_opting_out_takes_at_most_a_hundred_different_contacts(body: Any, pointers: list[str]) -> None:
    assert Reply().pointers("POST", "/v3/contacts/set-opted-out", body) == pointers


def test_a_status_can_be_set_in_every_sequence_at_once() -> None:
    reply = Reply()
    contact_id = enrolled(reply)
    reply.post(f"/v3/sequences/{QUIET}/contact-links/bulk", {"contactIds": [contact_id]})
    body = {"contactIds": [contact_id, 999], "statusInSequence": "paused"}
    assert list(reply.post("/v3/contacts/set-status-in-sequence", body)) == ["999"]
    statuses = reply.get(f"/v3/contacts/{contact_id}/statuses")["sequences"]
    assert {each["statusInSequence"] for each in statuses} == {"paused"}


def test_only_writable_statuses_can_be_set() -> None:
    body = {"contactIds": [1], "statusInSequence": "replied"}
    assert Reply().pointers("POST", "/v3/contacts/set-status-in-sequence", body) == ["/statusInSequence"]


@pytest.mark.parametrize("part", ["statuses", "sequences", "lists", "activities"])
def test_a_missing_contact_is_a_404_in_every_view(part: str) -> None:
    assert Reply().code("GET", f"/v3/contacts/{TEAMMATE}/{part}") == (404, "contact.notFound")
