from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.replyio.client import INBOUND, MEMBER, OUTBOUND, OWNER, QUIET, SPRING, Reply


def add(reply: Reply, sequence_id: int, *ids: int, **more: Any) -> Any:
    return reply.post(f"/v3/sequences/{sequence_id}/contact-links/bulk", {"contactIds": list(ids), **more})


def errors(answer: Any) -> dict[str, Any]:
    return {key: failure["error"] for key, failure in answer["notProcessed"].items()}


def test_contacts_are_added_at_the_first_step_unless_told_otherwise() -> None:
    reply = Reply()
    ada, eva = reply.create("ada@acme.example"), reply.create("eva@acme.example")
    steps = reply.steps(OUTBOUND)
    assert add(reply, OUTBOUND, ada) == {"added": [ada], "notProcessed": {}}
    reply.clock.advance(60)
    add(reply, OUTBOUND, eva, startStepId=steps[5], ignoreStepDelay=True, startFrom="2026-10-01T08:00:00Z")
    assert reply.link(OUTBOUND, ada) == {
        "contactId": ada, "sequenceId": OUTBOUND, "stepId": steps[1], "ignoreStepDelay": False, "startFrom": None,
        "addedAt": "2026-09-01T12:00:00.00+00:00", "addedBy": OWNER, "status": "active", "moves": 0,
    }  # fmt: skip
    assert reply.link(OUTBOUND, eva) == {
        "contactId": eva, "sequenceId": OUTBOUND, "stepId": steps[5], "ignoreStepDelay": True,
        "startFrom": "2026-10-01T08:00:00Z", "addedAt": "2026-09-01T12:01:00.00+00:00", "addedBy": OWNER,
        "status": "active", "moves": 0,
    }  # fmt: skip


def test_a_paused_sequence_takes_contacts() -> None:
    reply = Reply()
    assert len(add(reply, QUIET, reply.create("ada@acme.example"))["added"]) == 1


def test_a_later_step_moves_a_participant_ahead_skipping_what_is_between() -> None:
    reply = Reply()
    ada, steps = reply.create("ada@acme.example"), reply.steps(INBOUND)
    add(reply, INBOUND, ada)
    assert add(reply, INBOUND, ada, startStepId=steps[3], ignoreStepDelay=True)["added"] == [ada]
    link = reply.link(INBOUND, ada)
    assert link is not None
    assert (link["stepId"], link["ignoreStepDelay"], link["moves"]) == (steps[3], True, 1)


@pytest.mark.parametrize(("at", "to"), [(1, None), (1, 1), (3, 1), (3, 5), (4, 6)])
def test_a_participant_is_not_moved_back_nor_to_another_branch(at: int, to: int | None) -> None:
    reply = Reply()
    ada, steps = reply.create("ada@acme.example"), reply.steps(OUTBOUND)
    add(reply, OUTBOUND, ada, startStepId=steps[at])
    answer = add(reply, OUTBOUND, ada, startStepId=None if to is None else steps[to])
    assert errors(answer) == {str(ada): "invalidInput"}
    assert answer["notProcessed"][str(ada)]["errorDetails"] == "Contact could not be added to sequence"
    link = reply.link(OUTBOUND, ada)
    assert link is not None
    assert link["stepId"] == steps[at]


def test_a_finished_participant_is_not_moved() -> None:
    reply = Reply()
    ada, steps = reply.create("ada@acme.example"), reply.steps(INBOUND)
    add(reply, INBOUND, ada)
    reply.post("/v3/contacts/set-status-in-sequence", {"contactIds": [ada], "statusInSequence": "finished"})
    assert errors(add(reply, INBOUND, ada, startStepId=steps[2])) == {str(ada): "invalidInput"}


def test_or_a_participant_is_always_refused_as_already_in() -> None:
    reply = Reply(bulk_already_in="already_in_sequence")
    ada, steps = reply.create("ada@acme.example"), reply.steps(INBOUND)
    add(reply, INBOUND, ada)
    assert errors(add(reply, INBOUND, ada, startStepId=steps[3])) == {str(ada): "contactAlreadyInSequence"}


def test_contacts_leave_their_other_sequences_only_when_that_is_asked_for() -> None:
    reply = Reply()
    ada = reply.create("ada@acme.example")
    add(reply, INBOUND, ada)
    add(reply, OUTBOUND, ada)
    assert reply.link(INBOUND, ada) is not None
    add(reply, QUIET, ada, removeFromExisting=True)
    assert [row["sequenceId"] for row in reply.get(f"/v3/contacts/{ada}/sequences")] == [QUIET]


