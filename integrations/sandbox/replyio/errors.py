"""Refusals in RFC 9457 form, of Reply's three kinds.

Business refusals carry a `code` slug; validation refusals carry `errors` with pointers and no code; middleware
refusals (401, 404, 405, 415, 429) carry neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from integrations.sandbox.core import Json, Response

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class ProblemError(Exception):
    """A request that is refused as a whole. `members` are further members of the problem body."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        members: Mapping[str, Json] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or _TITLES.get(status, "Error")
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The refusal as an answer."""
        body = {"title": self.title, "status": self.status, "detail": self.detail, **self.members}
        answer = Response.of_json(body, self.status, media_type=MEDIA_TYPE)
        answer.headers.update(self.headers)
        return answer


def business(status: int, code: str, detail: str, **members: Json) -> ProblemError:
    """A domain refusal: `code` is `resource.variant`, or one of the key errors in capitals."""
    return ProblemError(status, detail, members={"code": code, **members})


def invalid(errors: Sequence[tuple[str, str]], *, of_body: bool = True) -> ProblemError:
    """A validation refusal; `errors` are (pointer, detail), the pointer a bare name for query and route."""
    detail = "The request body contains validation errors." if of_body else "One or more validation errors occurred."
    listed = [{"pointer": pointer, "detail": text} for pointer, text in errors]
    return ProblemError(400, detail, title="Validation failed", members={"errors": listed})


def unauthorized(body: str) -> Response:
    """401, with a problem body or with none (see `ReplyOptions.unauthorized_body`)."""
    answer = ProblemError(401, "The API key is missing or not valid.").response()
    if body == "empty":
        answer = Response(401)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def rate_limited(retry_after: int) -> ProblemError:
    """429 with `Retry-After` in whole seconds, at least 1."""
    return ProblemError(
        429, f"Rate limit exceeded. Retry after {retry_after} seconds.", headers={"Retry-After": str(retry_after)}
    )
