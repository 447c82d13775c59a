"""The page on which alerts are set up and seen."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from integrations.models import Alert, AlertSettings, Run, RunState
from integrations.services import alerts
from integrations.services.roles import CONFIGURATOR, VIEWER
from tests.admin.office import Office, user_in
from tests.services.listeners import chat

PAGE = "/admin/integrations/alertsettings/"
FORM = {"emails": "", "failed_people": "10", "budget_percent": "90", "remind_hours": "24", "webhook_url": ""}


def save(client: Client, **values: str) -> str:
    return client.post(PAGE, {**FORM, **values}, follow=True).content.decode()


def test_a_webhook_is_stored_encrypted_and_never_shown_again(boss: Client, office: Office) -> None:
    secret = "https://1.1.1.1/services/T0/B0/chat-secret"
    assert "Saved." in save(boss, webhook_url=secret)
    assert AlertSettings.load().webhook_url == secret
    assert "chat-secret" not in boss.get(PAGE).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("select webhook from integrations_alertsettings")
        assert "chat-secret" not in cursor.fetchone()[0]
    assert not any("chat-secret" in entry.change_message for entry in LogEntry.objects.all())


def test_an_empty_webhook_keeps_the_stored_one_and_a_tick_forgets_it(boss: Client, office: Office) -> None:
    save(boss, webhook_url="https://1.1.1.1/hook")
    save(boss, failed_people="3")
    assert AlertSettings.load().webhook_url == "https://1.1.1.1/hook"
    assert AlertSettings.load().failed_people == 3
    save(boss, forget_webhook="on")
    assert AlertSettings.load().webhook_url == ""


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://1.1.1.1/hook", "over https"),
        ("https://127.0.0.1/hook", "leads to a private address"),
        ("https://169.254.169.254/latest", "leads to a private address"),
        ("https://user:pw@1.1.1.1/hook", "without a name"),
        ("ftp://1.1.1.1/hook", "web address"),
    ],
)
def test_a_webhook_that_must_not_be_called_is_refused(
    boss: Client, office: Office, settings: Settings, address: str, words: str
) -> None:
    settings.ALLOW_OTHER_BASE_URLS = False
    page = save(boss, webhook_url=address)
    assert words in page
    assert "Please correct the error" in page
    assert AlertSettings.load().webhook_url == ""


def test_changes_are_in_the_history_and_the_webhook_is_not(boss: Client, office: Office) -> None:
    save(boss, emails="ops@example.com", remind_hours="2")
    save(boss, emails="ops@example.com", remind_hours="2", webhook_url="https://1.1.1.1/chat-secret")
    page = boss.get(reverse("admin:integrations_alertsettings_history", args=[AlertSettings.load().pk]))
    text = page.content.decode()
    assert "ops@example.com" in text
    assert "remind every (hours)" in text
    assert "The webhook was set." in text
    assert "chat-secret" not in text


def test_addresses_that_are_none_are_refused_by_name(boss: Client, office: Office) -> None:
    assert "“not-mail” is not an e-mail address" in save(boss, emails="a@example.com\nnot-mail")
    assert AlertSettings.load().addresses == []
    save(boss, emails="a@example.com, b@example.com\na@example.com")
    assert AlertSettings.load().addresses == ["a@example.com", "b@example.com"]


def test_addresses_without_a_mail_server_are_refused_with_the_settings_name(
    boss: Client, office: Office, settings: Settings
) -> None:
    settings.EMAIL_IS_SET_UP = False
    assert "its setting EMAIL_URL names no server" in save(boss, emails="a@example.com")


def test_the_test_button_says_what_became_of_the_test(boss: Client, office: Office) -> None:
    button = reverse("admin:integrations_alertsettings_test", args=[AlertSettings.load().pk])
    assert "Nobody would be told" in boss.post(button, follow=True).content.decode()
    with chat() as there:
        AlertSettings.objects.update(webhook={"url": there.url})
        assert "The test by webhook was sent" in boss.post(button, follow=True).content.decode()
        assert there.told == ["*This is a test*\nAlerts of this installation arrive here."]
        there.status = 403
        assert "The webhook answered 403" in boss.post(button, follow=True).content.decode()


def test_open_alerts_are_on_the_first_page_with_a_link_to_what_they_are_about(boss: Client, office: Office) -> None:
    run = Run.objects.create(connection=office.connection, state=RunState.FAILED, finished_at=timezone.now())
    alerts.look()
    assert Alert.objects.open().exists()
    for page in ("/admin/", PAGE):
        text = boss.get(page).content.decode()
        assert f"Run {run.pk} of “Northwind” failed" in text
        assert reverse("admin:integrations_run_change", args=[run.pk]) in text


@pytest.mark.parametrize("role", [VIEWER, CONFIGURATOR])
def test_only_an_administrator_may_set_them_up(client: Client, office: Office, role: str) -> None:
    client.force_login(user_in(role))
    page = client.get(PAGE).content.decode()
    assert "Open alerts" in page
    assert "Send a test alert" not in page
    assert 'name="webhook_url"' not in page
    assert client.post(PAGE, FORM).status_code == 403
    button = reverse("admin:integrations_alertsettings_test", args=[AlertSettings.load().pk])
    assert client.post(button).status_code == 403