def test_a_contact_may_be_held_to_one_sequence_of_each_owner() -> None:
    reply = Reply(one_sequence_per_owner=True)
    ada = reply.create("ada@acme.example")
    add(reply, INBOUND, ada)
    assert errors(add(reply, QUIET, ada)) == {str(ada): "invalidInput"}
    assert add(reply, OUTBOUND, ada)["added"] == [ada]
    assert add(reply, QUIET, ada, removeFromExisting=True)["added"] == [ada]


def test_one_refusal_does_not_keep_the_others_out() -> None:
    reply = Reply()
    ada, eva = reply.create("ada@acme.example"), reply.create("eva@acme.example")
    reply.post("/v3/contacts/set-opted-out", {"contactIds": [eva], "isOptedOut": True})
    answer = add(reply, INBOUND, 999, eva, ada, ada)
    assert answer["added"] == [ada]
    assert errors(answer) == {"999": "contactNotFound", str(eva): "invalidInput"}


@pytest.mark.parametrize("email", ["sales@Competitor.example", "Legal@granite.example"])
@pytest.mark.parametrize(("reading", "status"), [("invalidInput", None), ("added_then_inactive", "inactive")])
def test_the_blacklisted_are_refused_or_become_inactive(email: str, reading: str, status: str | None) -> None:
    reply = Reply(blacklisted_enrolment=reading)
    contact_id = reply.create(email)
    answer = add(reply, INBOUND, contact_id)
    link = reply.link(INBOUND, contact_id)
    assert (link["status"] if link else None) == status
    assert errors(answer) == ({} if status else {str(contact_id): "invalidInput"})


@pytest.mark.parametrize(("sequence_id", "status"), [(INBOUND, "inactive"), (OUTBOUND, "active")])
def test_a_contact_without_an_address_is_inactive_where_an_email_comes_next(sequence_id: int, status: str) -> None:
    reply = Reply()
    body = {"firstName": "Ada", "linkedInUrl": "https://linkedin.com/in/ada"}
    contact_id = reply.post("/v3/contacts", body)["id"]
    add(reply, sequence_id, contact_id)
    link = reply.link(sequence_id, contact_id)
    assert link is not None
    assert link["status"] == status


@pytest.mark.parametrize(
    ("sequence_id", "more", "expected"),
    [
        (9, {}, (404, "sequenceContact.sequenceNotFound")),
        (SPRING, {}, (400, "sequence.archived")),
        (INBOUND, {"startStepId": 9}, (400, "sequenceContact.invalidInput")),
        (INBOUND, {"contactIds": list(range(1, 10_002))}, (400, "sequenceContact.contactLimitExceeded")),
    ],
)
def test_a_call_that_nobody_can_be_added_by_is_refused(sequence_id: int, more: Any, expected: tuple[int, str]) -> None:
    body = {"contactIds": [1], **more}
    assert Reply().code("POST", f"/v3/sequences/{sequence_id}/contact-links/bulk", body) == expected


def test_a_sequence_without_steps_takes_nobody() -> None:
    reply = Reply()
    reply.sandbox.state.sequences[INBOUND].steps.clear()
    path = f"/v3/sequences/{INBOUND}/contact-links/bulk"
    assert reply.code("POST", path, {"contactIds": [1]}) == (400, "sequenceContact.noStepsInSequence")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/contactIds"]),
        ({"contactIds": ["1"]}, ["/contactIds"]),
        ({"contactIds": [1], "ignoreStepDelay": 1, "startFrom": "soon"}, ["/ignoreStepDelay", "/startFrom"]),
    ],
)
def test_the_terms_must_have_the_right_types(body: Any, pointers: list[str]) -> None:
    assert Reply().pointers("POST", f"/v3/sequences/{INBOUND}/contact-links/bulk", body) == pointers


def test_a_participation_is_read_and_is_the_same_404_when_there_is_none() -> None:
    reply = Reply()
    ada, eva = reply.create("ada@acme.example"), reply.create("eva@acme.example")
    add(reply, INBOUND, ada)
    shown = reply.get(f"/v3/sequences/{INBOUND}/contacts/{ada}")
    assert (shown["statusInSequence"], shown["emailDisposition"]) == ("active", None)
    assert shown["currentStep"] == {"stepId": reply.steps(INBOUND)[1], "displayName": "1"}
    for sequence_id, contact_id in ((INBOUND, eva), (INBOUND, 999), (9, ada)):
        path = f"/v3/sequences/{sequence_id}/contacts/{contact_id}"
        assert reply.code("GET", path) == (404, "sequenceContact.notInSequence")


