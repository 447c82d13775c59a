"""Sync steps with their rows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.pagination import OldestFirst
from integrations.api.permissions import can_view
from integrations.api.preconditions import with_version
from integrations.api.queries import read_query
from integrations.api.serializers.base import InputSerializer
from integrations.api.serializers.steps import StepDetailSerializer, StepSerializer
from integrations.models import SyncStep

from .base import ApiViewSet

LOOK = can_view("syncstep", "fieldmapping", "filtercondition", "ownermapping", "sequencemapping")


class StepFilterSerializer(InputSerializer):
    """Which steps."""

    connection = serializers.IntegerField(min_value=1, required=False, help_text="Only those of this connection.")


class StepViewSet(ListModelMixin, ApiViewSet[SyncStep]):
    """Sync steps."""

    queryset = SyncStep.objects.with_accounts().prefetch_related(
        "field_mappings__source_field",
        "field_mappings__target_field",
        "filter_conditions__field",
        "filter_conditions__member",
        "filter_conditions__saved_filter",
        "owner_mappings__source_member",
        "owner_mappings__target_member",
        "sequence_mappings__owner",
        "sequence_mappings__sequence__owner",
        "sequence_mappings__sequence_step",
    )
    serializer_class = StepDetailSerializer
    pagination_class = OldestFirst
    rights = {"list": LOOK, "retrieve": LOOK}

    def filter_queryset(self, queryset: Any) -> Any:
        """By the query parameters of the list."""
        return queryset.filter(**read_query(self.request, StepFilterSerializer)) if self.action == "list" else queryset

    @extend_schema(parameters=[StepFilterSerializer], responses=StepSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List sync steps with their rows."""
        self.serializer_class = StepSerializer  # type: ignore[assignment]
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, pk: int) -> Response:
        """Read a sync step.

        The header `ETag` is its version.
        """
        return with_version(self.get_serializer(self.get_object()).data)
