"""Starting runs from buttons and list actions, with the refusal in words and a link to the run in the way."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from integrations.models import Connection, Run, RunKind, SyncStep
from integrations.services.runs import RunRefused, request_run


def run_url(run: Run) -> str:
    """The run's page."""
    return reverse("admin:integrations_run_change", args=[run.pk])


def sync_connection(request: HttpRequest, connection: Connection) -> HttpResponse | None:
    """Sync Now."""
    return _start(request, connection, None, RunKind.SYNC)


def preview_connection(request: HttpRequest, connection: Connection) -> HttpResponse | None:
    """Plan everything, write nothing."""
    return _start(request, connection, None, RunKind.PREVIEW)


def sync_step(request: HttpRequest, step: SyncStep) -> HttpResponse | None:
    """Sync Now, this step only."""
    return _start(request, step.connection, step, RunKind.SYNC)


def preview_step(request: HttpRequest, step: SyncStep) -> HttpResponse | None:
    """Plan this step, write nothing."""
    return _start(request, step.connection, step, RunKind.PREVIEW)


def _start(request: Any, connection: Connection, step: SyncStep | None, kind: RunKind) -> HttpResponse | None:
    """Go to the run's page; None after a refusal, which is said where the button was."""
    try:
        run = request_run(connection=connection, step=step, kind=kind, by=request.user)
    except RunRefused as refused:
        if refused.active is None:
            messages.error(request, refused.message)
        else:
            link = format_html('<a href="{}">{}</a>', run_url(refused.active), f"See run {refused.active.pk}")
            messages.error(request, format_html("{} {}.", refused.message, link))
        return None
    return HttpResponseRedirect(run_url(run))
