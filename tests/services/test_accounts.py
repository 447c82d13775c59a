from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.models import Account, AccountStatus, Member
from integrations.services.accounts import (
    AccountRefused,
    connect_account,
    read_directory,
    reconnect_account,
)
from integrations.services.accounts import (
    test_account as ask_product,
)
from integrations.services.changes import changes_of
from tests.connectors.replyio.workspace import BEN
from tests.services.conftest import PIPEDRIVE_TOKEN, REPLY_KEY, Vendors


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts take no time."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def refused(vendors: Vendors, product: str = "reply", path: str = "/reply", key: str = REPLY_KEY) -> AccountRefused:
    """What is said when the account cannot be connected; nothing may be stored then."""
    with pytest.raises(AccountRefused) as caught:
        connect_account(product="replyio", name="", base_url=f"{vendors.url}{path}", secrets={"api_key": key}, by=None)
    assert not Account.objects.filter(base_url=f"{vendors.url}{path}", product="replyio").exists()
    return caught.value


def test_connecting_stores_the_identity_and_the_directory(vendors: Vendors) -> None:
    account = vendors.reply()
    assert (account.status, account.role, account.external_name) == (AccountStatus.HEALTHY, "outreach", "Lumen Works")
    assert account.user_external_id
    assert account.directory_refreshed_at is not None
    assert Member.objects.filter(account=account).count() > 1
    assert account.sequences.count() > 1


def test_an_account_without_a_name_gets_the_products(vendors: Vendors) -> None:
    account = connect_account(
        product="pipedrive",
        name="",
        base_url=f"{vendors.url}/pipedrive",
        secrets={"api_token": PIPEDRIVE_TOKEN},
        by=None,
    )
    assert account.name == "Pipedrive: Lumen Works"


def test_a_wrong_key_is_said_beside_the_key(vendors: Vendors) -> None:
    said = refused(vendors, key="wrong")
    assert said.field == "api_key"
    assert "does not accept this API key" in said.message


def test_no_key_at_all_is_said_beside_the_key(vendors: Vendors) -> None:
    said = refused(vendors, key=" ")
    assert (said.field, said.message) == ("api_key", "Reply.io needs the API key.")


def test_a_wrong_address_is_said_beside_the_address(vendors: Vendors) -> None:
    said = refused(vendors, path="/nowhere")
    assert said.field == "base_url"
    assert "is not Reply.io's API" in said.message


def test_an_address_where_nobody_answers_is_said_beside_the_address(db: None) -> None:
    with pytest.raises(AccountRefused) as caught:
        connect_account(product="replyio", name="", base_url="http://127.0.0.1:9", secrets={"api_key": "k"}, by=None)
    assert caught.value.field == "base_url"
    assert "Nobody answers at http://127.0.0.1:9" in caught.value.message


def test_something_that_is_no_address_is_said_beside_the_address(db: None) -> None:
    with pytest.raises(AccountRefused) as caught:
        connect_account(product="replyio", name="", base_url="ftp://x", secrets={"api_key": "k"}, by=None)
    assert caught.value.field == "base_url"


def test_a_product_that_is_down_is_nobodys_fault(vendors: Vendors) -> None:
    vendors.fault(json.dumps([{"kind": "status_503", "times": None}]).encode())
    said = refused(vendors)
    assert said.field == ""
    assert "Nothing is wrong with the API key" in said.message


def test_a_used_up_limit_is_said_as_such(vendors: Vendors) -> None:
    vendors.fault(json.dumps([{"kind": "status_429", "times": None}]).encode())
    assert "limit on calls is used up" in refused(vendors).message


def test_one_user_of_one_workspace_is_connected_once(vendors: Vendors) -> None:
    vendors.reply()
    with pytest.raises(AccountRefused, match="is connected already, as the account “Reply”"):
        vendors.reply()


