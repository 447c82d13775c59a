from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.replyio.client import INBOUND, MEMBER_KEY, QUIET, Reply

BODY = {"eventType": "contact_opted_out", "url": "https://hooks.example/token"}


def opt_out(reply: Reply, *sequences: int, key: str = "sandbox-reply-key") -> int:
    contact_id = reply.create("ada@acme.example", key=key, customFields=[{"id": 7101, "value": "Fair"}])
    for each in sequences:
        reply.post(f"/v3/sequences/{each}/contact-links/bulk", {"contactIds": [contact_id]})
    reply.post("/v3/contacts/set-opted-out", {"contactIds": [contact_id], "isOptedOut": True})
    return contact_id


def test_a_subscription_is_made_read_replaced_and_deleted() -> None:
    reply = Reply()
    made = reply.call("POST", "/v3/webhooks", BODY)
    shown = made.json()
    assert (made.status, shown["enabled"], shown["scope"]) == (201, True, "personal")
    path = f"/v3/webhooks/{shown['id']}"
    changed = {**BODY, "url": "https://hooks.example/other", "scope": "team"}
    assert reply.call("PUT", path, changed).json() == {**shown, "url": "https://hooks.example/other", "scope": "team"}
    assert reply.get("/v3/webhooks")["items"] == [reply.get(path)]
    assert reply.call("DELETE", path).status == 204
    assert reply.code("GET", path) == (404, "webHook.notFound")


def test_subscriptions_of_others_are_not_there() -> None:
    reply = Reply()
    path = f"/v3/webhooks/{reply.post('/v3/webhooks', BODY)['id']}"
    assert reply.code("GET", path, key=MEMBER_KEY) == (404, "webHook.notFound")
    assert reply.get("/v3/webhooks", key=MEMBER_KEY)["items"] == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"eventType": "contact_created"}, (400, "webHook.invalidEvent")),
        ({"url": "hooks.example/x"}, (400, "webHook.invalidUrl")),
        ({"url": "ftp://hooks.example/x"}, (400, "webHook.invalidUrl")),
        ({"scope": "organization"}, (400, "webHook.organizationScopeNotImplemented")),
        ({"scope": "galaxy"}, (400, "webHook.invalidScope")),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(more: Any, expected: tuple[int, str]) -> None:
    assert Reply().code("POST", "/v3/webhooks", {**BODY, **more}) == expected


def test_a_subscription_needs_an_event_and_an_address() -> None:
    reply = Reply()
    assert reply.pointers("POST", "/v3/webhooks", {}) == ["/eventType", "/url"]
    assert reply.pointers("POST", "/v3/webhooks", {**BODY, "url": "https://" + "x" * 1024}) == ["/url"]
    path = f"/v3/webhooks/{reply.post('/v3/webhooks', BODY)['id']}"
    assert reply.pointers("PUT", path, BODY) == ["/scope"]


def test_a_member_of_a_private_team_cannot_listen_to_the_team() -> None:
    reply = Reply(edition="private")
    body = {**BODY, "scope": "team"}
    assert reply.code("POST", "/v3/webhooks", body, key=MEMBER_KEY) == (403, "webHook.teamScopeForbidden")
    assert reply.call("POST", "/v3/webhooks", body).status == 201


def test_fifty_may_be_active() -> None:
    reply = Reply()
    made = [reply.post("/v3/webhooks", BODY)["id"] for _ in range(50)]
    assert reply.code("POST", "/v3/webhooks", BODY) == (409, "webHook.limitReached")
    assert reply.call("POST", f"/v3/webhooks/{made[0]}/disable").status == 204
    assert reply.call("POST", "/v3/webhooks", BODY).status == 201
    assert reply.code("POST", f"/v3/webhooks/{made[0]}/enable") == (409, "webHook.limitReached")


def test_opting_out_is_told_once_for_each_sequence() -> None:
    reply = Reply()
    reply.post("/v3/webhooks", {**BODY, "payloadConfig": {"includeProspectCustomFields": True}})
    contact_id = opt_out(reply, INBOUND, QUIET)
    told = [json.loads(each.body) for each in reply.deliveries]
    assert [each["sequence_fields"]["id"] for each in told] == [INBOUND, QUIET]
    assert {each["contact_fields"]["id"] for each in told} == {contact_id}
    assert told[0]["contact_fields"]["custom_fields"] == {"7101": "Fair"}
    assert told[0]["event"]["type"] == "contact_opted_out"
    assert told[0]["event"]["id"] != told[1]["event"]["id"]
    assert reply.deliveries[0].url == BODY["url"]


def test_a_contact_in_no_sequence_is_opted_out_silently() -> None:
    reply = Reply()
    reply.post("/v3/webhooks", BODY)
    opt_out(reply)
    assert reply.deliveries == []


@pytest.mark.parametrize(("scope", "told"), [("personal", 0), ("team", 1)])
def test_a_personal_subscription_does_not_hear_of_others(scope: str, told: int) -> None:
    reply = Reply()
    reply.post("/v3/webhooks", {**BODY, "scope": scope})
    opt_out(reply, INBOUND, key=MEMBER_KEY)
    assert len(reply.deliveries) == told


def test_a_disabled_subscription_hears_nothing() -> None:
    reply = Reply()
    path = f"/v3/webhooks/{reply.post('/v3/webhooks', {**BODY, 'enabled': False})['id']}"
    opt_out(reply, INBOUND)
    assert reply.deliveries == []
    assert reply.code("POST", f"{path}/test") == (404, "webHook.notFound")


def test_finishing_a_contact_is_an_event_too() -> None:
    reply = Reply()
    reply.post("/v3/webhooks", {**BODY, "eventType": "contact_finished"})
    contact_id = reply.create("ada@acme.example")
    reply.post(f"/v3/sequences/{INBOUND}/contact-links/bulk", {"contactIds": [contact_id]})
    for _ in range(2):
        reply.post("/v3/contacts/set-status-in-sequence", {"contactIds": [contact_id], "statusInSequence": "finished"})
    assert len(reply.deliveries) == 1


def test_only_failed_attempts_are_logged() -> None:
    reply = Reply()
    path = f"/v3/webhooks/{reply.post('/v3/webhooks', BODY)['id']}"
    assert reply.call("POST", f"{path}/test").status == 204
    (delivery,) = reply.deliveries
    assert delivery.attempted is not None
    delivery.attempted(1, 503)
    delivery.attempted(2, None)
    delivery.attempted(3, 204)
    lines = reply.get(f"{path}/logs")["items"]
    assert [line["httpStatus"] for line in lines] == [503, None]
    assert {line["eventId"] for line in lines} == {json.loads(delivery.body)["event"]["id"]}


def test_there_is_no_event_for_a_contact_that_is_made_or_changed() -> None:
    events = Reply().get("/v3/webhooks/events")["events"]
    assert len(events) == 22
    assert not {"contact_created", "contact_updated", "contact_deleted"} & set(events)
