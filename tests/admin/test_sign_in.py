from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from integrations.models import Account, AccountStatus, Connection
from tests.services.conftest import PIPEDRIVE_TOKEN
from tests.services.signing_in import CALLBACK, SignIn, sign_in

__all__ = ["sign_in"]

BACK = "/oauth/pipedrive/callback"
NOT_BEGUN = "was not begun in this session"


def begin(browser: Client, query: str = "then=record", **headers: str) -> str:
    """Press the button; answers the state that the product is given."""
    answer: Any = browser.get(f"{reverse('admin:oauth_start', args=['pipedrive'])}?{query}", headers=headers)
    assert answer.status_code == 302, answer.content
    sent = parse_qs(urlsplit(answer.url).query)
    assert (sent["client_id"], sent["redirect_uri"]) == (["sandbox-client"], [CALLBACK])
    state: str = sent["state"][0]
    return state


def said(browser: Client, query: dict[str, str]) -> str:
    """The page that the return leads to."""
    return browser.get(BACK, query, follow=True).content.decode()


def test_the_button_leads_to_the_product_and_back_to_the_next_stage(boss: Client, sign_in: SignIn) -> None:
    page = boss.get(reverse("admin:connect"), {"crm_product": "pipedrive", "outreach": "1"})
    assert "Connect with Pipedrive" not in page.content.decode(), "Reply comes first, and has no sign-in"
    state = begin(boss, "outreach=7")
    answer: Any = boss.get(BACK, sign_in.answer(state))
    account = Account.objects.get()
    assert answer.url == f"{reverse('admin:connect')}?outreach=7&crm={account.pk}"
    assert (account.status, account.user_name != "") == (AccountStatus.HEALTHY, True)
    shown = boss.get(answer.url).content.decode()
    assert "Connected to “Lumen Works”" in shown
    assert account.credentials["access_token"] not in shown


def test_the_pages_of_an_account_have_the_button_too(boss: Client, sign_in: SignIn) -> None:
    add = boss.get(reverse("admin:integrations_account_add"), {"product": "pipedrive"}).content.decode()
    assert "Connect with Pipedrive" in add
    answer: Any = boss.get(BACK, sign_in.answer(begin(boss)))
    account = Account.objects.get()
    assert answer.url == reverse("admin:integrations_account_change", args=[account.pk])
    again = boss.get(reverse("admin:integrations_account_reconnect", args=[account.pk])).content.decode()
    assert f"/connect/pipedrive/sign-in/?account={account.pk}" in again


def test_an_account_is_reconnected_by_signing_in(boss: Client, sign_in: SignIn) -> None:
    account = sign_in.account()
    Account.objects.update(status=AccountStatus.NEEDS_ATTENTION)
    boss.get(BACK, sign_in.answer(begin(boss, f"account={account.pk}")))
    renewed = Account.objects.get()
    assert renewed.is_healthy
    assert renewed.credentials["access_token"] != account.credentials["access_token"]


def test_without_an_app_the_page_says_how_to_set_one_and_takes_a_key(
    boss: Client, sign_in: SignIn, settings: Settings
) -> None:
    settings.OAUTH_APPS = {"pipedrive": {"client_id": "", "client_secret": "", "url": "https://x.test"}}
    where = f"{reverse('admin:integrations_account_add')}?product=pipedrive"
    page = boss.get(where).content.decode()
    assert "PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET" in page
    assert "/sign-in/" not in page
    assert boss.get(reverse("admin:oauth_start", args=["pipedrive"])).status_code == 404
    boss.post(where, {"secret_api_token": PIPEDRIVE_TOKEN, "base_url": f"{sign_in.url}/pipedrive"})
    assert Account.objects.get().is_healthy


def test_a_product_without_a_sign_in_has_no_such_page(boss: Client, sign_in: SignIn) -> None:
    assert boss.get(reverse("admin:oauth_start", args=["replyio"])).status_code == 404
    assert boss.get(reverse("admin:oauth_start", args=["nobody"])).status_code == 404
    assert boss.get("/oauth/replyio/callback").status_code == 404
    assert boss.get("/oauth/nobody/callback").status_code == 404


def test_a_state_is_good_once(boss: Client, sign_in: SignIn) -> None:
    state = begin(boss)
    boss.get(BACK, sign_in.answer(state))
    Account.objects.all().delete()
    assert NOT_BEGUN in said(boss, sign_in.answer(state))
    assert not Account.objects.exists()


