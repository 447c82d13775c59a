"""The v1 webhooks operations (there is no update). Deliveries are made by `events`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import requests

from integrations.sandbox.core import Json, Response
from integrations.sandbox.pipedrive.custom_values import is_whole
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.errors import ApiError
from integrations.sandbox.pipedrive.records import Webhook
from integrations.sandbox.pipedrive.routes import Call, Route

_ADMIN = frozenset(("admin",))
_ACTIONS = ("create", "change", "delete", "*")
_OBJECTS = ("activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage", "user", "*")
MAX_PER_USER = 40
PROBE_SECONDS = 5


def _list(call: Call) -> Response:
    shown = [
        webhook_view(call.desk, webhook) for webhook in call.desk.state.webhooks.values() if _is_mine(call, webhook)
    ]
    return Response.of_json({"success": True, "status": "ok", "data": shown})


def _create(call: Call) -> Response:
    if not call.user.is_admin:
        raise ApiError(403, "Forbidden")
    body = call.body()
    errors = _mistakes(call, body)
    if not errors and call.desk.options.webhook_probe and not _reachable(body["subscription_url"]):
        errors = {"subscription_url": ["invalid or non-reachable URL"]}
    if errors:
        return Response.of_json({"success": False, "status": "error", "errors": errors}, 400)
    if sum(webhook.owner_id == call.user.id for webhook in call.desk.state.live_webhooks()) >= MAX_PER_USER:
        errors = {"limit": [f"a user can have at most {MAX_PER_USER} webhooks"]}
        return Response.of_json({"success": False, "status": "error", "errors": errors}, 422)
    kind: Literal["general", "application"] = "application" if call.token.app else "general"
    webhook = Webhook(
        call.desk.state.next_number("webhook"), call.user.id, body.get("user_id", call.user.id), body["event_action"],
        body["event_object"], body["subscription_url"], body["name"], body.get("version", "2.0"), call.desk.stamp, kind,
        body.get("http_auth_user"), body.get("http_auth_password"),
    )  # fmt: skip
    call.desk.state.webhooks[webhook.id] = webhook
    return Response.of_json({"success": True, "status": "ok", "data": webhook_view(call.desk, webhook)}, 201)


def _delete(call: Call) -> Response:
    webhook = call.desk.state.webhooks.get(call.ids[0])
    if webhook is None or webhook.remove_time is not None or not _is_mine(call, webhook):
        return Response.of_json({"success": False, "status": "error", "errors": {"id": ["not found"]}}, 404)
    del call.desk.state.webhooks[webhook.id]
    return Response.of_json({"success": True, "status": "ok"})


def _is_mine(call: Call, webhook: Webhook) -> bool:
    """An app's webhooks are visible to the app only, the others to users' own tokens only."""
    return (webhook.type == "application") == (call.token.app is not None)


def _mistakes(call: Call, body: Mapping[str, Json]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    parts = urlsplit(str(body.get("subscription_url", "")))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        errors["subscription_url"] = ["invalid or non-reachable URL"]
    if body.get("event_action") not in _ACTIONS:
        errors["event_action"] = [f"must be one of {', '.join(_ACTIONS)}"]
    if body.get("event_object") not in _OBJECTS:
        errors["event_object"] = [f"must be one of {', '.join(_OBJECTS)}"]
    name = body.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 255:
        errors["name"] = ["must be a string of 1 to 255 characters"]
    if "user_id" in body and (not is_whole(body["user_id"]) or body["user_id"] not in call.desk.state.users):
        errors["user_id"] = ["not found"]
    if body.get("version", "2.0") not in ("1.0", "2.0"):
        errors["version"] = ["must be one of 1.0, 2.0"]
    return errors


def _reachable(url: str) -> bool:
    try:
        return requests.head(url, timeout=PROBE_SECONDS, allow_redirects=False).status_code < 500
    except requests.RequestException:
        return False


def webhook_view(desk: Desk, webhook: Webhook) -> dict[str, Json]:
    """A webhook as the list shows it."""
    is_banned = webhook.banned_until is not None and webhook.banned_until > desk.now
    is_off = webhook.remove_time is not None or (is_banned and desk.options.banned_webhook_shown == "inactive")
    return {
        "id": webhook.id, "company_id": desk.state.company_id, "owner_id": webhook.owner_id, "user_id": webhook.user_id,
        "event_action": webhook.event_action, "event_object": webhook.event_object,
        "subscription_url": webhook.subscription_url, "version": webhook.version, "is_active": 0 if is_off else 1,
        "add_time": _with_milliseconds(webhook.add_time), "remove_time": _with_milliseconds(webhook.remove_time),
        "type": webhook.type, "http_auth_user": webhook.http_auth_user,
        "http_auth_password": webhook.http_auth_password, "remove_reason": webhook.remove_reason,
        "last_delivery_time": _with_milliseconds(webhook.last_delivery_time),
        "last_http_status": webhook.last_http_status, "admin_id": webhook.owner_id, "name": webhook.name,
    }  # fmt: skip


def _with_milliseconds(value: str | None) -> str | None:
    return None if value is None else value.removesuffix("Z") + ".000Z"


ROUTES = (
    Route("v1", "GET", "/webhooks", 10, _list, _ADMIN),
    Route("v1", "POST", "/webhooks", 10, _create, _ADMIN),
    Route("v1", "DELETE", "/webhooks/{id}", 6, _delete, _ADMIN),
)
