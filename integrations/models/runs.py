"""Sync runs: one execution, and its stages, one per step. Its work is in chunks.py, what came of it in entries.py."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .choices import one_of
from .connections import Connection
from .steps import SyncStep


class RunState(models.TextChoices):
    """Where a run is."""

    QUEUED = "queued", _("queued")
    READING = "reading", _("reading")
    PLANNING = "planning", _("planning")
    HELD = "held", _("held")
    APPLYING = "applying", _("applying")
    SUCCEEDED = "succeeded", _("succeeded")
    SUCCEEDED_WITH_ERRORS = "succeeded_with_errors", _("succeeded with errors")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE_STATES = (RunState.QUEUED, RunState.READING, RunState.PLANNING, RunState.HELD, RunState.APPLYING)


class RunKind(models.TextChoices):
    """What a run is for."""

    SYNC = "sync", _("sync")
    PREVIEW = "preview", _("preview")
    APPLY = "apply", _("applied plan")
    RETRY = "retry", _("retry failed")
    UNDO = "undo", _("undo")


class Phase(models.TextChoices):
    """What a run's open chunks do. READ comes once, the others once per stage, in this order."""

    READ = "read", _("reading")
    PLAN = "plan", _("planning")
    WRITE = "write", _("writing people")
    ASSIGN = "assign", _("assigning owners")
    ENROL = "enrol", _("adding to sequences")


class RunQuerySet(models.QuerySet["Run"]):
    """Verbs of runs."""

    def active(self) -> RunQuerySet:
        """Those that are not over."""
        return self.filter(state__in=ACTIVE_STATES)

    def of_the_schedule(self) -> RunQuerySet:
        """Syncs of whole connections, whoever asked for them: the schedule counts from these."""
        return self.filter(kind=RunKind.SYNC, step=None, hinted=False)

    def over(self) -> RunQuerySet:
        """Those that ended, whichever way."""
        return self.exclude(state__in=ACTIVE_STATES)

    def resting(self) -> RunQuerySet:
        """Those that no worker moves on: held or over."""
        return self.exclude(state__in=[state for state in ACTIVE_STATES if state != RunState.HELD])


class Trigger(models.TextChoices):
    """What asked for it."""

    PERSON = "person", _("a person")
    SCHEDULE = "schedule", _("the schedule")
    WEBHOOK = "webhook", _("a webhook")
    API = "api", _("the API")
    COMMAND = "command", _("a command")


class Run(models.Model):
    """One execution for a connection: of one step, or of all enabled steps in their order."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="runs")
    step = models.ForeignKey(
        SyncStep, models.SET_NULL, null=True, blank=True, related_name="runs", help_text=_("Empty: all enabled steps.")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=RunKind, default=RunKind.SYNC)
    full = models.BooleanField(_("full check"), default=False)
    hinted = models.BooleanField(
        _("small run"), default=False, help_text=_("Reads and plans only the people of whom webhooks have told.")
    )
    of_run = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="followers")
    trigger = models.CharField(_("asked for by"), max_length=10, choices=Trigger, default=Trigger.PERSON)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=25, choices=RunState, default=RunState.QUEUED)
    phase = models.CharField(_("phase"), max_length=10, choices=Phase, blank=True)
    stage_position = models.PositiveSmallIntegerField(_("stage"), default=0)
    held_because = models.JSONField(_("held because"), default=list, blank=True)
    held_at = models.DateTimeField(_("held since"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(_("cancel requested"), null=True, blank=True)
    failure = models.TextField(_("failure"), blank=True)
    waiting_until = models.DateTimeField(_("waiting until"), null=True, blank=True)
    waiting_for = models.CharField(_("waiting for"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects: ClassVar[RunQuerySet] = RunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(state__in=[state.value for state in ACTIVE_STATES]),
                name="integrations_run_one_active_per_connection",
                violation_error_message=_("A run of this connection is active already."),
            ),
            one_of("kind", RunKind),
            one_of("state", RunState),
            one_of("trigger", Trigger),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether it is not over yet."""
        return self.state in ACTIVE_STATES

    @property
    def writes(self) -> bool:
        """Whether it may write to the products at all."""
        return self.kind != RunKind.PREVIEW


class RunStage(models.Model):
    """A run's share for one step, with its books.

    `seen` is what planning counted on reading; the others are counted from entries and chunks when the stage closes.
    `since_*` say who is planned (see engine.candidates); `until_*` become the step's checkpoint. `of_stage` is what
    this one takes up: the step's last stage, whose failures are tried again, or the one to retry, apply or undo.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="stages")
    step = models.ForeignKey(SyncStep, models.SET_NULL, null=True, related_name="stages")
    label = models.CharField(_("step"), max_length=255)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    settings = models.CharField(max_length=32, blank=True)
    full = models.BooleanField(_("everybody planned"), default=False)
    since_source = models.BigIntegerField(default=0)
    since_target = models.BigIntegerField(default=0)
    until_source = models.BigIntegerField(default=0)
    until_target = models.BigIntegerField(default=0)
    of_stage = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    seen = models.PositiveIntegerField(_("seen"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    conflicts = models.PositiveIntegerField(_("conflicts"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    owners_assigned = models.PositiveIntegerField(_("owners assigned"), default=0)
    enrolled = models.PositiveIntegerField(_("added to sequences"), default=0)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="integrations_runstage_position_once"),
            models.CheckConstraint(
                condition=Q(closed_at=None)
                | Q(seen=F("created") + F("updated") + F("unchanged") + F("skipped") + F("conflicts") + F("failed")),
                name="integrations_runstage_books_balance",
                violation_error_message=_("Everybody who was seen must have exactly one outcome."),
            ),
        ]

    def __str__(self) -> str:
        return self.label
