"""Sync steps with their rows."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.errors import Changed, Invalid, Located, at
from integrations.api.pagination import OldestFirst
from integrations.api.permissions import can_view
from integrations.api.preconditions import ETAG, IF_MATCH, refuse_stale, with_version
from integrations.api.queries import read_query
from integrations.api.serializers.base import InputSerializer, record_id
from integrations.api.serializers.steps import (
    SECTIONS,
    AppliedSerializer,
    ApplyConfirmSerializer,
    ApplyPreviewSerializer,
    NewStepSerializer,
    StepDetailSerializer,
    StepPartsSerializer,
    StepSerializer,
)
from integrations.domain.enums import Direction
from integrations.models import Connection, SyncStep
from integrations.services.propagation import ChangedMeanwhile, apply_for_all, plan_for_all, version_of_all
from integrations.services.step_intake import Misplaced
from integrations.services.step_warnings import Section
from integrations.services.step_writing import StepDraft, StepRefused, save_step
from integrations.services.steps import add_step, delete_step

from .base import ApiViewSet

LOOK = can_view("syncstep", "fieldmapping", "filtercondition", "ownermapping", "sequencemapping")
CHANGE = (*LOOK, "integrations.change_syncstep")
_NAMES = {section: name for name, section in SECTIONS.items()}


class StepFilterSerializer(InputSerializer):
    """Which steps."""

    connection = record_id("Only those of this connection.", required=False)


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
    rights = {
        "list": LOOK,
        "retrieve": LOOK,
        "create": (*LOOK, "integrations.add_syncstep"),
        "update": CHANGE,
        "partial_update": CHANGE,
        "destroy": (*LOOK, "integrations.delete_syncstep"),
        "apply_preview": CHANGE,
        "apply_confirm": CHANGE,
    }
    problems = {"update": (412, 428), "partial_update": (412, 428), "destroy": (412, 428), "apply_confirm": (412,)}

    def filter_queryset(self, queryset: Any) -> Any:
        """By the query parameters of the list."""
        return queryset.filter(**read_query(self.request, StepFilterSerializer)) if self.action == "list" else queryset

    @extend_schema(parameters=[StepFilterSerializer], responses=StepSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List sync steps with their rows."""
        self.serializer_class = StepSerializer  # type: ignore[assignment]
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[ETAG])
    def retrieve(self, request: Request, pk: int) -> Response:
        """Read a sync step.

        The header `ETag` is its version.
        """
        return self.shown(pk)

    @extend_schema(
        request=NewStepSerializer,
        responses={201: StepDetailSerializer},
        parameters=[ETAG],
        examples=[OpenApiExample("With the defaults", {"connection": 1, "direction": "to_crm"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Add a sync step at the end of its connection's order.

        Sections that are left out get what a new step has on the pages: the default fields and the pre-set pair of
        owners.
        """
        sent = NewStepSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        draft = sent.as_draft()
        values = dict(draft.settings)
        number, direction = values.pop("connection"), Direction(values.pop("direction"))
        connection = Connection.objects.with_accounts().filter(pk=number).first()
        if connection is None:
            raise Invalid(at("/connection", f"There is no connection {number}."))
        with transaction.atomic():
            step = add_step(connection=connection, direction=direction, by=self.asker)
            self.save(step, StepDraft(values, draft.rows))
        return self.shown(step.pk, status.HTTP_201_CREATED)

    @extend_schema(request=StepSerializer, parameters=[IF_MATCH, ETAG])
    def update(self, request: Request, pk: int) -> Response:
        """Replace a sync step's settings and rows.

        The whole step is sent, as it is read; `id` and other read-only members may stay in. Rows are taken in the
        order given. The checks are those of the step's page, and all mistakes are told at once; nothing is changed
        then. The answer's `warnings` tell what is allowed and probably not meant.
        """
        return self.changed(request, pk, StepSerializer)

    @extend_schema(
        request=StepPartsSerializer,
        parameters=[IF_MATCH, ETAG],
        examples=[
            OpenApiExample(
                "Other ownership mappings",
                {"owner_mappings": [{"source_member": 3, "target_member": 8}]},
                request_only=True,
            )
        ],
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        """Change parts of a sync step.

        Settings and sections that are left out stay as they are; a section that is given is replaced whole.
        """
        return self.changed(request, pk, StepPartsSerializer)

    @extend_schema(parameters=[IF_MATCH])
    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a sync step.

        People and links stay as they are; runs keep their books.
        """
        with transaction.atomic():
            step = self.locked(pk)
            refuse_stale(request, step)
            delete_step(step=step, by=self.asker)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=ApplyPreviewSerializer)
    @action(detail=True, methods=["get"], url_path="apply-to-all")
    def apply_preview(self, request: Request, pk: int) -> Response:
        """Show what applying this step's settings to all steps of its connection would change.

        Writes nothing. Owner pairs and fields are turned round for steps of the opposite direction.
        """
        step = self.get_object()
        answer = {"version": version_of_all(step), "steps": plan_for_all(step)}
        return Response(ApplyPreviewSerializer(answer).data)

    @extend_schema(
        request=ApplyConfirmSerializer,
        responses=AppliedSerializer,
        examples=[
            OpenApiExample("Owners", {"version": "5b9ad17e1f6cf4a3a1bb0a5e", "parts": ["owners"]}, request_only=True)
        ],
    )
    @apply_preview.mapping.post
    def apply_confirm(self, request: Request, pk: int) -> Response:
        """Apply parts of this step's settings to all steps of its connection.

        Does what the preview with the same `version` has shown, in one transaction, and starts no run. 412 when a step
        has changed since.
        """
        step = self.get_object()
        sent = ApplyConfirmSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        parts = [Section(part) for part in sent.validated_data["parts"]]
        try:
            plans = apply_for_all(step=step, sections=parts, version=sent.validated_data["version"], by=self.asker)
        except ChangedMeanwhile:
            raise Changed(
                "A step was changed since this preview, and nothing has been applied. Preview again.",
                version=version_of_all(step),
            ) from None
        return Response(AppliedSerializer({"steps": plans}).data)

    @property
    def asker(self) -> User:
        """Who asks."""
        return cast(User, self.request.user)

    def locked(self, pk: int) -> SyncStep:
        """The step of the address, locked until the transaction ends."""
        self.get_object()
        return SyncStep.objects.with_accounts().select_for_update(of=("self",)).get(pk=pk)

    def changed(self, request: Request, pk: int, serializer: type[StepSerializer]) -> Response:
        """The step after the change."""
        with transaction.atomic():
            step = self.locked(pk)
            refuse_stale(request, step)
            sent = serializer(step, data=request.data)
            sent.is_valid(raise_exception=True)
            self.save(step, sent.as_draft())
        return self.shown(pk)

    def save(self, step: SyncStep, draft: StepDraft) -> None:
        """Store the draft. Raises Invalid with every mistake at its place."""
        try:
            save_step(step=step, draft=draft, by=self.asker)
        except StepRefused as refused:
            raise Invalid(*(_place(mistake) for mistake in refused.mistakes)) from refused

    def shown(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        """The step with its version."""
        self.kwargs["pk"] = pk
        return with_version(dict(StepDetailSerializer(self.get_object()).data), status=code)


def _place(mistake: Misplaced) -> Located:
    row = f"/{_NAMES[mistake.section]}/{mistake.index}" if mistake.section is not None else ""
    return at(f"{row}/{mistake.trouble.column}", mistake.trouble.text)
