"""Why?, as JSON: what every step would do with one person, and for which reason."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.services.explanation import Verdict

from .base import UtcDateTimeField


class MirroredSerializer(serializers.Serializer[Any]):
    """A person as SyncAdmin's mirror holds them."""

    id = serializers.CharField(help_text="The product's id.")
    account = serializers.CharField()
    people_label = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    emails = serializers.ListField(child=serializers.CharField())
    owner = serializers.CharField()
    found_by = serializers.CharField(help_text="Why the question means this person.")
    changed_at = UtcDateTimeField(allow_null=True)
    missing_since = UtcDateTimeField(allow_null=True)


class SearchedSerializer(serializers.Serializer[Any]):
    """An account that was looked through, and how fresh its mirror is."""

    account = serializers.CharField()
    people_label = serializers.CharField()
    read_at = UtcDateTimeField(allow_null=True)
    full_read_at = UtcDateTimeField(allow_null=True)
    people = MirroredSerializer(many=True)


class RuleVerdictSerializer(serializers.Serializer[Any]):
    """One filtering rule and how the person fares."""

    words = serializers.CharField()
    passed = serializers.BooleanField()
    actual = serializers.CharField(allow_blank=True, help_text="The person's value.")


class FilterStorySerializer(serializers.Serializer[Any]):
    """All filtering rules. Without rules everybody passes."""

    words = serializers.CharField()
    passed = serializers.BooleanField()
    rules = RuleVerdictSerializer(many=True)


class LineSerializer(serializers.Serializer[Any]):
    """One matter that was decided, and what caused it."""

    words = serializers.CharField()
    cause = serializers.CharField(allow_blank=True)
    is_trouble = serializers.BooleanField()


class FieldStorySerializer(serializers.Serializer[Any]):
    """One target field, as it is and as it would be."""

    key = serializers.CharField()
    label: Any = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)
    changes = serializers.BooleanField(help_text="Whether it would be written.")
    cause = serializers.CharField(allow_blank=True)
    remark = serializers.CharField(allow_blank=True)


class StepStorySerializer(serializers.Serializer[Any]):
    """What one step would do with one person now, and why."""

    step = serializers.IntegerField(source="step_pk")
    step_label = serializers.CharField(source="step")
    connection = serializers.IntegerField(source="connection_pk")
    connection_name = serializers.CharField(source="connection")
    person = MirroredSerializer()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    reason = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    match = LineSerializer(help_text="Whom in the target they were matched with.")
    filter = FilterStorySerializer()
    owner = LineSerializer(allow_null=True)
    sequence = LineSerializer(allow_null=True)
    target_fields = FieldStorySerializer(many=True, source="fields")
    notes = serializers.ListField(child=serializers.CharField())
    hindrances = serializers.ListField(
        child=serializers.CharField(), help_text="Why runs would not come to it, or not the next one."
    )


class PastEntrySerializer(serializers.Serializer[Any]):
    """What a run did with the person."""

    entry = serializers.IntegerField(source="entry_pk")
    run = serializers.IntegerField(source="run_pk")
    at = UtcDateTimeField()
    step = serializers.CharField()
    action = serializers.CharField()
    outcome = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    changed = serializers.ListField(child=serializers.CharField(), help_text="Fields that were written.")
    owner = serializers.CharField(allow_blank=True)
    enrolment = serializers.CharField(allow_blank=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """The whole answer."""

    query = serializers.CharField()
    asked_at = UtcDateTimeField()
    accounts = SearchedSerializer(many=True)
    steps = StepStorySerializer(many=True)
    past = PastEntrySerializer(many=True)
    left_out = serializers.IntegerField(help_text="People with the address beyond those who are explained.")
