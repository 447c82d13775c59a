"""Tokens of the API: several for one person, each with a name, none of them readable once it was shown."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Verbs of tokens."""

    def usable(self) -> ApiTokenQuerySet:
        """Those that have not expired, of people who may sign in."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), user__is_active=True)


class ApiToken(models.Model):
    """Lets a program act as a person. Only a SHA-256 hash of it is kept: it has 256 random bits, so none is guessed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("acts as")
    )
    name = models.CharField(_("name"), max_length=120, help_text=_("What uses it, such as “nightly report”."))
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, help_text=_("Empty: never."))

    objects: ClassVar[ApiTokenQuerySet] = ApiTokenQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("API token")
        ordering = ["user", "name", "pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def has_expired(self) -> bool:
        """Whether it is refused because of its age."""
        return self.expires_at is not None and self.expires_at <= timezone.now()
