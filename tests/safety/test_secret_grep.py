"""Everything that could hold a secret is searched for it, after all the errands that handle one."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ, Task
from pytest_django import Settings

from integrations.domain.enums import Direction
from integrations.models import Account, AlertSettings, Connection, RunEntry
from integrations.sandbox.core import Request
from integrations.services import runs
from integrations.services.connections import create_connection, set_enabled
from integrations.services.runs import request_run
from integrations.services.webhooks import look_after
from tests.journeys.installation import carry_out
from tests.services.signing_in import SignIn, sign_in

__all__ = ["sign_in"]


REPLY_KEY = "sandbox-reply-key"
WRONG_KEY = "hunter2-this-key-is-wrong"
APP_SECRET = "sandbox-secret"
HOOK_SECRET = "hunter2-whoever-knows-this-can-post"


def every_row() -> Iterator[str]:
    """All tables, column by column, and what is packed in some of them."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for value in row:
                    yield f"{table}: {bytes(value).decode('latin-1') if isinstance(value, memoryview) else value}"
    for message in OrmQ.objects.all():
        yield f"queue: {message.task}"
    for task in Task.objects.all():
        yield f"task: {task.args} {task.kwargs} {task.result}"
    for session in Session.objects.all():
        yield f"session: {session.get_decoded()}"


def pages(browser: Client) -> Iterator[str]:
    """What an administrator can see of accounts, connections and runs, and their history."""
    for name in ("account", "connection", "syncstep", "run", "runentry"):
        yield fetch(browser, reverse(f"admin:integrations_{name}_changelist"))
    for model, name in ((Account, "account"), (Connection, "connection")):
        for row in model._default_manager.all():
            for page in ("change", "history"):
                yield fetch(browser, reverse(f"admin:integrations_{name}_{page}", args=[row.pk]))
    for page in ("change", "history"):
        yield fetch(browser, reverse(f"admin:integrations_alertsettings_{page}", args=[AlertSettings.ONLY]))
    for account in Account.objects.all():
        yield fetch(browser, reverse("admin:integrations_account_reconnect", args=[account.pk]))
    yield fetch(browser, reverse("admin:integrations_runentry_csv"))
    yield fetch(browser, "/admin/nowhere/")


def fetch(browser: Client, url: str) -> str:
    """The page as text, with its headers."""
    answer: Any = browser.get(url)
    body = answer.getvalue() if answer.streaming else answer.content
    return f"{url} {dict(answer.items())} {body.decode('utf-8')}"


def fault(sign_in: SignIn, **rule: Any) -> None:
    body = json.dumps([rule]).encode()
    headers = {"content-type": "application/json"}
    answer = sign_in.sandbox.handle(Request.from_url("POST", "/_sandbox/faults", headers=headers, body=body))
    assert answer.status < 300, answer.body


def found(secrets: set[str], texts: Callable[[], Iterator[str]]) -> list[str]:
    """Where a secret is: the beginning of each text that holds one."""
    return [text[:200] for text in texts() if any(secret in text for secret in secrets)]


def set_up_webhook(sign_in: SignIn, crm: Account) -> set[str]:
    """Register the account's webhook, and send it what it takes and what it refuses; answers its secrets."""
    look_after(crm.pk)
    state = sign_in.sandbox.handle(Request.from_url("GET", "/_sandbox/state")).json()
    (there,) = state["pipedrive"]["webhooks"]
    path = urlsplit(there["subscription_url"]).path
    user, password = there["http_auth_user"], there["http_auth_password"]
    basic = b64encode(f"{user}:{password}".encode()).decode()
    outside = Client(raise_request_exception=False)
    for authorization, body, status in ((basic, b"{", 400), (basic[1:], b"{}", 401), (basic, b'{"meta": {}}', 204)):
        headers = {"Authorization": f"Basic {authorization}"}
        assert outside.generic("POST", path, body, "application/json", headers=headers).status_code == status
    assert outside.get(path).status_code == 405
    return {path.split("/")[-2], user, password, basic}


