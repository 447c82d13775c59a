"""Connections: one outreach account paired with one CRM account."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.domain.enums import Role

from .accounts import Account
from .history import ConfigurationHistory


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Verbs of connections."""

    def enabled(self) -> ConnectionQuerySet:
        """Those whose toggle is on."""
        return self.filter(enabled=True)

    def of_account(self, account_id: int) -> ConnectionQuerySet:
        """Those in which the account is on either side."""
        return self.filter(Q(crm_account=account_id) | Q(outreach_account=account_id))

    def with_accounts(self) -> ConnectionQuerySet:
        """With both accounts in the same query."""
        return self.select_related("crm_account", "outreach_account")


class Connection(models.Model):
    """A pair of accounts, the Enabled toggle, the schedule, and the brakes."""

    name = models.CharField(_("name"), max_length=120)
    crm_account = models.ForeignKey(
        Account, models.PROTECT, related_name="crm_connections", limit_choices_to={"role": Role.CRM.value}
    )
    outreach_account = models.ForeignKey(
        Account, models.PROTECT, related_name="outreach_connections", limit_choices_to={"role": Role.OUTREACH.value}
    )
    enabled = models.BooleanField(_("enabled"), default=False)
    enabled_at = models.DateTimeField(_("enabled since"), null=True, blank=True, editable=False)
    interval_minutes = models.PositiveIntegerField(
        _("sync every (minutes)"), default=120, validators=[MinValueValidator(5), MaxValueValidator(10080)]
    )
    brake_percent = models.PositiveSmallIntegerField(
        _("hold above (% of linked people)"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("A run that would change more than this share waits for approval before it writes."),
    )
    brake_minimum = models.PositiveIntegerField(
        _("but only above (people)"), default=100, help_text=_("Smaller runs are never held by the share.")
    )
    brake_owner_changes = models.PositiveIntegerField(_("hold above (owner changes)"), default=200)
    enrolment_cap = models.PositiveIntegerField(_("hold above (enrolments)"), default=500)
    retention_days = models.PositiveIntegerField(
        _("keep run entries for (days)"), default=90, validators=[MinValueValidator(1)]
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    NUMBERS: ClassVar[tuple[str, ...]] = (
        "interval_minutes",
        "brake_percent",
        "brake_minimum",
        "brake_owner_changes",
        "enrolment_cap",
        "retention_days",
    )
    """What people set as numbers: the schedule, the brakes, and how long entries are kept."""

    objects: ClassVar[models.Manager[Connection]] = ConnectionQuerySet.as_manager()
    history = ConfigurationHistory(excluded_fields=["enabled_at", "created_at"])

    class Meta:
        ordering = ["name"]
        permissions = [("operate_connection", "Can run, preview, retry, cancel and approve")]
        constraints = [
            models.UniqueConstraint(
                fields=["crm_account", "outreach_account"],
                name="integrations_connection_pairs_once",
                violation_error_message=_("These two accounts are connected already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def account(self, role: Role) -> Account:
        """The account on that side."""
        return self.crm_account if role is Role.CRM else self.outreach_account
