"""Run entries."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.pagination import OldestFirst
from integrations.api.permissions import can_view
from integrations.api.queries import read_query
from integrations.api.serializers.entries import EntryFilterSerializer, EntrySerializer
from integrations.models import Run, RunEntry
from integrations.services.entry_words import decorate

from .base import ApiViewSet


class EntryViewSet(ListModelMixin, ApiViewSet[RunEntry]):
    """Run entries."""

    queryset = RunEntry.objects.select_related("stage")
    serializer_class = EntrySerializer
    pagination_class = OldestFirst
    rights = {"list": can_view("run", "runentry")}

    def get_queryset(self) -> QuerySet[RunEntry]:
        """Those of the run in the address. 404 where there is no such run."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        run = get_object_or_404(Run, pk=self.kwargs["run_pk"])
        return super().get_queryset().filter(run=run)

    def filter_queryset(self, queryset: Any) -> Any:
        """By the query parameters."""
        wanted = read_query(self.request, EntryFilterSerializer)
        reason, search = wanted.pop("reason", ""), wanted.pop("search", "")
        if reason:
            queryset = queryset.filter(Q(reason=reason) | Q(enrolment_reason=reason))
        if search:
            queryset = queryset.filter(Q(email__icontains=search) | Q(name__icontains=search))
        return queryset.filter(**wanted)

    def paginate_queryset(self, queryset: Any) -> Any:
        """A page, with the names behind its ids."""
        page = super().paginate_queryset(queryset)
        decorate(page or [])
        return page

    @extend_schema(parameters=[EntryFilterSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List a run's entries, the oldest first.

        Everybody who was not unchanged has one, with the values before and after. Unchanged people are counted in
        the run's books and have none.
        """
        return super().list(request, *args, **kwargs)
