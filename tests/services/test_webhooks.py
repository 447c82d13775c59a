from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from integrations.models import Account, Connection, Webhook, WebhookState
from integrations.sandbox.core import Request
from integrations.services import webhooks
from integrations.services.connections import create_connection, set_enabled
from tests.services.conftest import Vendors

PUBLIC = "https://sync.example"


class Desk:
    """An enabled connection to the sandbox, and short ways to look at the webhooks on both sides."""

    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors
        self.account = vendors.pipedrive()
        self.connection: Connection = create_connection(
            name="Main", crm_account=self.account, outreach_account=vendors.reply(), by=None
        )
        self.enable(True)

    def enable(self, on: bool) -> None:
        set_enabled(connection=self.connection, enabled=on, by=None)

    def look(self) -> Webhook | None:
        """Look after the webhook as if its time had come; the row as it then is."""
        Webhook.objects.update(check_after=timezone.now())
        webhooks.look_after(self.account.pk)
        return Webhook.objects.filter(account=self.account).first()

    def registered(self) -> Webhook:
        webhook = self.look()
        assert webhook is not None
        assert webhook.state == WebhookState.ON, webhook.detail
        return webhook

    def there(self) -> list[dict[str, Any]]:
        """Pipedrive's webhooks."""
        state: Any = self.vendors.handle(Request.from_url("GET", "/_sandbox/state"))
        found: list[dict[str, Any]] = state.json()["pipedrive"]["webhooks"]
        return found

    def change(self, **command: Any) -> None:
        body = json.dumps({"product": "pipedrive", **command}).encode()
        self.vendors.handle(Request.from_url("POST", "/_sandbox/change", body=body))

    def option(self, **values: Any) -> None:
        body = json.dumps({"pipedrive": values}).encode()
        self.vendors.handle(Request.from_url("PATCH", "/_sandbox/options", body=body))


@pytest.fixture
def desk(vendors: Vendors, settings: Settings) -> Desk:
    settings.PUBLIC_URL = PUBLIC
    return Desk(vendors)


def queued() -> list[str]:
    return [task.name() for task in OrmQ.objects.all() if "webhook" in task.name()]


def test_enabling_has_the_webhook_registered_with_secrets_that_are_kept_only_as_hashes(desk: Desk) -> None:
    assert queued() == [f"look_after_webhook ({desk.account.pk},)"]

    webhook = desk.registered()

    (there,) = desk.there()
    path = there["subscription_url"].split("/")[-2]
    assert there["subscription_url"] == f"{PUBLIC}/hooks/pipedrive/{path}/"
    assert webhooks.webhook_by_secret("pipedrive", path) == webhook
    kept = str(Webhook.objects.values().get())
    for secret in (path, there["http_auth_user"], there["http_auth_password"]):
        assert len(secret) >= 16
        assert secret not in kept


def test_a_webhook_that_is_well_is_left_alone_and_checked_again_later(desk: Desk) -> None:
    before = desk.registered()
    after = desk.registered()
    assert (after.remote_id, after.secret_hash, len(desk.there())) == (before.remote_id, before.secret_hash, 1)
    assert after.check_after is not None
    assert after.check_after > timezone.now() + timedelta(minutes=25)


def test_a_check_that_is_not_due_makes_no_call(desk: Desk) -> None:
    desk.registered()
    desk.change(webhook=1, do="delete")
    webhooks.look_after(desk.account.pk)
    assert desk.there() == []


def test_two_workers_at_once_register_one(desk: Desk) -> None:
    webhooks.look_after(desk.account.pk)
    webhooks.look_after(desk.account.pk)
    assert len(desk.there()) == 1


def test_disabling_removes_it(desk: Desk) -> None:
    desk.registered()
    desk.enable(False)
    assert desk.look() is None
    assert desk.there() == []


def test_deleting_the_connection_removes_it_within_a_minute(desk: Desk) -> None:
    desk.registered()
    desk.connection.delete()
    OrmQ.objects.all().delete()
    webhooks.look_after_due()
    assert queued() == [f"look_after_webhook ({desk.account.pk},)"]
    webhooks.look_after(desk.account.pk)
    assert desk.there() == []
    assert not Webhook.objects.exists()


def test_every_minute_asks_only_for_what_is_due(desk: Desk) -> None:
    OrmQ.objects.all().delete()
    webhooks.look_after_due()
    assert len(queued()) == 1, "it is wanted and not there"
    desk.registered()
    OrmQ.objects.all().delete()
    webhooks.look_after_due()
    assert queued() == []
    Webhook.objects.update(check_after=timezone.now() - timedelta(seconds=1))
    webhooks.look_after_due()
    assert len(queued()) == 1


