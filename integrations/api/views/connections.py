"""Connections."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.pagination import OldestFirst
from integrations.api.permissions import can_view
from integrations.api.serializers.connections import ConnectionSerializer
from integrations.models import Connection, Run

from .base import ApiViewSet


class ConnectionViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet[Connection]):
    """Connections are made on the admin's pages, which test the accounts first."""

    queryset = Connection.objects.prefetch_related(
        "steps", Prefetch("runs", Run.objects.active(), to_attr="active_runs")
    )
    serializer_class = ConnectionSerializer
    pagination_class = OldestFirst
    rights = {"list": can_view("connection"), "retrieve": can_view("connection")}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List connections."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read a connection."""
        return super().retrieve(request, *args, **kwargs)
