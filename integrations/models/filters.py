"""The filtering rules of a step, as rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.domain.enums import Operator

from .choices import choices, one_of
from .directory import AccountField, Member, SavedFilter
from .history import ConfigurationHistory
from .steps import SyncStep

GROUPS = [("", "—"), ("A", "A"), ("B", "B"), ("C", "C"), ("D", "D"), ("E", "E")]


class ConditionSubject(models.TextChoices):
    """What the rule looks at."""

    FIELD = "field", _("field")
    OWNER = "owner", _("owner")
    SAVED_FILTER = "saved_filter", _("list or saved filter")


class FilterCondition(models.Model):
    """One rule. It looks at a field, at the owner, or at a saved filter: exactly one of the three."""

    step = models.ForeignKey(SyncStep, models.CASCADE, related_name="filter_conditions")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    group = models.CharField(
        _("group"),
        max_length=1,
        blank=True,
        choices=GROUPS,
        help_text=_("Rules with the same letter count as one: of a group, any must pass where all are asked for."),
    )
    subject = models.CharField(_("looks at"), max_length=15, choices=ConditionSubject, default=ConditionSubject.FIELD)
    field = models.ForeignKey(AccountField, models.PROTECT, null=True, blank=True, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    saved_filter = models.ForeignKey(SavedFilter, models.PROTECT, null=True, blank=True, related_name="+")
    operator = models.CharField(
        _("operator"),
        max_length=15,
        choices=choices(
            Operator,
            {
                "is": _("is"),
                "is_not": _("is not"),
                "contains": _("contains"),
                "not_contains": _("does not contain"),
                "starts_with": _("starts with"),
                "is_empty": _("is empty"),
                "is_not_empty": _("is not empty"),
                "greater": _("is greater than"),
                "less": _("is less than"),
                "before": _("is before"),
                "after": _("is after"),
                "in_last_days": _("is in the last (days)"),
                "in_list": _("is in"),
                "not_in_list": _("is not in"),
            },
        ),
    )
    value = models.CharField(_("value"), max_length=255, blank=True)

    history = ConfigurationHistory()

    class Meta:
        verbose_name = _("filtering rule")
        ordering = ["position", "pk"]
        constraints = [
            one_of("subject", ConditionSubject),
            one_of("operator", Operator),
            models.CheckConstraint(
                condition=Q(subject="field", field__isnull=False, member__isnull=True, saved_filter__isnull=True)
                | Q(subject="owner", field__isnull=True, saved_filter__isnull=True)
                | Q(subject="saved_filter", field__isnull=True, member__isnull=True, saved_filter__isnull=False),
                name="integrations_filtercondition_has_one_subject",
                violation_error_message=_("A rule looks at a field, at the owner, or at a list: choose one."),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.field or self.saved_filter or _('Owner')} {self.get_operator_display()} {self.member or self.value}"
        )
