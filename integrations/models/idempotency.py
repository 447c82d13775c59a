"""Answers that are given again when a program repeats a request because it has not seen them."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class IdempotentRequest(models.Model):
    """A request that was carried out under a key of its sender's choice, and what was answered.

    It is stored in the transaction that carries the request out, so there is one exactly if something was done.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="integrations_idempotentrequest_once")]

    def __str__(self) -> str:
        return self.key
