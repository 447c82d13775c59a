"""Sending the messages of alerts. What cannot be delivered is tried again and shown; it never breaks anything else."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import requests
import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from integrations.connectors.base_urls import check_webhook_url
from integrations.connectors.public_only import public_only
from integrations.models import Alert, AlertMessage, AlertSettings, Channel, Occasion

AT_A_TIME = 20
TRIES = 8
"""With doubling waits from one minute: a little more than two hours."""
CLAIMED_FOR = timedelta(minutes=2)
"""Longer than a try takes; whoever died in between is followed by another."""
TIMEOUT = (5, 10)
PREFIXES = {Occasion.OPENED: "", Occasion.REMINDER: "Still open: ", Occasion.SOLVED: "Solved: "}

log = structlog.get_logger(__name__)


class NotDelivered(Exception):  # noqa: N818 -- says what happened
    """The message did not go out. The words hold neither addresses nor the webhook."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message, whatever the channel. `link` is empty where PUBLIC_URL is not set."""

    title: str
    body: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a test by one channel. `error` is empty when it went out."""

    channel: Channel
    error: str


def send_due() -> None:
    """Send what is due, a bounded number. Every message is claimed first, so that two workers do not both send it."""
    recipients = AlertSettings.load()
    due = AlertMessage.objects.unsent().filter(due_at__lte=timezone.now())
    for message in due.select_related("alert").order_by("pk")[:AT_A_TIME]:
        mine = AlertMessage.objects.unsent().filter(pk=message.pk, due_at=message.due_at)
        if mine.update(due_at=timezone.now() + CLAIMED_FOR, attempts=F("attempts") + 1):
            _try(message, recipients)


def send_test() -> list[Trial]:
    """Send a test by every channel that is set up, at once; answers what became of each."""
    recipients = AlertSettings.load()
    text = Text("This is a test", "Alerts of this installation arrive here.", _link("admin:index"))
    trials = []
    for channel in channels(recipients):
        try:
            _send(channel, text, recipients)
        except NotDelivered as error:
            trials.append(Trial(channel, str(error)))
        else:
            trials.append(Trial(channel, ""))
    return trials


def channels(recipients: AlertSettings) -> Sequence[Channel]:
    """Those that have somebody at the other end."""
    found = [Channel.EMAIL] if recipients.addresses else []
    return [*found, Channel.WEBHOOK] if recipients.webhook_url else found


def _try(message: AlertMessage, recipients: AlertSettings) -> None:
    now, tries = timezone.now(), message.attempts + 1
    row = AlertMessage.objects.filter(pk=message.pk)
    try:
        _send(Channel(message.channel), _text(message), recipients)
    except NotDelivered as error:
        gone = {"given_up_at": now} if tries >= TRIES else {"due_at": now + timedelta(minutes=2.0 ** (tries - 1))}
        row.update(error=str(error)[:300], **gone)
        log.warning("alert.not_delivered", alert=message.alert_id, channel=message.channel, tries=tries)
    else:
        row.update(sent_at=now, error="")


def _text(message: AlertMessage) -> Text:
    alert = message.alert
    body = "It is over; nothing needs to be done." if message.occasion == Occasion.SOLVED else alert.advice
    return Text(PREFIXES[Occasion(message.occasion)] + " ".join(alert.title.split()), body, _page_of(alert))


def _page_of(alert: Alert) -> str:
    for name in ("run", "account", "connection"):
        pk = getattr(alert, f"{name}_id")
        if pk is not None:
            return _link(f"admin:integrations_{name}_change", pk)
    return ""


def _link(name: str, *arguments: object) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=arguments)}" if settings.PUBLIC_URL else ""


def _send(channel: Channel, text: Text, recipients: AlertSettings) -> None:
    if channel is Channel.EMAIL:
        _mail(text, recipients.addresses)
    else:
        _post(text, recipients.webhook_url)


def _mail(text: Text, addresses: Sequence[str]) -> None:
    if not settings.EMAIL_IS_SET_UP:
        raise NotDelivered("No mail server is set up: set EMAIL_URL.")
    body = "\n\n".join(filter(None, [f"{text.title}.", text.body, text.link]))
    try:
        EmailMessage(f"[SyncAdmin] {text.title}", f"{body}\n", to=list(addresses)).send()
    except smtplib.SMTPRecipientsRefused:
        raise NotDelivered("The mail server refused the recipients.") from None
    except smtplib.SMTPAuthenticationError:
        raise NotDelivered("The mail server refused the user or the password in EMAIL_URL.") from None
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"The mail server refused the message with code {error.smtp_code}.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"The mail server did not take the message ({type(error).__name__}).") from None


def _post(text: Text, url: str) -> None:
    """As Slack, Mattermost, Rocket.Chat and others take it. Redirects are not followed: the address is a secret."""
    refusal = check_webhook_url(url, settings.ALLOW_OTHER_BASE_URLS)
    if refusal:
        raise NotDelivered(f"The webhook's address may not be used: {refusal}")
    title = _escaped(text.title)
    words = f"*<{text.link}|{title}>*\n{_escaped(text.body)}" if text.link else f"*{title}*\n{_escaped(text.body)}"
    try:
        with requests.Session() as session:
            if not settings.ALLOW_OTHER_BASE_URLS:
                public_only(session)
            answer = session.post(url, json={"text": words}, timeout=TIMEOUT, allow_redirects=False, stream=True)
    except requests.Timeout:
        raise NotDelivered("The webhook did not answer in time.") from None
    except (requests.RequestException, ValueError) as error:
        # The exception's words hold the address.
        raise NotDelivered(f"The webhook could not be reached ({type(error).__name__}).") from None
    if not answer.ok or answer.is_redirect:
        raise NotDelivered(f"The webhook answered {answer.status_code} instead of taking the message.")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
