"""Runs: what is going on, and what a sync did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.models import Run, RunChunk
from integrations.services.runs import cancel_run

from .actions import OPERATE, ActionsAdmin, RecordAction
from .generic import ReadOnlyAdmin


def _cancel(request: Any, run: Run) -> None:
    if not run.is_active:
        messages.info(request, "The run was over already.")
        return
    cancel_run(run=run, by=request.user)
    messages.success(request, "The run stops after the calls that are on their way.")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run], ActionsAdmin[Run]):
    """Read-only: runs are started elsewhere."""

    list_display = ["__str__", "connection", "step", "state", "trigger", "requested_by", "created_at", "finished_at"]
    list_filter = ["state", "kind", "connection"]
    list_select_related = [
        "connection",
        "step__connection__crm_account",
        "step__connection__outreach_account",
        "requested_by",
    ]
    date_hierarchy = "created_at"
    record_actions = (RecordAction("cancel", "Cancel", OPERATE, _cancel, applies=lambda run: run.is_active),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """With what a run's name needs."""
        return super().get_queryset(request).select_related("connection", "step__connection", "requested_by")

    def page_context(self, request: HttpRequest, record: Run) -> dict[str, Any]:
        """The counters."""
        return {"run": record, "stages": record.stages.all()}


@admin.register(RunChunk)
class RunChunkAdmin(ReadOnlyAdmin[RunChunk]):
    """The units of work, for those who look into a run."""

    list_display = ["__str__", "run", "state", "attempts", "calls", "leased_until", "error"]
    list_filter = ["state", "phase"]
    list_select_related = ["run"]
