"""Sync steps with their rows, as they are read and written: what was read may be sent back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.models import FieldMapping, FilterCondition, OwnerMapping, SequenceMapping, SyncStep
from integrations.services.step_warnings import Section, step_warnings
from integrations.services.step_writing import StepDraft
from integrations.services.steps import step_version

from .base import GREATEST_SMALL_INTEGER, InputSerializer, RecordSerializer, Strict, id_field, record_id, words_field

SECTIONS = {
    "field_mappings": Section.FIELDS,
    "filter_conditions": Section.FILTERS,
    "owner_mappings": Section.OWNERS,
    "sequence_mappings": Section.SEQUENCES,
}
SECTION_CHOICES = [(section.value, section.value) for section in Section]
MOST_ROWS = 1_000


class FieldMappingSerializer(Strict, RecordSerializer[FieldMapping]):
    """Source field → target field. No two rows of a step have one target field."""

    source_field = id_field("source_field", "A field of the source account.")
    target_field = id_field("target_field", "A field of the target account that can be written.")
    words = words_field()

    class Meta:
        model = FieldMapping
        fields = ["id", "source_field", "target_field", "mode", "when_blank", "words"]


class OwnerMappingSerializer(Strict, RecordSerializer[OwnerMapping]):
    """Source member → target member. No two rows of a step have one source member."""

    source_member = id_field("source_member", "A member of the source account.")
    target_member = id_field("target_member", "A member of the target account.")
    words = words_field()
    is_broken = serializers.BooleanField(read_only=True, help_text="Whether a side was deactivated or removed.")

    class Meta:
        model = OwnerMapping
        fields = ["id", "source_member", "target_member", "words", "is_broken"]


class SequenceMappingSerializer(Strict, RecordSerializer[SequenceMapping]):
    """Owner → sequence → step of that sequence. No two rows of a step have one owner."""

    owner = id_field("owner", "A member of the target account.")
    sequence = id_field("sequence", "A sequence of the target account.")
    sequence_step = id_field("sequence_step", "A step of that sequence.")
    words = words_field()

    class Meta:
        model = SequenceMapping
        fields = ["id", "owner", "sequence", "sequence_step", "ignore_step_delay", "only_for_new", "words"]


class FilterConditionSerializer(Strict, RecordSerializer[FilterCondition]):
    """A filtering rule. It looks at a field, at the owner or at a saved filter, as `subject` says."""

    field = id_field("field", "A field of the source account, for the subject `field`.", optional=True)
    member = id_field("member", "A member of the source account, for the subject `owner`.", optional=True)
    saved_filter = id_field("saved_filter", "For the subject `saved_filter`.", optional=True)
    words = words_field()

    class Meta:
        model = FilterCondition
        fields = ["id", "group", "subject", "field", "member", "saved_filter", "operator", "value", "words"]


class WarningSerializer(serializers.Serializer[Any]):
    """Something that is allowed and probably not meant."""

    section = serializers.ChoiceField(choices=SECTION_CHOICES)
    row = serializers.IntegerField(source="row_id", allow_null=True, help_text="The row's id; null: the whole section.")
    text = serializers.CharField()


def _rows(serializer: Any) -> Any:
    return serializer(many=True, max_length=MOST_ROWS)


class StepSerializer(Strict, RecordSerializer[SyncStep]):
    """A sync step with all its rows. Left is the source, right the target, in every mapping."""

    label: Any = serializers.CharField(source="__str__", read_only=True)
    fallback_member = id_field("fallback_member", "Of the target account, with the policy `fallback`.", nullable=True)
    field_mappings = _rows(FieldMappingSerializer)
    filter_conditions = _rows(FilterConditionSerializer)
    owner_mappings = _rows(OwnerMappingSerializer)
    sequence_mappings = _rows(SequenceMappingSerializer)

    class Meta:
        model = SyncStep
        fields = ["id", "connection", "direction", "label", "created_at", *SyncStep.SETTINGS, *SECTIONS]
        read_only_fields = ["id", "connection", "direction", "created_at"]
        extra_kwargs = {
            **{name: {"required": True} for name in SyncStep.SETTINGS if name != "fallback_member"},
            "position": {"required": True, "min_value": 1, "max_value": GREATEST_SMALL_INTEGER},
        }

    def as_draft(self) -> StepDraft:
        """What was sent, once it is valid."""
        values = dict(self.validated_data)
        rows = {section: values.pop(name) for name, section in SECTIONS.items() if name in values}
        return StepDraft(values, rows)


class StepDetailSerializer(StepSerializer):
    """A step with its version, which writes must name, and with what deserves a warning."""

    version = serializers.SerializerMethodField(help_text="Also in the header ETag; writes name it in If-Match.")
    warnings = serializers.SerializerMethodField()

    class Meta(StepSerializer.Meta):
        fields = [*StepSerializer.Meta.fields, "version", "warnings"]

    def get_version(self, step: SyncStep) -> str:
        """A fingerprint of what is stored."""
        return step_version(step)

    @extend_schema_field(WarningSerializer(many=True))
    def get_warnings(self, step: SyncStep) -> Any:
        """As the step's page shows them."""
        return WarningSerializer(step_warnings(step), many=True).data


