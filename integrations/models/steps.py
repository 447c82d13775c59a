"""Sync steps: one direction inside a connection, with its policies. The mappings are rows beside it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.domain.enums import Direction, Join, OnConflict, UnmappedOwners

from .accounts import Account
from .choices import choices, one_of
from .connections import Connection
from .directory import Member
from .history import ConfigurationHistory


class SyncStepQuerySet(models.QuerySet["SyncStep"]):
    """Verbs of steps."""

    def enabled(self) -> SyncStepQuerySet:
        """Those that runs of the whole connection include."""
        return self.filter(enabled=True)

    def with_accounts(self) -> SyncStepQuerySet:
        """With the connection and both accounts in the same query."""
        return self.select_related("connection__crm_account", "connection__outreach_account")


class SyncStep(models.Model):
    """People in one product → people in the other. Left is the source, right the target, in every mapping."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="steps")
    direction = models.CharField(
        _("direction"),
        max_length=15,
        choices=choices(
            Direction,
            {"to_outreach": _("from the CRM to sequences"), "to_crm": _("from sequences to the CRM")},
        ),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=1)
    name = models.CharField(_("name"), max_length=120, blank=True, help_text=_("Only needed to tell steps apart."))
    enabled = models.BooleanField(_("included in runs"), default=True)
    unmapped_owners = models.CharField(
        _("people with an unmapped owner"),
        max_length=10,
        default=UnmappedOwners.SKIP,
        choices=choices(
            UnmappedOwners,
            {
                "skip": _("are not synced"),
                "fallback": _("are given to the member chosen here"),
                "leave": _("are synced, and the owner is left alone"),
            },
        ),
    )
    fallback_member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("member for unmapped owners")
    )
    on_conflict = models.CharField(
        _("when both sides changed"),
        max_length=15,
        default=OnConflict.SOURCE_WINS,
        choices=choices(
            OnConflict,
            {
                "source_wins": _("the source wins"),
                "target_wins": _("the target wins"),
                "hold": _("hold the person for review"),
            },
        ),
    )
    recreate_deleted = models.BooleanField(
        _("create again when the target was deleted"), default=False, help_text=_("Otherwise the person is skipped.")
    )
    filter_join = models.CharField(
        _("people must pass"),
        max_length=5,
        default=Join.ALL,
        choices=choices(Join, {"all": _("all of the rules"), "any": _("any of the rules")}),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    SETTINGS: ClassVar[tuple[str, ...]] = (
        "name",
        "position",
        "enabled",
        "filter_join",
        "unmapped_owners",
        "fallback_member",
        "on_conflict",
        "recreate_deleted",
    )
    """What people set on the step itself; its rows are apart."""

    objects: ClassVar[models.Manager[SyncStep]] = SyncStepQuerySet.as_manager()
    history = ConfigurationHistory(excluded_fields=["created_at"])

    class Meta:
        ordering = ["connection", "position", "pk"]
        constraints = [
            one_of("direction", Direction),
            one_of("unmapped_owners", UnmappedOwners),
            one_of("on_conflict", OnConflict),
            one_of("filter_join", Join),
            models.CheckConstraint(
                condition=Q(unmapped_owners=UnmappedOwners.FALLBACK, fallback_member__isnull=False)
                | (~Q(unmapped_owners=UnmappedOwners.FALLBACK) & Q(fallback_member__isnull=True)),
                name="integrations_syncstep_fallback_goes_with_policy",
                violation_error_message=_("Choose the member for unmapped owners with that policy, and only then."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.arrow}" if self.name else self.arrow

    @property
    def arrow(self) -> str:
        """The direction as people say it: "People in Pipedrive → People in Reply"."""
        return f"{self.source_account.people_label} → {self.target_account.people_label}"

    @property
    def way(self) -> Direction:
        """The direction as the domain's value."""
        return Direction(self.direction)

    @property
    def source_account(self) -> Account:
        """The account that people are read from."""
        return self.connection.account(self.way.source)

    @property
    def target_account(self) -> Account:
        """The account that people are written to."""
        return self.connection.account(self.way.target)
