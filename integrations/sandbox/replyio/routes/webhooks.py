"""Webhook subscriptions: one event each, seen and changed only by whoever made them."""

from __future__ import annotations

from urllib.parse import urlsplit

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, not_found, nothing, paged, wrote
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.events import EVENTS, send
from integrations.sandbox.replyio.records import Webhook
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import reaches_all
from integrations.sandbox.replyio.wire import webhook_json

MOST_ACTIVE = 50
_FLAGS = ("includeEmailUrl", "includeEmailText", "includeProspectCustomFields")


def list_events(call: Call) -> Response:
    """The names of all events."""
    return Response.of_json({"events": list(EVENTS)})


def list_webhooks(call: Call) -> Response:
    """A page of the caller's subscriptions."""
    top, skip = call.page("webHook")
    own = (each for each in call.state.webhooks.values() if each.owner_user_id == call.caller.user.id)
    return paged(own, top, skip, webhook_json)


def get_webhook(call: Call) -> Response:
    """One subscription."""
    return Response.of_json(webhook_json(_webhook(call)))


def create_webhook(call: Call) -> Response:
    """A new subscription, enabled unless it says otherwise."""
    body = Body.of(call.request)
    event_type, url, scope, config = _definition(call, body)
    enabled = body.flag("enabled") is not False
    body.check()
    if enabled:
        _check_limit(call)
    webhook = Webhook(
        next(call.state.small_ids), call.caller.user.id, event_type, url, scope, enabled, call.state.now(), config
    )
    call.state.webhooks[webhook.id] = webhook
    return wrote(webhook_json(webhook), 201)


def put_webhook(call: Call) -> Response:
    """Replace a subscription, but for whether it is enabled."""
    webhook = _webhook(call)
    body = Body.of(call.request)
    if "scope" not in body:
        body.fault("scope", "'scope' must not be empty.")
    webhook.event_type, webhook.url, webhook.scope, webhook.payload_config = _definition(call, body)
    return wrote(webhook_json(webhook))


def delete_webhook(call: Call) -> Response:
    """Delete a subscription with its log."""
    del call.state.webhooks[_webhook(call).id]
    return nothing()


def test_webhook(call: Call) -> Response:
    """Send a sample. The sandbox sends after it has answered, so an unreachable target shows in the log, not as 502."""
    webhook = _webhook(call)
    if not webhook.enabled:
        raise not_found("webHook", f"Webhook subscription {webhook.id} not found or disabled.")
    send(call.state, call.deliver, webhook, {"contact_fields": {"id": 0}, "sequence_fields": {"id": 0}, "test": True})
    return Response(204)


def enable_webhook(call: Call) -> Response:
    """Let it fire again."""
    webhook = _webhook(call)
    if not webhook.enabled:
        _check_limit(call)
    webhook.enabled = True
    return nothing()


def disable_webhook(call: Call) -> Response:
    """Keep it from firing."""
    _webhook(call).enabled = False
    return nothing()


def logs(call: Call) -> Response:
    """A page of the failed attempts; successes are not logged."""
    webhook = _webhook(call)
    top, skip = call.page("webHook")
    return paged(webhook.failures, top, skip, lambda line: line)


def _definition(call: Call, body: Body) -> tuple[str, str, str, dict[str, bool]]:
    event_type, url = body.text("eventType", required=True), body.text("url", required=True, most=1024)
    scope, given = body.text("scope") or "personal", body.object("payloadConfig")
    config = {name: bool(given.flag(name)) for name in _FLAGS}
    body.check()
    if event_type not in EVENTS:
        raise business(400, "webHook.invalidEvent", f"Unknown webhook event '{event_type}'.")
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise business(400, "webHook.invalidUrl", "Url must be a valid absolute http(s) URL.")
    if scope == "organization":
        code = "webHook.organizationScopeNotImplemented"
        raise business(400, code, "Organization-scope webhooks are not yet implemented.")
    if scope not in ("personal", "team"):
        raise business(400, "webHook.invalidScope", "Unknown webhook scope value.")
    if scope == "team" and not reaches_all(call):
        detail = "Team-scope webhook subscriptions are not allowed for your current team configuration."
        raise business(403, "webHook.teamScopeForbidden", detail)
    return event_type or "", url or "", scope, config


def _webhook(call: Call) -> Webhook:
    webhook = call.state.webhooks.get(call.ids[0])
    if webhook is None or webhook.owner_user_id != call.caller.user.id:
        raise not_found("webHook", f"Webhook subscription {call.ids[0]} not found.")
    return webhook


def _check_limit(call: Call) -> None:
    own = call.caller.user.id
    active = sum(each.enabled and each.owner_user_id == own for each in call.state.webhooks.values())
    if active >= MOST_ACTIVE:
        raise business(409, "webHook.limitReached", f"Limit of active webhook subscriptions reached ({MOST_ACTIVE}).")


_AT = "/v3/webhooks"
ROUTES = (
    Route("GET", _AT, "webhooks:read", list_webhooks),
    Route("POST", _AT, "webhooks:write", create_webhook),
    Route("GET", f"{_AT}/events", "webhooks:read", list_events),
    Route("GET", f"{_AT}/{{id}}", "webhooks:read", get_webhook),
    Route("PUT", f"{_AT}/{{id}}", "webhooks:write", put_webhook),
    Route("DELETE", f"{_AT}/{{id}}", "webhooks:write", delete_webhook),
    Route("POST", f"{_AT}/{{id}}/test", "webhooks:operate", test_webhook),
    Route("POST", f"{_AT}/{{id}}/enable", "webhooks:operate", enable_webhook),
    Route("POST", f"{_AT}/{{id}}/disable", "webhooks:operate", disable_webhook),
    Route("GET", f"{_AT}/{{id}}/logs", "webhooks:read", logs),
)
