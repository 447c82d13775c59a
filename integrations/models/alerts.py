"""Alerts, whom they are sent to, and what became of the messages."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, validate_email
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.domain.alerts import AlertKind

from .accounts import Account
from .choices import choices, one_of
from .connections import Connection
from .fields import EncryptedJSONField
from .history import ConfigurationHistory
from .runs import Run

KIND_LABELS = {
    AlertKind.RUN_FAILED.value: _("run failed"),
    AlertKind.RUN_HELD.value: _("run held"),
    AlertKind.ACCOUNT.value: _("account needs reconnecting"),
    AlertKind.FAILURES.value: _("too many failures"),
    AlertKind.BUDGET.value: _("budget nearly spent"),
    AlertKind.SILENCE.value: _("silence"),
}


def check_addresses(text: str) -> None:
    """Refuse anything but e-mail addresses, one a line."""
    for address in text.split():
        try:
            validate_email(address.strip(",;"))
        except ValidationError:
            raise ValidationError(_("“%(address)s” is not an e-mail address."), params={"address": address}) from None


class AlertSettings(models.Model):
    """Whom alerts go to and when they are raised. There is one row."""

    ONLY: ClassVar[int] = 1

    emails = models.TextField(
        _("e-mail addresses"), blank=True, validators=[check_addresses], help_text=_("One a line.")
    )
    webhook = EncryptedJSONField(_("webhook"), editable=False, default=dict)
    failed_people = models.PositiveIntegerField(
        _("alert when people failed (at least)"), default=10, help_text=_("In one run. 0: never.")
    )
    budget_percent = models.PositiveSmallIntegerField(
        _("alert when a limit is spent (%)"),
        default=90,
        validators=[MaxValueValidator(100)],
        help_text=_("Of what syncs may use of an account's longest limit. 0: never."),
    )
    remind_hours = models.PositiveIntegerField(
        _("remind every (hours)"), default=24, help_text=_("While an alert stays open. 0: never.")
    )

    history = ConfigurationHistory(excluded_fields=["webhook"])

    class Meta:
        verbose_name = verbose_name_plural = _("alert settings")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="integrations_alertsettings_only_one")]

    def __str__(self) -> str:
        return "Alert settings"

    @classmethod
    def load(cls) -> AlertSettings:
        """The row, made on first use."""
        return cls.objects.get_or_create(pk=cls.ONLY)[0]

    @property
    def addresses(self) -> list[str]:
        """The e-mail addresses, each once."""
        return list(dict.fromkeys(address.strip(",;") for address in self.emails.split()))

    @property
    def webhook_url(self) -> str:
        """A secret: whoever knows it can post to the channel. Empty: none."""
        return self.webhook.get("url", "")


class AlertQuerySet(models.QuerySet["Alert"]):
    """Verbs of alerts."""

    def open(self) -> AlertQuerySet:
        """Those whose trouble has not passed."""
        return self.filter(closed_at=None)


class Alert(models.Model):
    """One trouble from its beginning to its end. `key` says which trouble; it is open once at a time."""

    key = models.CharField(max_length=80, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=choices(AlertKind, KIND_LABELS))
    title = models.CharField(_("what happened"), max_length=400)
    advice = models.CharField(_("what to do"), max_length=400)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, blank=True, related_name="alerts")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="alerts")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="alerts")
    opened_at = models.DateTimeField(_("opened"))
    told_at = models.DateTimeField(_("last message"))
    closed_at = models.DateTimeField(_("solved"), null=True, blank=True)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(closed_at=None), name="integrations_alert_open_once"),
            one_of("kind", AlertKind),
        ]

    def __str__(self) -> str:
        return self.title


class Channel(models.TextChoices):
    """How a message goes out."""

    EMAIL = "email", _("e-mail")
    WEBHOOK = "webhook", _("webhook")


class Occasion(models.TextChoices):
    """What a message says of its alert."""

    OPENED = "opened", _("opened")
    REMINDER = "reminder", _("reminder")
    SOLVED = "solved", _("solved")


class AlertMessageQuerySet(models.QuerySet["AlertMessage"]):
    """Verbs of messages."""

    def unsent(self) -> AlertMessageQuerySet:
        """Those that are still to be tried."""
        return self.filter(sent_at=None, given_up_at=None)


class AlertMessage(models.Model):
    """One message by one channel. It is sent at least once: a worker that dies in between sends it again."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="messages")
    channel = models.CharField(_("by"), max_length=10, choices=Channel)
    occasion = models.CharField(_("message"), max_length=10, choices=Occasion)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    due_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)

    objects: ClassVar[AlertMessageQuerySet] = AlertMessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        constraints = [one_of("channel", Channel), one_of("occasion", Occasion)]

    def __str__(self) -> str:
        return f"{self.get_occasion_display()}: {self.alert}"
