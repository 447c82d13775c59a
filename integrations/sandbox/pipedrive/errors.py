"""Refusals as Pipedrive words them: the JSON envelope, the gateway's 401, and Cloudflare's page."""

from __future__ import annotations

from integrations.sandbox.core import Json, Response

SCHEMA_FAILED = "ERR_SCHEMA_VALIDATION_FAILED"
OWNER_CHANGE_FORBIDDEN = "You do not have permission to change the owner."
_HELP = "Please check developers.pipedrive.com"

CLOUDFLARE_PAGE = b"""<!DOCTYPE html>
<html lang="en-US"><head><title>Access denied | api.pipedrive.com used Cloudflare to restrict access</title></head>
<body><h1>Error 1015</h1><h2>You are being rate limited</h2>
<p>The owner of this website (api.pipedrive.com) has banned you temporarily from accessing this website.</p>
</body></html>
"""


class ApiError(Exception):
    """A call that is refused; `code` only where Pipedrive gives one."""

    def __init__(self, status: int, error: str, *, info: str = _HELP, code: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.info = info
        self.code = code

    def response(self) -> Response:
        """The refusal as an answer."""
        body: dict[str, Json] = {
            "success": False, "error": self.error, "error_info": self.info, "data": None, "additional_data": None,
        }  # fmt: skip
        if self.code:
            body["code"] = self.code
        return Response.of_json(body, self.status)


def invalid(error: str) -> ApiError:
    """A v2 body or query that breaks the schema."""
    return ApiError(400, f"Validation failed: {error}", code=SCHEMA_FAILED)


def not_found(what: str = "Person") -> ApiError:
    """Not there, deleted, or not visible to the caller."""
    return ApiError(404, f"{what} not found")


def scope_mismatch() -> ApiError:
    """An OAuth app calls what its scopes do not cover."""
    return ApiError(403, "Scope and URL mismatch")


def unauthorized() -> Response:
    """The gateway's 401, as seen live with a bad token."""
    body = {"success": False, "error": "unauthorized access", "errorCode": 401, "error_info": _HELP}
    response = Response.of_json(body, 401)
    response.headers["x-401-by-gw"] = "true"
    return response


def too_many(retry_after: int | None) -> Response:
    """429. The body is undocumented; `retry_after` (seconds) is sent when it is not None."""
    response = Response.of_json({"success": False, "error": "request over limit", "errorCode": 429}, 429)
    if retry_after is not None:
        response.headers["retry-after"] = str(retry_after)
    return response


def blocked() -> Response:
    """Cloudflare's 403, which follows when a caller goes on after several 429s."""
    return Response(403, {"Content-Type": "text/html; charset=UTF-8"}, CLOUDFLARE_PAGE)


def succeeded(data: Json, status: int = 200, **more: Json) -> Response:
    """A success in the envelope; further members beside `data` come from `more`."""
    return Response.of_json({"success": True, "data": data, **more}, status)
