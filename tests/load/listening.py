"""The database's side of the load: an account with a webhook."""

from __future__ import annotations

from integrations.models import Account, AccountStatus, Connection, Webhook
from integrations.services.webhooks import Secrets
from tests.load.deliveries import PASSWORD, PATH_SECRET, USER


def listen() -> None:
    """An enabled connection whose Pipedrive account has a webhook with the load's secrets."""
    pipedrive, reply = (
        Account.objects.create(product=product, role=role, name=product, status=AccountStatus.HEALTHY)
        for product, role in (("pipedrive", "crm"), ("replyio", "outreach"))
    )
    Connection.objects.create(name="Load", crm_account=pipedrive, outreach_account=reply, enabled=True)
    Webhook.objects.create(account=pipedrive, state="on", **Secrets(PATH_SECRET, USER, PASSWORD).hashes())
