from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Account, Connection
from tests.services.conftest import PIPEDRIVE_TOKEN, REPLY_KEY, Vendors, vendors

__all__ = ["vendors"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def test_the_path_leads_from_two_keys_to_a_step_that_can_be_previewed(boss: Client, vendors: Vendors) -> None:
    path = reverse("admin:connect")
    first: Any = boss.post(path, {"secret_api_key": REPLY_KEY, "base_url": f"{vendors.url}/reply"})
    reply = Account.objects.get(product="replyio")
    assert f"outreach={reply.pk}" in first.url
    shown = boss.get(first.url).content.decode()
    assert "Connected to “Lumen Works”" in shown
    assert "API token" in shown

    second: Any = boss.post(first.url, {"secret_api_token": PIPEDRIVE_TOKEN, "base_url": f"{vendors.url}/pipedrive"})
    assert "Make the connection" in boss.get(second.url).content.decode()

    third: Any = boss.post(second.url, {"name": "Main"})
    connection = Connection.objects.get()
    step = connection.steps.get()
    assert not connection.enabled
    assert third.url == reverse("admin:integrations_syncstep_change", args=[step.pk])
    assert step.owner_mappings.count() == 1
    assert step.field_mappings.count() >= 4
    assert "still disabled" in boss.get(third.url).content.decode()


def test_a_wrong_key_is_said_beside_the_key_and_nothing_is_stored(boss: Client, vendors: Vendors) -> None:
    answer = boss.post(reverse("admin:connect"), {"secret_api_key": "wrong", "base_url": f"{vendors.url}/reply"})
    form = answer.context["form"]
    assert "does not accept this API key" in form.errors["secret_api_key"][0]
    assert "wrong" not in answer.content.decode().split("</form>")[1], "a secret is never sent back"
    assert not Account.objects.exists()


def test_a_product_that_is_down_is_said_above_the_form(boss: Client, vendors: Vendors) -> None:
    vendors.fault(json.dumps([{"kind": "status_503", "times": None}]).encode())
    answer = boss.post(reverse("admin:connect"), {"secret_api_key": REPLY_KEY, "base_url": f"{vendors.url}/reply"})
    assert "Nothing is wrong with the API key" in answer.context["form"].non_field_errors()[0]


def test_connected_accounts_can_be_taken_as_they_are(boss: Client, vendors: Vendors) -> None:
    reply, pipedrive = vendors.reply(), vendors.pipedrive()
    shown = boss.get(reverse("admin:connect")).content.decode()
    assert "Use a connected Reply.io account" in shown
    last = f"{reverse('admin:connect')}?outreach={reply.pk}&crm={pipedrive.pk}"
    boss.post(last, {"name": "One"})
    again = boss.post(last, {"name": "Two"})
    assert "connected already" in again.content.decode()
    assert Connection.objects.count() == 1


def test_an_account_is_tested_and_reconnected_on_its_page(boss: Client, vendors: Vendors) -> None:
    account = vendors.reply()
    tested = boss.post(reverse("admin:integrations_account_test", args=[account.pk]), follow=True)
    assert "Connected to “Lumen Works”" in tested.content.decode()
    where = reverse("admin:integrations_account_reconnect", args=[account.pk])
    assert REPLY_KEY not in boss.get(where).content.decode()
    assert "does not accept" in boss.post(where, {"secret_api_key": "x", "base_url": account.base_url}).content.decode()
    kept: Any = boss.post(where, {"secret_api_key": "", "base_url": account.base_url})
    assert kept.url == reverse("admin:integrations_account_change", args=[account.pk])


def test_adding_an_account_asks_for_the_product_first(boss: Client, vendors: Vendors) -> None:
    add = reverse("admin:integrations_account_add")
    assert "?product=pipedrive" in boss.get(add).content.decode()
    data = {"name": "P", "secret_api_token": PIPEDRIVE_TOKEN, "base_url": f"{vendors.url}/pipedrive"}
    boss.post(f"{add}?product=pipedrive", data)
    assert Account.objects.get().name == "P"


def test_reading_the_lists_again_is_queued(boss: Client, vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    account = vendors.reply()
    asked: list[Any] = []
    monkeypatch.setattr("integrations.admin.accounts.enqueue", lambda *call: asked.append(call))
    boss.post(reverse("admin:integrations_account_refresh_directory", args=[account.pk]))
    assert asked == [("refresh_directory", account.pk)]
