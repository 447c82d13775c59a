"""What the API refuses, and why."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import exceptions, status

from integrations.models import Run


class Problem(exceptions.APIException):
    """A refusal with a type of its own. `members` are further members of the document."""

    slug = "refused"
    title = "That cannot be done now"
    status_code: int = status.HTTP_409_CONFLICT

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.members = members


class Refused(Problem):
    """The state of things does not allow it."""


class RunActive(Problem):
    """Another run of the connection is active: the document names it and links to it."""

    slug = "run-active"
    title = "A run of this connection is active"

    def __init__(self, detail: str, run: Run) -> None:
        super().__init__(detail, active_run={"id": run.pk, "state": run.state, "url": run_path(run.pk)})


class Changed(Problem):
    """What was to be changed is not what the sender has seen. `members` say how it stands now."""

    slug = "changed-meanwhile"
    title = "It was changed meanwhile"
    status_code = status.HTTP_412_PRECONDITION_FAILED


class VersionNeeded(Problem):
    """A write that does not say which version it is about."""

    slug = "version-needed"
    title = "Say which version you have seen"
    status_code = status.HTTP_428_PRECONDITION_REQUIRED


class KeyReused(Problem):
    """An Idempotency-Key that came with another request before."""

    slug = "key-reused"
    title = "This Idempotency-Key belongs to another request"
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class TooLarge(Problem):
    """A body beyond the limit."""

    slug = "too-large"
    title = "The body is too large"
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class Invalid(exceptions.ValidationError):
    """Input that makes no sense, given as (where, what is wrong) pairs; see `Located`."""

    def __init__(self, *errors: Located) -> None:
        super().__init__({"input": [str(error["detail"]) for error in errors]})
        self.errors = list(errors)


Located = dict[str, str]
"""One error of a problem document: "detail", and "pointer" into the body or the name of a "parameter" or "header"."""


def at(pointer: str, detail: str) -> Located:
    """An error at a place in the body, such as /owner_mappings/1/source_member."""
    return {"pointer": pointer, "detail": detail}


def in_parameter(name: str, detail: str) -> Located:
    """An error in a query parameter."""
    return {"parameter": name, "detail": detail}


def in_header(name: str, detail: str) -> Located:
    """An error in a header."""
    return {"header": name, "detail": detail}


def run_path(run_id: int) -> str:
    """The address of a run."""
    return reverse("api:run-detail", args=[run_id])
