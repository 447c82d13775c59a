"""Runs: what is going on, and what a sync did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.domain.reasons import Reason
from integrations.models import Account, Action, Outcome, Part, Run, RunChunk, RunEntry, RunKind, RunState
from integrations.services.forecast import forecast
from integrations.services.overview import with_books
from integrations.services.progress import progress, stage_counts, unreadable_rows
from integrations.services.run_actions import (
    can_be_cancelled,
    has_a_plan,
    has_costs_ahead,
    has_failures,
    is_held,
)
from integrations.services.runs import (
    RunRefused,
    apply_plan,
    approve_run,
    can_be_undone,
    cancel_run,
    discard_run,
    only_created,
    retry_failed,
    undo_run,
)
from integrations.templatetags.humane import light

from .actions import OPERATE, ActionsAdmin, RecordAction
from .generic import ReadOnlyAdmin
from .running import run_url

TROUBLES_SHOWN = 20
_FOLLOWS = {RunKind.APPLY: "applies", RunKind.RETRY: "retries the failures of", RunKind.UNDO: "undoes"}
"""What a run does with the one that it follows."""


def _cancel(request: Any, run: Run) -> None:
    if not run.is_active:
        messages.info(request, "The run was over already.")
        return
    cancel_run(run=run, by=request.user)
    messages.success(request, "The run stops after the calls that are on their way.")


def _approve(request: Any, run: Run) -> None:
    if run.state != RunState.HELD:
        messages.info(request, "The run is not held any more.")
        return
    approve_run(run=run, by=request.user)
    messages.success(request, "Approved. The run goes on and writes what it has planned.")


def _discard(request: Any, run: Run) -> None:
    if run.state != RunState.HELD:
        messages.info(request, "The run is not held any more.")
        return
    discard_run(run=run, by=request.user)
    messages.success(request, "Discarded. Nothing of this step's plan was written.")


def _retry(request: Any, run: Run) -> HttpResponse | None:
    return _to_follower(request, lambda: retry_failed(run=run, by=request.user))


def _apply(request: Any, run: Run) -> HttpResponse | None:
    return _to_follower(request, lambda: apply_plan(preview=run, by=request.user))


def _undo(request: Any, run: Run) -> HttpResponse | None:
    return _to_follower(request, lambda: undo_run(run=run, by=request.user))


def _to_follower(request: Any, start: Callable[[], Run]) -> HttpResponse | None:
    """Start the run that takes this one up, and show it; a refusal is said on this one's page."""
    try:
        return HttpResponseRedirect(run_url(start()))
    except RunRefused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(run_url(refused.active)) if refused.active else None


def _people(number: int, kind: str = "") -> str:
    return f"1 {kind}person" if number == 1 else f"{number:,} {kind}people"


