"""The directory: what an account offers to the forms, as it was last read.

Rows are never deleted when they vanish from the product: mappings that use them stay, are shown as broken, and work
again when the thing returns.
"""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.domain import catalogue
from integrations.domain.enums import FieldKind

from .accounts import Account
from .choices import one_of

Entry = TypeVar("Entry", bound="DirectoryEntry")


class DirectoryQuerySet(models.QuerySet[Entry]):
    """Verbs that all directory rows share."""

    def present(self) -> DirectoryQuerySet[Entry]:
        """Those that the product had when it was last read."""
        return self.filter(missing_since=None)


class DirectoryEntry(models.Model):
    """What all directory rows share."""

    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_present(self) -> bool:
        """Whether the product had it when it was last read."""
        return self.missing_since is None


class Member(DirectoryEntry):
    """A colleague who can own people in an account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="members")
    external_id = models.CharField(_("id"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects: ClassVar[DirectoryQuerySet[Member]] = DirectoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="integrations_member_once_per_account")
        ]

    def __str__(self) -> str:
        who = f"{self.name} <{self.email}>" if self.email else self.name
        return who if self.can_own else f"{who} ({self.trouble})"

    @property
    def can_own(self) -> bool:
        """Whether people can be given to this member."""
        return self.is_active and self.is_present

    @property
    def trouble(self) -> str:
        """Why not, in a word; empty when they can."""
        if not self.is_present:
            return str(_("gone"))
        return "" if self.is_active else str(_("deactivated"))

    def as_value(self) -> catalogue.Member:
        """The planner's view."""
        return catalogue.Member(self.external_id, self.name, self.email, self.can_own)


class AccountField(DirectoryEntry):
    """A field of an account's people."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="fields")
    key = models.CharField(_("key"), max_length=100)
    label = models.CharField(_("name"), max_length=255)
    kind = models.CharField(_("kind"), max_length=10, choices=[(kind.value, kind.value) for kind in FieldKind])
    writable = models.BooleanField(_("can be written"), default=True)
    is_custom = models.BooleanField(_("custom"), default=False)
    identity = models.BooleanField(_("identifies people"), default=False)
    required = models.BooleanField(_("required"), default=False)
    part_of = models.CharField(_("part of"), max_length=100, blank=True)
    max_length = models.PositiveIntegerField(_("longest"), default=0)
    options = models.JSONField(_("options"), default=list, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    objects: ClassVar[DirectoryQuerySet[AccountField]] = DirectoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("field")
        ordering = ["position", "label"]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="integrations_field_once_per_account"),
            one_of("kind", FieldKind),
        ]

    def __str__(self) -> str:
        return self.label if self.is_present else f"{self.label} ({_('gone')})"

    def as_value(self) -> catalogue.Field:
        """The planner's view."""
        return catalogue.Field(
            key=self.key,
            label=self.label,
            kind=FieldKind(self.kind),
            writable=self.writable,
            is_custom=self.is_custom,
            identity=self.identity,
            required=self.required,
            part_of=self.part_of,
            max_length=self.max_length,
            options=tuple(catalogue.Option(option["id"], option["label"]) for option in self.options),
        )


class SavedFilter(DirectoryEntry):
    """A filter or list kept in the product, whose people can be read."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="saved_filters")
    external_id = models.CharField(_("id"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    kind = models.CharField(_("kind"), max_length=40)

    objects: ClassVar[DirectoryQuerySet[SavedFilter]] = DirectoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="integrations_savedfilter_once_per_account")
        ]

    def __str__(self) -> str:
        name = f"{self.kind}: {self.name}"
        return name if self.is_present else f"{name} ({_('gone')})"


class SavedFilterPerson(models.Model):
    """Somebody who was in a saved filter when it was last read."""

    saved_filter = models.ForeignKey(SavedFilter, models.CASCADE, related_name="people")
    person_external_id = models.CharField(max_length=64)
    scan = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["saved_filter", "person_external_id"], name="integrations_savedfilterperson_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_external_id} in {self.saved_filter_id}"


class SequenceStatus(models.TextChoices):
    """Whether it sends."""

    NEW = "new", _("not started")
    ACTIVE = "active", _("active")
    PAUSED = "paused", _("paused")
    ARCHIVED = "archived", _("archived")


class Sequence(DirectoryEntry):
    """A sequence of an outreach account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="sequences")
    external_id = models.CharField(_("id"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    owner = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="sequences")
    status = models.CharField(_("status"), max_length=10)

    objects: ClassVar[DirectoryQuerySet[Sequence]] = DirectoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="integrations_sequence_once_per_account")
        ]

    def __str__(self) -> str:
        owner = f", {self.owner.name}" if self.owner else ""
        return f"{self.name} ({self.blocked or self.get_status_words()}{owner})"

    def get_status_words(self) -> str:
        """The status for people; a status that we do not know is shown as the product says it."""
        known = dict(SequenceStatus.choices)
        return str(known.get(self.status, self.status))

    @property
    def blocked(self) -> str:
        """Why nobody can be put into it, empty when people can."""
        if not self.is_present:
            return str(_("gone"))
        return str(_("archived")) if self.status == SequenceStatus.ARCHIVED else ""


class SequenceStep(DirectoryEntry):
    """A step of a sequence, numbered as people see it."""

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="steps")
    external_id = models.CharField(_("id"), max_length=64)
    number = models.CharField(_("number"), max_length=20)
    label = models.CharField(_("what it does"), max_length=255, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    objects: ClassVar[DirectoryQuerySet[SequenceStep]] = DirectoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["sequence", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "external_id"], name="integrations_sequencestep_once_per_sequence"
            )
        ]

    def __str__(self) -> str:
        name = f"{self.number}. {self.label}" if self.label else self.number
        return name if self.is_present else f"{name} ({_('gone')})"
