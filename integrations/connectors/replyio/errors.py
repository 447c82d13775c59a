"""Reads Reply's refusals (https://docs.reply.io/api-reference/schemas/problem-details) and says what to do about them.

A business refusal has a `code`, a validation refusal a list of `errors` with pointers, a refusal of the gate in front
(401, some 403, 429) neither, and a 401 may have no body at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.connectors.ports import ObservedLimit

from .payloads import text

MISSING_SCOPE = "insufficient_scope"
_ACTING_USER = {
    "TEAM_REQUIRED": "The key reaches several teams: give the acting user, so that Reply knows whose team is meant.",
    "TEAM_NOT_ACCESSIBLE": "The key does not reach the team of this account.",
    "USER_REQUIRED": "This is an organization key: give the id of the user that it shall act for.",
    "USER_NOT_FOUND": "The user that the key shall act for is not in the team.",
}
_BLAMED = dict.fromkeys(("TEAM_REQUIRED", "USER_REQUIRED", "USER_NOT_FOUND"), "acting_user_id")
_DENIED = {
    "workspace.organizationRequired": "Reply lists a team's members only for accounts that belong to an organization.",
    "workspace.forbidden": "Reply does not let this user see the team's members.",
}
_ROW = re.compile(r"items[/.\[](\d+)\]?(?:[/.](.*))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One validation error. `row` is the place of the item it names, None for the whole; `field` its member."""

    row: int | None
    field: str
    detail: str


class Refused(Rejected):
    """A 400 of Reply with all that it says. `faults` is empty for a business refusal."""

    faults: tuple[Fault, ...] = ()


def classify(status: int, headers: Mapping[str, str], data: Any, body: str) -> ConnectorError | None:
    """An answer as an error, None when it is no refusal that Reply documents."""
    read = _BY_STATUS.get(status)
    if read is None:
        return None
    problem = data if isinstance(data, dict) else {}
    return read(problem, text(problem.get("code")) or "", _said(problem))


def observe(headers: Mapping[str, str], scope: str) -> Sequence[ObservedLimit]:
    """What the headers say that were seen on live answers, undocumented: a window's label, what is left, and when.

    `x-rate-limit-reset` is read as an instant or as seconds, whichever it is.
    """
    window = {"1m": "minute", "1h": "hour"}.get(headers.get("x-rate-limit-limit", "").strip().lower())
    remaining = headers.get("x-rate-limit-remaining", "").strip()
    if window is None or not remaining.isdecimal():
        return ()
    return (ObservedLimit(window, remaining=int(remaining), reset_in=_seconds(headers.get("x-rate-limit-reset", ""))),)


def _seconds(reset: str) -> float | None:
    try:
        return max(0.0, float(reset))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(reset.strip())
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())


def _said(problem: Mapping[str, Any]) -> str:
    said = text(problem.get("detail")) or text(problem.get("title")) or ""
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def _unauthorized(problem: Mapping[str, Any], code: str, said: str) -> ConnectorError:
    message = _ACTING_USER.get(code) or "Reply does not accept the API key: it is wrong, or it was revoked."
    return AuthenticationFailed(message, code=code, field=_BLAMED.get(code, ""))


def _forbidden(problem: Mapping[str, Any], code: str, said: str) -> ConnectorError:
    if code in _ACTING_USER:
        return AuthenticationFailed(_ACTING_USER[code], code=code, field=_BLAMED.get(code, ""))
    if code == MISSING_SCOPE:
        return PermissionDenied(f"The API key lacks a scope. {said}".strip(), code=code)
    return PermissionDenied(_DENIED.get(code) or f"Reply does not permit this. {said}".strip(), code=code)


def _not_found(problem: Mapping[str, Any], code: str, said: str) -> ConnectorError:
    if code == "whoami.notFound":
        return AuthenticationFailed("The user of the API key is gone from Reply.", code=code)
    return NotFound(f"Reply does not find this. {said}".strip(), code=code)


def _refused(problem: Mapping[str, Any], code: str, said: str) -> ConnectorError:
    listed = problem.get("errors")
    faults = tuple(_fault(each) for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    details = " ".join(fault.detail for fault in faults[:3])
    refusal = Refused(
        f"Reply refused this. {details or said}".strip(), field=faults[0].field if faults else "", code=code
    )
    refusal.faults = faults
    return refusal


def _fault(each: Mapping[str, Any]) -> Fault:
    pointer, detail = text(each.get("pointer")) or "", text(each.get("detail")) or ""
    if row := _ROW.search(pointer):
        return Fault(int(row[1]), row[2] or "", detail)
    return Fault(None, pointer.strip("/#"), detail)


def _limited(problem: Mapping[str, Any], code: str, said: str) -> ConnectorError:
    return RateLimited("Reply takes no more calls for the moment: its limit a minute or an hour is reached.", code=code)


def _unavailable(problem: Mapping[str, Any], code: str, said: str) -> ConnectorError:
    return Unavailable(f"Reply cannot answer at the moment. {said}".strip(), code=code)


_BY_STATUS: dict[int, Callable[[Mapping[str, Any], str, str], ConnectorError]] = {
    400: _refused,
    401: _unauthorized,
    403: _forbidden,
    404: _not_found,
    409: _refused,
    422: _refused,
    429: _limited,
    500: _unavailable,
    502: _unavailable,
    503: _unavailable,
    504: _unavailable,
}
