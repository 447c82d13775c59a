"""Runs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.permissions import can_view
from integrations.api.queries import read_query
from integrations.api.serializers.base import InputSerializer
from integrations.api.serializers.runs import RunDetailSerializer, RunSerializer
from integrations.models import Run, RunKind, RunState
from integrations.services.overview import with_books

from .base import ApiViewSet


class RunFilterSerializer(InputSerializer):
    """Which runs."""

    connection = serializers.IntegerField(min_value=1, required=False, help_text="Only those of this connection.")
    step = serializers.IntegerField(min_value=1, required=False, help_text="Only those of this step alone.")
    kind = serializers.ChoiceField(choices=RunKind.choices, required=False)
    state = serializers.ChoiceField(choices=RunState.choices, required=False)


class RunViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet[Run]):
    """Runs."""

    queryset = with_books(Run.objects.all())
    serializer_class = RunDetailSerializer
    rights = {"list": can_view("run"), "retrieve": can_view("run")}

    def filter_queryset(self, queryset: Any) -> Any:
        """By the query parameters of the list."""
        return queryset.filter(**read_query(self.request, RunFilterSerializer)) if self.action == "list" else queryset

    @extend_schema(parameters=[RunFilterSerializer], responses=RunSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List runs, the newest first."""
        self.serializer_class = RunSerializer  # type: ignore[assignment]
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read a run, with its progress and its books.

        Ask again while `is_active` is true; a run that is `held` waits for approve or discard.
        """
        return super().retrieve(request, *args, **kwargs)