class StepPartsSerializer(StepSerializer):
    """Parts of a step. Settings and sections that are left out stay; the rows of a section are complete."""

    def get_fields(self) -> dict[str, Any]:
        """DRF's own way of asking for less, `partial`, would ask less of the rows too."""
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


class NewStepSerializer(StepPartsSerializer):
    """A new step. What is left out gets its default: the default fields, and the pre-set pair of owners."""

    connection = record_id("The connection's id.")
    direction = serializers.ChoiceField(choices=SyncStep._meta.get_field("direction").flatchoices)

    class Meta(StepSerializer.Meta):
        fields = ["connection", "direction", *SyncStep.SETTINGS, *SECTIONS]
        read_only_fields: list[str] = []

    def get_fields(self) -> dict[str, Any]:
        """Only where it belongs must be said."""
        fields = super().get_fields()
        fields["connection"].required = fields["direction"].required = True
        return fields


class RowChangeSerializer(serializers.Serializer[Any]):
    """What would happen to one row of another step."""

    kind = serializers.ChoiceField(choices=["added", "changed", "removed", "dropped"])
    text = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class PartPlanSerializer(serializers.Serializer[Any]):
    """What would happen to one part of another step."""

    section = serializers.ChoiceField(choices=SECTION_CHOICES)
    why_not = serializers.CharField(allow_blank=True, help_text="Why the part does not apply there at all.")
    changes = RowChangeSerializer(many=True)
    unchanged = serializers.IntegerField(help_text="Rows that are the same already.")


class StepPlanSerializer(serializers.Serializer[Any]):
    """What would happen to another step of the connection."""

    step = serializers.IntegerField(source="step.pk")
    label: Any = serializers.CharField(source="step")
    is_opposite = serializers.BooleanField(help_text="Whether it carries people the other way, so pairs turn round.")
    parts = PartPlanSerializer(many=True)


class ApplyPreviewSerializer(serializers.Serializer[Any]):
    """What applying this step's settings to all others would change. Nothing has been written."""

    version = serializers.CharField(help_text="Of all steps of the connection; name it to confirm.")
    steps = StepPlanSerializer(many=True)


class ApplyConfirmSerializer(InputSerializer):
    """Which parts to apply, and what was seen."""

    version = serializers.CharField(max_length=64)
    parts = serializers.ListField(
        child=serializers.ChoiceField(choices=SECTION_CHOICES), allow_empty=False, max_length=4
    )


class AppliedSerializer(serializers.Serializer[Any]):
    """What was changed."""

    steps = StepPlanSerializer(many=True)
