"""Why?: an e-mail address in, the story of that person out, step by step."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from integrations.services.explain import explain
from integrations.services.explanation import Verdict

RIGHTS = ("integrations.view_person", "integrations.view_syncstep", "integrations.view_runentry")
_PILLS = {
    Verdict.CREATE: "ok",
    Verdict.UPDATE: "ok",
    Verdict.UNCHANGED: "idle",
    Verdict.SKIP: "idle",
    Verdict.CONFLICT: "warn",
}
LONGEST = 254


def why(request: HttpRequest, site: Any) -> HttpResponse:
    """The question in the address, so that the answer can be sent on as a link; reads and writes nothing else."""
    if not request.user.has_perms(RIGHTS):
        raise PermissionDenied
    query = request.GET.get("q", "").strip()[:LONGEST]
    answer = explain(query) if query else None
    context = {
        **site.each_context(request),
        "title": "Why?",
        "query": query,
        "answer": answer,
        "stories": [(story, _PILLS[story.verdict]) for story in answer.steps] if answer else [],
        "longest": LONGEST,
    }
    return TemplateResponse(request, "admin/why.html", context)
