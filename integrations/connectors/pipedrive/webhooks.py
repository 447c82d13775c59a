"""Pipedrive's webhooks (v2) as the ports want them.

Reference: https://pipedrive.readme.io/docs/guide-for-webhooks-v2
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.webhooks import NewSubscription, Notice, Subscription

from .payloads import WebhookRecord

LONGEST_ID = 20
_PERSON = ("person", "persons")


class _Meta(msgspec.Struct, frozen=True):
    """Ids are strings in the one delivery that was seen; the guide does not say."""

    entity: str = ""
    entity_id: str | int = ""
    action: str = ""
    merged_to_id: str | int | None = None
    merged_from_id: str | int | None = None


class _Delivery(msgspec.Struct, frozen=True):
    """All else of a delivery, personal data among it, is not even parsed."""

    meta: _Meta


_decoder = msgspec.json.Decoder(_Delivery, strict=False)


def read_notice(body: bytes) -> Notice:
    """Whom a delivery is about. A merge is about both: the one who is gone, and the one who lives on."""
    try:
        meta = _decoder.decode(body).meta
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnexpectedResponse("This is no delivery of a Pipedrive webhook (v2).") from None
    return _notice(meta)


def _notice(meta: _Meta) -> Notice:
    if meta.entity not in _PERSON:
        return Notice()
    entity = _ids(meta.entity_id)
    gone = (entity if meta.action == "delete" else frozenset()) | _ids(meta.merged_from_id)
    return Notice(entity | gone | _ids(meta.merged_to_id), gone)


def _ids(value: str | int | None) -> frozenset[str]:
    text = str(value or "")
    return frozenset({text}) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else frozenset()


def body_for(wanted: NewSubscription) -> Mapping[str, Any]:
    """What creates the webhook: every event of people that the key's own user may see."""
    return {
        "name": wanted.name[:255],
        "subscription_url": wanted.address,
        "event_action": "*",
        "event_object": "person",
        "version": "2.0",
        "http_auth_user": wanted.user,
        "http_auth_password": wanted.password,
    }


def subscription(record: WebhookRecord) -> Subscription:
    """A webhook with what is wrong with it."""
    return Subscription(
        str(record.id), record.subscription_url or "", _trouble(record), _moment(record.last_delivery_time)
    )


def _trouble(record: WebhookRecord) -> str:
    """How the list shows a ban is not documented: inactive, or only by the status of the last delivery."""
    if record.remove_time:
        return f"Pipedrive has removed it: {record.remove_reason or 'no reason was given'}."
    if record.is_active is not None and not record.is_active:
        return "Pipedrive has switched it off, as it does for half an hour after ten failed deliveries."
    if (record.event_action, record.event_object) != ("*", "person"):
        return "It was changed in Pipedrive and no longer reports every change of a person."
    status = record.last_http_status
    if status and not 200 <= status < 300:
        return f"Pipedrive's last delivery was answered with {status}, so it may be banned."
    return ""


def _moment(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
