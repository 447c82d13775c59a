"""Accounts: one product's credentials and identity."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.domain.enums import Role

from .choices import one_of
from .fields import EncryptedJSONField
from .history import ConfigurationHistory


class AccountQuerySet(models.QuerySet["Account"]):
    """Verbs of accounts."""

    def playing(self, role: Role) -> AccountQuerySet:
        """Those that can stand on this side of a connection."""
        return self.filter(role=role)

    def healthy(self) -> AccountQuerySet:
        """Those whose last test or call succeeded."""
        return self.filter(status=AccountStatus.HEALTHY)


class AccountStatus(models.TextChoices):
    """What the last contact with the product showed."""

    UNTESTED = "untested", _("Not tested")
    HEALTHY = "healthy", _("Connected")
    NEEDS_ATTENTION = "needs_attention", _("Needs attention")


class Account(models.Model):
    """A Pipedrive company as seen by one user, or a Reply workspace as seen by one key."""

    product = models.SlugField(_("product"), max_length=40)
    people_label = models.CharField(
        _("its people are called"), max_length=60, editable=False, help_text=_("As the product's connector says it.")
    )
    role = models.CharField(_("role"), max_length=10, choices=[(role.value, role.value) for role in Role])
    name = models.CharField(_("name"), max_length=120)
    base_url = models.URLField(_("address"), blank=True, help_text=_("Leave empty for the product's own."))
    credentials = EncryptedJSONField(_("credentials"), editable=False, default=dict)
    status = models.CharField(_("status"), max_length=20, choices=AccountStatus, default=AccountStatus.UNTESTED)
    status_detail = models.TextField(_("what to do"), blank=True)
    status_since = models.DateTimeField(_("status since"), null=True, blank=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    external_id = models.CharField(_("company or workspace id"), max_length=64, blank=True)
    external_name = models.CharField(_("company or workspace"), max_length=200, blank=True)
    user_external_id = models.CharField(_("user id"), max_length=64, blank=True)
    user_name = models.CharField(_("user"), max_length=200, blank=True)
    phone_region = models.CharField(
        _("country of phone numbers"),
        max_length=2,
        blank=True,
        help_text=_("Two letters, such as GB. Used for comparing numbers that have no country code."),
    )
    counts_everybody = models.BooleanField(
        _("stop when people are missing"),
        default=True,
        help_text=_(
            "A full read that gives fewer people than the product says it has fails the run. Switch this off where the "
            "product also counts people whom this account's user cannot see."
        ),
    )
    directory_refreshed_at = models.DateTimeField(_("directory refreshed"), null=True, blank=True)
    directory_warnings = models.JSONField(_("directory warnings"), default=list, blank=True)
    members_are_complete = models.BooleanField(_("all members known"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[models.Manager[Account]] = AccountQuerySet.as_manager()
    history = ConfigurationHistory(
        excluded_fields=[
            # Secrets, which no table but this one holds, and what contact with the product says of itself.
            "credentials", "status", "status_since", "status_detail", "checked_at", "directory_refreshed_at",
            "directory_warnings", "members_are_complete", "people_label", "created_at",
        ]
    )  # fmt: skip

    class Meta:
        ordering = ["name"]
        constraints = [one_of("role", Role), one_of("status", AccountStatus)]

    def __str__(self) -> str:
        return self.name

    STATUS_COLUMNS: ClassVar[tuple[str, ...]] = ("status", "status_detail", "status_since", "checked_at")

    def note_status(self, status: AccountStatus, detail: str = "") -> None:
        """What a contact with the product has shown just now. Does not save; STATUS_COLUMNS are what it sets."""
        self.checked_at = timezone.now()
        if status != self.status or self.status_since is None:
            self.status_since = self.checked_at
        self.status, self.status_detail = status, detail

    @property
    def is_healthy(self) -> bool:
        """Whether runs may use the account."""
        return self.status == AccountStatus.HEALTHY
