"""The live lines of a step's page: who would gain and lose people, and who passes the filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from integrations.domain.enums import Join, UnmappedOwners
from integrations.domain.step_settings import Filter, OwnerPair, StepSettings
from integrations.engine.settings_loader import condition_value, load
from integrations.models import SyncStep
from integrations.services.simulate import simulate, unread_lists

from .offers import StepOffers


def live_lines(
    request: HttpRequest, step: SyncStep, offers: StepOffers, formsets: dict[str, Any] | None
) -> HttpResponse:
    """The fragment. `formsets` are the posted rows by section; None: as saved."""
    settings = load(step)
    if formsets is not None:
        settings = _typed(settings, request, offers, formsets)
    simulation = simulate(step, settings)
    context = {
        "simulation": simulation,
        "settings": settings,
        "source": offers.source_label,
        "target": offers.target_label,
        "unread_lists": unread_lists(step, settings.filter.conditions),
        "has_filter": bool(settings.filter.conditions),
    }
    return TemplateResponse(request, "admin/integrations/syncstep/live.html", context)


def _typed(saved: StepSettings, request: HttpRequest, offers: StepOffers, formsets: dict[str, Any]) -> StepSettings:
    """The settings as they stand in the form. Rows that are not complete yet are left out."""
    policy = request.POST.get("unmapped_owners", saved.unmapped_owners)
    join = request.POST.get("filter_join", saved.filter.join)
    fallback = offers.target_members.things.get(request.POST.get("fallback_member", ""))
    conditions = tuple(condition_value(form.instance) for form in _complete(formsets["filters"]))
    return replace(
        saved,
        owners=tuple(_pairs(formsets["owners"])),
        unmapped_owners=UnmappedOwners(policy) if policy in list(UnmappedOwners) else saved.unmapped_owners,
        fallback=fallback.as_value() if fallback is not None else None,
        filter=Filter(Join(join) if join in list(Join) else saved.filter.join, conditions),
    )


def _pairs(formset: Any) -> Iterable[OwnerPair]:
    for number, form in enumerate(_complete(formset)):
        data = form.cleaned_data
        yield OwnerPair(number, data["source_member"].as_value(), data["target_member"].as_value())


def _complete(formset: Any) -> Iterable[Any]:
    formset.is_valid()
    return (form for _, form in formset.live_forms() if form.is_valid())
