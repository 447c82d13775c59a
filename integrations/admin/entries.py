"""Run entries: who was dealt with, what changed, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.domain.reasons import Reason
from integrations.models import Member, RunEntry, Sequence

from .generic import ReadOnlyAdmin
from .values import value_in_words

COUNTED_AT_MOST = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anybody would turn pages, so that a page of a huge table costs the same as any."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most COUNTED_AT_MOST."""
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_AT_MOST].count())


class EntryList(ChangeList):
    """Looks up the names behind the ids of one page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Django's, with `words` on every entry."""
        super().get_results(request)
        self.result_list: list[RunEntry] = list(self.result_list)
        decorate(self.result_list)


def decorate(entries: Iterable[RunEntry]) -> None:
    """Give each entry `owner_words` and `sequence_words`. Two queries, whatever the number."""
    entries = list(entries)
    owner_ids = {owner for entry in entries for owner in (entry.owner_before, entry.owner_after) if owner}
    sequence_ids = {entry.sequence_external_id for entry in entries if entry.sequence_external_id}
    members: dict[tuple[int | None, str], str] = {
        (member.account_id, member.external_id): member.name
        for member in Member.objects.filter(external_id__in=owner_ids)
    }
    sequences: dict[tuple[int | None, str], str] = {
        (sequence.account_id, sequence.external_id): sequence.name
        for sequence in Sequence.objects.filter(external_id__in=sequence_ids)
    }
    for entry in entries:
        account = target_account_id(entry)
        before = members.get((account, entry.owner_before), entry.owner_before)
        after = members.get((account, entry.owner_after), entry.owner_after)
        entry.owner_words = _change(before, after)  # type: ignore[attr-defined]
        name = sequences.get((account, entry.sequence_external_id), entry.sequence_external_id)
        entry.sequence_words = _enrolment(entry, name)  # type: ignore[attr-defined]


def target_account_id(entry: RunEntry) -> int | None:
    """The account that the entry's step writes to; None once the step was deleted."""
    step = entry.stage.step
    return step.target_account.pk if step is not None else None


def _change(before: str, after: str) -> str:
    if not after:
        return ""
    return f"{before} → {after}" if before else after


def _enrolment(entry: RunEntry, sequence: str) -> str:
    if entry.enrolment_reason:
        return f"Not added: {Reason(entry.enrolment_reason).text}"
    return f"“{sequence}”" if sequence else ""


class ReasonFilter(admin.SimpleListFilter):
    """Only the reasons there are, in words."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All reasons: finding out which occur would read the table."""
        return [(reason.value, reason.text) for reason in Reason]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RunEntry]) -> QuerySet[RunEntry]:
        """Entries with the reason, as the decision's or the enrolment's."""
        value = self.value()
        return queryset.filter(Q(reason=value) | Q(enrolment_reason=value)) if value else queryset


@admin.register(RunEntry)
class RunEntryAdmin(ReadOnlyAdmin[RunEntry]):
    """Read-only."""

    list_display = ["person", "action", "outcome", "why", "changes_in_words", "owner", "sequence"]
    list_filter = ["outcome", "action", ReasonFilter]
    search_fields = ["email", "name"]
    search_help_text = "Name or e-mail address"
    paginator = BoundedPaginator
    list_max_show_all = 0
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[RunEntry]:
        """With the step, whose target account has the names."""
        steps = ("stage__step__connection__crm_account", "stage__step__connection__outreach_account")
        return super().get_queryset(request).select_related("run", *steps)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that knows names."""
        return EntryList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The run page links here by run and by stage."""
        return lookup in ("run", "run__id__exact", "stage", "stage__id__exact") or super().lookup_allowed(
            lookup,
            value,
            request,  # type: ignore[arg-type]
        )

    @admin.display(description="person")
    def person(self, entry: RunEntry) -> SafeString | str:
        """Name and address."""
        return format_html("<strong>{}</strong> {}", entry.name or "(no name)", entry.email)

    @admin.display(description="reason")
    def why(self, entry: RunEntry) -> str:
        """The reason in words, with the detail."""
        text = Reason(entry.reason).text if entry.reason else ""
        return ": ".join(part for part in (text, entry.detail) if part)

    @admin.display(description="before → after")
    def changes_in_words(self, entry: RunEntry) -> SafeString | str:
        """Field by field."""
        rows = (
            (change["label"], value_in_words(change["before"]), value_in_words(change["after"]))
            for change in entry.changes
        )
        return format_html_join("", '<div class="sa-change"><b>{}</b> {} → {}</div>', rows)

    @admin.display(description="owner")
    def owner(self, entry: RunEntry) -> str:
        """By name."""
        return str(getattr(entry, "owner_words", ""))

    @admin.display(description="sequence")
    def sequence(self, entry: RunEntry) -> str:
        """Where they were put, or why not."""
        return str(getattr(entry, "sequence_words", ""))
