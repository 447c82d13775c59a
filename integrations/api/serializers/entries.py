"""Run entries: who was dealt with, what changed, and why."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.domain.reasons import Reason
from integrations.models import Action, Outcome, RunEntry
from integrations.services.entry_words import reason_words

from .base import InputSerializer, RecordSerializer, record_id


@extend_schema_field(OpenApiTypes.ANY)
class ValueField(serializers.JSONField):
    """A value of a person: text, number, true or false, null, or a list."""


class ChangeSerializer(serializers.Serializer[Any]):
    """One field, before and after."""

    key = serializers.CharField(help_text="The target field's key.")
    label: Any = serializers.CharField()
    before = ValueField()
    after = ValueField()
    mapping = serializers.IntegerField(
        source="rule", default=None, allow_null=True, help_text="The field mapping; null: the product requires it."
    )
    sets_back = serializers.BooleanField(default=False, help_text="Whether it puts back what somebody had changed.")


class NoteSerializer(serializers.Serializer[Any]):
    """Something else that is worth knowing."""

    reason = serializers.CharField()
    text = serializers.SerializerMethodField(help_text="The reason in words.")
    field = serializers.CharField(default="", allow_blank=True)
    detail = serializers.CharField(default="", allow_blank=True)

    def get_text(self, note: dict[str, Any]) -> str:
        """In words."""
        return reason_words(note["reason"])


class EntrySerializer(RecordSerializer[RunEntry]):
    """One person's decision and outcome in a run."""

    step_label = serializers.CharField(source="stage.label", read_only=True)
    reason_text = serializers.SerializerMethodField(help_text="The reason in words.")
    detail = serializers.CharField(source="detail_words", read_only=True)
    changes = ChangeSerializer(many=True, read_only=True)
    notes = NoteSerializer(many=True, read_only=True)
    owner = serializers.CharField(source="owner_words", read_only=True, help_text="Owner before and after, by name.")
    sequence = serializers.CharField(
        source="sequence_words", read_only=True, help_text="Into which sequence they were put, or why not."
    )

    class Meta:
        model = RunEntry
        fields = [
            "id",
            "run",
            "stage",
            "step_label",
            "source_external_id",
            "target_external_id",
            "name",
            "email",
            "action",
            "outcome",
            "reason",
            "reason_text",
            "detail",
            "changes",
            "notes",
            "owner_before",
            "owner_after",
            "owner",
            "sequence_external_id",
            "sequence",
            "enrolment_reason",
            "at",
        ]
        read_only_fields = fields

    def get_reason_text(self, entry: RunEntry) -> str:
        """In words."""
        return reason_words(entry.reason)


class EntryFilterSerializer(InputSerializer):
    """Which entries of the run."""

    action = serializers.ChoiceField(choices=Action.choices, required=False, help_text="What was decided.")
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False, help_text="What became of it.")
    reason = serializers.ChoiceField(
        choices=[reason.value for reason in Reason], required=False, help_text="Of the decision, or of not enrolling."
    )
    stage = record_id("The stage's number.", required=False)
    search = serializers.CharField(max_length=254, required=False, help_text="Part of the name or e-mail address.")
