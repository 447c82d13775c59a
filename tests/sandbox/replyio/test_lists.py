from __future__ import annotations

import pytest

from tests.sandbox.replyio.client import MEMBER_KEY, TEAMMATE_KEY, Reply


def members_of(reply: Reply, list_id: int) -> list[int]:
    return next(each["contactIds"] for each in reply.sandbox.dump()["lists"] if each["id"] == list_id)


def test_own_and_shared_lists_are_seen() -> None:
    reply = Reply()
    names = [each["name"] for each in reply.get("/v3/contact-lists", key=TEAMMATE_KEY)["items"]]
    assert names == ["Webinar attendees", "Newsletter", "Key accounts"]
    names = [each["name"] for each in reply.get("/v3/contact-lists", key=MEMBER_KEY)["items"]]
    assert names == ["Webinar attendees", "Newsletter"]
    assert reply.code("GET", "/v3/contact-lists/5103", key=MEMBER_KEY) == (403, "contactsList.forbidden")
    assert reply.code("GET", "/v3/contact-lists/9") == (404, "contactsList.notFound")


def test_lists_are_searched_by_name() -> None:
    assert [each["id"] for each in Reply().get("/v3/contact-lists?search=NEWS")["items"]] == [5102]


def test_a_list_is_made_renamed_and_deleted_by_its_owner() -> None:
    reply = Reply()
    made = reply.call("POST", "/v3/contact-lists", {"name": "Fair", "isShared": True}, key=MEMBER_KEY)
    assert (made.status, made.json()["isShared"]) == (201, True)
    path = f"/v3/contact-lists/{made.json()['id']}"
    assert reply.call("PUT", path, {"name": "Fair 2026"}, key=MEMBER_KEY).json()["name"] == "Fair 2026"
    assert reply.code("DELETE", path, key=TEAMMATE_KEY) == (403, "contactsList.forbidden")
    assert reply.call("DELETE", path, key=MEMBER_KEY).status == 204


def test_a_name_must_be_there_long_enough_and_free() -> None:
    reply = Reply()
    assert reply.pointers("POST", "/v3/contact-lists", {"name": ""}) == ["/name"]
    assert reply.pointers("POST", "/v3/contact-lists", {"name": "x"}) == ["/name"]
    assert reply.code("POST", "/v3/contact-lists", {"name": "newsletter"}) == (409, "contactsList.duplicateName")


def test_adding_again_is_a_silent_success_and_failures_have_the_number_8() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    body = {"contactIds": [contact_id, 999]}
    for _ in range(2):
        answer = reply.post("/v3/contact-lists/5101/add-contacts", body)
        assert answer == {"999": {"error": 8, "errorDetails": "ContactNotProcessed"}}
    assert members_of(reply, 5101) == [contact_id]


def test_moving_takes_a_contact_out_of_every_other_list() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    reply.post("/v3/contact-lists/5101/add-contacts", {"contactIds": [contact_id]})
    reply.post("/v3/contact-lists/5102/move-contacts", {"contactIds": [contact_id]})
    assert (members_of(reply, 5101), members_of(reply, 5102)) == ([], [contact_id])


@pytest.mark.parametrize(("edition", "status"), [("public", 204), ("private", 403)])
def test_sharing_depends_on_the_edition(edition: str, status: int) -> None:
    reply = Reply(edition=edition)
    for action in ("unshare", "share"):
        assert reply.call("POST", f"/v3/contact-lists/5101/{action}").status == status
