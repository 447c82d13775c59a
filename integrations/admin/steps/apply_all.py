"""Save and apply for all steps: the page between saving one step and changing the others."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from integrations.models import SyncStep
from integrations.services.propagation import (
    ALL_PARTS,
    ChangedMeanwhile,
    apply_for_all,
    plan_for_all,
    version_of_all,
)
from integrations.services.step_warnings import Section

TITLES = {
    Section.OWNERS: "Ownership mappings",
    Section.FIELDS: "Fields mapping",
    Section.FILTERS: "Filtering rules",
    Section.SEQUENCES: "People to sequence",
}


def apply_all_page(request: Any, step: SyncStep, context: dict[str, Any]) -> HttpResponse:
    """Show what would change on the other steps; on Confirm, change it. Cancel leaves them as they are."""
    back = reverse("admin:integrations_connection_change", args=[step.connection_id])
    sections = [section for section in ALL_PARTS if section in request.POST.getlist("part")]
    if request.method == "POST" and sections:
        try:
            plans = apply_for_all(
                step=step, sections=sections, version=request.POST.get("version", ""), by=request.user
            )
        except ChangedMeanwhile:
            messages.warning(
                request, "A step was changed meanwhile, and nothing has been applied. This is how it stands now."
            )
        else:
            messages.success(request, _done(plans))
            return HttpResponseRedirect(back)
    elif request.method == "POST":
        messages.warning(request, "Nothing was ticked, so nothing has been applied.")
    plans = plan_for_all(step)
    if not plans:
        messages.info(request, "The step is saved. The connection has no other step to apply it to.")
        return HttpResponseRedirect(back)
    ticked = sections or [Section.OWNERS]
    parts = [
        {
            "key": section.value,
            "title": TITLES[section],
            "is_ticked": section in ticked,
            "steps": [(plan, next(part for part in plan.parts if part.section is section)) for plan in plans],
            "applies": any(part.changes_something for plan in plans for part in plan.parts if part.section is section),
        }
        for section in ALL_PARTS
    ]
    context |= {
        "title": "Apply for all steps",
        "step": step,
        "parts": parts,
        "version": version_of_all(step),
        "back_url": back,
        "changes_something": any(plan.changes_something for plan in plans),
    }
    return TemplateResponse(request, "admin/integrations/syncstep/apply_all.html", context)


def _done(plans: list[Any]) -> str:
    if not plans:
        return "Nothing had to be changed: the other steps have these settings already."
    names = ", ".join(f"“{plan.step}”" for plan in plans)
    return f"Applied to {len(plans)} {'step' if len(plans) == 1 else 'steps'}: {names}. No run was started."


def confirm_url(step: SyncStep) -> str:
    """The page's address."""
    return reverse("admin:integrations_syncstep_apply_all", args=[step.pk])


def refuse_several(request: HttpRequest) -> None:
    """Words for a list action with more than one step ticked."""
    messages.error(request, "Tick one step: its settings are what the other steps of its connection get.")