def test_participants_are_listed_sorted_and_counted() -> None:
    reply = Reply()
    ids = []
    for name in ("bo", "ada", "cy"):
        ids.append(reply.create(f"{name}@acme.example"))
        add(reply, INBOUND, ids[-1])
        reply.clock.advance(1)
    path = f"/v3/sequences/{INBOUND}/contacts"
    assert [row["contactId"] for row in reply.get(path)["items"]] == ids[::-1]
    assert reply.emails(f"{path}?sort_by=email&sort_direction=asc&top=2") == ["ada@acme.example", "bo@acme.example"]
    assert reply.emails(f"{path}?sort_by=email&top=1") == ["cy@acme.example"]
    assert reply.get(f"{path}/count") == {"count": 3}
    assert reply.code("GET", f"{path}?sort_by=age") == (400, "sequenceContact.invalidSort")
    assert reply.get("/v3/sequences/9/contacts") == {"items": [], "hasMore": False}


def test_states_have_the_columns_that_were_asked_for() -> None:
    reply = Reply()
    add(reply, INBOUND, reply.create("ada@acme.example"))
    path = f"/v3/sequences/{INBOUND}/contacts/state"
    assert set(reply.get(path)["items"][0]) == {"contactId", "email", "firstName", "lastName", "title", "addedAt"}
    row = reply.get(f"{path}?additionalColumns=CurrentStep,LastStepCompletedAt,Status")["items"][0]
    assert (row["currentStep"]["displayStepNumber"], row["currentStep"]["stepNumber"]) == ("1", 1)
    assert (row["status"]["status"], row["lastStepCompletedAt"]) == ("Active", None)
    assert reply.code("GET", f"{path}?additionalColumns=foo") == (400, "sequenceContact.invalidInput")
    assert reply.code("GET", f"{path}?top=101") == (400, "sequenceContact.invalidPagination")


def test_a_contact_is_taken_out_even_when_it_has_finished() -> None:
    reply = Reply()
    ada = reply.create("ada@acme.example")
    add(reply, INBOUND, ada)
    reply.post(
        f"/v3/sequences/{INBOUND}/contacts/set-status-in-sequence",
        {"contactIds": [ada], "statusInSequence": "finished"},
    )
    assert reply.get(f"/v3/sequences/{INBOUND}/contacts/{ada}")["currentStep"] == {
        "stepId": None,
        "displayName": "Finished",
    }
    path = f"/v3/sequences/{INBOUND}/contact-links/{ada}"
    assert reply.call("DELETE", path).status == 204
    assert reply.code("DELETE", path) == (404, "sequenceContact.notInSequence")


def test_taking_many_out_counts_what_became_of_them() -> None:
    reply = Reply()
    ada, eva = reply.create("ada@acme.example"), reply.create("eva@acme.example")
    add(reply, INBOUND, ada)
    body = {"contactIds": [ada, eva, 999]}
    assert reply.post(f"/v3/sequences/{INBOUND}/contact-links/bulk-delete", body) == {
        "requested": 3, "removed": 1, "notFound": 1, "notInSequence": 1, "removedIds": [ada],
    }  # fmt: skip


def test_a_status_is_set_in_one_sequence_alone() -> None:
    reply = Reply()
    ada, eva = reply.create("ada@acme.example"), reply.create("eva@acme.example")
    add(reply, INBOUND, ada)
    add(reply, QUIET, ada)
    body = {"contactIds": [ada, eva, 999], "statusInSequence": "paused"}
    failures = reply.post(f"/v3/sequences/{INBOUND}/contacts/set-status-in-sequence", body)
    assert {key: each["error"] for key, each in failures.items()} == {
        str(eva): "notInSequence",
        "999": "contactNotFound",
    }
    statuses = reply.get(f"/v3/contacts/{ada}/statuses")["sequences"]
    assert [each["statusInSequence"] for each in statuses] == ["paused", "active"]


def test_a_call_that_adds_nobody_did_not_write() -> None:
    reply = Reply()
    path = f"/v3/sequences/{INBOUND}/contact-links/bulk"
    assert reply.call("POST", path, {"contactIds": [999]}).wrote is False
    ada = reply.create("ada@acme.example")
    headers = {"X-User-Id": str(MEMBER)}
    assert reply.call("POST", path, {"contactIds": [ada]}, key="sandbox-reply-team-key", headers=headers).wrote is True
    link = reply.link(INBOUND, ada)
    assert link is not None
    assert link["addedBy"] == MEMBER
