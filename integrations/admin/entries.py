"""Run entries: who was dealt with, what changed, and why."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.domain.reasons import Reason
from integrations.models import Action, FieldMapping, Outcome, OwnerMapping, Run, RunEntry
from integrations.services.entry_words import csv_lines, decorate, reason_words
from integrations.services.values import value_in_words

from .generic import ReadOnlyAdmin

COUNTED_AT_MOST = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody would turn pages, so that a page of a huge table costs the same as any."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most COUNTED_AT_MOST."""
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_AT_MOST].count())

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count >= COUNTED_AT_MOST


class EntryList(ChangeList):
    """Looks up the names behind the ids of one page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Django's, with `words` on every entry."""
        super().get_results(request)
        self.result_list: list[RunEntry] = list(self.result_list)
        decorate(self.result_list)


class ReasonFilter(admin.SimpleListFilter):
    """Only the reasons there are, in words."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those that occur in the run that is shown; none without a run, since that would read the whole table."""
        run = request.GET.get("run__id__exact", "")
        if not run.isdigit():
            return []
        entries = RunEntry.objects.filter(run_id=int(run)).order_by()
        found = {*entries.values_list("reason", flat=True).distinct()}
        found |= {*entries.values_list("enrolment_reason", flat=True).distinct()}
        return [(reason.value, reason.text) for reason in Reason if reason.value in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RunEntry]) -> QuerySet[RunEntry]:
        """Entries with the reason, as the decision's or the enrolment's."""
        value = self.value()
        return queryset.filter(Q(reason=value) | Q(enrolment_reason=value)) if value else queryset


@admin.register(RunEntry)
class RunEntryAdmin(ReadOnlyAdmin[RunEntry]):
    """Read-only. Reached from a run's page, which sets the filter."""

    list_display = ["person", "decision", "why", "changes_in_words", "owner", "sequence"]
    list_display_links = ["person"]
    list_filter = ["outcome", "action", ReasonFilter]
    search_fields = ["email", "name"]
    search_help_text = "Name or e-mail address"
    paginator = BoundedPaginator
    list_max_show_all = 0
    sortable_by = ()

    def get_urls(self) -> list[URLPattern]:
        """With the download."""
        view = self.admin_site.admin_view(self.csv_view)
        return [path("csv/", view, name="integrations_runentry_csv"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunEntry]:
        """With what an entry's own page names."""
        return super().get_queryset(request).select_related("run", "stage")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that knows names."""
        return EntryList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The run page links here by run and by stage."""
        links = ("run", "run__id__exact", "stage", "stage__id__exact")
        return lookup in links or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under the name of the run, if it is of one run."""
        number = request.GET.get("run__id__exact", "")
        run = Run.objects.filter(pk=number).select_related("connection").first() if number.isdigit() else None
        title = f"Entries of {run.get_kind_display()} {run.pk}" if run else "Run entries"
        context = {"list_title": title, "run": run, "query": request.GET.urlencode()}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One person's story in the run."""
        entry = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if entry is not None:
            decorate([entry])
            context |= {"title": entry.name or entry.email, "subtitle": None, **_story(entry)}
        return super().change_view(request, object_id, form_url, context)

    def csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """All entries that the list shows, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            entries = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:integrations_runentry_changelist"))
        answer = StreamingHttpResponse(csv_lines(entries), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="run-entries.csv"'
        return answer

    @admin.display(description="person")
    def person(self, entry: RunEntry) -> SafeString | str:
        """Name and address."""
        return format_html(
            '<strong>{}</strong><br><span class="sa-muted">{}</span>', entry.name or "(no name)", entry.email
        )

    @admin.display(description="outcome")
    def decision(self, entry: RunEntry) -> SafeString:
        """What became of them, or what is planned."""
        planned = entry.outcome == Outcome.PLANNED
        words = f"to {entry.get_action_display()}" if planned else entry.get_outcome_display()
        kind = "busy" if planned else _PILLS.get(Outcome(entry.outcome), "idle")
        return format_html('<span class="sa-pill sa-pill-{}">{}</span>', kind, words)

    @admin.display(description="reason")
    def why(self, entry: RunEntry) -> str:
        """The reason in words, with the detail."""
        detail = getattr(entry, "detail_words", entry.detail)
        return ": ".join(part for part in (reason_words(entry.reason), detail) if part)

    @admin.display(description="before → after")
    def changes_in_words(self, entry: RunEntry) -> SafeString | str:
        """Field by field."""
        rows = (
            (change["label"], value_in_words(change["before"]), value_in_words(change["after"]))
            for change in entry.changes
        )
        if entry.action == Action.CREATE:
            return format_html_join(", ", '<span class="sa-change"><b>{}</b> {}</span>', ((a, c) for a, _, c in rows))
        line = '<div class="sa-change"><b>{}</b> <span class="sa-was">{}</span> → {}</div>'
        return format_html_join("", line, rows)

    @admin.display(description="owner")
    def owner(self, entry: RunEntry) -> str:
        """By name."""
        return str(getattr(entry, "owner_words", ""))

    @admin.display(description="sequence")
    def sequence(self, entry: RunEntry) -> str:
        """Where they were put, or why not."""
        return str(getattr(entry, "sequence_words", ""))


_PILLS = {
    Outcome.CREATED: "ok",
    Outcome.UPDATED: "ok",
    Outcome.CONFLICT: "warn",
    Outcome.FAILED: "bad",
}


def _story(entry: RunEntry) -> dict[str, Any]:
    """What the entry's page shows: every change with the row that caused it, notes, the steps of the write."""
    rules = FieldMapping.objects.in_bulk([change["rule"] for change in entry.changes if change.get("rule")])
    pair = OwnerMapping.objects.filter(pk=entry.owner_pair).first() if entry.owner_pair else None
    return {
        "entry": entry,
        "reason_text": reason_words(entry.reason),
        "changes": [
            {
                "label": change["label"],
                "before": value_in_words(change["before"]),
                "after": value_in_words(change["after"]),
                "rule": _rule_words(change.get("rule"), rules),
                "sets_back": change.get("sets_back"),
            }
            for change in entry.changes
        ],
        "notes": [(reason_words(note["reason"]), note.get("field"), note.get("detail")) for note in entry.notes],
        "owner_pair_words": str(pair) if pair else "",
    }


def _rule_words(number: int | None, rules: dict[int, FieldMapping]) -> str:
    if number is None:
        return "required by the product"
    return f"mapping {rules[number]}" if number in rules else "a mapping that was deleted since"
