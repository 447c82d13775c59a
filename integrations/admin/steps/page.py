"""The page of a sync step: its settings and rows in one form, in the order in which people set a step up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Media, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.admin import unsent
from integrations.admin.actions import OPERATE, RecordAction
from integrations.admin.changes import HistoryAdmin
from integrations.admin.running import preview_step, sync_step
from integrations.domain.enums import Direction
from integrations.models import SyncStep
from integrations.services.step_warnings import Section, step_warnings
from integrations.services.steps import move_step

from .apply_all import apply_all_page, confirm_url, refuse_several
from .forms import StepForm
from .gone import last_known, typed
from .inlines import FieldRows, FilterRows, OwnerRows, Rows, SequenceRows
from .live import live_lines
from .offers import StepOffers
from .sections import CONFLICTS, SETTINGS, page_sections

_MIN = "" if settings.DEBUG else ".min"
# jQuery and Select2 are the admin's own; its jquery.init.js must come after what extends jQuery.
SELECT_SCRIPTS = [
    f"admin/js/vendor/jquery/jquery{_MIN}.js",
    f"admin/js/vendor/select2/select2.full{_MIN}.js",
    "admin/js/jquery.init.js",
]
SELECT_STYLES: dict[str, Sequence[str]] = {
    "screen": [f"admin/css/vendor/select2/select2{_MIN}.css", "admin/css/autocomplete.css"]
}


def move(request: Any, step: SyncStep) -> HttpResponse:
    """To the place in the connection's order that was sent, so that a double click moves no further."""
    place = request.POST.get("place", "")
    if place.isdecimal():
        move_step(step=step, place=int(place[:4]), by=request.user)
    return HttpResponseRedirect(connection_url(step))


def connection_url(step: SyncStep) -> str:
    """The page of the step's connection."""
    return reverse("admin:integrations_connection_change", args=[step.connection_id])


