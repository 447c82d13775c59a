"""Chunks: a run's units of work, which workers claim."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .accounts import Account
from .choices import one_of
from .runs import Phase, Run, RunStage


class ChunkState(models.TextChoices):
    """Where a chunk is."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    ABANDONED = "abandoned", _("abandoned")


class ChunkQuerySet(models.QuerySet["RunChunk"]):
    """Verbs of chunks."""

    def open(self) -> ChunkQuerySet:
        """Those with work left."""
        return self.filter(state__in=[ChunkState.QUEUED, ChunkState.RUNNING])

    def idle(self, now: datetime) -> ChunkQuerySet:
        """Open ones that nobody works on although somebody should: not delivered, due again, or with a dead worker."""
        waiting = Q(state=ChunkState.QUEUED) & Q(not_before__lte=now) & Q(offered_until__lte=now)
        return self.filter(waiting | Q(state=ChunkState.RUNNING, leased_until__lte=now))


class RunChunk(models.Model):
    """A unit of work for one worker, a few minutes at the most. Claimed by a conditional update; harmless if doubled.

    `leased_until` is when others may take it over; `lease` names the claim, so that a worker who was thought dead
    notices. `offered_until`: a queued chunk was put on the queue and need not be offered again before.
    `attempts` counts the claims since one last went well.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="chunks")
    stage = models.ForeignKey(RunStage, models.CASCADE, null=True, related_name="chunks")
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    phase = models.CharField(max_length=10, choices=Phase)
    state = models.CharField(max_length=10, choices=ChunkState, default=ChunkState.QUEUED)
    payload = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    lease = models.CharField(max_length=64, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    offered_until = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    seen = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)

    objects: ClassVar[ChunkQuerySet] = ChunkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["pk"]
        constraints = [one_of("phase", Phase), one_of("state", ChunkState)]
        indexes = [models.Index(fields=["run", "phase", "state"], name="runchunk_open")]

    def __str__(self) -> str:
        return f"{self.phase} {self.pk}"
