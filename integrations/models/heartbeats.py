from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one worker: written by a task, so that it proves the whole way through the queue."""

    worker = models.CharField(max_length=200, unique=True)
    beat_at = models.DateTimeField()

    class Meta:
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return f"{self.worker} at {self.beat_at:%Y-%m-%d %H:%M:%S}"
