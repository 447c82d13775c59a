"""The OpenAPI document: each operation by its docstring, with the errors that it can answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from .problems import MEDIA_TYPE, TYPE_PREFIX


class PlaceSerializer(serializers.Serializer[Any]):
    """One thing that is wrong, and where."""

    detail = serializers.CharField(help_text="What is wrong, as a sentence.")
    pointer = serializers.CharField(
        required=False, help_text="Where in the body, as a JSON pointer: `/owner_mappings/1/source_member`."
    )
    parameter = serializers.CharField(required=False, help_text="The query parameter.")
    header = serializers.CharField(required=False, help_text="The header.")


class ActiveRunSerializer(serializers.Serializer[Any]):
    """The run that is in the way."""

    id = serializers.IntegerField()
    state = serializers.CharField()
    url = serializers.CharField(help_text="The run's address, relative to this host.")


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField(help_text="What kind of problem, for programs; see the list at the top.")
    title = serializers.CharField(help_text="The kind, for people.")
    status = serializers.IntegerField(help_text="The HTTP status, once more.")
    detail = serializers.CharField(help_text="What is wrong this time, and what to do.")
    errors: Any = PlaceSerializer(
        many=True, required=False, help_text="Every mistake of the input, with `invalid-input`."
    )
    active_run = ActiveRunSerializer(required=False, help_text="With `run-active`.")
    version = serializers.CharField(required=False, help_text="The present version, with `changed-meanwhile`.")


_PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: ("invalid-input", "The input makes no sense", "1 thing is wrong; nothing was changed."),
    401: ("not-authenticated", "Say who you are", "Authentication credentials were not provided."),
    403: (
        "not-permitted",
        "You may not do this",
        "Your role does not allow this.",
    ),
    404: ("not-found", "There is no such thing", "No Run matches the given query."),
    409: ("run-active", "A run of this connection is active", "Run 12 of “Main” is active already: applying."),
    412: ("changed-meanwhile", "It was changed meanwhile", "This step was changed by Anna at 14:02. Read it again."),
    413: ("too-large", "The body is too large", "The body may have 2,621,440 bytes at the most."),
    415: ("unsupported-media-type", "Only JSON is read", "Unsupported media type “text/plain” in request."),
    422: ("key-reused", "This Idempotency-Key belongs to another request", "Use a new key for a new request."),
    428: ("version-needed", "Say which version you have seen", "Send If-Match with the step's version."),
    429: ("throttled", "Too many calls", "Request was throttled. Expected available in 3 seconds."),
}
_MEANINGS = {
    400: "The input makes no sense; nothing was changed.",
    401: "No credentials, or none that are accepted.",
    403: "The role does not allow it.",
    404: "There is no such thing.",
    409: "The state of things does not allow it; nothing was changed. `run-active` names the run that is in the way.",
    412: "It was changed since the sender read it; nothing was changed now.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The `Idempotency-Key` came with another request before.",
    428: "`If-Match` is missing.",
    429: "Too many calls in a minute; `Retry-After` says how many seconds to wait.",
}


class ApiSchema(AutoSchema):
    """Summaries and descriptions from the actions' docstrings; errors from what an action takes.

    A view's `problems` names, for each action, the statuses that only it has.
    """

    def get_summary(self) -> str | None:
        """The docstring's first sentence, without its full stop."""
        return self._words()[0]

    def get_description(self) -> str:  # type: ignore[override]
        """The rest of the docstring."""
        return self._words()[1]

    def _words(self) -> tuple[str, str]:
        first, _, rest = super().get_description().partition("\n")
        return first.strip().rstrip("."), rest.strip()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        own = getattr(self.view, "problems", {}).get(getattr(self.view, "action", ""), ())
        for status in sorted({401, 403, 429, *self._by_input(), *own}):
            body: Any = _problem(status), str(status), [MEDIA_TYPE], direction
            bodies[str(status)] = self._get_response_for_code(*body)  # type: ignore[no-untyped-call]
        return bodies

    def _by_input(self) -> set[int]:
        found = set()
        if "{" in self.path:
            found.add(404)
        if self.method not in ("GET", "DELETE") and self.get_request_serializer() is not None:
            found |= {400, 413, 415}
        if self._is_list_view() or self.get_override_parameters():
            found.add(400)
        return found


def _problem(status: int) -> OpenApiResponse:
    slug, title, detail = _PROBLEMS[status]
    value: dict[str, Any] = {"type": TYPE_PREFIX + slug, "title": title, "status": status, "detail": detail}
    if status == 400:
        value["errors"] = [{"pointer": "/kind", "detail": "“synch” is not a valid choice."}]
    if status == 409:
        value["active_run"] = {"id": 12, "state": "applying", "url": "/api/v1/runs/12/"}
    example = OpenApiExample(slug, value, response_only=True, status_codes=[str(status)], media_type=MEDIA_TYPE)
    return OpenApiResponse(ProblemSerializer, _MEANINGS[status], [example])


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes it."""

    target_class = "integrations.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Of OpenAPI."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "sa_…",
            "description": "An API token, made on the admin's page *API tokens* or by `manage.py create_api_token`.",
        }
