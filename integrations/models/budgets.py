"""What has been spent of each account's limits. Shared by all workers on all hosts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .accounts import Account


class ApiBudget(models.Model):
    """One limit of one account.

    `spent` is a list of [slot start (unix seconds), units] for the slots that can still touch the window.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="budgets")
    window = models.CharField(_("limit"), max_length=40)
    capacity = models.PositiveIntegerField(_("allowed"))
    seconds = models.FloatField(_("in seconds"))
    spent = models.JSONField(default=list)
    blocked_until = models.DateTimeField(_("blocked until"), null=True, blank=True)

    class Meta:
        verbose_name = _("API budget")
        constraints = [models.UniqueConstraint(fields=["account", "window"], name="integrations_apibudget_once")]

    def __str__(self) -> str:
        return f"{self.account} {self.window}"


class ApiUsage(models.Model):
    """Calls and tokens by account and day, for the budget display."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="usage")
    day = models.DateField(_("day"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    tokens = models.PositiveIntegerField(_("tokens"), default=0)

    class Meta:
        verbose_name_plural = _("API usage")
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="integrations_apiusage_once")]

    def __str__(self) -> str:
        return f"{self.account} on {self.day}"