def test_connecting_leaves_a_note_of_who_did_it_and_no_secret(vendors: Vendors) -> None:
    ada = User.objects.create_user("ada")
    connect_account(
        product="replyio", name="R", base_url=f"{vendors.url}/reply", secrets={"api_key": REPLY_KEY}, by=ada
    )
    (change,) = changes_of(Account.objects.get())
    assert change.who == "ada"
    assert REPLY_KEY not in repr(change)


def test_secrets_are_not_readable_in_the_database(vendors: Vendors) -> None:
    account = vendors.reply()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM integrations_account WHERE id = %s", [account.pk])
        assert REPLY_KEY not in cursor.fetchone()[0]


def test_reconnecting_with_empty_secrets_keeps_the_stored_ones(vendors: Vendors) -> None:
    account = vendors.reply()
    Account.objects.filter(pk=account.pk).update(status=AccountStatus.NEEDS_ATTENTION)
    reconnect_account(account=account, base_url=account.base_url, secrets={"api_key": ""}, by=None)
    account.refresh_from_db()
    assert (account.status, account.credentials["api_key"]) == (AccountStatus.HEALTHY, REPLY_KEY)


def test_a_refused_reconnection_keeps_the_old_credentials(vendors: Vendors) -> None:
    account = vendors.reply()
    with pytest.raises(AccountRefused):
        reconnect_account(account=account, base_url=account.base_url, secrets={"api_key": "wrong"}, by=None)
    account.refresh_from_db()
    assert (account.status, account.credentials["api_key"]) == (AccountStatus.HEALTHY, REPLY_KEY)


def test_credentials_of_another_company_are_refused(vendors: Vendors) -> None:
    account = vendors.reply()
    Account.objects.filter(pk=account.pk).update(external_id="somebody-else", external_name="Elsewhere")
    account.refresh_from_db()
    with pytest.raises(AccountRefused, match="but the account is “Elsewhere”"):
        reconnect_account(account=account, base_url=account.base_url, secrets={}, by=None)


def test_testing_a_revoked_key_marks_the_account(vendors: Vendors) -> None:
    account = vendors.reply()
    vendors.fault(json.dumps([{"kind": "revoked_key"}]).encode())
    with pytest.raises(AccountRefused):
        ask_product(account=account)
    account.refresh_from_db()
    assert account.status == AccountStatus.NEEDS_ATTENTION


def test_a_directory_that_cannot_be_read_is_a_warning(vendors: Vendors) -> None:
    account = vendors.reply()
    vendors.fault(json.dumps([{"kind": "status_500", "times": None}]).encode())
    read_directory(account)
    account.refresh_from_db()
    assert account.is_healthy
    assert account.directory_warnings


def test_talking_to_a_product_leaves_no_database_connection_open(vendors: Vendors) -> None:
    from django.db import connections

    account = vendors.reply()
    before = threading.active_count()
    opened: list[Any] = []
    engine = type(connections["default"])
    original = engine.get_new_connection

    def noting(self: Any, params: Any) -> Any:
        opened.append(self)
        return original(self, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "get_new_connection", noting)
        ask_product(account=account)
        read_directory(account)
    assert opened, "the budget is kept in a thread of its own, with a connection of its own"
    assert all(wrapper.connection is None for wrapper in opened)
    assert threading.active_count() == before


def test_a_team_key_acts_for_the_user_that_is_chosen_and_two_of_them_are_two_accounts(vendors: Vendors) -> None:
    def connect(acting_user_id: str) -> Account:
        secrets = {"api_key": "sandbox-reply-team-key", "acting_user_id": acting_user_id}
        return connect_account(
            product="replyio", name=f"As {acting_user_id}", base_url=f"{vendors.url}/reply", secrets=secrets, by=None
        )

    owner, colleague = connect(""), connect(BEN)
    assert (colleague.user_external_id, colleague.status) == (BEN, AccountStatus.HEALTHY)
    assert owner.user_external_id != BEN
    assert colleague.external_id == owner.external_id
    # An id that the team does not have is said in words, and nothing is stored.
    with pytest.raises(AccountRefused, match="The user that the key shall act for is not in the team") as caught:
        connect("1")
    assert caught.value.field == "acting_user_id"
    assert Account.objects.count() == 2
