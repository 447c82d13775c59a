"""Connections: the toggle, Sync Now, and the steps."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from integrations.domain.enums import Direction
from integrations.models import Connection, PersonLink, Run, SyncStep
from integrations.services.connections import create_connection, set_enabled
from integrations.services.overview import connection_states, latest
from integrations.services.steps import add_step, step_summaries
from integrations.services.webhook_story import can_have_webhooks, webhook_stories
from integrations.services.webhooks import look_after_soon, register_again

from .actions import OPERATE, RecordAction
from .changes import HistoryAdmin
from .running import preview_connection, sync_connection

CONFIGURE = "integrations.add_syncstep"


def _switch(request: Any, connection: Connection) -> HttpResponse | None:
    """To the state that the form asked for, so that a double click does not switch back. Back to where it was asked."""
    try:
        set_enabled(connection=connection, enabled=request.POST.get("enabled") == "on", by=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return None
    run = request.POST.get("run", "")
    return HttpResponseRedirect(reverse("admin:integrations_run_change", args=[run])) if run.isdecimal() else None


def _check_webhooks(request: HttpRequest, connection: Connection) -> None:
    look_after_soon(connection)
    messages.success(request, "The webhooks are being checked, and mended if need be. This takes a minute.")


def _register_webhooks(request: HttpRequest, connection: Connection) -> None:
    for story in webhook_stories(connection):
        register_again(story.account)
    messages.success(request, "The webhooks are being registered again. This takes a minute.")


def _add_step(request: Any, connection: Connection) -> HttpResponse | None:
    wanted = request.POST.get("direction", "")
    if wanted not in list(Direction):
        messages.error(request, "Choose the direction of the new step.")
        return None
    step = add_step(connection=connection, direction=Direction(wanted), by=request.user)
    messages.success(request, f"Added “{step.arrow}”. Look through its sections, then preview.")
    return HttpResponseRedirect(reverse("admin:integrations_syncstep_change", args=[step.pk]))


@admin.register(Connection)
class ConnectionAdmin(HistoryAdmin[Connection]):
    """One outreach account paired with one CRM account."""

    list_display = ["name", "enabled", "outreach_account", "crm_account", "interval_minutes"]
    list_select_related = ["outreach_account", "crm_account"]
    search_fields = ["name"]
    actions = ["sync_selected"]
    record_actions = (
        RecordAction("switch", "Enabled", "integrations.change_connection", _switch),
        RecordAction("add-step", "Add sync step", CONFIGURE, _add_step),
        RecordAction(
            "check-webhooks",
            "Check now",
            OPERATE,
            _check_webhooks,
            applies=can_have_webhooks,
            title="Ask whether the webhooks still work.",
        ),
        RecordAction(
            "register-webhooks",
            "Register again",
            "integrations.change_connection",
            _register_webhooks,
            applies=can_have_webhooks,
            title="Remove the webhooks and make new ones, with new secrets.",
        ),
        RecordAction(
            "preview", "Preview", OPERATE, preview_connection, title="Show what a sync would do. Writes nothing."
        ),
        RecordAction("sync-now", "Sync Now", OPERATE, sync_connection, is_main=True, title="Sync all steps now."),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        """The accounts are chosen once; the rest follows from there."""
        if obj is None:
            return [(None, {"fields": ["name", "outreach_account", "crm_account"]})]
        return [
            ("Schedule", {"fields": ["name", "interval_minutes", "retention_days"]}),
            (
                "Brakes",
                {"fields": ["brake_percent", "brake_minimum", "brake_owner_changes", "enrolment_cap"]},
            ),
        ]

    def save_model(self, request: Any, obj: Connection, form: ModelForm[Connection], change: bool) -> None:
        """A new connection comes with its first step."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made = create_connection(
            name=obj.name, crm_account=obj.crm_account, outreach_account=obj.outreach_account, by=None
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def deleted_along(self, records: list[Connection]) -> dict[Any, int]:
        """Steps, links and runs go with their connection."""
        ids = [record.pk for record in records]
        return {
            self.opts.verbose_name_plural: len(ids),
            "sync steps": SyncStep.objects.filter(connection__in=ids).count(),
            "person links": PersonLink.objects.filter(connection__in=ids).count(),
            "runs": Run.objects.filter(connection__in=ids).count(),
        }

    def page_context(self, request: HttpRequest, record: Connection) -> dict[str, Any]:
        """The steps, and which directions a new one can have."""
        crm, outreach = record.crm_account.people_label, record.outreach_account.people_label
        return {
            "title": record.name,
            "subtitle": None,
            "summaries": step_summaries(record),
            "runs": latest(record.runs.all()),
            "state": next((s for s in connection_states() if s.connection == record), None),
            "webhooks": webhook_stories(record),
            "time_zone": timezone.get_current_timezone_name(),
            "may_order": request.user.has_perm("integrations.change_syncstep"),
            "directions": [(Direction.TO_OUTREACH, f"{crm} → {outreach}"), (Direction.TO_CRM, f"{outreach} → {crm}")],
        }

    @admin.action(description="Sync Now", permissions=["operate"])
    def sync_selected(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Start a run of each."""
        for connection in queryset:
            if sync_connection(request, connection) is not None:
                messages.success(request, f"{connection} is being synced.")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """For the actions of the list."""
        return request.user.has_perm(OPERATE)
