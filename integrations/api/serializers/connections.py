"""Connections: the toggle, the schedule, the brakes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.models import Connection

from .base import GREATEST_INTEGER, RecordSerializer, Strict


class ConnectionSerializer(RecordSerializer[Connection]):
    """One outreach account paired with one CRM account."""

    steps: Any = serializers.PrimaryKeyRelatedField(
        many=True, read_only=True, help_text="Sync steps in the order in which runs take them."
    )
    active_run = serializers.SerializerMethodField(help_text="The run that is going on or held, if there is one.")

    class Meta:
        model = Connection
        fields = [
            "id",
            "name",
            "crm_account",
            "outreach_account",
            "enabled",
            "enabled_at",
            *Connection.NUMBERS,
            "created_at",
            "steps",
            "active_run",
        ]
        read_only_fields = fields

    def get_active_run(self, connection: Any) -> int | None:
        """From `Run.objects.active()`, prefetched by the view."""
        return connection.active_runs[0].pk if connection.active_runs else None


class ConnectionChangeSerializer(Strict, serializers.ModelSerializer[Connection]):
    """What to change; members that are left out stay as they are."""

    class Meta:
        model = Connection
        fields = [
            "name",
            "enabled",
            *Connection.NUMBERS,
        ]
        extra_kwargs = {
            name: {"max_value": GREATEST_INTEGER}
            for name in ("brake_minimum", "brake_owner_changes", "enrolment_cap", "retention_days")
        }
