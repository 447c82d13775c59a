"""Buttons that do something to one record: each is a POST of its own, with a permission, and absent without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from .generic import ModelAdmin

M = TypeVar("M", bound=Model)

OPERATE = "integrations.operate_connection"


@dataclass(frozen=True, slots=True)
class RecordAction(Generic[M]):
    """A button. `run` does it and returns where to go, None for the record's own page.

    `applies` says whether the button makes sense for a record now; the server does not rely on it.
    Unlisted actions have their buttons elsewhere. `asks_first` gives the sentences that are shown before it is done.
    """

    slug: str
    label: str
    permission: str
    run: Callable[[HttpRequest, M], HttpResponse | None]
    is_main: bool = False
    applies: Callable[[M], bool] = lambda record: True
    title: str = ""
    is_listed: bool = True
    asks_first: Callable[[M], list[str]] | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """What a template needs of an action."""

    label: str
    url: str
    slug: str
    is_main: bool
    title: str


class ActionsAdmin(ModelAdmin[M]):
    """A page with record actions. Put `{% include "integrations/buttons.html" %}` where they belong."""

    show_facets = admin.ShowFacets.NEVER
    record_actions: ClassVar[tuple[RecordAction[Any], ...]] = ()

    def get_urls(self) -> list[URLPattern]:
        """The page's own, and one address per action."""
        own = [
            path(
                f"<int:pk>/{action.slug}/",
                self.admin_site.admin_view(partial(self.perform, action=action)),
                name=self.action_name(action.slug),
            )
            for action in self.record_actions
        ]
        return [*own, *super().get_urls()]

    def action_name(self, slug: str) -> str:
        """The URL name of an action."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{slug.replace('-', '_')}"

    def gone(self, request: HttpRequest) -> HttpResponse:
        """Say that the record is not there any more, and what became of what was sent to it."""
        words = f"This {self.opts.verbose_name} no longer exists: somebody deleted it meanwhile"
        if request.method == "POST":
            words += ", so what you sent was not saved"
        messages.error(request, f"{words}.")
        return HttpResponseRedirect(reverse("admin:index"))

    def record_url(self, record: Model) -> str:
        """The record's own page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])

    def perform(self, request: HttpRequest, pk: int, action: RecordAction[M]) -> HttpResponse:
        """Do it, if it was posted by somebody who may."""
        record: Any = self.get_queryset(request).filter(pk=pk).first()
        if record is None:
            return self.gone(request)
        if not (self.has_view_permission(request, record) and self.may(request, action)):
            raise PermissionDenied
        if request.method != "POST":
            messages.info(request, f"Nothing was done. Press “{action.label}” again if you still want it.")
            return HttpResponseRedirect(self.record_url(record))
        if action.asks_first is not None and "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": f"{action.label} {record}?",
                "action": action,
                "sentences": action.asks_first(record),
                "record_url": self.record_url(record),
                "trail": self.trail(record),
            }
            return TemplateResponse(request, "admin/confirm_action.html", context)
        return action.run(request, record) or HttpResponseRedirect(self.record_url(record))

    def trail(self, record: M) -> list[tuple[str, str]]:
        """The pages above a question about the record, by name and address."""
        return [(str(record), self.record_url(record))]

    def may(self, request: HttpRequest, action: RecordAction[M]) -> bool:
        """Whether the user's roles allow the action."""
        return request.user.has_perm(action.permission)

    def buttons(self, request: HttpRequest, record: M) -> list[Button]:
        """Those that the user may press now."""
        return [
            Button(
                action.label,
                reverse(f"admin:{self.action_name(action.slug)}", args=[record.pk]),
                action.slug,
                action.is_main,
                action.title,
            )
            for action in self.record_actions
            if action.is_listed and action.applies(record) and self.may(request, action)
        ]

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """What goes along with a record is not listed one by one, and needs no right of its own.

        Listing would read every run entry of a connection.
        """
        records = list(objs)
        protected = [str(thing) for record in records for thing in self.protecting(record)]
        return [str(record) for record in records], self.deleted_along(records), set(), protected

    def deleted_along(self, records: list[M]) -> dict[Any, int]:
        """How many of what are deleted, by name."""
        return {self.opts.verbose_name_plural: len(records)}

    def protecting(self, record: M) -> list[Any]:
        """What must be deleted first."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's, with the buttons in the context."""
        record = self.get_object(request, object_id)
        if record is None:
            return self.gone(request)
        context = dict(extra_context or {})
        context |= {"buttons": self.buttons(request, record), **self.page_context(request, record)}
        return super().change_view(request, object_id, form_url, context)

    def page_context(self, request: HttpRequest, record: M) -> dict[str, Any]:
        """What else the record's page shows."""
        return {}
