"""The admin site itself: its first page, and the page that lists all records."""

from __future__ import annotations

from functools import update_wrapper
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext_lazy as _

from integrations.connectors import registry
from integrations.connectors.ports import ConnectorSpec
from integrations.domain.enums import Role
from integrations.models import Alert
from integrations.services import overview

from . import oauth, unsent
from .chart import HEIGHT, WIDTH, columns
from .configuration import configuration, download
from .connect import connect
from .password import change_password
from .why import why

_GROUPS = (
    (
        "Sync",
        "What is set up, and what it did.",
        ("Connection", "SyncStep", "Run", "RunEntry", "Account", "AlertSettings", "Alert"),
    ),
    (
        "Read from the products",
        "People and what the forms offer, as last read.",
        ("Person", "Member", "AccountField", "SavedFilter", "Sequence", "SequenceStep"),
    ),
    (
        "Memory",
        "Kept so that nobody is created or enrolled twice.",
        ("PersonLink", "Enrolment", "ReadCheckpoint", "StepCheckpoint"),
    ),
    (
        "Machinery",
        "How the work is cut, and what it costs.",
        ("RunChunk", "Webhook", "ChangeHint", "ApiBudget", "ApiUsage", "Heartbeat", "AlertMessage", "ApiToken"),
    ),
)
KEEPS_UNSENT = ("integrations_syncstep_change",)
"""Pages on which one types for long, and no secrets."""
ASKED_TOO_LATE = {
    True: "Your session has ended. Press Save: you can then log in, and go on with what you typed.",
    False: "Your session has ended. Reload the page to log in.",
}
"""Instead of a part of a page that asks for it, by whether it sends what is typed."""
SESSION_ENDED = "Your session had ended, so what you sent was not saved. Log in and send it again."


class SyncAdminSite(AdminSite):
    """Django's admin, with Integrations as its first page."""

    site_title = _("SyncAdmin")
    site_header = _("SyncAdmin")
    index_title = _("Integrations")
    index_template = "admin/integrations_index.html"
    site_url = None
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """With the pages that are nobody's record."""
        own = [
            path("records/", self.admin_view(self.records), name="records"),
            path("connect/", self.admin_view(self.connect), name="connect"),
            path("connect/<slug:product>/sign-in/", self.admin_view(oauth.start), name="oauth_start"),
            path("configuration/", self.admin_view(self.configuration), name="configuration"),
            path("configuration/download/", self.admin_view(download), name="configuration_download"),
            path(
                "configuration/download/<int:connection_id>/", self.admin_view(download), name="configuration_download"
            ),
            path("why/", self.admin_view(self.why), name="why"),
        ]
        return [*own, *super().get_urls()]

    def connect(self, request: HttpRequest) -> HttpResponse:
        """The guided way to a first connection."""
        return connect(request, self)

    def configuration(self, request: HttpRequest) -> HttpResponse:
        """Configuration as a file, out and in."""
        return configuration(request, self)

    def why(self, request: HttpRequest) -> HttpResponse:
        """What every step would do with one person, and why."""
        return why(request, self)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's, and a word where a form was sent after its session had ended: the log-in page would swallow it."""
        guarded = super().admin_view(view, cacheable)

        def spoken(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "HX-Request" in request.headers and not self.has_permission(request):
                # The log-in page would be put into the middle of the page that asks.
                return HttpResponse(ASKED_TOO_LATE[request.method == "POST"])
            is_log_out = request.path == reverse("admin:logout", current_app=self.name)
            if request.method == "POST" and not self.has_permission(request) and not is_log_out:
                is_kept = request.resolver_match is not None and request.resolver_match.url_name in KEEPS_UNSENT
                messages.warning(request, unsent.KEPT if is_kept and unsent.keep(request) else SESSION_ENDED)
            answer: HttpResponseBase = guarded(request, *args, **kwargs)
            return answer

        return update_wrapper(spoken, guarded)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's, with wrong old passwords counted like wrong log-ins."""
        return change_password(request, {**self.each_context(request), **(extra_context or {})})

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Integrations: a block for every CRM, what went on lately, and what to do first where nothing is there yet."""
        if not request.user.has_perm("integrations.view_connection"):
            return super().index(request, {**(extra_context or {}), "may_view": False})
        states = overview.connection_states()
        days = overview.chart()
        context = {
            "may_view": True,
            "blocks": [_block(spec, states) for spec in _crm_specs()],
            "has_connections": bool(states),
            "alerts": Alert.objects.open(),
            "columns": columns(days),
            "chart_width": WIDTH,
            "chart_height": HEIGHT,
            "has_people": any(day.total for day in days),
            "runs": overview.latest_runs(),
            "workers_are_silent": bool(states) and overview.workers_are_silent(),
            "may_operate": request.user.has_perm("integrations.operate_connection"),
            "may_connect": request.user.has_perms(["integrations.add_account", "integrations.add_connection"]),
        }
        return super().index(request, {**(extra_context or {}), **context})

    def records(self, request: HttpRequest) -> HttpResponse:
        """Every list that the user may open, in groups."""
        apps = self.get_app_list(request)
        ours: dict[str, Any] = {
            model["object_name"]: model for app in apps if app["app_label"] == "integrations" for model in app["models"]
        }
        groups = [
            {"name": name, "help": about, "models": [ours[key] for key in keys if key in ours]}
            for name, about, keys in _GROUPS
        ]
        groups += [app for app in apps if app["app_label"] != "integrations"]
        context = {
            **self.each_context(request),
            "title": _("All records"),
            "groups": [group for group in groups if group["models"]],
        }
        return TemplateResponse(request, "admin/records.html", context)


def _crm_specs() -> list[ConnectorSpec]:
    specs = [registry.connector(product).spec for product in registry.products()]
    return [spec for spec in specs if spec.role is Role.CRM]


def _block(spec: ConnectorSpec, states: list[overview.ConnectionState]) -> dict[str, Any]:
    return {
        "spec": spec,
        "states": [state for state in states if state.connection.crm_account.product == spec.product],
    }
