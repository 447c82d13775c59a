"""Logging in: throttled by name and address, with nothing kept that looks like a password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from integrations.services.retention import forget
from integrations.services.roles import ADMINISTRATOR, CONFIGURATOR
from tests.admin.office import user_in

pytestmark = pytest.mark.django_db

RIGHT, WRONG = "Tr0ub4dor&3-right", "Tr0ub4dor&3-wrong"


@pytest.fixture(autouse=True)
def olga() -> User:
    return User.objects.create_superuser("olga", password=RIGHT)


def log_in(browser: Client, password: str, user: str = "olga", **headers: str) -> Any:
    return browser.post("/admin/login/", {"username": user, "password": password, "next": "/admin/"}, headers=headers)


def test_after_five_wrong_passwords_not_even_the_right_one_is_tried_and_the_page_says_how_long(client: Client) -> None:
    for _ in range(4):
        assert "Please enter the correct username and password" in log_in(client, WRONG).content.decode()
    locked = log_in(client, WRONG)
    assert locked.status_code == 429
    assert "Too many attempts with a wrong password for “olga”" in locked.content.decode()
    assert "Wait 15 min" in locked.content.decode()
    assert log_in(client, RIGHT).status_code == 429
    # The page for somebody else still opens, and lets them in.
    user_in(CONFIGURATOR)
    assert log_in(client, "x", "configurator").status_code == 302


def test_after_the_pause_the_right_password_is_good_again(client: Client) -> None:
    for _ in range(6):
        log_in(client, WRONG)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert log_in(client, RIGHT).status_code == 302


def test_logging_in_forgets_the_failures_before_it(client: Client) -> None:
    for _ in range(3):
        for _ in range(4):
            log_in(client, WRONG)
        assert log_in(client, RIGHT).status_code == 302


def test_nobody_can_lock_a_colleague_out_from_another_address(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    stranger, colleague = Client(), Client()
    for _ in range(6):
        log_in(stranger, WRONG, **{"X-Forwarded-For": "203.0.113.9"})
    assert log_in(stranger, RIGHT, **{"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    assert log_in(colleague, RIGHT, **{"X-Forwarded-For": "198.51.100.7"}).status_code == 302


def test_what_a_client_says_of_its_address_does_not_get_it_round_the_pause(client: Client, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    for number in range(6):
        log_in(client, WRONG, **{"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.9"})
    assert log_in(client, RIGHT, **{"X-Forwarded-For": "10.0.0.77, 203.0.113.9"}).status_code == 429
    settings.BEHIND_PROXY = False
    for number in range(6):
        log_in(client, WRONG, **{"X-Forwarded-For": f"10.0.0.{number}"})
    assert log_in(client, RIGHT, **{"X-Forwarded-For": "10.0.0.99"}).status_code == 429


def change_password(browser: Client, old: str) -> Any:
    new = "another-good-one-77"
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return browser.post(reverse("admin:password_change"), form)


def test_guessing_the_old_password_on_the_page_for_a_new_one_is_throttled_too(client: Client, olga: User) -> None:
    client.force_login(olga)
    for _ in range(4):
        assert "Your old password was entered incorrectly" in change_password(client, WRONG).content.decode()
    assert change_password(client, WRONG).status_code == 429
    assert change_password(client, RIGHT).status_code == 429
    olga.refresh_from_db()
    assert olga.check_password(RIGHT)


def test_with_the_old_password_one_gets_a_new_one(client: Client, olga: User) -> None:
    client.force_login(olga)
    assert change_password(client, RIGHT).status_code == 302
    olga.refresh_from_db()
    assert olga.check_password("another-good-one-77")
    assert client.get("/admin/").status_code == 200


def test_no_password_is_kept_or_logged_neither_wrong_nor_right(
    client: Client, olga: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    log_in(client, WRONG)
    log_in(client, RIGHT)
    change_password(client, WRONG)
    change_password(client, RIGHT)
    log_in(Client(), WRONG)
    kept = str(list(AccessAttempt.objects.values())) + str(list(AccessLog.objects.values()))
    with connection.cursor() as cursor:
        for table in ("django_admin_log", "django_session"):
            cursor.execute(f"SELECT * FROM {table}")
            kept += str(cursor.fetchall())
    assert AccessAttempt.objects.exists()
    for password in (WRONG, RIGHT, "another-good-one-77"):
        assert password not in kept
        assert password not in caplog.text


def test_only_administrators_see_who_tried_and_can_let_somebody_in_at_once(client: Client) -> None:
    visitor = Client()
    for _ in range(5):
        log_in(visitor, WRONG)
    attempts = reverse("admin:axes_accessattempt_changelist")
    client.force_login(user_in(CONFIGURATOR))
    assert client.get(attempts).status_code == 403
    assert client.get(reverse("admin:axes_accesslog_changelist")).status_code == 403
    client.force_login(user_in(ADMINISTRATOR))
    assert "olga" in client.get(attempts).content.decode()
    row = AccessAttempt.objects.get()
    client.post(reverse("admin:axes_accessattempt_delete", args=[row.pk]), {"post": "yes"})
    assert log_in(visitor, RIGHT).status_code == 302


def test_an_administrator_can_neither_edit_attempts_nor_make_superusers(client: Client, olga: User) -> None:
    client.force_login(user_in(ADMINISTRATOR))
    assert client.get(reverse("admin:axes_accessattempt_add")).status_code == 403
    assert client.get(reverse("admin:auth_user_change", args=[olga.pk])).status_code == 403


def test_attempts_are_forgotten_after_three_months(client: Client) -> None:
    log_in(client, WRONG)
    log_in(Client(), RIGHT, REMOTE_ADDR="198.51.100.7")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(days=91))
    forget()
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize("in_production", [True, False])
def test_nobody_gets_in_by_the_demos_password_in_production(
    client: Client, settings: Settings, in_production: bool
) -> None:
    User.objects.create_superuser("boss", password="demo")
    settings.IN_PRODUCTION = in_production
    assert log_in(client, "demo", "boss").status_code == (200 if in_production else 302)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    client.get("/admin/login/")
    log_in(client, RIGHT)
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
    assert client.cookies["sessionid"]["max-age"] == 12 * 3600
