"""The rows of a step: fields mapping, ownership mappings, people to sequence."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.domain.enums import OverwriteMode, WhenBlank

from .choices import choices, one_of
from .directory import AccountField, Member, Sequence, SequenceStep
from .history import ConfigurationHistory
from .steps import SyncStep


class FieldMapping(models.Model):
    """Source field → target field."""

    step = models.ForeignKey(SyncStep, models.CASCADE, related_name="field_mappings")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    source_field = models.ForeignKey(AccountField, models.PROTECT, related_name="+", verbose_name=_("from"))
    target_field = models.ForeignKey(AccountField, models.PROTECT, related_name="+", verbose_name=_("to"))
    mode = models.CharField(
        _("overwrite"),
        max_length=15,
        default=OverwriteMode.ALWAYS,
        choices=choices(
            OverwriteMode,
            {"always": _("always"), "only_if_empty": _("only if empty"), "only_for_new": _("only for new records")},
        ),
    )
    when_blank = models.CharField(
        _("when the source is blank"),
        max_length=5,
        default=WhenBlank.KEEP,
        choices=choices(WhenBlank, {"keep": _("keep the target"), "clear": _("clear the target")}),
    )

    history = ConfigurationHistory()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "target_field"],
                name="integrations_fieldmapping_target_once_per_step",
                violation_error_message=_("This target field is mapped already: one field cannot take two values."),
            ),
            one_of("mode", OverwriteMode),
            one_of("when_blank", WhenBlank),
        ]

    def __str__(self) -> str:
        return f"{self.source_field} → {self.target_field}"


class OwnerMapping(models.Model):
    """Source member → target member. Each left member at most once per step; right ones any number of times."""

    step = models.ForeignKey(SyncStep, models.CASCADE, related_name="owner_mappings")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    source_member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("owner in the source"))
    target_member = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("owner in the target"))

    history = ConfigurationHistory()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "source_member"],
                name="integrations_ownermapping_left_once_per_step",
                violation_error_message=_("This member is on the left side of another row of this step already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_member} → {self.target_member}"

    @property
    def is_broken(self) -> bool:
        """Whether a side was deactivated or removed; its people are skipped then."""
        return not (self.source_member.can_own and self.target_member.can_own)


class SequenceMapping(models.Model):
    """Reply owner → sequence → step of that sequence."""

    step = models.ForeignKey(SyncStep, models.CASCADE, related_name="sequence_mappings")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("Reply owner"))
    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="+", verbose_name=_("sequence"))
    sequence_step = models.ForeignKey(SequenceStep, models.PROTECT, related_name="+", verbose_name=_("step"))
    ignore_step_delay = models.BooleanField(_("ignore step delay"), default=False)
    only_for_new = models.BooleanField(_("only for new records"), default=False)

    history = ConfigurationHistory()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "owner"],
                name="integrations_sequencemapping_owner_once_per_step",
                violation_error_message=_("This owner has a row already: one row per Reply owner and step."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner} → {self.sequence}, {self.sequence_step}"