def set_up_alerts(sign_in: SignIn, browser: Client) -> set[str]:
    """Give alerts a webhook, whose address is the secret, and send a message to it; answers the secret."""
    AlertSettings.load()
    where = reverse("admin:integrations_alertsettings_change", args=[AlertSettings.ONLY])
    form = {"emails": "", "failed_people": "10", "budget_percent": "90", "remind_hours": "24"}
    browser.post(where, {**form, "webhook_url": f"{sign_in.url}/services/{HOOK_SECRET}"})
    assert HOOK_SECRET in AlertSettings.load().webhook_url
    browser.post(reverse("admin:integrations_alertsettings_test", args=[AlertSettings.ONLY]))
    return {HOOK_SECRET}


def connect_by_form(browser: Client, url: str, key: str) -> str:
    form = {"secret_api_key": key, "base_url": url, "name": "Reply"}
    answer = browser.post(f"{reverse('admin:integrations_account_add')}?product=replyio", form, follow=True)
    return answer.content.decode()


def test_no_secret_is_found_anywhere_after_all_errands_that_handle_one(
    sign_in: SignIn,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    settings.PUBLIC_URL = "https://sync.example"
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    caplog.set_level("DEBUG")
    client.force_login(User.objects.create_superuser("boss"))
    texts: list[str] = []

    texts.append(connect_by_form(client, f"{sign_in.url}/reply", WRONG_KEY))
    texts.append(connect_by_form(client, f"{sign_in.url}/reply", REPLY_KEY))
    reply = Account.objects.get(product="replyio")
    crm = sign_in.account()
    secrets = {REPLY_KEY, WRONG_KEY, APP_SECRET, *tokens(crm)}

    main = create_connection(name="Main", crm_account=crm, outreach_account=reply, by=None)
    step = main.steps.get(direction=Direction.TO_OUTREACH)
    step.unmapped_owners = "leave"
    step.save()
    set_enabled(connection=main, enabled=True, by=None)
    secrets |= set_up_webhook(sign_in, crm) | set_up_alerts(sign_in, client)

    # A run that meets errors of every kind on the way, and renews its tokens.
    fault(sign_in, kind="status_500", times=2)
    fault(sign_in, kind="not_json", times=2, after=6)
    sign_in.revoke(crm.credentials["access_token"])
    run = carry_out(request_run(connection=main))
    assert run.entries.exists(), run.failure
    crm.refresh_from_db()
    secrets |= tokens(crm)
    # And one whose keys are refused half-way.
    client.post(reverse("admin:integrations_connection_sync_now", args=[main.pk]))
    fault(sign_in, kind="revoked_key", product="reply", times=None)
    texts.append(client.post(reverse("admin:integrations_account_test", args=[reply.pk]), follow=True).content.decode())
    runs.sweep()
    for active in main.runs.filter(state="queued"):
        carry_out(active)
    assert not Account.objects.get(pk=reply.pk).is_healthy

    # An error of our own, with the secret at hand.
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("something that nobody thought of")

    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("integrations.services.accounts.identify", fail)
        texts.append(connect_by_form(client, f"{sign_in.url}/reply", WRONG_KEY))
    assert "nobody thought of" in caplog.text

    said = StringIO()
    call_command("rotate_keys", stdout=said)
    call_command("dumpdata", "integrations", stdout=said)
    call_command("export_configuration", stdout=said)
    texts += [said.getvalue(), caplog.text, *(f"{vars(record)}" for record in caplog.records), *pages(client)]

    assert found(secrets, every_row) == []
    assert found(secrets, lambda: iter(texts)) == []

    # The search itself finds what is there.
    RunEntry.objects.filter(pk=run.entries.first().pk).update(detail=f"Bearer {REPLY_KEY}")  # type: ignore[union-attr]
    assert len(found(secrets, every_row)) == 1
    assert found({"Reply"}, lambda: iter(texts))


def tokens(account: Account) -> set[str]:
    """The secrets of an account that was connected by signing in."""
    return {account.credentials["access_token"], account.credentials["refresh_token"]}
