"""Opening, repeating and closing alerts. The facts decide which are open; see integrations.domain.alerts."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.domain.alerts import OpenAlert, Thresholds, open_alerts
from integrations.models import Alert, AlertMessage, AlertSettings, Occasion

from .alert_facts import account_facts, connection_facts
from .alert_messages import channels

log = structlog.get_logger(__name__)


def look() -> None:
    """Compare what is with what was told, and make the messages that are due. Harmless from many workers at once.

    An alert makes one message for each channel when it opens, one whenever a reminder is due, one when it is solved.
    """
    now = timezone.now()
    settings = AlertSettings.load()
    thresholds = Thresholds(settings.failed_people, settings.budget_percent)
    found = {alert.key: alert for alert in open_alerts(connection_facts(), account_facts(), thresholds, now)}
    known = {alert.key: alert for alert in Alert.objects.open()}
    for key, alert in known.items():
        if key not in found:
            _close(alert, settings)
    for key, fact in found.items():
        if key in known:
            _go_on(known[key], fact, settings)
        else:
            _open(fact, settings)


def _open(fact: OpenAlert, settings: AlertSettings) -> None:
    now = timezone.now()
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                key=fact.key,
                kind=fact.kind,
                title=fact.title,
                advice=fact.advice,
                connection_id=fact.connection_id,
                account_id=fact.account_id,
                run_id=fact.run_id,
                opened_at=now,
                told_at=now,
            )
            _make_messages(alert, Occasion.OPENED, settings)
    except IntegrityError:
        return  # another worker has opened it in this very moment, or its run was deleted
    log.warning("alert.opened", alert=alert.pk, kind=fact.kind, run_id=fact.run_id, account_id=fact.account_id)


def _go_on(alert: Alert, fact: OpenAlert, settings: AlertSettings) -> None:
    """The same trouble may concern a newer run by now. That is no message of its own."""
    now = timezone.now()
    words = {"title": fact.title, "advice": fact.advice, "run_id": fact.run_id}
    if any(getattr(alert, name) != value for name, value in words.items()):
        Alert.objects.open().filter(pk=alert.pk).update(**words)
    if settings.remind_hours:
        with transaction.atomic():
            due = Alert.objects.open().filter(pk=alert.pk, told_at__lte=now - timedelta(hours=settings.remind_hours))
            if due.update(told_at=now):
                _make_messages(alert, Occasion.REMINDER, settings)


def _close(alert: Alert, settings: AlertSettings) -> None:
    with transaction.atomic():
        if not Alert.objects.open().filter(pk=alert.pk).update(closed_at=timezone.now()):
            return
        _make_messages(alert, Occasion.SOLVED, settings)
    log.info("alert.solved", alert=alert.pk, kind=alert.kind)


def _make_messages(alert: Alert, occasion: Occasion, settings: AlertSettings) -> None:
    AlertMessage.objects.bulk_create(
        AlertMessage(alert=alert, channel=channel, occasion=occasion, due_at=timezone.now())
        for channel in channels(settings)
    )
