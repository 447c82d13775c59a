"""Runs: what is going on, and what came of it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.models import Run, RunKind, RunStage
from integrations.services.forecast import forecast
from integrations.services.progress import progress, stage_counts
from integrations.services.run_actions import has_costs_ahead, possible_actions

from .base import InputSerializer, RecordSerializer, UtcDateTimeField, record_id


class CountsSerializer(serializers.Serializer[Any]):
    """People by what became of them, or by what is planned for them.

    Once the run is over, `seen` is the sum of created, updated, unchanged, skipped, conflicts and failed.
    """

    seen = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    skipped = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    failed = serializers.IntegerField()
    open = serializers.IntegerField(help_text="Those whose turn comes.")
    owners = serializers.IntegerField(help_text="Owners assigned.")
    enrolled = serializers.IntegerField(help_text="Added to sequences.")


class EntryErrorSerializer(serializers.Serializer[Any]):
    """One of the last failures."""

    entry = serializers.IntegerField(source="entry_id")
    who = serializers.CharField()
    words = serializers.CharField()


class ProgressSerializer(serializers.Serializer[Any]):
    """How far it is."""

    percent = serializers.IntegerField(help_text="0 to 100.")
    words = serializers.CharField(help_text="What it is doing.")
    read = serializers.IntegerField(help_text="People read so far.")
    calls = serializers.IntegerField(help_text="Calls of both products.")
    tokens = serializers.IntegerField(help_text="What they cost, in the products' own units.")
    waiting = serializers.CharField(allow_blank=True, help_text="What it waits for, empty when it does not wait.")
    waiting_until = UtcDateTimeField(allow_null=True)
    errors: Any = EntryErrorSerializer(many=True, help_text="The last failures.")
    counts = CountsSerializer()


class StageSerializer(RecordSerializer[RunStage]):
    """The run's share for one step, with its books."""

    counts = serializers.SerializerMethodField()

    class Meta:
        model = RunStage
        fields = ["id", "step", "label", "position", "full", "closed_at", "counts"]
        read_only_fields = fields

    @extend_schema_field(CountsSerializer)
    def get_counts(self, stage: RunStage) -> Any:
        """As they were closed, or as they stand now."""
        return CountsSerializer(stage_counts(stage)).data


class AccountForecastSerializer(serializers.Serializer[Any]):
    """What one account will be asked for."""

    account = serializers.IntegerField(source="account_id")
    account_name = serializers.CharField(source="account")
    calls = serializers.IntegerField()
    tokens = serializers.IntegerField(help_text="In the product's own unit, 0 where it counts calls only.")
    seconds = serializers.FloatField(help_text="What its limits, as they are spent now, make of it.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What carrying out what is planned will cost."""

    words = serializers.CharField(allow_blank=True, help_text="Empty when there is nothing to write.")
    seconds = serializers.FloatField()
    accounts = AccountForecastSerializer(many=True)


class RunSerializer(RecordSerializer[Run]):
    """A run, as the list shows it. `seen`, `written`, `unchanged`, `skipped` and `failed` count people.

    Those of a run that is going on are in its own document.
    """

    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, default=None, allow_null=True, help_text="The user's name."
    )
    small = serializers.BooleanField(
        source="hinted", read_only=True, help_text="Whether it looks only at people of whom webhooks have told."
    )
    phase = serializers.CharField(
        read_only=True, help_text="read, plan, write, assign or enrol; empty before the first of them."
    )
    is_active = serializers.BooleanField(read_only=True, help_text="Whether it is not over yet.")
    held_because = serializers.ListField(child=serializers.CharField(), read_only=True)
    seen = serializers.IntegerField(read_only=True, default=0)
    written = serializers.IntegerField(read_only=True, default=0, help_text="Created or updated.")
    unchanged = serializers.IntegerField(source="unchanged_people", read_only=True, default=0)
    skipped = serializers.IntegerField(
        source="skipped_people", read_only=True, default=0, help_text="Skipped, or in conflict."
    )
    failed = serializers.IntegerField(source="failed_people", read_only=True, default=0)

    class Meta:
        model = Run
        fields = [
            "id",
            "connection",
            "step",
            "kind",
            "full",
            "small",
            "of_run",
            "trigger",
            "requested_by",
            "state",
            "is_active",
            "phase",
            "held_because",
            "failure",
            "created_at",
            "started_at",
            "finished_at",
            "seen",
            "written",
            "unchanged",
            "skipped",
            "failed",
        ]
        read_only_fields = fields


class RunDetailSerializer(RunSerializer):
    """A run with its progress, its books by step, and what can be done with it now."""

    progress = serializers.SerializerMethodField()
    stages = StageSerializer(many=True, read_only=True)
    forecast = serializers.SerializerMethodField(
        help_text="Of a finished preview, and of a run that is held or applying; else null."
    )
    actions = serializers.SerializerMethodField(help_text="What makes sense now, whatever the reader's role.")

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "progress", "stages", "forecast", "actions"]
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, run: Run) -> Any:
        """As the run's page shows it."""
        return ProgressSerializer(progress(run)).data

    @extend_schema_field(ForecastSerializer(allow_null=True))
    def get_forecast(self, run: Run) -> Any:
        """As the run's page says it."""
        return ForecastSerializer(forecast(run)).data if has_costs_ahead(run) else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_actions(self, run: Run) -> list[str]:
        """As the run's page has buttons."""
        return possible_actions(run)


class RunRequestSerializer(InputSerializer):
    """What to run."""

    connection = record_id("The connection's id.")
    step = record_id("Only this step; null: all enabled ones.", allow_null=True, default=None)
    kind = serializers.ChoiceField(
        choices=[RunKind.SYNC.value, RunKind.PREVIEW.value],
        default=RunKind.SYNC.value,
        help_text="`sync` writes; `preview` plans the same and writes to nobody.",
    )
    full = serializers.BooleanField(default=False, help_text="Look at everybody again, not only at who has changed.")
