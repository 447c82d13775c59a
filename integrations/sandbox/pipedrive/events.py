"""Tells the webhooks what happened to a person (v2 payloads; the webhooks guide and one captured body)."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta

from integrations.sandbox.core import Delivery, Json
from integrations.sandbox.pipedrive.auth import can_see
from integrations.sandbox.pipedrive.desk import Actor, Desk
from integrations.sandbox.pipedrive.records import Person, Webhook, stamp

RETRY_DELAYS = (3.0, 30.0, 150.0)
FAILURES_BEFORE_BAN = 10
BAN_LASTS = timedelta(minutes=30)
DELETED_WITHOUT_SUCCESS_FOR = timedelta(days=3)


def announce(
    desk: Desk,
    action: str,
    actor: Actor,
    person: Person,
    *,
    data: Json,
    previous: Json,
    more_meta: Mapping[str, Json] | None = None,
) -> None:
    """Send the event to every webhook that asked for it, that is not banned, and whose user may see the person."""
    event_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
    permitted = [str(user.id) for user in desk.state.users.values() if user.active and can_see(user, person)]
    for webhook in desk.state.live_webhooks():
        if webhook.event_action not in ("*", action) or webhook.event_object not in ("*", "person"):
            continue
        if str(webhook.user_id) not in permitted or (webhook.banned_until and webhook.banned_until > desk.now):
            continue
        meta = {
            "action": action,
            "entity": "person",
            "entity_id": str(person.id),
            "company_id": str(desk.state.company_id),
            "user_id": str(actor.user.id),
            "webhook_id": str(webhook.id),
            "webhook_owner_id": str(webhook.owner_id),
            "id": event_id,
            "correlation_id": correlation_id,
            "timestamp": desk.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{desk.now.microsecond // 1000:03d}Z",
            "type": webhook.type,
            "version": webhook.version,
            "change_source": actor.source,
            "is_bulk_edit": False,
            "host": desk.host,
            "permitted_user_ids": permitted,
            **(more_meta or {}),
        }
        desk.deliver(_delivery(desk, webhook, {"data": data, "previous": previous, "meta": meta}))


def _delivery(desk: Desk, webhook: Webhook, payload: dict[str, Json]) -> Delivery:
    def body_for(attempt: int) -> bytes:
        return json.dumps({**payload, "meta": {**payload["meta"], "attempt": attempt}}).encode()

    headers = {"Content-Type": "application/json", "User-Agent": "Pipedrive Webhooks"}
    if webhook.http_auth_user is not None:
        pair = f"{webhook.http_auth_user}:{webhook.http_auth_password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    delays = tuple(delay * desk.options.webhook_retry_scale for delay in RETRY_DELAYS)
    return Delivery(webhook.subscription_url, headers, body_for(1), delays, body_for, _note_attempts(desk, webhook))


def _note_attempts(desk: Desk, webhook: Webhook) -> Callable[[int, int | None], None]:
    def attempted(attempt: int, status: int | None) -> None:
        webhook.last_delivery_time, webhook.last_http_status = stamp(desk.now), status
        if status is not None and 200 <= status < 300:
            webhook.failed_first_attempts, webhook.last_success = 0, desk.now
            return
        if attempt == 1:
            webhook.failed_first_attempts += 1
        if webhook.failed_first_attempts >= FAILURES_BEFORE_BAN:
            ban(desk, webhook)
        last_good = stamp(webhook.last_success) if webhook.last_success else webhook.add_time
        if last_good < stamp(desk.now - DELETED_WITHOUT_SUCCESS_FOR):
            remove(desk, webhook, "no successful delivery in 3 days")

    return attempted


def ban(desk: Desk, webhook: Webhook) -> None:
    """Deliver nothing to it for half an hour; what happens in that time is lost."""
    webhook.failed_first_attempts, webhook.banned_until = 0, desk.now + BAN_LASTS


def remove(desk: Desk, webhook: Webhook, reason: str) -> None:
    """Delete it as Pipedrive does by itself."""
    webhook.remove_time, webhook.remove_reason = desk.stamp, reason
    if not desk.options.deleted_webhook_listed:
        desk.state.webhooks.pop(webhook.id, None)
