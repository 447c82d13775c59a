from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sandbox.pipedrive.client import (
    ACCOUNT_MANAGER,
    ANNA,
    BEN,
    CHLOE,
    EMPLOYEES,
    INTERESTS,
    LEAD_SOURCE,
    LINKEDIN,
    Pipedrive,
    mail,
    user_token,
)  # fmt: skip

URL = "https://sync.example/hook"


def subscribe(pipedrive: Pipedrive, **fields: Any) -> Any:
    body = {"subscription_url": URL, "event_action": "*", "event_object": "person", "name": "Sync", **fields}
    return pipedrive.data("POST", "/v1/webhooks", body)


def received(pipedrive: Pipedrive) -> list[Any]:
    return [json.loads(delivery.body) for delivery in pipedrive.sent.deliveries]


def test_a_webhook_can_be_made_listed_and_deleted() -> None:
    pipedrive = Pipedrive()
    made = subscribe(pipedrive)

    assert (made["is_active"], made["version"], made["type"], made["owner_id"]) == (1, "2.0", "general", ANNA)
    assert [one["id"] for one in pipedrive.data("GET", "/api/v1/webhooks")] == [made["id"]]

    assert pipedrive.call("DELETE", f"/v1/webhooks/{made['id']}").json() == {"success": True, "status": "ok"}
    assert pipedrive.call("DELETE", f"/v1/webhooks/{made['id']}").status == 404


