"""The History page of what people configure: every change with who, when, and from what to what."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from integrations.models import Account, AlertSettings, Connection, SyncStep
from integrations.services.changes import MOST_CHANGES, changes_of

from .actions import ActionsAdmin

M = TypeVar("M", Account, AlertSettings, Connection, SyncStep)


class HistoryAdmin(ActionsAdmin[M]):
    """Django's History button leads to all changes, wherever they were made, not only to those in the admin."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The changes, the newest first."""
        record: Any = self.get_object(request, object_id)
        if record is None:
            # Django's page says that it is gone.
            return super().history_view(request, object_id, extra_context)
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        changes = changes_of(record)
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {record}",
            "original": record,
            "opts": self.opts,
            "record_url": self.record_url(record),
            "changes": changes,
            "is_cut": len(changes) == MOST_CHANGES,
            "most": MOST_CHANGES,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/changes.html", context)
