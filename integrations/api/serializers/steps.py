"""Sync steps with their rows, as they are read."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.models import FieldMapping, FilterCondition, OwnerMapping, SequenceMapping, SyncStep
from integrations.services.step_warnings import Section, step_warnings
from integrations.services.steps import step_version

from .base import RecordSerializer


class FieldMappingSerializer(RecordSerializer[FieldMapping]):
    """Source field → target field."""

    words = serializers.CharField(source="__str__", read_only=True, help_text="The row as people read it.")

    class Meta:
        model = FieldMapping
        fields = ["id", "source_field", "target_field", "mode", "when_blank", "words"]
        read_only_fields = fields


class OwnerMappingSerializer(RecordSerializer[OwnerMapping]):
    """Source member → target member."""

    words = serializers.CharField(source="__str__", read_only=True, help_text="The row as people read it.")
    is_broken = serializers.BooleanField(read_only=True, help_text="Whether a side was deactivated or removed.")

    class Meta:
        model = OwnerMapping
        fields = ["id", "source_member", "target_member", "words", "is_broken"]
        read_only_fields = fields


class SequenceMappingSerializer(RecordSerializer[SequenceMapping]):
    """Reply owner → sequence → step of that sequence."""

    words = serializers.CharField(source="__str__", read_only=True, help_text="The row as people read it.")

    class Meta:
        model = SequenceMapping
        fields = ["id", "owner", "sequence", "sequence_step", "ignore_step_delay", "only_for_new", "words"]
        read_only_fields = fields


class FilterConditionSerializer(RecordSerializer[FilterCondition]):
    """A filtering rule."""

    words = serializers.CharField(source="__str__", read_only=True, help_text="The row as people read it.")

    class Meta:
        model = FilterCondition
        fields = ["id", "group", "subject", "field", "member", "saved_filter", "operator", "value", "words"]
        read_only_fields = fields


class WarningSerializer(serializers.Serializer[Any]):
    """Something that is allowed and probably not meant."""

    section = serializers.ChoiceField(choices=[section.value for section in Section])
    row = serializers.IntegerField(source="row_id", allow_null=True, help_text="The row's id; null: the whole section.")
    text = serializers.CharField()


class StepSerializer(RecordSerializer[SyncStep]):
    """A sync step with all its rows. Left is the source, right the target, in every mapping."""

    label: Any = serializers.CharField(source="__str__", read_only=True)
    field_mappings = FieldMappingSerializer(many=True, read_only=True)
    filter_conditions = FilterConditionSerializer(many=True, read_only=True)
    owner_mappings = OwnerMappingSerializer(many=True, read_only=True)
    sequence_mappings = SequenceMappingSerializer(many=True, read_only=True)

    class Meta:
        model = SyncStep
        fields = [
            "id",
            "connection",
            "direction",
            "label",
            "name",
            "position",
            "enabled",
            "filter_join",
            "unmapped_owners",
            "fallback_member",
            "on_conflict",
            "recreate_deleted",
            "created_at",
            "field_mappings",
            "filter_conditions",
            "owner_mappings",
            "sequence_mappings",
        ]
        read_only_fields = fields


class StepDetailSerializer(StepSerializer):
    """A step with its version, which writes must name, and with what deserves a warning."""

    version = serializers.SerializerMethodField(help_text="Also in the header ETag; writes name it in If-Match.")
    warnings = serializers.SerializerMethodField()

    class Meta(StepSerializer.Meta):
        fields = [*StepSerializer.Meta.fields, "version", "warnings"]
        read_only_fields = fields

    def get_version(self, step: SyncStep) -> str:
        """A fingerprint of what is stored."""
        return step_version(step)

    @extend_schema_field(WarningSerializer(many=True))
    def get_warnings(self, step: SyncStep) -> Any:
        """As the step's page shows them."""
        return WarningSerializer(step_warnings(step), many=True).data
