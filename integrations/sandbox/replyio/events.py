"""Tells subscribers what happened to contacts in sequences. There is no event for created, updated or deleted.

The payload's shape is not published; what is known of it is kept: `contact_fields.id` and `sequence_fields.id`.
"""

from __future__ import annotations

import json
import uuid
from functools import partial

from integrations.sandbox.core import Deliver, Delivery, Json
from integrations.sandbox.replyio.records import Contact, ContactLink, Webhook
from integrations.sandbox.replyio.state import State
from integrations.sandbox.replyio.wire import stamp

EVENTS = (
    "email_replied", "reply_categorized", "email_sent", "contact_finished", "email_opened", "contact_opted_out",
    "contact_called", "email_link_clicked", "email_account_connection_lost", "email_bounced",
    "linkedin_connection_request_sent", "linkedin_message_sent", "linkedin_connection_request_accepted",
    "linkedin_message_replied", "linkedin_reply_categorized", "email_account_error", "email_auto_reply",
    "autopilot_stopped", "linkedin_account_alerts", "contact_replied", "linkedin_comment_posted",
    "linkedin_comment_skipped",
)  # fmt: skip


def tell(state: State, deliver: Deliver, event: str, contact: Contact, link: ContactLink) -> None:
    """Send an event of a contact in a sequence to the enabled subscriptions of its owner and of the team."""
    sequence = state.sequences[link.sequence_id]
    fields = {"id": contact.id, "email": contact.texts.get("email"), "first_name": contact.texts.get("firstName")}
    for webhook in state.webhooks.values():
        if webhook.enabled and webhook.event_type == event and _concerns(webhook, contact):
            payload: dict[str, Json] = {
                "contact_fields": dict(fields),
                "sequence_fields": {"id": sequence.id, "name": sequence.name},
            }
            if webhook.payload_config.get("includeProspectCustomFields"):
                payload["contact_fields"]["custom_fields"] = {str(key): text for key, text in contact.custom.items()}
            send(state, deliver, webhook, payload)


def send(state: State, deliver: Deliver, webhook: Webhook, payload: dict[str, Json]) -> None:
    """Send one payload to one subscription; a failed attempt is logged with it. Nothing is signed."""
    event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"reply-event-{next(state.event_ids)}"))
    body = {"event": {"id": event_id, "type": webhook.event_type, "date": stamp(state.now())}, **payload}
    deliver(
        Delivery(
            webhook.url,
            {"Content-Type": "application/json"},
            json.dumps(body).encode(),
            attempted=partial(_log, state, webhook, event_id),
        )
    )


def _concerns(webhook: Webhook, contact: Contact) -> bool:
    return webhook.scope == "team" or webhook.owner_user_id == contact.owner_user_id


def _log(state: State, webhook: Webhook, event_id: str, attempt: int, status: int | None) -> None:
    if status is None or not 200 <= status < 300:
        webhook.failures.append({"eventId": event_id, "httpStatus": status, "date": stamp(state.now())})