def _before_undo(run: Run) -> list[str]:
    updated = run.entries.filter(outcome=Outcome.UPDATED).count()
    created = run.entries.filter(outcome=Outcome.CREATED).count()
    enrolled = run.entries.filter(enrol_part=Part.DONE).count()
    sentences = ["Nobody was updated, so no field and no owner is put back."]
    if updated:
        sentences = [
            f"Fields and owners of {_people(updated, 'updated ')} are put back, wherever nobody has changed them since."
        ]
    if created:
        verb = "is listed and stays" if created == 1 else "are listed and stay"
        sentences.append(f"{_people(created, 'created ')} {verb}: undo deletes nobody.")
    if enrolled:
        verb = (
            "who was added to a sequence stays in it" if enrolled == 1 else "who were added to sequences stay in them"
        )
        sentences.append(f"{_people(enrolled)} {verb}, and {'is' if enrolled == 1 else 'are'} listed.")
    return [*sentences, "Later syncs leave what was put back alone until somebody changes that person again."]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run], ActionsAdmin[Run]):
    """Read-only: runs are started elsewhere."""

    list_display = [
        "label",
        "connection",
        "state_pill",
        "seen",
        "written",
        "skipped",
        "failed",
        "requested_by",
        "created_at",
    ]
    list_filter = ["state", "kind", "trigger", "hinted", "connection"]
    sortable_by = ()
    date_hierarchy = "created_at"
    record_actions = (
        RecordAction("discard", "Discard", OPERATE, _discard, applies=is_held),
        RecordAction("approve", "Approve", OPERATE, _approve, is_main=True, applies=is_held),
        RecordAction("cancel", "Cancel", OPERATE, _cancel, applies=can_be_cancelled),
        RecordAction("undo", "Undo", OPERATE, _undo, applies=can_be_undone, asks_first=_before_undo),
        RecordAction("retry", "Retry failed", OPERATE, _retry, applies=has_failures),
        RecordAction("apply", "Apply this plan", OPERATE, _apply, is_main=True, applies=has_a_plan),
    )

    def get_urls(self) -> list[URLPattern]:
        """With the address that the page asks while the run goes on."""
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<int:pk>/progress/", view, name="integrations_run_progress"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """With the books and what a run's name needs."""
        return with_books(super().get_queryset(request))

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The moving part of the page. Asks for the whole page once the run has ended or is held."""
        run = self.get_queryset(request).filter(pk=pk).first()
        if run is None or not self.has_view_permission(request, run):
            raise PermissionDenied
        context = {**self._live(run), "is_answer": True}
        response = TemplateResponse(request, "admin/integrations/run/progress.html", context)
        if not run.is_active or run.state == RunState.HELD:
            response["HX-Refresh"] = "true"
        return response

    def page_context(self, request: HttpRequest, record: Run) -> dict[str, Any]:
        """Progress, books by step, reasons, and whoever needs looking at."""
        reasons = (
            RunEntry.objects.filter(run=record)
            .exclude(reason="")
            .order_by()
            .values("reason")
            .annotate(people=Count("pk"))
            .order_by("-people")
        )
        troubles = RunEntry.objects.filter(run=record, outcome__in=[Outcome.FAILED, Outcome.CONFLICT])
        if record.kind == RunKind.PREVIEW:
            troubles = RunEntry.objects.filter(run=record, action=Action.CONFLICT)
        return {
            **self._live(record),
            "title": f"{record.get_kind_display().capitalize()} {record.pk}",
            "subtitle": None,
            "must_enable": record.kind == RunKind.PREVIEW and has_a_plan(record) and not record.connection.enabled,
            "nothing_to_put_back": only_created(record),
            "follows": _FOLLOWS.get(RunKind(record.kind), "follows"),
            "stages": [(stage, stage_counts(stage)) for stage in record.stages.select_related("step")],
            "unreadable": unreadable_rows(record),
            "reasons": [{**row, "text": _reason_words(row["reason"])} for row in reasons],
            "troubles": [(entry, _reason_words(entry.reason)) for entry in troubles.order_by("pk")[:TROUBLES_SHOWN]],
            "words": _words(record),
            "unwell": _unwell(record),
            "seconds": (record.finished_at - record.started_at).total_seconds()
            if record.finished_at and record.started_at
            else None,
        }

    def trail(self, record: Run) -> list[tuple[str, str]]:
        """The run's connection, and the run."""
        connection = reverse("admin:integrations_connection_change", args=[record.connection_id])
        name = f"{record.get_kind_display().capitalize()} {record.pk}"
        return [(str(record.connection), connection), (name, run_url(record))]

    @staticmethod
    def _live(run: Run) -> dict[str, Any]:
        now = progress(run)
        return {
            "run": run,
            "progress": now,
            "tiles": _tiles(run, now.counts),
            "forecast": forecast(run) if has_costs_ahead(run) else None,
        }

    @admin.display(description="run")
    def label(self, run: Run) -> str:
        """Kind, number, and the step when it is only one."""
        name = f"{run.get_kind_display().capitalize()} {run.pk}"
        return f"{name}: {run.step.arrow}" if run.step else name

    @admin.display(description="state")
    def state_pill(self, run: Run) -> SafeString:
        """In the colour of its dot."""
        kind = light(run)
        pill = '<span class="sa-pill sa-pill-{0}"><span class="sa-dot sa-dot-{0}"></span>{1}</span>'
        return format_html(pill, kind, run.get_state_display().capitalize())

    @admin.display(description="seen")
    def seen(self, run: Any) -> int:
        """People looked at."""
        return run.seen or 0

    @admin.display(description="written")
    def written(self, run: Any) -> int:
        """People created or updated, or to be."""
        return run.written or 0

    @admin.display(description="skipped")
    def skipped(self, run: Any) -> int:
        """People skipped or in conflict."""
        return run.skipped_people or 0

    @admin.display(description="failed")
    def failed(self, run: Any) -> int:
        """People failed."""
        return run.failed_people or 0


def _unwell(run: Run) -> list[Account]:
    """The accounts that the run failed on, if it did and they still need attention."""
    accounts = (run.connection.crm_account, run.connection.outreach_account)
    return [account for account in accounts if run.failure and not account.is_healthy]


def _words(run: Run) -> dict[str, str]:
    """What is done with people, by the kind of run."""
    if run.kind == RunKind.PREVIEW:
        return {"created": "To create", "updated": "To update"}
    return {"created": "Created", "updated": "Put back" if run.kind == RunKind.UNDO else "Updated"}


def _tiles(run: Run, counts: Any) -> list[dict[str, Any]]:
    """The counters, each with the filter that lists its people; what a preview plans has no outcome yet."""
    column = "action__exact" if run.kind == RunKind.PREVIEW else "outcome__exact"
    words = _words(run)
    return [
        {"label": "Seen", "count": counts.seen, "query": ""},
        {"label": words["created"], "count": counts.created, "query": _query(column, "create")},
        {"label": words["updated"], "count": counts.updated, "query": _query(column, "update")},
        {"label": "Unchanged", "count": counts.unchanged, "query": ""},
        {"label": "Skipped", "count": counts.skipped, "query": _query(column, "skip")},
        {"label": "Conflicts", "count": counts.conflicts, "query": _query(column, "conflict"), "kind": "warn"},
        {"label": "Failed", "count": counts.failed, "query": _query(column, "failed"), "kind": "bad"},
    ]


_OUTCOMES = {"create": "created", "update": "updated", "skip": "skipped"}


def _query(column: str, action: str) -> str:
    if column == "action__exact":
        return "" if action == "failed" else f"{column}={action}"
    return f"{column}={_OUTCOMES.get(action, action)}"


def _reason_words(reason: str) -> str:
    return Reason(reason).text if reason in list(Reason) else reason


@admin.register(RunChunk)
class RunChunkAdmin(ReadOnlyAdmin[RunChunk]):
    """The units of work, for those who look into a run."""

    list_display = ["__str__", "run", "state", "attempts", "calls", "leased_until", "error"]
    list_filter = ["state", "phase"]
    list_select_related = ["run"]
