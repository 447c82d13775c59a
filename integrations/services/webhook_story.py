"""What a connection's page says of webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from integrations.connectors import registry
from integrations.engine.hints import hinted_steps, sends_webhooks
from integrations.models import Account, Connection, Webhook, WebhookState

from .webhooks import is_wanted


@dataclass(frozen=True, slots=True)
class WebhookStory:
    """One account's webhook. `light` is the colour of its dot; `waiting` are people whom a small run will read."""

    account: Account
    light: str
    state: str
    words: str
    webhook: Webhook | None = None
    waiting: int = 0


def webhook_stories(connection: Connection) -> list[WebhookStory]:
    """Of the accounts whose product sends webhooks; none where no product does."""
    return [
        _story(connection, account)
        for account in (connection.crm_account, connection.outreach_account)
        if sends_webhooks(account)
    ]


def can_have_webhooks(connection: Connection) -> bool:
    """Whether there is a webhook to check or to register."""
    accounts = (connection.crm_account, connection.outreach_account)
    return any(sends_webhooks(account) and not _why_off(connection, account) for account in accounts)


def _story(connection: Connection, account: Account) -> WebhookStory:
    webhook = Webhook.objects.filter(account=account).first()
    waiting = connection.hints.waiting().filter(account=account).count()
    if why := _why_off(connection, account):
        return WebhookStory(account, "idle", "Off", why, webhook, waiting)
    if webhook is None or webhook.state == WebhookState.PENDING:
        return WebhookStory(account, "busy", "Being registered", "This takes a minute.", webhook, waiting)
    if webhook.state == WebhookState.TROUBLE:
        return WebhookStory(account, "bad", "Needs attention", webhook.detail, webhook, waiting)
    return WebhookStory(account, "ok", "On", webhook.detail, webhook, waiting)


def _why_off(connection: Connection, account: Account) -> str:
    """Why no webhook is wanted; empty when one is. Until then the schedule finds the changes."""
    label = registry.connector(account.product).spec.label
    if not settings.PUBLIC_URL:
        return (
            f"{label} cannot reach this installation, since its public address is not known. "
            "Whoever runs it sets PUBLIC_URL."
        )
    if not connection.enabled:
        return "They are registered when the connection is enabled."
    if not account.is_healthy:
        return "The account needs attention first."
    if not any(step.source_account == account for step in hinted_steps(connection)):
        return f"No step of this connection reads from {label} without a filter that is saved there."
    return "" if is_wanted(account) else "Nothing is to be told."
