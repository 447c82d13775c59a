from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from integrations.connectors.errors import AuthenticationFailed, Unavailable
from integrations.engine.connect import check_account
from integrations.engine.oauth import keep_fresh, oauth_client
from integrations.models import Account, AccountStatus, Member
from integrations.services.accounts import AccountRefused, connect_account, reconnect_account
from integrations.services.changes import changes_of
from integrations.services.oauth import connect_by_oauth, note_uninstalled, reconnect_by_oauth
from tests.services.conftest import PIPEDRIVE_TOKEN
from tests.services.signing_in import CALLBACK, SignIn, sign_in

__all__ = ["sign_in"]

ELSEWHERE = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "url": "http://127.0.0.1:9"}


def grow_old(account: Account, left: timedelta = timedelta(minutes=4)) -> None:
    account.credentials = {**account.credentials, "expires_at": (datetime.now(UTC) + left).isoformat()}
    account.save()


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """An internet that consists of this machine."""
    monkeypatch.setattr("integrations.connectors.public_only.is_public", lambda address: True)


def by_key(sign_in: SignIn) -> Account:
    return connect_account(
        product="pipedrive", name="P", base_url=f"{sign_in.url}/pipedrive", secrets={"api_token": PIPEDRIVE_TOKEN},
        by=None,
    )  # fmt: skip


def test_signing_in_stores_the_identity_the_directory_and_the_tokens(sign_in: SignIn) -> None:
    ada = User.objects.create_user("ada")
    account = connect_by_oauth(product="pipedrive", code=sign_in.code(), redirect_uri=CALLBACK, by=ada)
    account.refresh_from_db()
    assert (account.status, account.external_name) == (AccountStatus.HEALTHY, "Lumen Works")
    assert account.base_url == f"{sign_in.url}/pipedrive"
    assert set(account.credentials) == {"access_token", "refresh_token", "expires_at"}
    assert Member.objects.filter(account=account).count() > 1
    assert [change.who for change in changes_of(account)] == ["ada"]


def test_tokens_are_not_readable_in_the_database(sign_in: SignIn) -> None:
    account = sign_in.account()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_account")
        stored = str(cursor.fetchall())
    assert account.credentials["access_token"] not in stored
    assert account.credentials["refresh_token"] not in stored


def test_a_code_that_is_too_old_is_refused_in_words(sign_in: SignIn) -> None:
    code = sign_in.code()
    sign_in.sandbox.clock.advance(301)
    with pytest.raises(AccountRefused, match="Sign in again"):
        connect_by_oauth(product="pipedrive", code=code, redirect_uri=CALLBACK, by=None)
    assert not Account.objects.exists()


def test_a_sign_in_that_cannot_be_reached_stores_nothing(sign_in: SignIn, settings: Settings) -> None:
    settings.OAUTH_APPS = {"pipedrive": ELSEWHERE}
    with pytest.raises(AccountRefused, match="could not be reached"):
        connect_by_oauth(product="pipedrive", code="c", redirect_uri=CALLBACK, by=None)


@pytest.mark.usefixtures("loopback_is_public")
def test_an_address_that_is_not_the_products_is_sent_no_token(sign_in: SignIn, settings: Settings) -> None:
    settings.ALLOW_OTHER_BASE_URLS = False
    with pytest.raises(AccountRefused, match="named an address that is not accepted"):
        connect_by_oauth(product="pipedrive", code=sign_in.code(), redirect_uri=CALLBACK, by=None)
    assert not any("users/me" in record.path for record in sign_in.sandbox.log)


def test_a_user_who_signs_in_again_gets_the_same_account_with_new_tokens(sign_in: SignIn) -> None:
    first = sign_in.account()
    second = sign_in.account()
    assert first.pk == second.pk
    assert first.credentials["access_token"] != second.credentials["access_token"]


def test_a_user_who_is_connected_by_key_is_told_so(sign_in: SignIn) -> None:
    by_key(sign_in)
    with pytest.raises(AccountRefused, match="is connected already by key, as the account “P”"):
        sign_in.account()


def test_an_account_changes_from_its_key_to_signing_in_and_back(sign_in: SignIn) -> None:
    account = by_key(sign_in)
    reconnect_by_oauth(account=account, code=sign_in.code(), redirect_uri=CALLBACK, by=None)
    account.refresh_from_db()
    assert "api_token" not in account.credentials
    assert "refresh_token" in account.credentials
    refresh_token = account.credentials["refresh_token"]
    reconnect_account(account=account, base_url=account.base_url, secrets={"api_token": PIPEDRIVE_TOKEN}, by=None)
    assert Account.objects.get().credentials == {"api_token": PIPEDRIVE_TOKEN}
    with pytest.raises(AuthenticationFailed):
        # The product was told that signing in is no longer how the account is connected.
        oauth_client("pipedrive").refresh(refresh_token)  # type: ignore[union-attr]


def test_signing_in_at_another_company_is_refused_and_the_old_tokens_stay(sign_in: SignIn) -> None:
    account = sign_in.account()
    Account.objects.update(external_id="other", external_name="Elsewhere")
    account.refresh_from_db()
    with pytest.raises(AccountRefused, match="but the account is “Elsewhere”"):
        reconnect_by_oauth(account=account, code=sign_in.code(), redirect_uri=CALLBACK, by=None)
    assert Account.objects.get().credentials == account.credentials


