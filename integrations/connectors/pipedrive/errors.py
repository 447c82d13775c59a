"""What Pipedrive's answers mean when they are no success, and what its headers say of its limits.

Reference: https://pipedrive.readme.io/docs/core-api-concepts-http-status-codes,
https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    UnexpectedResponse,
)
from integrations.connectors.http import JSON, Headers
from integrations.connectors.ports import ObservedLimit

from .spec import BURST, DAILY, SEARCH

BLOCK_SECONDS = 60.0
"""How long to stay away when Cloudflare has shut us out. Its length is not documented."""
_BURST_SECONDS = 2.0
_DEAREST_CALL = 20
"""Tokens of the dearest call that we make."""
_CUSTOM_FIELD = re.compile(r"\b[0-9a-f]{40}\b")


def classify(status: int, headers: Headers, data: JSON, text: str) -> ConnectorError | None:
    """The error that an answer means; None when it is none, or one that the session knows itself."""
    if status in _MEANINGS:
        return _MEANINGS[status](headers, data, text)
    if 200 <= status < 300 and isinstance(data, Mapping) and data.get("success") is False:
        return UnexpectedResponse(f"Pipedrive says that a call failed which it accepted: {_words(data)}")
    return None


def observed_limits(headers: Headers, scope: str) -> tuple[ObservedLimit, ...]:
    """What an answer says of the burst window (or the search one) and of the day's tokens.

    The daily headers are undocumented and may be missing; their balance seems to be that before the call. When the
    day turns is not documented either, so nothing is said of it.
    """
    observed: list[ObservedLimit] = []
    capacity, remaining = _integer(headers, "x-ratelimit-limit"), _integer(headers, "x-ratelimit-remaining")
    if capacity is not None or remaining is not None:
        reset = _integer(headers, "x-ratelimit-reset")
        window = SEARCH if scope == SEARCH else BURST
        observed.append(ObservedLimit(window, capacity, remaining, None if reset is None else float(reset)))
    capacity, remaining = _integer(headers, f"{_DAY}-limit"), _integer(headers, f"{_DAY}-remaining")
    if capacity is not None or remaining is not None:
        observed.append(ObservedLimit(DAILY, capacity, remaining))
    return tuple(observed)


def seconds_until_midnight(now: datetime) -> float:
    """Until the day turns in UTC, which is taken for the zone that the documents do not name."""
    tomorrow = (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()


_DAY = "x-daily-ratelimit-token"


def _bad_request(headers: Headers, data: JSON, text: str) -> ConnectorError:
    words = _words(data)
    field = _CUSTOM_FIELD.search(text)
    return Rejected(f"Pipedrive refused the values: {words}", code=_code(data), field=field.group() if field else "")


def _unauthorised(headers: Headers, data: JSON, text: str) -> ConnectorError:
    return AuthenticationFailed(
        "Pipedrive does not accept the key. Was it regenerated, or its user deactivated? Connect the account again.",
        code=_code(data),
    )


def _not_open(headers: Headers, data: JSON, text: str) -> ConnectorError:
    return AuthenticationFailed(
        "The Pipedrive account is not open: its trial has ended or a payment is due.", code="account_not_open"
    )


def _forbidden(headers: Headers, data: JSON, text: str) -> ConnectorError:
    if not isinstance(data, Mapping):
        # The page of Cloudflare that follows when one pushes on after a 429.
        return RateLimited(
            "Pipedrive's gateway has shut this address out for a while after too many calls.",
            retry_after=BLOCK_SECONDS,
            code="blocked",
        )
    words = _words(data)
    if "change the owner" in words.lower():
        return PermissionDenied(
            "The account's user may not give away people of others. Give its permission set in Pipedrive the right "
            "to change the owner, or connect an administrator.",
            code="change_owner",
        )
    if "scope" in words.lower():
        return PermissionDenied(f"The account was connected without the right to do this: {words}", code="scope")
    return PermissionDenied(f"Pipedrive does not permit this: {words}", code=_code(data))


def _gone(headers: Headers, data: JSON, text: str) -> ConnectorError:
    return NotFound(f"Not in Pipedrive, or not visible to the account's user: {_words(data)}", code=_code(data))


def _too_many(headers: Headers, data: JSON, text: str) -> ConnectorError:
    day, burst = _integer(headers, f"{_DAY}-remaining"), _integer(headers, "x-ratelimit-remaining")
    # A call can be dearer than what is left of the day, so it need not be nothing.
    if day is not None and (day <= 0 or (day < _DEAREST_CALL and bool(burst))):
        return RateLimited(
            "The Pipedrive company's tokens are used up until the day turns (UTC).",
            retry_after=seconds_until_midnight(datetime.now(UTC)),
            code="daily_budget",
        )
    reset = _integer(headers, "x-ratelimit-reset")
    return RateLimited(
        "Pipedrive takes no more calls for the moment.", retry_after=_BURST_SECONDS if reset is None else float(reset)
    )


_MEANINGS: Mapping[int, Callable[[Headers, JSON, str], ConnectorError]] = {
    400: _bad_request,
    401: _unauthorised,
    402: _not_open,
    403: _forbidden,
    404: _gone,
    410: _gone,
    422: _bad_request,
    429: _too_many,
}


def _words(data: JSON) -> str:
    """What the product says, in one sentence or two."""
    if not isinstance(data, Mapping):
        return "no reason was given."
    said = [data.get("error"), data.get("error_info"), data.get("message"), *_by_field(data.get("errors"))]
    return " ".join(text if text.endswith(".") else f"{text}." for text in said if isinstance(text, str) and text) or (
        "no reason was given."
    )


def _by_field(errors: JSON) -> list[str]:
    """What webhooks say instead: member to sentences."""
    if not isinstance(errors, Mapping):
        return []
    return [f"{field}: {'; '.join(map(str, said))}" for field, said in errors.items() if isinstance(said, list)]


def _code(data: JSON) -> str:
    code = data.get("code") if isinstance(data, Mapping) else None
    return code if isinstance(code, str) else ""


def _integer(headers: Headers, name: str) -> int | None:
    try:
        return int(float(headers.get(name, "")))
    except ValueError:
        return None
