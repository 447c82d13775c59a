"""Alerts from the facts to the messages that arrive, over real HTTP and SMTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from integrations.models import (
    Account,
    AccountStatus,
    Alert,
    AlertMessage,
    AlertSettings,
    ApiBudget,
    Connection,
    Run,
    RunKind,
    RunStage,
    RunState,
)
from integrations.services import alert_facts, alert_messages, alerts, retention
from integrations.tasks import look_for_alerts
from tests.admin.office import Office, make_office
from tests.services.listeners import Chat, Postbox, chat, postbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    """A connection that was enabled a moment ago."""
    made = make_office()
    Connection.objects.update(enabled_at=timezone.now())
    return made


@pytest.fixture
def webhook(settings: Settings) -> Iterator[Chat]:
    """A chat that is told of alerts."""
    settings.PUBLIC_URL = "https://sync.example.com"
    with chat() as there:
        AlertSettings.load()
        AlertSettings.objects.update(webhook={"url": there.url})
        yield there


@pytest.fixture
def mail(settings: Settings) -> Iterator[Postbox]:
    """A mail server, and two people who are told of alerts."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_IS_SET_UP = True
    with postbox() as there:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", there.port
        AlertSettings.load()
        AlertSettings.objects.update(emails="ops@example.com\nbo@example.com")
        yield there


def ended(office: Office, state: RunState, *, failed: int = 0, **more: Any) -> Run:
    run = Run.objects.create(connection=office.connection, state=state, finished_at=timezone.now(), **more)
    RunStage.objects.create(run=run, label="step", seen=failed, failed=failed)
    return run


def later(monkeypatch: pytest.MonkeyPatch, **span: float) -> None:
    moment = timezone.now() + timedelta(**span)
    monkeypatch.setattr(timezone, "now", lambda: moment)


def test_a_failed_run_is_told_once_with_a_link_and_again_when_it_is_solved(office: Office, webhook: Chat) -> None:
    run = ended(office, RunState.FAILED)
    for _ in range(3):
        look_for_alerts()
    assert webhook.told == [
        f"*<https://sync.example.com/admin/integrations/run/{run.pk}/change/|Run {run.pk} of “Northwind” failed>*\n"
        "Its page says why and what to do."
    ]

    ended(office, RunState.SUCCEEDED)
    look_for_alerts()
    look_for_alerts()
    assert len(webhook.told) == 2
    assert "Solved: Run" in webhook.told[1]
    assert not Alert.objects.open().exists()


def test_a_newer_run_with_the_same_trouble_moves_the_alert_and_is_no_message(office: Office, webhook: Chat) -> None:
    ended(office, RunState.FAILED)
    look_for_alerts()
    newer = ended(office, RunState.FAILED)
    look_for_alerts()
    alert = Alert.objects.get()
    assert alert.run == newer
    assert str(newer.pk) in alert.title
    assert len(webhook.told) == 1


