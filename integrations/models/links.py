"""Person links and the enrolment ledger: what must never be doubled."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.domain.enums import Role

from .choices import one_of
from .connections import Connection
from .directory import Sequence, SequenceStep
from .people import Person


class PersonLink(models.Model):
    """CRM person ↔ outreach person of one connection, with what both looked like when they were last in step.

    The memories are field key → fingerprint (`domain.normalise.fingerprint`). `step_memory` is step id → what that step
    last knew ({"settings": str, "in_scope": bool}); `set_back` counts, per side and field, how often in a row a value
    was put back.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="links")
    crm_person = models.ForeignKey(Person, models.CASCADE, related_name="crm_links")
    outreach_person = models.ForeignKey(Person, models.CASCADE, related_name="outreach_links")
    crm_memory = models.JSONField(default=dict)
    outreach_memory = models.JSONField(default=dict)
    step_memory = models.JSONField(default=dict)
    set_back = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("linked"), auto_now_add=True)
    synced_at = models.DateTimeField(_("last in step"), null=True, blank=True)

    class Meta:
        verbose_name = _("person link")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "crm_person"],
                name="integrations_personlink_crm_once",
                violation_error_message=_("This CRM person is linked already."),
            ),
            models.UniqueConstraint(
                fields=["connection", "outreach_person"],
                name="integrations_personlink_outreach_once",
                violation_error_message=_("This outreach contact is linked already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.crm_person_id} ↔ {self.outreach_person_id}"

    def person_id(self, role: Role) -> int:
        """The mirror row on that side."""
        return self.crm_person_id if role is Role.CRM else self.outreach_person_id


class EnrolmentState(models.TextChoices):
    """How far it went. What is still sending once its run has ended is owed: the next run makes up for it."""

    SENDING = "sending", _("sending")
    ENROLLED = "enrolled", _("enrolled")
    REFUSED = "refused", _("refused")


class Enrolment(models.Model):
    """The ledger: this link's person was put into this sequence by us. Written before the call that does it."""

    link = models.ForeignKey(PersonLink, models.CASCADE, related_name="enrolments")
    sequence = models.ForeignKey(Sequence, models.PROTECT, related_name="enrolments")
    sequence_step = models.ForeignKey(SequenceStep, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=EnrolmentState, default=EnrolmentState.SENDING)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    detail = models.CharField(_("detail"), max_length=255, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "sequence"], name="integrations_enrolment_once"),
            one_of("state", EnrolmentState),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} in {self.sequence_id}"