@pytest.mark.parametrize(
    "broken",
    [
        {"subscription_url": "nowhere"},
        {"event_action": "updated"},
        {"event_object": "contact"},
        {"name": ""},
        {"name": "x" * 256},
        {"user_id": 5},
        {"version": "3.0"},
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused(broken: dict[str, Any]) -> None:
    body = {"subscription_url": URL, "event_action": "*", "event_object": "person", "name": "Sync", **broken}

    answer = Pipedrive().call("POST", "/v1/webhooks", body, valid=False)

    assert answer.status == 400
    assert list(answer.json()["errors"]) == list(broken)


def test_an_address_that_cannot_be_reached_is_refused_when_it_is_probed() -> None:
    body = {
        "subscription_url": "http://127.0.0.1:9/", "event_action": "*", "event_object": "person", "name": "Sync",
    }  # fmt: skip

    answer = Pipedrive(webhook_probe=True).call("POST", "/v1/webhooks", body)

    assert answer.json()["errors"] == {"subscription_url": ["invalid or non-reachable URL"]}


def test_a_user_has_forty_webhooks_at_the_most() -> None:
    pipedrive = Pipedrive()
    for _ in range(40):
        subscribe(pipedrive)
    body = {"subscription_url": URL, "event_action": "*", "event_object": "person", "name": "Sync"}

    assert pipedrive.call("POST", "/v1/webhooks", body).status == 422


def test_only_administrators_make_webhooks() -> None:
    body = {"subscription_url": URL, "event_action": "*", "event_object": "person", "name": "Sync"}

    assert Pipedrive().call("POST", "/v1/webhooks", body, token=user_token(CHLOE)).status == 403


def test_the_events_of_a_persons_life() -> None:
    pipedrive = Pipedrive()
    hook = subscribe(pipedrive, http_auth_user="u", http_auth_password="p")
    person = pipedrive.create(emails=[mail("a@x.example")], custom_fields={EMPLOYEES: 1})
    pipedrive.wait(5)
    pipedrive.edit(person["id"], owner_id=BEN, custom_fields={EMPLOYEES: 2})
    pipedrive.data("DELETE", f"/api/v2/persons/{person['id']}")

    created, changed, deleted = received(pipedrive)
    assert (created["meta"]["action"], created["previous"]) == ("create", None)
    assert created["data"]["emails"] == [mail("a@x.example")]
    assert changed["meta"]["action"] == "change"
    assert changed["data"]["owner_id"] == BEN
    assert changed["previous"] == {
        "owner_id": ANNA,
        "update_time": person["update_time"],
        "custom_fields": {EMPLOYEES: {"type": "double", "value": 1}},
    }
    assert (deleted["meta"]["action"], deleted["data"]) == ("delete", None)
    assert deleted["previous"]["owner_id"] == BEN

    meta = changed["meta"]
    assert (meta["entity"], meta["entity_id"], meta["user_id"]) == ("person", str(person["id"]), str(ANNA))
    assert (meta["webhook_id"], meta["version"], meta["change_source"]) == (str(hook["id"]), "2.0", "api")
    assert (meta["attempt"], meta["is_bulk_edit"], meta["timestamp"]) == (1, False, "2026-11-20T12:00:05.000Z")
    assert str(BEN) in meta["permitted_user_ids"]
    basic = "Basic " + base64.b64encode(b"u:p").decode()
    assert all(delivery.headers["Authorization"] == basic for delivery in pipedrive.sent.deliveries)


def test_custom_fields_are_typed_objects_and_null_where_unset() -> None:
    pipedrive = Pipedrive()
    subscribe(pipedrive)
    pipedrive.create(custom_fields={LEAD_SOURCE: 51, INTERESTS: [57], ACCOUNT_MANAGER: BEN})

    (event,) = received(pipedrive)

    custom = event["data"]["custom_fields"]
    assert custom[LEAD_SOURCE] == {"id": 51, "type": "enum"}
    assert custom[INTERESTS] == {"type": "set", "values": [{"id": 57}]}
    assert custom[ACCOUNT_MANAGER] == {"id": BEN, "type": "user"}
    assert custom[LINKEDIN] is None
    assert event["data"]["visible_to"] == "3"


def test_a_merge_is_two_events() -> None:
    pipedrive = Pipedrive(2)
    subscribe(pipedrive)

    pipedrive.data("PUT", "/v1/persons/1/merge", {"merge_with_id": 2})

    deleted, changed = (event["meta"] for event in received(pipedrive))
    assert (deleted["action"], deleted["entity_id"], deleted["merged_to_id"]) == ("delete", "1", "2")
    assert (changed["action"], changed["entity_id"], changed["merged_from_id"]) == ("change", "2", "1")


def test_a_human_edit_says_that_it_came_from_the_app() -> None:
    pipedrive = Pipedrive(1)
    subscribe(pipedrive)

    pipedrive.product.change({"id": 1, "fields": {"name": "New Name"}})

    (event,) = received(pipedrive)
    assert event["meta"]["change_source"] == "app"


@pytest.mark.parametrize(
    ("subscription", "heard"),
    [
        ({"event_action": "change"}, 1),
        ({"event_action": "delete"}, 0),
        ({"event_object": "deal"}, 0),
        ({"event_object": "*"}, 2),
    ],
)
def test_a_webhook_hears_only_what_it_asked_for(subscription: dict[str, Any], heard: int) -> None:
    pipedrive = Pipedrive()
    subscribe(pipedrive, **subscription)
    pipedrive.edit(pipedrive.create()["id"], job_title="X")

    assert len(received(pipedrive)) == heard


def test_a_webhook_hears_only_of_people_whom_its_user_may_see() -> None:
    pipedrive = Pipedrive()
    subscribe(pipedrive, user_id=CHLOE)
    pipedrive.create(visible_to=1)
    pipedrive.create(visible_to=1, owner_id=CHLOE)

    assert [event["data"]["owner_id"] for event in received(pipedrive)] == [CHLOE]


def test_an_unchanged_person_makes_no_event() -> None:
    pipedrive = Pipedrive(1)
    subscribe(pipedrive)
    pipedrive.edit(1, name=pipedrive.person(1)["name"])

    assert received(pipedrive) == []


def test_retries_come_after_3_30_and_150_seconds_and_count_up() -> None:
    pipedrive = Pipedrive(webhook_retry_scale=0.5)
    subscribe(pipedrive)
    pipedrive.create()

    (delivery,) = pipedrive.sent.deliveries
    assert delivery.retry_delays == (1.5, 15.0, 75.0)
    assert json.loads(delivery.body_of_attempt(3))["meta"]["attempt"] == 3


def test_ten_failed_first_attempts_ban_for_half_an_hour_and_lose_events() -> None:
    pipedrive = Pipedrive()
    subscribe(pipedrive)
    for _ in range(10):
        pipedrive.create()
        report = pipedrive.sent.deliveries[-1].attempted
        assert report is not None
        report(1, 500)
    pipedrive.create()
    assert len(received(pipedrive)) == 10

    pipedrive.wait(30 * 60 + 1)
    pipedrive.create()
    assert len(received(pipedrive)) == 11


def test_three_days_without_success_delete_a_webhook() -> None:
    pipedrive = Pipedrive()
    subscribe(pipedrive)
    pipedrive.wait(3 * 86_400 + 1)
    pipedrive.create()
    report = pipedrive.sent.deliveries[0].attempted
    assert report is not None

    report(1, None)

    assert pipedrive.data("GET", "/v1/webhooks") == []


@pytest.mark.parametrize(("shown", "is_active"), [("inactive", 0), ("active", 1)])
def test_a_banned_webhook_hears_nothing_however_the_list_shows_it(shown: str, is_active: int) -> None:
    pipedrive = Pipedrive(1, banned_webhook_shown=shown)
    hook = subscribe(pipedrive)

    pipedrive.product.change({"webhook": hook["id"], "do": "ban"})
    pipedrive.edit(1, name="Somebody Else")

    assert [one["is_active"] for one in pipedrive.data("GET", "/v1/webhooks")] == [is_active]
    assert received(pipedrive) == []


def test_a_webhook_that_pipedrive_removed_may_still_be_listed() -> None:
    pipedrive = Pipedrive(1, deleted_webhook_listed=True)
    hook = subscribe(pipedrive)

    pipedrive.product.change({"webhook": hook["id"], "do": "delete"})
    pipedrive.edit(1, name="Somebody Else")

    (listed,) = pipedrive.data("GET", "/v1/webhooks")
    assert (listed["is_active"], listed["remove_reason"]) == (0, "no successful delivery in 3 days")
    assert listed["remove_time"] == "2026-11-20T12:00:00.000Z"
    assert pipedrive.call("DELETE", f"/v1/webhooks/{hook['id']}").status == 404
    assert received(pipedrive) == []


@pytest.mark.parametrize("command", [{"webhook": 9, "do": "ban"}, {"webhook": 1, "do": "paint"}])
def test_only_a_webhook_that_is_there_is_banned_or_deleted(command: dict[str, Any]) -> None:
    pipedrive = Pipedrive()
    subscribe(pipedrive)

    with pytest.raises(ValueError, match="A webhook has an id"):
        pipedrive.product.change(command)
