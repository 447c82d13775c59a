from __future__ import annotations

import threading
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, models
from pytest_django import Settings

from integrations.engine.oauth import keep_fresh
from integrations.models import Account
from integrations.models.fields import is_up_to_date
from integrations.services import key_rotation
from integrations.services.key_rotation import encrypted_fields, rotate_keys
from tests.services.signing_in import SignIn, sign_in
from tests.services.test_oauth import grow_old

__all__ = ["sign_in"]

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def make(number: int) -> Account:
    return Account.objects.create(
        product="replyio", role="outreach", name=f"Reply {number}", credentials={"api_key": f"secret {number}"}
    )


def stored() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM integrations_account ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_after_a_rotation_the_new_key_alone_reads_every_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 3)
    settings.CREDENTIAL_KEYS = [OLD]
    for number in range(7):
        make(number)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    assert "7 of 7 secrets encrypted anew" in said.getvalue()
    settings.CREDENTIAL_KEYS = [NEW]
    assert [each.credentials["api_key"] for each in Account.objects.order_by("pk")] == [f"secret {n}" for n in range(7)]


@pytest.mark.django_db
def test_repeating_a_rotation_rewrites_nothing(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    make(1)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    rotate_keys()
    before = stored()
    assert rotate_keys().renewed == 0
    assert stored() == before


@pytest.mark.django_db
def test_a_secret_that_no_key_reads_is_named_and_kept(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    make(1)
    settings.CREDENTIAL_KEYS = [NEW]
    make(2)
    before = stored()
    with pytest.raises(CommandError, match=r"No key decrypts the secrets of 1: account \d+ \(Reply 1\)"):
        call_command("rotate_keys", stdout=StringIO())
    assert stored() == before
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    assert Account.objects.get(name="Reply 1").credentials == {"api_key": "secret 1"}


def test_a_token_renewal_in_the_midst_of_a_rotation_is_not_lost(
    sign_in: SignIn, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    account = sign_in.account()
    grow_old(account)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    began, renewals = threading.Event(), []
    check = is_up_to_date

    def renew() -> None:
        try:
            began.set()
            keep_fresh(account)
            renewals.append(account.credentials["refresh_token"])
        finally:
            connection.close()

    worker = threading.Thread(target=renew)

    def with_a_renewal_behind_it(text: str) -> bool:
        # The row is locked now: the worker asks for it, and gets it when the rotation has let go.
        if not worker.is_alive() and not began.is_set():
            worker.start()
            began.wait(5)
        return check(text)

    monkeypatch.setattr(key_rotation, "is_up_to_date", with_a_renewal_behind_it)
    assert rotate_keys().renewed == 1
    worker.join(30)
    settings.CREDENTIAL_KEYS = [NEW]
    assert Account.objects.get().credentials["refresh_token"] == renewals[0]
    assert rotate_keys().renewed == 0


def test_every_column_of_secrets_is_found() -> None:
    found: dict[type[models.Model], str] = {model: column.name for model, column in encrypted_fields()}
    assert found[Account] == "credentials"
