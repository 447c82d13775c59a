from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.errors import PermissionDenied, Rejected, UnexpectedResponse
from integrations.connectors.pipedrive.webhooks import read_notice
from integrations.connectors.registry import connector
from integrations.connectors.webhooks import NewSubscription, Notice, Subscriber
from tests.connectors.pipedrive.harness import change
from tests.connectors.pipedrive.test_adapter import as_user, on_sandbox, on_script
from tests.connectors.scripted import Scripted

WANTED = NewSubscription("SyncAdmin", "https://sync.example/hooks/pipedrive/secret/", "user", "password")
META = {
    "action": "change", "entity": "person", "entity_id": "123", "company_id": "608", "user_id": "129",
    "webhook_id": "18", "webhook_owner_id": "16", "id": "0b6e", "correlation_id": "9f4c",
    "timestamp": "2026-01-14T18:16:56.057Z", "type": "general", "version": "2.0", "change_source": "app",
    "is_bulk_edit": False, "attempt": 1, "host": "acme.pipedrive.com", "permitted_user_ids": ["925"],
}  # fmt: skip


def notice(**meta: Any) -> Notice:
    return read_notice(json.dumps({"data": {"name": "Ada"}, "previous": None, "meta": {**META, **meta}}).encode())


@pytest.mark.parametrize(
    ("meta", "people", "gone"),
    [
        ({}, {"123"}, set()),
        ({"entity_id": 123}, {"123"}, set()),
        ({"action": "create"}, {"123"}, set()),
        ({"action": "delete"}, {"123"}, {"123"}),
        ({"action": "delete", "merged_to_id": "7"}, {"123", "7"}, {"123"}),
        ({"action": "change", "merged_from_id": 9}, {"123", "9"}, {"9"}),
        ({"action": "something new"}, {"123"}, set()),
        ({"entity": "deal"}, set(), set()),
        ({"entity": ""}, set(), set()),
        ({"entity_id": "abc"}, set(), set()),
        ({"entity_id": "9" * 21}, set(), set()),
        ({"entity_id": "\uff11\uff12"}, set(), set()),
        ({"entity_id": -5}, set(), set()),
    ],
)
def test_a_notice_says_whom_it_is_about_and_who_is_gone(meta: dict[str, Any], people: set[str], gone: set[str]) -> None:
    assert notice(**meta) == Notice(frozenset(people), frozenset(gone))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"meta": 5}', b'{"meta": {"entity": []}}', b"\xff\xfe", b"[" * 9999],
)
def test_what_is_no_delivery_is_refused(body: bytes) -> None:
    with pytest.raises(UnexpectedResponse, match="no delivery"):
        read_notice(body)


def test_pipedrive_can_be_subscribed_to_and_reply_cannot() -> None:
    assert connector("pipedrive").read_notice is read_notice
    assert isinstance(on_script()[0], Subscriber)
    assert connector("replyio").read_notice is None


def test_a_webhook_is_made_found_again_and_deleted_twice_without_complaint() -> None:
    bench = on_sandbox(0)
    pipedrive: Any = bench.open()

    made = pipedrive.subscribe(WANTED)

    assert [(each.id, each.address, each.trouble) for each in pipedrive.subscriptions()] == [
        (made.id, WANTED.address, "")
    ]
    (kept,) = bench.sandbox.products["pipedrive"].dump()["webhooks"]
    assert (kept["http_auth_user"], kept["http_auth_password"]) == ("user", "password")
    assert (kept["event_action"], kept["event_object"], kept["version"]) == ("*", "person", "2.0")
    pipedrive.unsubscribe(made.id)
    pipedrive.unsubscribe(made.id)
    assert pipedrive.subscriptions() == []


@pytest.mark.parametrize(
    ("do", "options", "words"),
    [
        ("ban", {}, "half an hour"),
        ("delete", {"deleted_webhook_listed": True}, "no successful delivery in 3 days"),
    ],
)
def test_a_webhook_that_pipedrive_has_switched_off_is_in_trouble(do: str, options: dict[str, Any], words: str) -> None:
    bench = on_sandbox(0, **options)
    pipedrive: Any = bench.open()
    made = pipedrive.subscribe(WANTED)

    change(bench.sandbox, {"webhook": int(made.id), "do": do})

    assert words in pipedrive.subscriptions()[0].trouble


def listed(**members: Any) -> Any:
    row = {"id": 4, "subscription_url": WANTED.address, "event_action": "*", "event_object": "person", **members}
    opened, _ = on_script(Scripted(200, {"success": True, "data": [row]}))
    return opened.subscriptions()[0]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"is_active": 1, "last_http_status": 200}, ""),
        ({"last_http_status": None}, ""),
        ({"is_active": True, "last_http_status": 204, "new_member": {}}, ""),
        ({"is_active": 1, "last_http_status": 503}, "answered with 503"),
        ({"is_active": 1, "event_object": "deal"}, "no longer reports"),
        ({"is_active": False}, "switched it off"),
        ({"remove_time": "2026-01-01T00:00:00.000Z", "remove_reason": None}, "no reason was given"),
    ],
)
def test_a_ban_is_seen_by_whichever_sign_the_list_gives(members: dict[str, Any], words: str) -> None:
    trouble = listed(**members).trouble
    assert words in trouble if words else trouble == ""


@pytest.mark.parametrize("stamp", ["2026-01-14T18:16:56.000Z", "2026-01-14 18:16:56"])
def test_the_last_delivery_is_read_in_either_form(stamp: str) -> None:
    assert listed(last_delivery_time=stamp).delivered_at == datetime(2026, 1, 14, 18, 16, 56, tzinfo=UTC)
    assert listed(last_delivery_time="yesterday").delivered_at is None


def test_an_address_that_pipedrive_cannot_reach_is_refused_with_its_words() -> None:
    bench = on_sandbox(0, webhook_probe=True)
    pipedrive: Any = bench.open()

    with pytest.raises(Rejected, match="invalid or non-reachable URL"):
        pipedrive.subscribe(NewSubscription("SyncAdmin", "http://127.0.0.1:9/", "user", "password"))


def test_only_an_administrators_key_can_subscribe() -> None:
    with pytest.raises(PermissionDenied):
        as_user(on_sandbox(0), 103).subscribe(WANTED)


def test_more_than_forty_are_refused_with_pipedrives_words() -> None:
    pipedrive: Any = on_sandbox(0).open()
    for _ in range(40):
        pipedrive.subscribe(WANTED)

    with pytest.raises(Rejected, match="at most 40 webhooks"):
        pipedrive.subscribe(WANTED)


def test_secrets_are_not_shown_by_repr() -> None:
    shown = repr(WANTED) + repr(listed())
    assert "secret" not in shown
    assert "password" not in shown
