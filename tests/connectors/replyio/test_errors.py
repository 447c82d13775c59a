from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.connectors.replyio.errors import Fault, Refused, classify, observe


def error_of(status: int, data: Any = None) -> ConnectorError:
    error = classify(status, {}, data, "")
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("status", "data", "kind", "words"),
    [
        (401, None, AuthenticationFailed, "wrong, or it was revoked"),
        (401, {"title": "Unauthorized", "status": 401, "detail": "No."}, AuthenticationFailed, "wrong, or it was"),
        (401, {"code": "USER_NOT_FOUND"}, AuthenticationFailed, "is not in the team"),
        (403, {"code": "USER_REQUIRED"}, AuthenticationFailed, "give the id of the user"),
        (403, {"code": "TEAM_REQUIRED"}, AuthenticationFailed, "several teams"),
        (403, {"code": "TEAM_NOT_ACCESSIBLE"}, AuthenticationFailed, "does not reach the team"),
        (403, {"code": "insufficient_scope"}, PermissionDenied, "lacks a scope"),
        (403, {"code": "workspace.organizationRequired"}, PermissionDenied, "belong to an organization"),
        (403, {"detail": "Feature scopes [X] are denied"}, PermissionDenied, r"Feature scopes \[X\] are denied\."),
        (403, None, PermissionDenied, "does not permit this"),
        (404, {"code": "contact.notFound", "detail": "Contact 5 not found."}, NotFound, "Contact 5 not found"),
        (404, None, NotFound, "does not find this"),
        (404, {"code": "whoami.notFound"}, AuthenticationFailed, "is gone from Reply"),
        (400, {"code": "contact.invalidInput", "detail": "No such owner"}, Rejected, r"No such owner\."),
        (400, ["odd"], Rejected, "refused"),
        (409, {"code": "customField.duplicateName"}, Rejected, "refused"),
        (429, None, RateLimited, "no more calls"),
        (500, {"detail": "An unexpected error occurred."}, Unavailable, "An unexpected error occurred"),
        (503, None, Unavailable, "at the moment"),
    ],
)
def test_a_refusal_says_how_far_it_goes(status: int, data: Any, kind: type[ConnectorError], words: str) -> None:
    error = error_of(status, data)
    assert isinstance(error, kind)
    with pytest.raises(kind, match=words):
        raise error


@pytest.mark.parametrize("status", [200, 201, 204, 302, 405, 415])
def test_other_answers_are_left_to_the_session(status: int) -> None:
    assert classify(status, {}, None, "") is None


@pytest.mark.parametrize(
    ("pointer", "row", "field"),
    [
        ("/items/3/email", 3, "email"),
        ("#/items/12/customFields/0/value", 12, "customFields/0/value"),
        ("items[4].firstName", 4, "firstName"),
        ("/items/5", 5, ""),
        ("/firstName", None, "firstName"),
        ("top", None, "top"),
        ("", None, ""),
    ],
)
def test_a_validation_refusal_names_rows_and_fields(pointer: str, row: int | None, field: str) -> None:
    error = error_of(400, {"errors": [{"pointer": pointer, "detail": "Bad."}, "odd"]})
    assert isinstance(error, Refused)
    assert error.faults == (Fault(row, field, "Bad."),)
    assert error.field == field


def test_two_refusals_do_not_share_their_faults() -> None:
    first = error_of(400, {"errors": [{"pointer": "/items/1/email", "detail": "Bad."}]})
    second = error_of(400, {"code": "contact.invalidInput"})
    assert isinstance(first, Refused)
    assert isinstance(second, Refused)
    assert (len(first.faults), second.faults) == (1, ())


@pytest.mark.parametrize(
    ("label", "window"), [("1h", "hour"), ("1m", "minute"), ("1H", "hour"), ("100", None), ("", None)]
)
def test_what_the_headers_say_of_a_window_is_passed_on(label: str, window: str | None) -> None:
    headers = CaseInsensitiveDict({"X-Rate-Limit-Limit": label, "X-Rate-Limit-Remaining": "42"})
    observed = observe(headers, "")
    assert [(limit.window, limit.remaining) for limit in observed] == ([(window, 42)] if window else [])


@pytest.mark.parametrize(
    ("reset", "least", "most"),
    [
        ("90", 90, 90),
        ((datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), 3000, 3600),
        ("2001-01-01T00:00:00", 0, 0),
    ],
    ids=["seconds", "in an hour", "long ago"],
)
def test_the_reset_of_a_window_is_an_instant_or_seconds(reset: str, least: float, most: float) -> None:
    headers = {"x-rate-limit-limit": "1h", "x-rate-limit-remaining": "1", "x-rate-limit-reset": reset}
    (limit,) = observe(headers, "")
    assert limit.reset_in is not None
    assert least <= limit.reset_in <= most


@pytest.mark.parametrize("remaining", ["", "many"])
def test_headers_that_make_no_sense_say_nothing(remaining: str) -> None:
    assert observe({"x-rate-limit-limit": "1h", "x-rate-limit-remaining": remaining}, "") == ()
    (limit,) = observe({"x-rate-limit-limit": "1h", "x-rate-limit-remaining": "3", "x-rate-limit-reset": "soon"}, "")
    assert limit.reset_in is None
