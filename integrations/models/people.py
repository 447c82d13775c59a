"""The local mirror of each account's people: what the planner reads instead of asking the products."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.domain import person as domain

from .accounts import Account


class PersonQuerySet(models.QuerySet["Person"]):
    """Verbs of mirrored people."""

    def present(self) -> PersonQuerySet:
        """Those who were in the account when it was last read."""
        return self.filter(missing_since=None)

    def changed_after(self, change: int) -> PersonQuerySet:
        """Those whose record changed after that point of their account's change count."""
        return self.filter(change__gt=change)


class Person(models.Model):
    """A person as one account held it when it was last read, or as our last write left it.

    `change` is the account's change count (see ReadCheckpoint) when the row last changed: a planner that has seen
    everything up to n asks for what is above n. `scan` is the full read in which the person was last seen.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="people")
    external_id = models.CharField(_("id"), max_length=64)
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    emails = models.JSONField(_("e-mails"), default=list)
    owner_external_id = models.CharField(_("owner id"), max_length=64, blank=True)
    values = models.JSONField(_("values"), default=dict)
    opted_out = models.BooleanField(_("opted out"), default=False)
    external_updated_at = models.DateTimeField(_("changed in the product"), null=True, blank=True)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)
    content = models.CharField(_("content hash"), max_length=32)
    change = models.BigIntegerField(_("change"), default=0)
    scan = models.BigIntegerField(_("scan"), default=0)

    objects: ClassVar[PersonQuerySet] = PersonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="integrations_person_once_per_account")
        ]
        indexes = [
            models.Index(fields=["account", "change"], name="person_changes"),
            models.Index(fields=["account", "email"], name="person_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id

    def as_value(self) -> domain.Person:
        """The planner's view."""
        return domain.Person(
            id=self.external_id,
            name=self.name,
            owner_id=self.owner_external_id or None,
            emails=tuple(self.emails),
            values=domain.values_from_json(self.values),
            updated_at=self.external_updated_at,
            is_deleted=self.missing_since is not None,
            opted_out=self.opted_out,
        )

    def with_owner(self, owner_id: str) -> domain.Person:
        """The planner's view once that member owns the person."""
        return replace(self.as_value(), owner_id=owner_id)


class PersonEmail(models.Model):
    """One address of a mirrored person, normalised, for matching."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=254)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "address"], name="integrations_personemail_once")]
        indexes = [models.Index(fields=["account", "address"], name="personemail_lookup")]

    def __str__(self) -> str:
        return self.address
