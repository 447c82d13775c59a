"""Webhooks: how a product tells us that somebody changed, and whom it has told us of."""

from __future__ import annotations

from typing import ClassVar

from django.db import connections as databases
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .accounts import Account
from .choices import one_of
from .connections import Connection
from .runs import Run


class WebhookState(models.TextChoices):
    """How it stands with an account's webhook."""

    PENDING = "pending", _("being registered")
    ON = "on", _("on")
    TROUBLE = "trouble", _("needs attention")


class Webhook(models.Model):
    """An account's webhook at its product.

    Of its secrets, the last part of its address and its basic authentication, only hashes are kept: nobody needs them
    again, since a webhook that must be registered anew gets new ones. `check_after` is when it is looked at next;
    `repairs` counts how often in a row it had to be mended.
    """

    account = models.OneToOneField(Account, models.CASCADE, related_name="webhook")
    state = models.CharField(_("state"), max_length=10, choices=WebhookState, default=WebhookState.PENDING)
    detail = models.TextField(_("what happened last"), blank=True)
    remote_id = models.CharField(_("id"), max_length=64, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    login_hash = models.CharField(max_length=64)
    registered_at = models.DateTimeField(_("registered"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("last delivery"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last check"), null=True, blank=True)
    check_after = models.DateTimeField(_("next check"), null=True, blank=True)
    repairs = models.PositiveIntegerField(_("repairs in a row"), default=0)

    class Meta:
        verbose_name = _("webhook")
        constraints = [one_of("state", WebhookState)]

    def __str__(self) -> str:
        return f"{self.account} ({self.get_state_display()})"


class ChangeHintQuerySet(models.QuerySet["ChangeHint"]):
    """Verbs of change hints."""

    def waiting(self) -> ChangeHintQuerySet:
        """Those that no run has taken up since they were last given."""
        return self.filter(run=None)

    def give(self, account_id: int, person_id: str, *, gone: bool) -> None:
        """Note that the person changed, for every enabled connection of the account.

        One statement, which the ORM cannot say: an insert from a query that lets what is there stand. It is all that a
        delivery waits for, and two deliveries at once cannot get into each other's way.
        """
        hints, connections = ChangeHint._meta.db_table, Connection._meta.db_table
        statement = f"""
            INSERT INTO {hints} (connection_id, account_id, person_external_id, gone, seen_at)
            SELECT id, %s, %s, %s, %s FROM {connections}
            WHERE enabled AND (crm_account_id = %s OR outreach_account_id = %s)
            ON CONFLICT (connection_id, account_id, person_external_id)
            DO UPDATE SET run_id = NULL, gone = {hints}.gone OR excluded.gone
        """  # noqa: S608 -- the names are our own
        database = databases[self.db]
        now = database.ops.adapt_datetimefield_value(timezone.now())
        with database.cursor() as cursor:
            cursor.execute(statement, [account_id, person_id, gone, now, account_id, account_id])


class ChangeHint(models.Model):
    """Somebody changed, a product says. One row per connection and person, however often it is said.

    `run` is the run that is to read the person, and deletes the hint in doing so. A hint that is given again meanwhile
    has none, and waits for the next run. `gone` stays once it was said, since deliveries come in any order.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="hints")
    account = models.ForeignKey(Account, models.CASCADE, related_name="hints")
    person_external_id = models.CharField(_("person id"), max_length=64)
    gone = models.BooleanField(_("said to be deleted"), default=False)
    seen_at = models.DateTimeField(_("first seen"))
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="hints")

    objects: ClassVar[ChangeHintQuerySet] = ChangeHintQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("change hint")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "account", "person_external_id"], name="integrations_changehint_once"
            )
        ]
        indexes = [
            models.Index(fields=["connection", "seen_at"], condition=models.Q(run=None), name="changehint_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.person_external_id}"
