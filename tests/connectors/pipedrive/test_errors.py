from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
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
    UnexpectedResponse,
)
from integrations.connectors.pipedrive.errors import classify, observed_limits, seconds_until_midnight
from integrations.connectors.ports import ObservedLimit

HASH = "9dc80c50d78a15643bfc4ca79d76156a73a1ca0e"
HTML = "<!DOCTYPE html><title>Access denied</title>"


def read(status: int, data: Any = None, text: str = "", **headers: str) -> ConnectorError | None:
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return classify(status, named, data, text)


@pytest.mark.parametrize(
    ("status", "data", "kind"),
    [
        (400, {"success": False, "error": "Name must be given."}, Rejected),
        (400, None, Rejected),
        (401, {"success": False, "error": "unauthorized access", "errorCode": 401}, AuthenticationFailed),
        (401, None, AuthenticationFailed),
        (402, {"error": "no"}, AuthenticationFailed),
        (403, {"error": "Scope and URL mismatch", "errorCode": 403}, PermissionDenied),
        (403, {"error": "You do not have permission to change the owner."}, PermissionDenied),
        (403, {"error": "no", "code": "feature_capping_deals_limit"}, PermissionDenied),
        (403, None, RateLimited),
        (404, {"error": "Entity was not found", "error_info": "Object was not found."}, NotFound),
        (410, {"success": True, "data": {"id": 11}}, NotFound),
        (422, {"error": "too many"}, Rejected),
        (429, None, RateLimited),
        (200, {"success": False, "error": "hm"}, UnexpectedResponse),
    ],
)
def test_an_answer_means_what_the_documents_say(status: int, data: Any, kind: type[ConnectorError]) -> None:
    assert type(read(status, data)) is kind


@pytest.mark.parametrize(
    ("status", "data"),
    [(200, {"success": True, "data": 1}), (200, None), (201, {"data": 1}), (500, {}), (503, None), (302, None)],
)  # fmt: skip
def test_successes_and_what_the_session_knows_itself_are_left_to_it(status: int, data: Any) -> None:
    assert read(status, data) is None


def test_a_refused_custom_field_is_named() -> None:
    data = {"error": "Validation failed", "error_info": f"field {HASH}", "code": "ERR_SCHEMA_VALIDATION_FAILED"}
    error = read(400, data, str(data))
    assert isinstance(error, Rejected)
    assert (error.field, error.code) == (HASH, "ERR_SCHEMA_VALIDATION_FAILED")
    assert f"Validation failed. field {HASH}." in error.message


def test_a_refused_change_of_owner_says_what_to_do() -> None:
    error = read(403, {"error": "You do not have permission to change the owner."})
    assert error is not None
    assert "permission set" in error.message
    assert error.code == "change_owner"


def test_an_account_that_is_not_open_says_so() -> None:
    error = read(402, {})
    assert error is not None
    assert "not open" in error.message


def test_a_page_of_cloudflare_keeps_us_away_for_a_minute() -> None:
    error = read(403, None, HTML)
    assert isinstance(error, RateLimited)
    assert error.retry_after >= 60


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x_ratelimit_reset": "2", "x_ratelimit_remaining": "0", "x_daily_ratelimit_token_remaining": "900"}, 2),
        ({"x_ratelimit_reset": "1", "x_ratelimit_remaining": "0", "x_daily_ratelimit_token_remaining": "7"}, 1),
        ({}, 2),
        ({"x_ratelimit_reset": "soon"}, 2),
    ],
)
def test_a_burst_is_over_in_a_moment(headers: dict[str, str], seconds: float) -> None:
    error = read(429, None, "", **headers)
    assert isinstance(error, RateLimited)
    assert (error.retry_after, error.code) == (seconds, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"x_daily_ratelimit_token_remaining": "0"},
        {"x_daily_ratelimit_token_remaining": "0", "retry_after": "2", "x_ratelimit_reset": "2"},
        {"x_daily_ratelimit_token_remaining": "9", "x_ratelimit_remaining": "15"},
    ],
)
def test_a_day_without_tokens_is_over_at_midnight(headers: dict[str, str]) -> None:
    error = read(429, None, "", **headers)
    assert isinstance(error, RateLimited)
    assert error.code == "daily_budget"
    assert error.retry_after == pytest.approx(seconds_until_midnight(datetime.now(UTC)), abs=5)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 5, 15, 23, 59, tzinfo=UTC), 60),
        (datetime(2026, 5, 15, 0, 0, tzinfo=UTC), 86_400),
        (datetime(2026, 5, 15, 1, 0, tzinfo=timezone(timedelta(hours=2))), 3_600),
    ],
)
def test_midnight_is_that_of_utc(now: datetime, seconds: float) -> None:
    assert seconds_until_midnight(now) == seconds


def test_both_windows_are_read_from_the_recorded_headers() -> None:
    headers = CaseInsensitiveDict(
        {"x-ratelimit-limit": "80", "x-ratelimit-remaining": "79", "x-ratelimit-reset": "2",
         "x-daily-ratelimit-token-limit": "150000", "x-daily-ratelimit-token-remaining": "145799"}
    )  # fmt: skip
    assert observed_limits(headers, "") == (
        ObservedLimit("burst", 80, 79, 2.0),
        ObservedLimit("daily", 150_000, 145_799),
    )
    assert observed_limits(headers, "search")[0].window == "search"


def test_nothing_is_observed_where_nothing_is_said() -> None:
    assert observed_limits({}, "") == ()
    assert observed_limits({"x-ratelimit-limit": "?"}, "") == ()


def test_a_window_without_a_reset_is_observed_all_the_same() -> None:
    assert observed_limits({"x-ratelimit-remaining": "3"}, "") == (ObservedLimit("burst", None, 3),)
