"""API tokens: made once and shown once, then known by their hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from integrations.models import ApiToken

PREFIX = "sa_"
HINT_LENGTH = len(PREFIX) + 5
USE_NOTED_EVERY = timedelta(minutes=1)
"""So that a busy program does not write a row with every call."""


def create_token(*, user: User, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A new token, and its text, which nobody can read again."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(user=user, name=name, hint=text[:HINT_LENGTH], digest=_digest(text), expires_at=expires_at)
    token.full_clean(exclude=["digest"])
    token.save()
    return token, text


def find_token(text: str) -> ApiToken | None:
    """The token with this text, its user along with it, if it may be used; notes that it was."""
    token = ApiToken.objects.usable().select_related("user").filter(digest=_digest(text)).first()
    if token is not None:
        now = timezone.now()
        is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
        if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
            ApiToken.objects.filter(is_due, pk=token.pk).update(last_used_at=now)
    return token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
