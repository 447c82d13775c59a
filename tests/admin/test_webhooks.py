from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from integrations.models import Account, AccountStatus, Run, RunState, Webhook
from integrations.services.roles import CONFIGURATOR, OPERATOR, VIEWER
from integrations.templatetags.humane import clock
from tests.admin.office import Office, user_in


@pytest.fixture(autouse=True)
def public(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://sync.example"


def page(client: Client, office: Office) -> str:
    return client.get(reverse("admin:integrations_connection_change", args=[office.connection.pk])).content.decode()


def registered(office: Office, **values: object) -> Webhook:
    return Webhook.objects.create(account=office.pipedrive, state="on", secret_hash="x" * 64, remote_id="1", **values)


def test_a_webhook_that_is_on_shows_its_last_delivery_and_check(boss: Client, office: Office) -> None:
    now = timezone.now()
    registered(office, delivered_at=now - timedelta(minutes=5), checked_at=now - timedelta(hours=2))
    shown = page(boss, office)
    assert "sa-dot-ok" in shown
    assert "5 minutes ago" in shown
    assert "2 hours ago" in shown


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("address", "sets PUBLIC_URL"),
        ("disabled", "registered when the connection is enabled"),
        ("account", "The account needs attention first"),
        ("step", "No step of this connection reads from Pipedrive"),
        ("refused", "Webhooks need an administrator"),
        ("missing", "Being registered"),
    ],
)
def test_the_page_says_why_webhooks_are_not_on(
    boss: Client, office: Office, settings: Settings, trouble: str, words: str
) -> None:
    if trouble == "address":
        settings.PUBLIC_URL = ""
    elif trouble == "disabled":
        office.connection.enabled = False
        office.connection.save()
    elif trouble == "account":
        Account.objects.filter(pk=office.pipedrive.pk).update(status=AccountStatus.NEEDS_ATTENTION)
    elif trouble == "step":
        office.step.enabled = False
        office.step.save()
    elif trouble == "refused":
        registered(office)
        Webhook.objects.update(state="trouble", detail="Webhooks need an administrator's key.")
    assert words in page(boss, office).replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("role", "may_check", "may_register"),
    [(VIEWER, False, False), (OPERATOR, True, False), (CONFIGURATOR, True, True)],
)
def test_the_buttons_follow_the_roles_and_the_server_too(
    client: Client, office: Office, role: str, may_check: bool, may_register: bool
) -> None:
    registered(office)
    client.force_login(user_in(role))
    shown = page(client, office)
    for slug, may in (("check", may_check), ("register", may_register)):
        address = reverse(f"admin:integrations_connection_{slug}_webhooks", args=[office.connection.pk])
        assert (address in shown) == may
        assert client.post(address).status_code == (302 if may else 403)
    assert (Webhook.objects.get().check_after is not None) == may_check


def test_the_records_page_shows_no_hash(boss: Client, office: Office) -> None:
    webhook = registered(office)
    shown = boss.get(reverse("admin:integrations_webhook_change", args=[webhook.pk])).content.decode()
    assert "x" * 64 not in shown


def test_a_pause_is_said_with_its_reason_and_since_when(boss: Client, office: Office) -> None:
    since = datetime(2026, 11, 20, 14, 5, tzinfo=ZoneInfo("UTC"))
    run = Run.objects.create(connection=office.connection, state=RunState.HELD, held_at=since)
    shown = page(boss, office)
    assert "The schedule is paused since" in shown
    assert f"run {run.pk} is held" in shown
    assert "20 Nov, 14:05 UTC" in shown
    assert "<dd>Paused" in shown


def test_times_name_the_installations_zone_and_can_be_turned_to_the_readers(settings: Settings) -> None:
    moment = datetime(2026, 7, 20, 14, 5, tzinfo=ZoneInfo("UTC"))
    with timezone.override("Europe/Berlin"):
        shown = clock(moment)
    assert ">20 Jul, 16:05 CEST</time>" in shown
    assert 'datetime="2026-07-20T14:05:00+00:00" data-local' in shown