def test_without_a_public_address_there_is_none_and_one_that_was_there_is_removed(
    desk: Desk, settings: Settings
) -> None:
    desk.registered()
    settings.PUBLIC_URL = ""
    assert desk.look() is None
    assert desk.there() == []


def test_a_new_public_address_replaces_it(desk: Desk, settings: Settings) -> None:
    before = desk.registered()
    settings.PUBLIC_URL = "https://moved.example"
    after = desk.registered()
    (there,) = desk.there()
    assert there["subscription_url"].startswith("https://moved.example/hooks/pipedrive/")
    assert after.secret_hash != before.secret_hash
    assert after.detail == "This installation's public address has changed. It was registered again."


def test_webhooks_of_others_are_left_alone_and_strays_of_ours_removed(desk: Desk) -> None:
    desk.registered()
    Webhook.objects.all().delete()
    headers = {"x-api-token": "sandbox-pipedrive-token"}
    body = {
        "subscription_url": "https://other.example/x",
        "event_action": "*",
        "event_object": "person",
        "name": "Other",
    }
    desk.vendors.handle(
        Request.from_url("POST", "/pipedrive/v1/webhooks", headers=headers, body=json.dumps(body).encode())
    )

    desk.registered()

    assert sorted(each["subscription_url"].split("/")[2] for each in desk.there()) == ["other.example", "sync.example"]


def test_a_lost_answer_to_the_registration_makes_no_second_webhook(desk: Desk) -> None:
    desk.vendors.fault(b'[{"kind": "answer_lost", "product": "pipedrive", "method": "POST", "path": "webhooks"}]')
    webhook = desk.look()
    assert webhook is not None
    assert webhook.state == WebhookState.TROUBLE
    assert len(desk.there()) == 1

    assert desk.registered().remote_id == str(desk.there()[0]["id"])
    assert len(desk.there()) == 1


def test_trouble_is_said_in_words_and_tried_again_ever_more_seldom(desk: Desk) -> None:
    desk.option(webhook_probe=True)
    waits = []
    for _ in range(3):
        webhook = desk.look()
        assert webhook is not None
        assert webhook.check_after is not None
        waits.append(round((webhook.check_after - timezone.now()).total_seconds() / 60))
    assert webhook is not None
    assert (webhook.state, waits) == (WebhookState.TROUBLE, [2, 4, 8])
    assert "invalid or non-reachable URL" in webhook.detail

    desk.option(webhook_probe=False)
    assert desk.registered().detail == ""


def test_a_key_that_may_not_make_webhooks_is_told_what_it_needs(vendors: Vendors, settings: Settings) -> None:
    settings.PUBLIC_URL = PUBLIC
    account = vendors.pipedrive("sandbox-pipedrive-token-103")
    connection = create_connection(name="", crm_account=account, outreach_account=vendors.reply(), by=None)
    set_enabled(connection=connection, enabled=True, by=None)

    webhooks.look_after(account.pk)

    webhook = Webhook.objects.get()
    assert webhook.state == WebhookState.TROUBLE
    assert "administrator" in webhook.detail
    assert Account.objects.get(pk=account.pk).is_healthy


def test_a_revoked_key_marks_the_account(desk: Desk) -> None:
    desk.vendors.fault(b'[{"kind": "revoked_key", "product": "pipedrive", "times": 9}]')
    desk.look()
    assert not Account.objects.get(pk=desk.account.pk).is_healthy


def test_registering_again_gives_it_new_secrets(desk: Desk) -> None:
    before = desk.registered()
    old = desk.there()[0]
    webhooks.register_again(desk.account)
    after = desk.registered()
    (there,) = desk.there()
    assert there["id"] != old["id"]
    assert after.login_hash != before.login_hash


def test_deleting_the_account_takes_it_back(desk: Desk) -> None:
    desk.registered()
    assert webhooks.remove(desk.account) == ""
    assert desk.there() == []


def test_a_ban_that_the_list_does_not_show_is_seen_by_the_last_answer(desk: Desk) -> None:
    before = desk.registered()
    desk.option(banned_webhook_shown="active")
    product: Any = desk.vendors.handle.__self__.products["pipedrive"]  # type: ignore[attr-defined]
    product.state.webhooks[int(before.remote_id)].last_http_status = 502
    after = desk.registered()
    assert after.remote_id != before.remote_id
    assert "502" in after.detail
