"""Run entries: what was decided for each person, what became of it, and why."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.domain.reasons import Reason

from .choices import one_of
from .chunks import RunChunk
from .people import Person
from .runs import Run, RunStage


class Action(models.TextChoices):
    """What was decided for a person. Unchanged people are counted, and have an entry where something is to be said."""

    CREATE = "create", _("create")
    UPDATE = "update", _("update")
    UNCHANGED = "unchanged", _("leave as it is")
    SKIP = "skip", _("skip")
    CONFLICT = "conflict", _("conflict")


class Outcome(models.TextChoices):
    """What became of it."""

    PLANNED = "planned", _("planned")
    CREATED = "created", _("created")
    UPDATED = "updated", _("updated")
    UNCHANGED = "unchanged", _("unchanged")
    SKIPPED = "skipped", _("skipped")
    CONFLICT = "conflict", _("conflict")
    FAILED = "failed", _("failed")


class Part(models.TextChoices):
    """How far one write of an entry is: the person, the owner, the enrolment each have one."""

    NONE = "none", _("none")
    PLANNED = "planned", _("planned")
    SENDING = "sending", _("sending")
    DONE = "done", _("done")
    FOUND = "found", _("was there already")
    REFUSED = "refused", _("refused")
    FAILED = "failed", _("failed")


class RunEntry(models.Model):
    """One person's decision and outcome in a run.

    `changes` is a list of {"key", "label", "before", "after", "rule", "sets_back"}, the values as
    `domain.person.value_to_json` gives them.
    `source_content` and `target_content` are the mirror's content hashes that the decision was made on.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="entries")
    stage = models.ForeignKey(RunStage, models.CASCADE, related_name="entries")
    chunk = models.ForeignKey(RunChunk, models.SET_NULL, null=True, related_name="entries")
    source_person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    target_person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    source_external_id = models.CharField(_("source id"), max_length=64)
    target_external_id = models.CharField(_("target id"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    action = models.CharField(_("decision"), max_length=10, choices=Action)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.PLANNED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    changes = models.JSONField(_("changes"), default=list)
    notes = models.JSONField(_("notes"), default=list)
    owner_before = models.CharField(_("owner before"), max_length=64, blank=True)
    owner_after = models.CharField(_("owner after"), max_length=64, blank=True)
    owner_pair = models.BigIntegerField(null=True)
    owner_sets_back = models.BooleanField(default=False)
    sequence_rule = models.BigIntegerField(null=True)
    sequence_external_id = models.CharField(_("sequence id"), max_length=64, blank=True)
    step_external_id = models.CharField(_("sequence step id"), max_length=64, blank=True)
    ignore_step_delay = models.BooleanField(default=False)
    enrolment_reason = models.CharField(_("why not enrolled"), max_length=40, blank=True)
    enrolment_detail = models.CharField(max_length=255, blank=True)
    write_part = models.CharField(max_length=10, choices=Part, default=Part.NONE)
    owner_part = models.CharField(max_length=10, choices=Part, default=Part.NONE)
    enrol_part = models.CharField(max_length=10, choices=Part, default=Part.NONE)
    source_content = models.CharField(max_length=32, blank=True)
    target_content = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField(null=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("run entry")
        verbose_name_plural = _("run entries")
        ordering = ["pk"]
        constraints = [
            one_of("action", Action),
            one_of("outcome", Outcome),
            one_of("write_part", Part),
            one_of("owner_part", Part),
            one_of("enrol_part", Part),
        ]
        indexes = [
            models.Index(fields=["run", "outcome", "id"], name="runentry_outcome"),
            models.Index(fields=["stage", "action", "id"], name="runentry_stage"),
            models.Index(fields=["run", "email"], name="runentry_email"),
            models.Index(fields=["source_person", "id"], name="runentry_person"),
        ]

    was_sent_before = False
    """Not stored: a worker's knowledge that it sends the entry again, because an answer was lost."""

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.name or self.email}"

    @property
    def reason_text(self) -> str:
        """The reason in words, "" where there is none."""
        return Reason(self.reason).text if self.reason else ""

    @property
    def enrolment_text(self) -> str:
        """Why the person was not put into a sequence, in words, "" where there is nothing to say."""
        return Reason(self.enrolment_reason).text if self.enrolment_reason else ""