def test_tokens_with_minutes_to_live_are_left_alone_and_older_ones_renewed(sign_in: SignIn) -> None:
    account = sign_in.account()
    before = account.credentials["access_token"]
    grow_old(account, timedelta(minutes=6))
    keep_fresh(account)
    assert account.credentials["access_token"] == before
    grow_old(account)
    keep_fresh(account)
    assert account.credentials["access_token"] != before
    assert Account.objects.get().credentials == account.credentials


def test_thirty_two_workers_at_once_make_one_refresh_call(sign_in: SignIn) -> None:
    account = sign_in.account()
    grow_old(account)
    before = sign_in.token_calls()
    together = threading.Barrier(32)

    def work(number: int) -> str:
        try:
            mine = Account.objects.get(pk=account.pk)
            # A pool has fewer connections than there are threads here.
            connection.close()
            together.wait(30)
            keep_fresh(mine)
            return mine.credentials["access_token"]
        finally:
            connection.close()

    with ThreadPoolExecutor(32) as pool:
        tokens = set(pool.map(work, range(32)))
    assert sign_in.token_calls() - before == 1
    assert tokens == {Account.objects.get().credentials["access_token"]}


def test_an_access_token_that_was_ended_is_renewed_once_during_a_call(sign_in: SignIn) -> None:
    account = sign_in.account()
    before = sign_in.token_calls()
    sign_in.revoke(account.credentials["access_token"])
    assert check_account(account).name == "Lumen Works"
    assert sign_in.token_calls() - before == 1
    assert Account.objects.get().is_healthy


def test_an_ended_installation_marks_the_account_and_says_to_connect_again(sign_in: SignIn) -> None:
    account = sign_in.account()
    sign_in.revoke(account.credentials["refresh_token"])
    with pytest.raises(AuthenticationFailed):
        check_account(account)
    account.refresh_from_db()
    assert account.status == AccountStatus.NEEDS_ATTENTION
    assert "Connect the account again" in account.status_detail


def test_old_tokens_of_an_ended_installation_mark_the_account_too(sign_in: SignIn) -> None:
    account = sign_in.account()
    sign_in.revoke(account.credentials["refresh_token"])
    grow_old(account)
    with pytest.raises(AuthenticationFailed):
        keep_fresh(account)
    assert "Connect the account again" in Account.objects.get().status_detail


def test_a_sign_in_that_is_down_says_nothing_of_the_account(sign_in: SignIn, settings: Settings) -> None:
    account = sign_in.account()
    grow_old(account)
    settings.OAUTH_APPS = {"pipedrive": ELSEWHERE}
    with pytest.raises(Unavailable):
        keep_fresh(account)
    assert Account.objects.get().is_healthy


def test_an_installation_that_lost_its_app_says_so(sign_in: SignIn, settings: Settings) -> None:
    account = sign_in.account()
    grow_old(account)
    settings.OAUTH_APPS = {}
    with pytest.raises(AuthenticationFailed, match="no longer has a client id"):
        keep_fresh(account)


@pytest.mark.usefixtures("loopback_is_public")
def test_a_renewal_does_not_follow_a_company_to_a_strange_address(sign_in: SignIn, settings: Settings) -> None:
    account = sign_in.account()
    account.base_url = "https://lumen.pipedrive.com"
    grow_old(account)
    settings.ALLOW_OTHER_BASE_URLS = False
    keep_fresh(account)
    assert Account.objects.get().base_url == "https://lumen.pipedrive.com"


def test_uninstalling_takes_the_tokens_of_that_user_only(sign_in: SignIn) -> None:
    account = sign_in.account()
    company, user = account.external_id, account.user_external_id
    assert note_uninstalled(product="pipedrive", company_id=company, user_id="999") == 0
    assert note_uninstalled(product="pipedrive", company_id=company, user_id=user) == 1
    account.refresh_from_db()
    assert (account.status, account.credentials) == (AccountStatus.NEEDS_ATTENTION, {})
    assert "removed this app in Pipedrive" in account.status_detail


def test_a_worker_that_still_has_the_tokens_stops_when_the_account_was_disconnected(sign_in: SignIn) -> None:
    account = sign_in.account()
    grow_old(account)
    note_uninstalled(product="pipedrive", company_id=account.external_id, user_id=account.user_external_id)
    with pytest.raises(AuthenticationFailed, match="disconnected meanwhile"):
        keep_fresh(account)


def test_uninstalling_leaves_an_account_with_a_key_alone(sign_in: SignIn) -> None:
    account = by_key(sign_in)
    company, user = account.external_id, account.user_external_id
    assert note_uninstalled(product="pipedrive", company_id=company, user_id=user) == 0
    assert Account.objects.get().is_healthy


def test_somebody_who_disconnected_can_sign_in_again(sign_in: SignIn) -> None:
    account = sign_in.account()
    note_uninstalled(product="pipedrive", company_id=account.external_id, user_id=account.user_external_id)
    assert sign_in.account().pk == account.pk
    assert Account.objects.get().is_healthy


def test_neither_tokens_nor_the_apps_secret_are_logged(sign_in: SignIn, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        account = sign_in.account()
        old = dict(account.credentials)
        sign_in.revoke(account.credentials["access_token"])
        check_account(account)
        sign_in.revoke(account.credentials["refresh_token"])
        with pytest.raises(AuthenticationFailed) as caught:
            check_account(account)
    said = caplog.text + repr(caught.value) + caught.value.sample + repr(vars(Account.objects.get())["status_detail"])
    secrets = (old["access_token"], old["refresh_token"], account.credentials["access_token"], "sandbox-secret")
    assert "oauth.renewed" in said
    assert not any(secret in said for secret in secrets)