@admin.register(SyncStep)
class SyncStepAdmin(HistoryAdmin[SyncStep]):
    """Steps: made on their connection's page, configured here."""

    form = StepForm
    list_display = ["__str__", "connection", "position", "enabled", "unmapped_owners"]
    list_display_links = ["__str__"]
    list_filter = ["connection", "direction", "enabled"]
    ordering = ["connection", "position", "pk"]
    search_fields = ["name", "connection__name"]
    actions = ["sync_selected", "apply_selected"]
    fieldsets = [
        (Section.FILTERS, {"fields": ["filter_join"]}),
        (Section.OWNERS, {"fields": [("unmapped_owners", "fallback_member")]}),
        (CONFLICTS, {"fields": ["on_conflict", "recreate_deleted"]}),
        (SETTINGS, {"fields": ["name", "position", "enabled"]}),
    ]
    record_actions = (
        RecordAction("move", "Move", "integrations.change_syncstep", move, is_listed=False),
        RecordAction("preview", "Preview", OPERATE, preview_step, title="Show what a sync would do. Writes nothing."),
        RecordAction("sync-now", "Sync Now", OPERATE, sync_step, is_main=True, title="Sync this step now."),
    )

    def get_urls(self) -> list[URLPattern]:
        """With the address of the live lines."""
        view = self.admin_site.admin_view(self.live_view)
        confirm = self.admin_site.admin_view(self.apply_all_view)
        return [
            path("<int:pk>/live/", view, name="integrations_syncstep_live"),
            path("<int:pk>/apply-all/", confirm, name="integrations_syncstep_apply_all"),
            *super().get_urls(),
        ]

    def apply_all_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the step's settings would change on the others, and the button that does it."""
        step = self.get_queryset(request).filter(pk=pk).first()
        if step is None:
            messages.error(request, "This step no longer exists: somebody deleted it meanwhile.")
            return HttpResponseRedirect(reverse("admin:index"))
        if not self.has_change_permission(request, step):
            raise PermissionDenied
        return apply_all_page(request, step, {**self.admin_site.each_context(request), "opts": self.opts})

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who would gain and lose people, by what is typed at this moment. Changes nothing."""
        step = self.get_queryset(request).filter(pk=pk).first()
        if step is None:
            return HttpResponse("This step was deleted meanwhile.")
        if not self.has_view_permission(request, step):
            raise PermissionDenied
        formsets = None
        if request.method == "POST" and self.has_change_permission(request, step):
            formsets = {}
            for inline in self.get_inline_instances(request, step):
                formset: Any = inline.get_formset(request, step)
                kwargs = self.get_formset_kwargs(request, step, inline, formset.get_default_prefix())
                formsets[str(getattr(inline, "section", ""))] = formset(**kwargs)
        return live_lines(request, step, self._offers(request, step), formsets)

    @property
    def media(self) -> Media:
        """Django's, and Select2."""
        return Media(js=SELECT_SCRIPTS, css=SELECT_STYLES) + super().media

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncStep]:
        """With the accounts, which every step's name needs."""
        accounts = ("connection__crm_account", "connection__outreach_account", "fallback_member")
        return super().get_queryset(request).select_related(*accounts)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Steps are added on the page of their connection, which knows the direction."""
        return False

    def get_inlines(self, request: HttpRequest, obj: SyncStep | None) -> list[Any]:
        """People to sequence only where the target has sequences."""
        inlines: list[type[Rows]] = [FieldRows, FilterRows, OwnerRows]
        if obj is not None and obj.way is Direction.TO_OUTREACH:
            inlines.append(SequenceRows)
        return inlines

    def get_form(
        self, request: HttpRequest, obj: SyncStep | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[SyncStep]]:
        """The form, with the step's offers."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        if obj is not None:
            form.offers = self._offers(request, obj)
            form.is_unsent = "is_unsent" in request.__dict__
        made: type[ModelForm[SyncStep]] = form
        return made

    def get_formset_kwargs(self, request: HttpRequest, obj: SyncStep, inline: Any, prefix: str) -> dict[str, Any]:
        """Every row shares the step's offers."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        return {**kwargs, "form_kwargs": {"offers": self._offers(request, obj)}}

    def _offers(self, request: Any, step: SyncStep) -> StepOffers:
        """Read once per request."""
        known: dict[int, StepOffers] = request.__dict__.setdefault("_step_offers", {})
        if step.pk not in known:
            known[step.pk] = StepOffers(step)
        return known[step.pk]

    def page_context(self, request: HttpRequest, record: SyncStep) -> dict[str, Any]:
        """What the template shows beside the form."""
        offers = self._offers(request, record)
        may_change = self.has_change_permission(request, record)
        return {
            "step": record,
            "title": record.arrow,
            "subtitle": None,
            "offers": offers,
            "offers_data": offers.as_data() if may_change else None,
            "warnings": step_warnings(record),
            "can_apply_all": may_change,
        }

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's. What was sent after the session had ended is shown as it was typed, and not saved."""
        kept = unsent.take(request) if request.method == "GET" and self.has_change_permission(request) else None
        if kept is not None:
            _ = request.FILES  # asked for later, it would put an empty POST in place of what was typed
            request.method, request.POST = "POST", kept  # type: ignore[assignment]
            request.__dict__["is_unsent"] = True
        return super().change_view(request, object_id, form_url, extra_context)

    def gone(self, request: HttpRequest) -> HttpResponse:
        """With what was typed, as long as there is a connection to add it to again."""
        match = request.resolver_match
        sent_to = str(match.kwargs.get("object_id", "")) if match is not None else ""
        step = last_known(sent_to) if request.method == "POST" else None
        if step is None or not self.has_change_permission(request, step):
            return super().gone(request)
        data = request.POST.copy()
        formsets = []
        for inline in self.get_inline_instances(request, step):
            formset: Any = inline.get_formset(request, step)
            prefix = formset.get_default_prefix()
            data[f"{prefix}-INITIAL_FORMS"] = "0"  # none of them is stored any more
            kwargs = {**self.get_formset_kwargs(request, step, inline, prefix), "data": data}
            formsets.append(formset(**kwargs))
        form = self.get_form(request, step, change=True)(data, instance=step)
        context = {
            **self.admin_site.each_context(request),
            "title": f"“{step}” was deleted",
            "step": step,
            "connection_url": connection_url(step),
            "typed": typed(form, formsets, self._offers(request, step)),
        }
        return TemplateResponse(request, "admin/integrations/syncstep/gone.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the sections in the order of the page."""
        context["sections"] = page_sections(
            context["offers"], list(context["adminform"]), list(context["inline_admin_formsets"]), context["warnings"]
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: SyncStep) -> HttpResponse:
        """Say what deserves a warning, then go on as the button says."""
        for warning in step_warnings(obj):
            messages.warning(request, warning.text)
        if "_apply_all" in request.POST:
            return HttpResponseRedirect(confirm_url(obj))
        return super().response_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: SyncStep) -> HttpResponseRedirect:
        """Back to the connection."""
        return HttpResponseRedirect(connection_url(obj))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Back to the connection, which the deleted step was of."""
        answer = super().response_delete(request, obj_display, obj_id)
        return HttpResponseRedirect(request.__dict__.get("_connection_url") or answer.headers["Location"])

    def deleted_along(self, records: list[SyncStep]) -> dict[Any, int]:
        """The rows of every section go with their step; runs and links stay with the connection."""
        counts = super().deleted_along(records)
        for rows in (FieldRows, FilterRows, OwnerRows, SequenceRows):
            of_steps = rows.model.objects.filter(step__in=records)
            counts[rows.model._meta.verbose_name_plural] = of_steps.count()
        return {name: count for name, count in counts.items() if count}

    def delete_model(self, request: HttpRequest, obj: SyncStep) -> None:
        """Remember where to go afterwards."""
        request.__dict__["_connection_url"] = connection_url(obj)
        super().delete_model(request, obj)

    @admin.action(description="Sync Now", permissions=["operate"])
    def sync_selected(self, request: HttpRequest, queryset: QuerySet[SyncStep]) -> None:
        """Start a run of each."""
        for step in queryset:
            sync_step(request, step)

    @admin.action(description="Apply for all steps of its connection", permissions=["change"])
    def apply_selected(self, request: HttpRequest, queryset: QuerySet[SyncStep]) -> HttpResponse | None:
        """Show what one step's settings would change on the others."""
        steps = list(queryset[:2])
        if len(steps) != 1:
            refuse_several(request)
            return None
        return HttpResponseRedirect(confirm_url(steps[0]))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """For the actions of the list."""
        return request.user.has_perm(OPERATE)