def test_an_alert_that_stays_open_is_repeated_after_the_reminders_hours(
    office: Office, webhook: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(office, RunState.FAILED)
    AlertSettings.objects.update(remind_hours=2)
    look_for_alerts()
    later(monkeypatch, hours=1, minutes=59)
    look_for_alerts()
    assert len(webhook.told) == 1
    later(monkeypatch, minutes=2)
    look_for_alerts()
    look_for_alerts()
    assert len(webhook.told) == 2
    assert "Still open: Run" in webhook.told[1]


def test_a_mail_goes_to_everybody_named_and_says_what_to_do(office: Office, mail: Postbox) -> None:
    Account.objects.filter(pk=office.reply.pk).update(
        status=AccountStatus.NEEDS_ATTENTION, status_detail="Key of ann@example.org was refused"
    )
    look_for_alerts()
    assert mail.recipients == ["ops@example.com", "bo@example.com"]
    (said,) = mail.mails
    assert "needs to be connected again" in said
    assert "ann@example.org" not in said
    assert "From: syncadmin@localhost" in said
    Account.objects.update(status=AccountStatus.HEALTHY)
    look_for_alerts()
    assert "Solved: " in mail.mails[1].replace("=\r\n", "").replace("_", " ")


@pytest.mark.parametrize("kind", ["held", "failures", "budget", "silence"])
def test_each_trouble_is_found_in_the_database_and_passes(
    office: Office, webhook: Chat, kind: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.SYNC_BUDGET_RESERVE_PERCENT = 20
    ended(office, RunState.SUCCEEDED)
    look_for_alerts()
    assert webhook.told == []
    match kind:
        case "held":
            Run.objects.create(connection=office.connection, state=RunState.HELD)
        case "failures":
            ended(office, RunState.SUCCEEDED_WITH_ERRORS, failed=10)
        case "budget":
            day = timezone.now().timestamp() // 86_400 * 86_400
            ApiBudget.objects.create(
                account=office.pipedrive, window="daily", capacity=1000, seconds=86_400, spent=[[day, 720]]
            )
        case _:
            later(monkeypatch, hours=4, minutes=1)
    look_for_alerts()
    assert [alert.kind for alert in Alert.objects.open()] == ["run_held" if kind == "held" else kind]
    assert len(webhook.told) == 1

    Run.objects.filter(state=RunState.HELD).update(state=RunState.CANCELLED)
    ApiBudget.objects.update(spent=[])
    ended(office, RunState.SUCCEEDED)
    look_for_alerts()
    assert not Alert.objects.open().exists()
    assert len(webhook.told) == 2


def test_previews_and_cancelled_runs_are_no_news(office: Office, webhook: Chat) -> None:
    ended(office, RunState.FAILED, kind=RunKind.PREVIEW)
    ended(office, RunState.CANCELLED)
    look_for_alerts()
    assert not Alert.objects.exists()


def test_a_small_run_that_succeeds_neither_solves_a_failed_one_nor_breaks_the_silence(
    office: Office, webhook: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = ended(office, RunState.FAILED)
    ended(office, RunState.SUCCEEDED, hinted=True)
    look_for_alerts()
    assert Alert.objects.open().get().run == failed
    later(monkeypatch, hours=4, minutes=1)
    ended(office, RunState.SUCCEEDED, hinted=True)
    look_for_alerts()
    assert {alert.kind for alert in Alert.objects.open()} == {"run_failed", "silence"}
    broken = ended(office, RunState.FAILED, hinted=True)
    look_for_alerts()
    assert Alert.objects.open().get(kind="run_failed").run == broken


def test_without_anybody_to_tell_alerts_are_open_all_the_same(office: Office) -> None:
    ended(office, RunState.FAILED)
    look_for_alerts()
    assert Alert.objects.open().count() == 1
    assert not AlertMessage.objects.exists()


def test_what_cannot_be_delivered_is_tried_again_later_and_arrives_once(
    office: Office, webhook: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(office, RunState.FAILED)
    webhook.status = 503
    look_for_alerts()
    message = AlertMessage.objects.get()
    assert (message.attempts, message.sent_at) == (1, None)
    assert message.error == "The webhook answered 503 instead of taking the message."
    webhook.status = 200
    look_for_alerts()
    assert webhook.told == []
    later(monkeypatch, minutes=1.1)
    look_for_alerts()
    look_for_alerts()
    assert len(webhook.told) == 1
    message.refresh_from_db()
    assert message.sent_at is not None
    assert message.error == ""


def test_what_is_never_taken_is_given_up_and_says_so(
    office: Office, webhook: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(office, RunState.FAILED)
    AlertSettings.objects.update(remind_hours=0)
    webhook.status = 404
    for _ in range(alert_messages.TRIES + 2):
        look_for_alerts()
        later(monkeypatch, hours=3)
    message = AlertMessage.objects.filter(alert__kind="run_failed").get()
    assert message.attempts == alert_messages.TRIES
    assert message.given_up_at is not None


def test_no_error_repeats_the_webhooks_address(office: Office, webhook: Chat, mail: Postbox) -> None:
    AlertSettings.objects.update(webhook={"url": "http://127.0.0.1:9/services/chat-secret"})
    mail.refuses = True
    ended(office, RunState.FAILED)
    look_for_alerts()
    errors = " ".join(AlertMessage.objects.values_list("error", flat=True))
    assert "The mail server refused the recipients." in errors
    assert "could not be reached" in errors
    assert "secret" not in errors
    assert "@" not in errors


def test_a_redirect_is_not_followed(office: Office, webhook: Chat) -> None:
    with chat() as elsewhere:
        webhook.status, webhook.headers = 307, {"Location": elsewhere.url}
        ended(office, RunState.FAILED)
        look_for_alerts()
        assert elsewhere.told == []
    assert "answered 307" in AlertMessage.objects.get().error


def test_a_webhook_on_a_private_address_is_not_called_in_production(
    office: Office, webhook: Chat, settings: Settings
) -> None:
    settings.ALLOW_OTHER_BASE_URLS = False
    ended(office, RunState.FAILED)
    look_for_alerts()
    assert webhook.told == []
    assert "https" in AlertMessage.objects.get().error


def test_a_message_that_another_worker_has_claimed_is_left_to_it(
    office: Office, webhook: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(office, RunState.FAILED)
    alerts.look()
    AlertMessage.objects.update(due_at=timezone.now() + alert_messages.CLAIMED_FOR)
    alert_messages.send_due()
    assert webhook.told == []
    later(monkeypatch, minutes=3)
    alert_messages.send_due()
    assert len(webhook.told) == 1


def test_characters_that_mean_something_to_the_chat_are_escaped(office: Office, webhook: Chat) -> None:
    Connection.objects.update(name="<!channel> & co")
    ended(office, RunState.FAILED)
    look_for_alerts()
    assert "&lt;!channel&gt; &amp; co" in webhook.told[0]


def test_facts_take_as_many_queries_for_ten_connections_as_for_one(
    office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ended(office, RunState.SUCCEEDED)
    with django_assert_num_queries(6):
        alert_facts.connection_facts(), alert_facts.account_facts()
    for number in range(9):
        crm = Account.objects.create(product="pipedrive", role="crm", name=f"P{number}", people_label="p")
        made = Connection.objects.create(
            name=f"C{number}", crm_account=crm, outreach_account=office.reply, enabled=True, enabled_at=timezone.now()
        )
        Run.objects.create(connection=made, state=RunState.FAILED)
    with django_assert_num_queries(6):
        alert_facts.connection_facts(), alert_facts.account_facts()


def test_solved_alerts_are_forgotten_after_their_time_and_open_ones_never(
    office: Office, webhook: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(office, RunState.FAILED)
    look_for_alerts()
    ended(office, RunState.SUCCEEDED)
    look_for_alerts()
    ended(office, RunState.FAILED)
    look_for_alerts()
    later(monkeypatch, days=91)
    retention.forget()
    assert [alert.closed_at for alert in Alert.objects.all()] == [None]
    assert AlertMessage.objects.count() == 1