@pytest.mark.parametrize("state", ["", "guessed", "é", "x" * 5000])
def test_a_state_that_was_not_given_out_is_refused(boss: Client, sign_in: SignIn, state: str) -> None:
    begin(boss)
    before = sign_in.token_calls()
    assert NOT_BEGUN in said(boss, {"code": sign_in.code(), "state": state})
    assert sign_in.token_calls() == before, "the code is not even taken to the product"


def test_a_return_without_any_state_is_refused(boss: Client, sign_in: SignIn) -> None:
    assert NOT_BEGUN in said(boss, {"code": sign_in.code()})


def test_a_state_is_good_for_ten_minutes(boss: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    state = begin(boss)
    now = time.time
    monkeypatch.setattr("integrations.admin.oauth.time.time", lambda: now() + 601)
    assert NOT_BEGUN in said(boss, sign_in.answer(state))


def test_a_state_is_good_in_its_own_session_only(boss: Client, sign_in: SignIn) -> None:
    state = begin(boss)
    other = Client()
    other.force_login(User.objects.get(username="boss"))
    assert NOT_BEGUN in said(other, sign_in.answer(state))
    assert not Account.objects.exists()


def test_a_state_is_good_for_its_own_user_only(boss: Client, sign_in: SignIn) -> None:
    state = begin(boss)
    other = User.objects.create_superuser("other")
    session = boss.session
    kept = session["oauth_states"]
    boss.force_login(other)
    session = boss.session
    session["oauth_states"] = kept
    session.save()
    assert NOT_BEGUN in said(boss, sign_in.answer(state))


def test_somebody_who_is_not_logged_in_connects_nothing(client: Client, sign_in: SignIn) -> None:
    before = sign_in.token_calls()
    said(client, sign_in.answer("s"))
    assert sign_in.token_calls() == before


def test_the_session_holds_no_state_that_could_be_used(boss: Client, sign_in: SignIn) -> None:
    state = begin(boss)
    assert state not in json.dumps(dict(boss.session))


def test_several_tabs_can_sign_in_at_once_but_not_without_end(boss: Client, sign_in: SignIn) -> None:
    states = [begin(boss) for _ in range(6)]
    assert NOT_BEGUN in said(boss, sign_in.answer(states[0]))
    assert "Connected to" in said(boss, sign_in.answer(states[1]))


def test_another_sites_link_begins_nothing(boss: Client, sign_in: SignIn) -> None:
    where = reverse("admin:oauth_start", args=["pipedrive"])
    answer: Any = boss.get(where, headers={"Sec-Fetch-Site": "cross-site"})
    assert urlsplit(answer.url).path == reverse("admin:connect")
    assert "oauth_states" not in boss.session
    begin(boss, **{"Sec-Fetch-Site": "same-origin"})


def test_somebody_who_denies_reads_that_nothing_was_connected(boss: Client, sign_in: SignIn) -> None:
    shown = said(boss, sign_in.answer(begin(boss), decision="deny"))
    assert "You did not let this installation in at Pipedrive" in shown
    assert not Account.objects.exists()


def test_any_other_error_is_shown_and_harmless(boss: Client, sign_in: SignIn) -> None:
    shown = said(boss, {"state": begin(boss), "error": "<script>server_error"})
    assert "ended the sign-in without letting us in (&lt;script&gt;server_error)" in shown
    assert "no reason given" in said(boss, {"state": begin(boss)})


def test_a_code_that_is_too_old_is_said_on_the_page_with_the_button(boss: Client, sign_in: SignIn) -> None:
    answer = sign_in.answer(begin(boss))
    sign_in.sandbox.clock.advance(301)
    shown = said(boss, answer)
    assert "no longer accepts this sign-in" in shown
    assert "Connect with Pipedrive" in shown
    assert answer["code"] not in shown


def test_an_account_that_was_deleted_meanwhile_is_not_made_again(boss: Client, sign_in: SignIn) -> None:
    account = sign_in.account()
    state = begin(boss, f"account={account.pk}")
    account.delete()
    boss.get(BACK, sign_in.answer(state))
    assert not Account.objects.exists()


def test_who_may_not_connect_may_not_sign_in_either(client: Client, sign_in: SignIn) -> None:
    client.force_login(User.objects.create_user("viewer", is_staff=True))
    for query in ("", "?then=record", "?account=1"):
        assert client.get(reverse("admin:oauth_start", args=["pipedrive"]) + query).status_code == 403


def test_who_lost_the_right_on_the_way_connects_nothing(boss: Client, sign_in: SignIn) -> None:
    answer = sign_in.answer(begin(boss))
    User.objects.update(is_superuser=False)
    assert boss.get(BACK, answer).status_code == 403
    assert not Account.objects.exists()


def uninstall(account: Account, credentials: str = "sandbox-client:sandbox-secret", body: str | None = None) -> int:
    basic = "Basic " + base64.b64encode(credentials.encode()).decode()
    notice = {"client_id": "sandbox-client", "company_id": int(account.external_id),
              "user_id": int(account.user_external_id), "timestamp": "2026-11-25"}  # fmt: skip
    product = Client(enforce_csrf_checks=True)
    sent = json.dumps(notice) if body is None else body
    return product.delete(BACK, sent, content_type="application/json", headers={"Authorization": basic}).status_code


def test_the_products_notice_of_an_uninstallation_disconnects_the_account(sign_in: SignIn) -> None:
    account = sign_in.account()
    assert uninstall(account) == 204
    account.refresh_from_db()
    assert (account.status, account.credentials) == (AccountStatus.NEEDS_ATTENTION, {})


@pytest.mark.parametrize("credentials", ["", "sandbox-client:", "sandbox-client:wrong", "é:é"])
def test_a_notice_from_somebody_else_changes_nothing(sign_in: SignIn, credentials: str) -> None:
    account = sign_in.account()
    assert uninstall(account, credentials) == 401
    assert Account.objects.get().is_healthy


@pytest.mark.parametrize("body", ["", "[]", "{}", "\x00", '{"company_id": {}}'])
def test_a_notice_that_makes_no_sense_changes_nothing(sign_in: SignIn, body: str) -> None:
    account = sign_in.account()
    assert uninstall(account, body=body) == 400
    assert Account.objects.get().is_healthy


@pytest.mark.parametrize("method", ["post", "put", "patch", "head"])
def test_the_call_back_address_takes_no_other_verb(boss: Client, sign_in: SignIn, method: str) -> None:
    assert getattr(boss, method)(BACK).status_code == 405


def test_saving_an_accounts_page_leaves_renewed_tokens_alone(
    boss: Client, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = sign_in.account()
    where = reverse("admin:integrations_account_change", args=[account.pk])
    original = Account.full_clean

    def renewed_meanwhile(self: Account, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        Account.objects.filter(pk=self.pk).update(credentials={"refresh_token": "newer"})

    monkeypatch.setattr(Account, "full_clean", renewed_meanwhile)
    assert boss.post(where, {"name": "Other", "phone_region": ""}).status_code == 302
    saved = Account.objects.get()
    assert (saved.name, saved.credentials) == ("Other", {"refresh_token": "newer"})


def delete(browser: Client, account: Account) -> str:
    """Press Delete and confirm; answers the page after it."""
    where = reverse("admin:integrations_account_delete", args=[account.pk])
    return browser.post(where, {"post": "yes"}, follow=True).content.decode()


def can_renew(sign_in: SignIn, refresh_token: str) -> bool:
    """Whether the product still takes the token."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    url = f"{sign_in.url}/pipedrive/oauth/token"
    return requests.post(url, data=form, auth=("sandbox-client", "sandbox-secret"), timeout=5).status_code == 200


@pytest.mark.parametrize("from_list", [False, True])
def test_deleting_an_account_ends_its_access_in_the_product(boss: Client, sign_in: SignIn, from_list: bool) -> None:
    account = sign_in.account()
    assert can_renew(sign_in, account.credentials["refresh_token"])
    if from_list:
        ticked = {"action": "delete_selected", "_selected_action": [account.pk], "post": "yes"}
        boss.post(reverse("admin:integrations_account_changelist"), ticked)
    else:
        assert "could not be told" not in delete(boss, account)
    assert not Account.objects.exists()
    assert not can_renew(sign_in, account.credentials["refresh_token"])


def test_deleting_goes_on_when_the_product_cannot_be_told_and_says_what_is_left_to_do(
    boss: Client, sign_in: SignIn, settings: Settings
) -> None:
    account = sign_in.account()
    settings.OAUTH_APPS = {"pipedrive": {**settings.OAUTH_APPS["pipedrive"], "url": "http://127.0.0.1:9"}}
    page = delete(boss, account)
    assert "Pipedrive could not be told that the access is over" in page
    assert "Remove this app in Pipedrive yourself" in page
    assert not Account.objects.exists()


def test_an_account_in_use_is_not_deleted_and_keeps_its_access(boss: Client, sign_in: SignIn) -> None:
    account = sign_in.account()
    reply = Account.objects.create(product="replyio", role="outreach", name="Reply")
    Connection.objects.create(name="Both", crm_account=account, outreach_account=reply)
    delete(boss, account)
    assert Account.objects.filter(pk=account.pk).exists()
    assert can_renew(sign_in, account.credentials["refresh_token"])
