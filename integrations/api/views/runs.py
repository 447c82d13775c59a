"""Runs: what is going on, starting them, and moving them on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.errors import Invalid, Refused, RunActive, at
from integrations.api.idempotency import PARAMETER, REPLAYED, start_once
from integrations.api.permissions import OPERATE, can_view
from integrations.api.queries import read_query
from integrations.api.serializers.base import InputSerializer, record_id
from integrations.api.serializers.runs import RunDetailSerializer, RunRequestSerializer, RunSerializer
from integrations.models import Connection, Run, RunKind, RunState, SyncStep, Trigger
from integrations.services.overview import with_books
from integrations.services.run_actions import is_held
from integrations.services.runs import (
    RunRefused,
    apply_plan,
    approve_run,
    cancel_run,
    discard_run,
    request_run,
    retry_failed,
    undo_run,
)

from .base import ApiViewSet

STARTS = (409, 422)


class RunFilterSerializer(InputSerializer):
    """Which runs."""

    connection = record_id("Only those of this connection.", required=False)
    step = record_id("Only those of this step alone.", required=False)
    kind = serializers.ChoiceField(choices=RunKind.choices, required=False)
    state = serializers.ChoiceField(choices=RunState.choices, required=False)


def moves(**changes: Any) -> Callable[..., Any]:
    """The schema of an action that moves the run on and answers it."""
    return extend_schema(request=None, responses=RunDetailSerializer, **changes)


def starts_another() -> Callable[..., Any]:
    """The schema of an action that starts a run which follows this one."""
    return extend_schema(request=None, responses={201: RunDetailSerializer}, parameters=[PARAMETER, REPLAYED])


class RunViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet[Run]):
    """Runs."""

    queryset = with_books(Run.objects.all())
    serializer_class = RunDetailSerializer
    rights = {
        "list": can_view("run"),
        "retrieve": can_view("run"),
        **{
            name: (*can_view("run"), OPERATE)
            for name in ("create", "approve", "discard", "cancel", "retry", "apply", "undo")
        },
    }
    problems = {
        "create": STARTS,
        "approve": (409,),
        "discard": (409,),
        "cancel": (409,),
        "retry": STARTS,
        "apply": STARTS,
        "undo": STARTS,
    }

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

    @extend_schema(
        request=RunRequestSerializer,
        responses={201: RunDetailSerializer},
        parameters=[PARAMETER, REPLAYED],
        examples=[
            OpenApiExample("Preview", {"connection": 1, "kind": "preview"}, request_only=True),
            OpenApiExample("Sync one step", {"connection": 1, "step": 2, "kind": "sync"}, request_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        """Start a sync or a preview.

        It is queued and answered at once; workers carry it out. A connection has one active run at a time: a second
        request is refused with 409, and the problem document links to the run in the way.
        """
        checked = RunRequestSerializer(data=request.data)
        checked.is_valid(raise_exception=True)
        wanted = checked.validated_data
        connection = Connection.objects.with_accounts().filter(pk=wanted["connection"]).first()
        if connection is None:
            raise Invalid(at("/connection", f"There is no connection {wanted['connection']}."))
        step = None
        if wanted["step"] is not None:
            step = SyncStep.objects.filter(connection=connection, pk=wanted["step"]).first()
            if step is None:
                raise Invalid(at("/step", f"“{connection}” has no sync step {wanted['step']}."))
        kind, full = RunKind(wanted["kind"]), wanted["full"]

        def start() -> Run:
            return request_run(
                connection=connection, step=step, kind=kind, full=full, by=self.asker, trigger=Trigger.API
            )

        return self.started(start)

    @moves()
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: int) -> Response:
        """Let a held run write what it has planned."""
        run = self.held()
        approve_run(run=run, by=self.asker)
        return self.moved(run)

    @moves()
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: int) -> Response:
        """End a held run without writing what it has planned."""
        run = self.held()
        try:
            discard_run(run=run, by=self.asker)
        except RunRefused as refused:
            raise Refused(refused.message) from refused
        return self.moved(run)

    @moves()
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Stop a run after the calls that are on their way."""
        run = self.get_object()
        if not run.is_active:
            raise Refused(f"Run {run.pk} is over already: {run.get_state_display()}.")
        cancel_run(run=run, by=self.asker)
        return self.moved(run)

    @starts_another()
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: int) -> Response:
        """Start a run that tries again whoever failed in this one."""
        run = self.get_object()
        return self.started(lambda: retry_failed(run=run, by=self.asker, trigger=Trigger.API))

    @starts_another()
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: int) -> Response:
        """Start a run that does what this preview has shown.

        People who have changed since are left alone, and their entries are marked stale.
        """
        run = self.get_object()
        return self.started(lambda: apply_plan(preview=run, by=self.asker, trigger=Trigger.API))

    @starts_another()
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Start a run that puts back what this one changed.

        Field by field, and only where the value is still what the run wrote. Created people and enrolments are listed
        and stay.
        """
        run = self.get_object()
        return self.started(lambda: undo_run(run=run, by=self.asker, trigger=Trigger.API))

    @property
    def asker(self) -> User:
        """Who asks."""
        return cast(User, self.request.user)

    def held(self) -> Run:
        """The run of the address. Raises Refused when it is not held."""
        run = self.get_object()
        if not is_held(run):
            raise Refused(f"Run {run.pk} is not held: {run.get_state_display()}.")
        return run

    def moved(self, run: Run) -> Response:
        """The run as it stands now."""
        return Response(self.get_serializer(self.get_queryset().get(pk=run.pk)).data)

    def started(self, start: Callable[[], Run]) -> Response:
        """The new run. Raises RunActive, Refused."""
        try:
            return start_once(self.request, start)
        except RunRefused as refused:
            if refused.active is not None:
                raise RunActive(refused.message, refused.active) from refused
            raise Refused(refused.message) from refused
