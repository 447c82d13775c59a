"""Connections."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.errors import Refused
from integrations.api.pagination import OldestFirst
from integrations.api.permissions import can_view
from integrations.api.serializers.connections import ConnectionChangeSerializer, ConnectionSerializer
from integrations.models import Connection, Run
from integrations.services.connections import change_connection

from .base import ApiViewSet


class ConnectionViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet[Connection]):
    """Connections are made on the admin's pages, which test the accounts first."""

    queryset = Connection.objects.prefetch_related(
        "steps", Prefetch("runs", Run.objects.active(), to_attr="active_runs")
    )
    serializer_class = ConnectionSerializer
    pagination_class = OldestFirst
    rights = {
        "list": can_view("connection"),
        "retrieve": can_view("connection"),
        "partial_update": (*can_view("connection"), "integrations.change_connection"),
    }
    problems = {"partial_update": (409,)}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List connections."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read a connection."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(
        request=ConnectionChangeSerializer,
        responses=ConnectionSerializer,
        examples=[OpenApiExample("Switch off", {"enabled": False}, request_only=True)],
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        """Switch a connection on or off, or change its schedule and its brakes.

        What is left out stays as it is. A connection without an enabled step cannot be switched on.
        """
        connection = self.get_object()
        checked = ConnectionChangeSerializer(connection, data=request.data, partial=True)
        checked.is_valid(raise_exception=True)
        try:
            change_connection(connection=connection, values=checked.validated_data, by=cast(User, request.user))
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from error
        return Response(self.get_serializer(self.get_object()).data)
