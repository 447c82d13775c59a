from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.connectors.errors import PermissionDenied, Rejected, UnexpectedResponse
from integrations.connectors.ports import Credentials, EnrolmentBatch, Unlimited, WriteResult, Written
from integrations.connectors.replyio.adapter import ReplyConnector, open_account
from integrations.domain.person import Person
from integrations.domain.reasons import Reason
from tests.connectors.replyio.workspace import by_ref, change_of, changes_of, new
from tests.connectors.scripted import ROOT, Scripted, ScriptedTransport

WHOAMI = Scripted(body={"userId": 1, "username": "ann@x.example", "teamId": 9})


def connect(*answers: Scripted, patch_limit: int = 20) -> tuple[ReplyConnector, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    connector = open_account(
        Credentials(ROOT, {"api_key": "a-long-secret-key"}), Unlimited(), transport=transport.session(),
        sleep=lambda seconds: None, patch_limit=patch_limit,
    )  # fmt: skip
    return connector, transport


def asked(transport: ScriptedTransport) -> list[str]:
    return [f"{request.method} {(request.url or '').removeprefix(ROOT).partition('?')[0]}"
            for request in transport.requests]  # fmt: skip


def body_of(transport: ScriptedTransport, place: int) -> Any:
    return json.loads(transport.requests[place].body or b"null")


def imported(*items: dict[str, Any]) -> Scripted:
    return Scripted(body={"items": list(items), "added": 0})


def refusal(*errors: tuple[str, str], code: str = "", detail: str = "Validation failed.") -> Scripted:
    body: dict[str, Any] = {"title": "Bad Request", "status": 400, "detail": detail}
    if code:
        body["code"] = code
    else:
        body["errors"] = [{"pointer": pointer, "detail": text} for pointer, text in errors]
    return Scripted(400, body)


def create(*answers: Scripted, people: int = 1) -> tuple[dict[int, WriteResult], ScriptedTransport]:
    connector, transport = connect(*answers)
    return by_ref(connector.create_people([new(ref, f"p{ref}@x.example") for ref in range(people)])), transport


def person(person_id: str = "7", owner: str | None = "2", **values: Any) -> Person:
    full = {"email": f"p{person_id}@x.example", "firstName": "Ann", **values}
    return Person(person_id, "Ann", owner, (str(full["email"]),), full)


@pytest.mark.parametrize("count", [0, 2])
def test_an_import_with_another_number_of_results_is_unexpected(count: int) -> None:
    with pytest.raises(UnexpectedResponse, match=f"1 people with {count} results"):
        create(imported(*[{"id": 5, "status": "created"}] * count))


@pytest.mark.parametrize(
    ("item", "written", "reason"),
    [
        ({"id": "5", "status": "Created"}, Written.CREATED, None),
        ({"id": 5, "status": "restored"}, Written.CREATED, None),
        ({"id": 5, "status": "updated"}, Written.UPDATED, None),
        ({"id": 5, "status": "skipped"}, Written.FOUND, None),
        ({"id": 5, "status": "skipped", "error": ""}, Written.FOUND, None),
        ({"id": 5, "status": "skipped", "error": "noEditPermission"}, Written.REFUSED, Reason.HELD_BY_TEAMMATE),
        ({"id": None, "status": "skipped", "skipReason": "contactDeleted"}, Written.REFUSED,
         Reason.REMEMBERED_AS_DELETED),
        ({"id": None, "status": "skipped"}, Written.REFUSED, Reason.REJECTED),
        ({"id": None, "status": "created"}, Written.REFUSED, Reason.REJECTED),
        ({"id": None, "status": "failed", "error": "Not processed"}, Written.REFUSED, Reason.REJECTED),
        ({"id": 5, "status": "somethingNew"}, Written.REFUSED, Reason.REJECTED),
        ({}, Written.REFUSED, Reason.REJECTED),
    ],
)  # fmt: skip
def test_each_status_of_an_import_is_an_outcome(item: dict[str, Any], written: Written, reason: Reason | None) -> None:
    result = create(imported(item))[0][0]
    assert (result.written, result.reason) == (written, reason)
    assert result.person_id == ("5" if item.get("id") else None)


def test_a_refusal_that_names_no_row_is_narrowed_down_by_halving() -> None:
    results, transport = create(
        refusal(code="contact.invalidInput"),
        imported({"id": 1, "status": "created"}, {"id": 2, "status": "created"}),
        refusal(code="contact.invalidInput", detail="Something is wrong"),
        refusal(code="contact.invalidInput", detail="Something is wrong"),
        imported({"id": 4, "status": "created"}),
        people=4,
    )
    assert [results[ref].written for ref in range(4)] == [
        Written.CREATED, Written.CREATED, Written.REFUSED, Written.CREATED,
    ]  # fmt: skip
    assert len(transport.requests) == 5


def test_a_refusal_of_every_row_ends_after_a_bounded_number_of_calls() -> None:
    results, transport = create(refusal(code="contact.invalidInput"), people=500)
    assert {result.reason for result in results.values()} == {Reason.REJECTED}
    assert len(results) == 500
    assert len(transport.requests) <= 33


def test_naming_rows_again_and_again_ends_after_a_bounded_number_of_calls() -> None:
    results, transport = create(refusal(("/items/0/email", "Bad.")), people=500)
    assert len(results) == 500
    assert len(transport.requests) <= 33


def test_a_named_row_beyond_the_batch_names_nobody() -> None:
    results, _ = create(refusal(("/items/7/email", "Bad.")))
    assert results[0].reason is Reason.REJECTED


def test_the_plans_limit_refuses_everybody_and_is_not_tried_again() -> None:
    results, transport = create(refusal(code="contact.limitExceeded", detail="Contact limit reached."), people=9)
    assert len(transport.requests) == 1
    for result in results.values():
        assert isinstance(result.error, Rejected)
        assert "plan's limit" in result.error.message


@pytest.mark.parametrize(
    "said",
    [
        refusal(("/items/0/ownerUserId", "Not a member.")),
        refusal(code="contact.invalidInput", detail="OwnerUserId 2 is not a member of the team."),
    ],
)
def test_an_owner_that_an_import_refuses_is_left_to_the_assignment(said: Scripted) -> None:
    connector, transport = connect(WHOAMI, said, imported({"id": 5, "status": "created"}))
    result = by_ref(connector.create_people([new(0, "ann@x.example", owner="2")]))[0]
    assert (result.written, result.owner_is_set) == (Written.CREATED, False)
    assert "ownerUserId" in body_of(transport, 1)["items"][0]
    assert "ownerUserId" not in body_of(transport, 2)["items"][0]


def test_the_options_of_an_import_are_said_explicitly() -> None:
    _, transport = create(imported({"id": 5, "status": "created"}))
    assert body_of(transport, 0)["options"] == {"overwriteExisting": False, "restoreDeleted": False}


def test_a_page_that_does_not_say_whether_there_is_more_is_the_last_unless_it_is_full() -> None:
    connector, _ = connect(Scripted(body={"items": [{"id": 1}]}))
    assert connector.read_people(changed_since=None, cursor=None).next_cursor is None
    connector, _ = connect(Scripted(body={"items": [{"id": number} for number in range(1, 1001)]}))
    assert connector.read_people(changed_since=None, cursor=None).next_cursor is not None


def test_rows_without_an_id_are_told_and_the_others_read() -> None:
    connector, _ = connect(Scripted(body={"items": [{"id": 1}, {"email": "a@x.example"}], "hasMore": False}))
    page = connector.read_people(changed_since=None, cursor=None)
    assert [each.id for each in page.people] == ["1"]
    assert len(page.unreadable) == 1
    assert "Row 2" in page.unreadable[0]


@pytest.mark.parametrize("body", [{}, [], {"items": None}, "text"])
def test_an_answer_without_rows_is_unexpected(body: Any) -> None:
    connector, _ = connect(Scripted(body=json.dumps(body)))
    with pytest.raises(UnexpectedResponse, match="documented shape"):
        connector.read_people(changed_since=None, cursor=None)


def test_a_null_that_does_not_clear_a_custom_field_is_followed_by_empty_text() -> None:
    still = Scripted(body={"id": 7, "customFields": [{"key": "3", "value": "old"}]})
    cleared = Scripted(body={"id": 7, "customFields": [{"key": "3", "value": ""}]})
    connector, transport = connect(still, Scripted(body=[]), cleared)
    result = by_ref(connector.update_people([changes_of(0, person(**{"cf:3": "old"}), {"cf:3": None})]))[0]
    assert result.person is not None
    assert result.person.values["cf:3"] is None
    assert [body_of(transport, place)["customFields"][0]["value"] for place in (0, 2)] == [None, ""]


def test_a_null_that_is_refused_for_a_custom_field_is_sent_as_empty_text() -> None:
    said = refusal(("/customFields/0/value", "Value is required."))
    connector, transport = connect(said, Scripted(body={"id": 7}))
    result = by_ref(connector.update_people([changes_of(0, person(**{"cf:3": "old"}), {"cf:3": None})]))[0]
    assert result.written is Written.UPDATED
    assert body_of(transport, 1) == {"customFields": [{"id": 3, "value": ""}]}


def test_a_change_that_is_refused_is_not_sent_again() -> None:
    connector, transport = connect(refusal(code="contact.invalidInput", detail="No."))
    result = by_ref(connector.update_people([change_of(0, person(), title="Boss")]))[0]
    assert (result.reason, len(transport.requests)) == (Reason.REJECTED, 1)


def test_an_import_that_answers_with_another_contact_is_not_trusted_with_more() -> None:
    patched = Scripted(body={"id": 8})
    connector, transport = connect(WHOAMI, imported({"id": 70, "status": "updated"}), patched, patch_limit=0)
    updates = [change_of(0, person("7"), title="Boss"), change_of(1, person("8"), title="Boss")]
    results = by_ref(connector.update_people(updates))
    assert isinstance(results[0].error, Rejected)
    assert "wrote to contact 70 instead" in results[0].error.message
    assert results[1].written is Written.UPDATED
    assert asked(transport) == ["GET /v3/whoami", "POST /v3/contacts/import", "PATCH /v3/contacts/8"]


def test_probes_that_say_nothing_end_with_the_third() -> None:
    failed = imported({"id": None, "status": "failed", "error": "Not processed"})
    connector, transport = connect(WHOAMI, failed, failed, failed, Scripted(body={"id": 1}), patch_limit=0)
    results = by_ref(connector.update_people([change_of(ref, person(str(ref + 1)), title="B") for ref in range(5)]))
    assert {result.written for result in results.values()} == {Written.UPDATED}
    assert asked(transport).count("POST /v3/contacts/import") == 3
    assert sum(each.startswith("PATCH") for each in asked(transport)) == 5


def test_a_change_that_an_import_refuses_as_a_whole_is_patched() -> None:
    said = refusal(("/items/0/timeZoneId", "Unknown."))
    connector, transport = connect(WHOAMI, said, Scripted(body={"id": 7}), patch_limit=0)
    result = by_ref(connector.update_people([change_of(0, person(owner="1"), title="Boss")]))[0]
    assert result.written is Written.UPDATED
    assert asked(transport)[-1] == "PATCH /v3/contacts/7"


def test_a_key_that_may_not_import_changes_nobody() -> None:
    said = Scripted(403, {"code": "contact.forbidden", "detail": "No."})
    connector, transport = connect(WHOAMI, said, patch_limit=0)
    result = by_ref(connector.update_people([change_of(0, person(owner="1"), title="Boss")]))[0]
    assert (result.written, result.reason) == (Written.REFUSED, Reason.PERMISSION_DENIED)
    assert len(transport.requests) == 2


def test_a_person_out_of_sight_for_a_reason_that_is_not_theirs_is_an_error() -> None:
    connector, _ = connect(Scripted(403, {"code": "insufficient_scope"}))
    with pytest.raises(PermissionDenied, match="contacts:read"):
        connector.get_people(["7"])


@pytest.mark.parametrize("affected", [[], None, ["7"]])
def test_whoever_is_not_among_the_affected_is_looked_up(affected: list[str] | None) -> None:
    connector, transport = connect(
        Scripted(body={"isSuccess": True, "affectedIds": affected}), Scripted(body={"id": 7, "ownerUserId": 2})
    )
    result = by_ref(connector.assign_owner("2", ["7"]))[0]
    assert result.owner_is_set
    assert len(transport.requests) == (1 if affected else 2)


def test_whoever_keeps_their_owner_although_reply_agreed_is_told() -> None:
    connector, _ = connect(Scripted(body={"isSuccess": False}), Scripted(body={"id": 7, "ownerUserId": 3}))
    result = by_ref(connector.assign_owner("2", ["7"]))[0]
    assert (result.written, result.reason) == (Written.REFUSED, Reason.OWNER_NOT_ASSIGNED)


def test_whoever_is_gone_although_reply_agreed_is_not_found() -> None:
    connector, _ = connect(Scripted(body={"isSuccess": True}), Scripted(404, {"code": "contact.notFound"}))
    assert by_ref(connector.assign_owner("2", ["7"]))[0].reason is Reason.NOT_FOUND


@pytest.mark.parametrize(("status", "enrolled"), [(200, True), (404, False)])
def test_whoever_an_enrolment_does_not_mention_is_looked_up(status: int, enrolled: bool) -> None:
    connector, _ = connect(Scripted(body={"added": [], "notProcessed": {}}), Scripted(status, {"contactId": 7}))
    (result,) = connector.enrol(EnrolmentBatch("1", "2", False, ("7",)))
    assert result.enrolled is enrolled
    assert result.reason is (None if enrolled else Reason.ENROLMENT_REFUSED)


@pytest.mark.parametrize("failure", ["contactAlreadyInSequence", {"error": "contactAlreadyInSequence"}])
def test_a_failure_is_read_however_it_is_wrapped(failure: Any) -> None:
    connector, _ = connect(Scripted(body={"notProcessed": {"7": failure}}))
    (result,) = connector.enrol(EnrolmentBatch("1", "2", False, ("7",)))
    assert result.reason is Reason.ALREADY_ENROLLED


def test_a_failure_of_somebody_who_cannot_be_asked_about_is_told_without_more() -> None:
    connector, _ = connect(Scripted(body={"notProcessed": {"7": {"error": 3}}}), Scripted(404, {}))
    (result,) = connector.enrol(EnrolmentBatch("1", "2", False, ("7",)))
    assert result.reason is Reason.ENROLMENT_REFUSED
    assert "Reply says: 3." in result.detail


def test_the_steps_of_a_sequence_that_are_refused_become_a_warning() -> None:
    rows = {"items": [{"id": 1, "name": "Cold", "status": "active"}], "hasMore": False}
    connector, _ = connect(
        WHOAMI, Scripted(body=rows), Scripted(body=[]), Scripted(body={"items": []}),
        Scripted(403, {"code": "sequenceStep.forbidden"}), Scripted(body=[{"userId": 2, "teamId": 9}]),
    )  # fmt: skip
    directory = connector.directory()
    assert [each.name for each in directory.sequences] == ["Cold"]
    assert "steps of the sequence Cold could not be read" in directory.warnings[0]
    assert [member.id for member in directory.members] == ["1", "2"]


def test_a_list_of_members_that_names_nobody_of_the_team_is_no_list() -> None:
    empty = Scripted(body={"items": [], "hasMore": False})
    connector, _ = connect(
        WHOAMI, empty, Scripted(body=[]), empty, Scripted(body=[{"userId": 2, "teamId": 8}]),
        Scripted(403, {"code": "contact.forbidden"}),
    )  # fmt: skip
    directory = connector.directory()
    assert [member.id for member in directory.members] == ["1"]
    assert not directory.members_are_complete
    assert "names no member of this team" in directory.warnings[0]


def test_a_list_that_does_not_end_is_unexpected() -> None:
    connector, transport = connect(WHOAMI, Scripted(body={"items": [{"id": 1}], "hasMore": True}))
    with pytest.raises(UnexpectedResponse, match="does not end"):
        connector.directory()
    assert len(transport.requests) == 1001


def test_the_key_goes_into_the_header_and_into_nothing_that_is_said() -> None:
    connector, transport = connect(Scripted(418, {"detail": "a-long-secret-key"}))
    with pytest.raises(UnexpectedResponse) as caught:
        connector.identity()
    assert transport.requests[0].headers["Authorization"] == "Bearer a-long-secret-key"
    assert "a-long-secret-key" not in f"{caught.value.message} {caught.value.sample}"
