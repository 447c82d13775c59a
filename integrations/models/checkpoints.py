"""How far reading and planning have come."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from .accounts import Account
from .steps import SyncStep


class ReadCheckpointQuerySet(models.QuerySet["ReadCheckpoint"]):
    """Verbs of read checkpoints."""

    def next_change(self, account_id: int) -> int:
        """Take the account's next change number. Must run in the transaction that stores the change.

        The row stays locked until that transaction ends, so numbers become visible in their own order, and a planner
        that has seen n never misses a smaller one that was committed later.
        """
        ReadCheckpoint.objects.get_or_create(account_id=account_id)
        self.filter(account_id=account_id).update(changes=F("changes") + 1)
        return self.values_list("changes", flat=True).get(account_id=account_id)

    def changes_so_far(self, account_id: int) -> int:
        """The account's change count now; 0 before the first read."""
        return self.filter(account_id=account_id).values_list("changes", flat=True).first() or 0


class ReadCheckpoint(models.Model):
    """What has been read of an account's people.

    `newest` is the greatest product time stamp seen; the next incremental read starts a little before it, or after it
    once two reads that are far enough apart agree on it (`settled`). The product's own clock is used throughout.
    """

    account = models.OneToOneField(Account, models.CASCADE, related_name="read_checkpoint", primary_key=True)
    changes = models.BigIntegerField(_("changes"), default=0)
    newest = models.DateTimeField(_("newest change seen"), null=True, blank=True)
    settled = models.BooleanField(_("newest seen twice"), default=False)
    read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    full_read_at = models.DateTimeField(_("last full read"), null=True, blank=True)
    scans = models.BigIntegerField(_("full reads begun"), default=0)

    objects: ClassVar[ReadCheckpointQuerySet] = ReadCheckpointQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.account_id} up to {self.newest}"


class StepCheckpoint(models.Model):
    """What a step has planned and applied: the change counts of both accounts, and the settings it did so with."""

    step = models.OneToOneField(SyncStep, models.CASCADE, related_name="checkpoint", primary_key=True)
    source_change = models.BigIntegerField(default=0)
    target_change = models.BigIntegerField(default=0)
    settings = models.CharField(max_length=32, blank=True)
    stage = models.ForeignKey("integrations.RunStage", models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.step_id} up to {self.source_change}/{self.target_change}"
