"""Versions of what is written: ETag on answers, If-Match on writes, so that two editors do not overwrite each other."""

from __future__ import annotations

from typing import Any

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import SyncStep
from integrations.services.steps import last_change, step_version

from .errors import Changed, VersionNeeded

VERSION = "version"
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The `ETag` of the step as you have seen it; `*` writes whatever came between.",
    examples=[OpenApiExample("a version", '"5b9ad17e1f6cf4a3a1bb0a5e"'), OpenApiExample("whatever it is", "*")],
)
ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200, 201], description="The step's version.")


def refuse_stale(request: Request, step: SyncStep) -> None:
    """Let a write pass that names the step's present version. Raises VersionNeeded, Changed.

    The step must be locked, so that nobody writes between the look and the write.
    """
    header = request.headers.get("If-Match", "")
    if not header.strip():
        raise VersionNeeded("Send the step's ETag in If-Match, so that nobody's change is overwritten unseen.")
    seen = [tag.removeprefix("W/").strip('"') for tag in parse_etags(header)]
    current = step_version(step)
    if current not in seen and "*" not in seen:
        raise Changed(
            f"This step was changed meanwhile{last_change(step)}. Read it again, and decide again.", version=current
        )


def with_version(document: dict[str, Any], **options: Any) -> Response:
    """An answer with the document's version as its ETag."""
    response = Response(document, **options)
    response["ETag"] = f'"{document[VERSION]}"'
    return response
