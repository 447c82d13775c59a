"""The header Idempotency-Key on requests that start runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Run
from integrations.services.idempotency import OtherRequest, Outcome, once

from .errors import Invalid, KeyReused, in_header, run_path
from .serializers.runs import RunDetailSerializer

HEADER = "Idempotency-Key"
LONGEST = 255
PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="A text of your choice, such as a UUID, for a request that may be repeated when its answer is lost: "
    "for 24 hours the same key starts nothing again and gives the first answer again.",
    examples=[OpenApiExample("a UUID", "8e03978e-40d5-43dd-bc93-6894a57f9324")],
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[201],
    description="`true` where this is the first answer again.",
)


def start_once(request: Request, start: Callable[[], Run]) -> Response:
    """Start a run, once per key where the request has one, and answer with it. Raises KeyReused, Invalid."""
    user = request.user
    assert isinstance(user, User)

    def do() -> tuple[int, dict[str, Any]]:
        return status.HTTP_201_CREATED, dict(RunDetailSerializer(start()).data)

    key = request.headers.get(HEADER)
    if key is None:
        outcome = Outcome(*do())
    else:
        if not 1 <= len(key) <= LONGEST or not all("!" <= character <= "~" for character in key):
            raise Invalid(in_header(HEADER, f"Give 1 to {LONGEST} printable ASCII characters without blanks."))
        try:
            outcome = once(user=user, key=key, fingerprint=_fingerprint(request), do=do)
        except OtherRequest:
            raise KeyReused(
                "Within the last 24 hours this key came with another request. A new request takes a new key."
            ) from None
    response = Response(outcome.answer, status=outcome.status, headers={"Location": run_path(outcome.answer["id"])})
    if outcome.is_repeated:
        response["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: Request) -> str:
    text = json.dumps([request.method, request.path, request.data], sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
