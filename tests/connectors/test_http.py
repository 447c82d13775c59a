from __future__ import annotations

import logging
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import pytest
import requests
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import NewConnectionError

from integrations.connectors import exchange
from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from integrations.connectors.http import ApiSession, Headers, retry_after
from integrations.connectors.ports import ObservedLimit
from tests.connectors.harness import RecordingLimiter
from tests.connectors.scripted import ROOT, Scripted, ScriptedTransport

SECRET = "3f9a1c77e0b24d5c"
OK = Scripted(200, {"data": 1})
REFUSED = requests.ConnectionError(NewConnectionError(HTTPSConnection("product.test"), "refused"))


@dataclass
class Bench:
    """A session on a scripted transport, with all that it did."""

    session: ApiSession
    transport: ScriptedTransport
    limiter: RecordingLimiter
    pauses: list[float] = field(default_factory=list)


def bench(*answers: Scripted | Exception, **options: Any) -> Bench:
    transport, limiter, pauses = ScriptedTransport(*answers), RecordingLimiter(), []  # type: ignore[var-annotated]
    settings: dict[str, Any] = {
        "product": "Product",
        "base_url": ROOT + "/",
        "headers": {"Authorization": f"Bearer {SECRET}"},
        "limiter": limiter,
        "classify": lambda status, headers, data, text: None,
        "transport": transport.session(),
        "sleep": pauses.append,
        "random": lambda: 1.0,
    }
    return Bench(ApiSession(**(settings | options)), transport, limiter, pauses)


def failure(session: ApiSession, method: str = "GET", **options: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        session.call(method, "/people", **options)
    return caught.value


def always(error: Callable[[], ConnectorError]) -> Any:
    return lambda status, headers, data, text: error() if status >= 400 else None


def test_a_call_carries_the_key_the_query_the_body_and_who_we_are() -> None:
    on = bench(OK)
    answer = on.session.call("POST", "/people", query={"a": "1 2"}, body={"name": "Zoë"}, tokens=5, scope="search")
    sent = on.transport.requests[0]
    assert (answer.status, answer.data) == (200, {"data": 1})
    assert sent.url == f"{ROOT}/people?a=1+2"
    assert sent.body == '{"name":"Zoë"}'.encode()
    assert sent.headers["Authorization"] == f"Bearer {SECRET}"
    assert sent.headers["User-Agent"].startswith("SyncAdmin/")
    assert sent.headers["User-Agent"].endswith(" (Product)")
    assert sent.headers["Content-Type"] == "application/json"
    assert on.limiter.acquired == [(5, "search")]
    assert on.transport.timeouts == [(5.0, 30.0)]


def test_a_query_may_name_a_parameter_twice() -> None:
    on = bench(OK)
    on.session.call("GET", "/people", query=[("id", "1"), ("id", "2")])
    assert on.transport.requests[0].url == f"{ROOT}/people?id=1&id=2"


def test_a_password_file_does_not_replace_the_key(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine product.test login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    on = bench(OK)
    on.session.call("GET", "/people")
    assert on.transport.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_cookies_are_not_kept_from_one_call_to_the_next() -> None:
    session = ApiSession(
        product="Product", base_url=ROOT, headers={}, limiter=RecordingLimiter(), classify=lambda *_: None
    )
    transport = ScriptedTransport(Scripted(200, {}, {"Set-Cookie": "a=b"}))
    session._transport.mount("https://", transport)
    session.call("GET", "/")
    session.call("GET", "/")
    session.close()
    assert "Cookie" not in transport.requests[1].headers


def test_a_lent_transport_is_left_open() -> None:
    closed: list[bool] = []
    transport = ScriptedTransport(OK)
    transport.close = lambda: closed.append(True)  # type: ignore[method-assign]
    ApiSession(
        product="P", base_url=ROOT, headers={}, limiter=RecordingLimiter(), classify=lambda *_: None,
        transport=transport.session(),
    ).close()  # fmt: skip
    assert not closed


def test_an_empty_success_has_no_data() -> None:
    assert bench(Scripted(204, "")).session.call("DELETE", "/people/1").data is None


@pytest.mark.parametrize(
    "trouble",
    [
        Scripted(500, {"error": "oops"}),
        Scripted(502, "<html>Bad Gateway</html>"),
        Scripted(503, ""),
        Scripted(200, '{"data": [1, 2'),
        Scripted(200, "<html>Please wait</html>"),
        requests.ReadTimeout(),
        requests.ConnectionError("reset"),
        requests.exceptions.ChunkedEncodingError(),
    ],
    ids=repr,
)
class TestATroubleOnTheWay:
    def test_is_waited_out_by_a_read(self, trouble: Scripted | Exception) -> None:
        on = bench(trouble, OK)
        assert on.session.call("GET", "/people").data == {"data": 1}
        assert on.pauses == [1.0]
        assert len(on.limiter.acquired) == 2

    def test_is_raised_as_unavailable_when_it_stays(self, trouble: Scripted | Exception) -> None:
        on = bench(trouble)
        assert type(failure(on.session)) is Unavailable
        assert on.pauses == [1.0, 2.0, 4.0]

    def test_leaves_the_outcome_of_a_write_unknown(self, trouble: Scripted | Exception) -> None:
        on = bench(trouble, OK)
        assert type(failure(on.session, "POST")) is OutcomeUnknown
        assert len(on.transport.requests) == 1

    def test_is_waited_out_by_a_write_that_may_be_repeated(self, trouble: Scripted | Exception) -> None:
        on = bench(trouble, OK)
        assert on.session.call("POST", "/filter", repeatable=True).status == 200

    def test_is_not_waited_out_by_a_read_that_may_not_be_repeated(self, trouble: Scripted | Exception) -> None:
        assert type(failure(bench(trouble, OK).session, repeatable=False)) is OutcomeUnknown


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_even_by_a_write(method: str) -> None:
    on = bench(REFUSED, OK)
    assert on.session.call(method, "/people").status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_product_that_cannot_be_reached_is_unavailable(method: str) -> None:
    error = failure(bench(REFUSED).session, method)
    assert type(error) is Unavailable
    assert "could not be reached" in error.message


def test_a_closed_port_really_counts_as_never_sent() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    session = ApiSession(
        product="P", base_url=f"http://127.0.0.1:{port}", headers={}, limiter=RecordingLimiter(),
        classify=lambda *_: None, attempts=1, may_be_private=True,
    )  # fmt: skip
    error = failure(session, "POST", body={})
    session.close()
    assert type(error) is Unavailable
    assert "refused" in error.message


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_429_is_waited_out_as_long_as_the_product_says(method: str) -> None:
    on = bench(Scripted(429, {}, {"Retry-After": "7"}), OK)
    assert on.session.call(method, "/people").status == 200
    assert on.pauses == [7.0]


def test_a_429_that_does_not_say_how_long_is_waited_out_ever_longer() -> None:
    on = bench(Scripted(429, ""))
    assert type(failure(on.session)) is RateLimited
    assert on.pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_429_that_wants_too_long_a_wait_is_raised_at_once(method: str) -> None:
    on = bench(Scripted(429, {}, {"Retry-After": "120"}))
    error = failure(on.session, method)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 120
    assert on.pauses == []


def test_a_503_with_a_date_is_waited_out_by_a_read() -> None:
    on = bench(Scripted(503, "", {"Retry-After": formatdate(time.time() + 10, usegmt=True)}), OK)
    on.session.call("GET", "/people")
    assert 8 <= on.pauses[0] <= 10


def test_a_503_that_wants_too_long_a_wait_says_how_long() -> None:
    error = failure(bench(Scripted(503, "", {"Retry-After": "600"})).session)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 600


def test_pauses_are_spread_by_chance() -> None:
    on = bench(Scripted(500, {}), random=lambda: 0.0)
    failure(on.session)
    assert on.pauses == [0.5, 1.0, 2.0]


def test_a_limiter_that_says_no_keeps_the_call_from_being_made() -> None:
    on = bench(OK, limiter=RecordingLimiter(refuse_after=0))
    assert isinstance(failure(on.session), RateLimited)
    assert on.transport.requests == []


def test_the_limiter_learns_from_every_answer_that_says_something() -> None:
    def observe(headers: Headers, scope: str) -> list[ObservedLimit]:
        return [ObservedLimit(scope, remaining=int(headers["X-Left"]))] if "x-left" in headers else []

    on = bench(Scripted(500, {}, {"x-left": "3"}), OK, observe=observe)
    on.session.call("GET", "/people", scope="search")
    assert on.limiter.observed == [ObservedLimit("search", remaining=3)]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    on = bench(Scripted(status, "", {"Location": "https://elsewhere.test/"}), OK)
    assert type(failure(on.session)) is UnexpectedResponse
    assert len(on.transport.requests) == 1


def test_an_undocumented_status_is_unexpected() -> None:
    error = failure(bench(Scripted(418, {"why": "teapot"})).session)
    assert type(error) is UnexpectedResponse
    assert (error.status, error.sample) == (418, '{"why": "teapot"}')


def test_what_the_vendor_says_of_an_answer_goes() -> None:
    on = bench(Scripted(401, {}), OK, classify=always(lambda: AuthenticationFailed("The key is wrong.", code="x")))
    error = failure(on.session)
    assert isinstance(error, AuthenticationFailed)
    assert (error.message, error.status, error.code) == ("The key is wrong.", 401, "x")


def test_a_vendors_unavailable_leaves_a_write_unknown_and_keeps_what_it_said() -> None:
    on = bench(Scripted(500, {}), classify=always(lambda: Unavailable("Down for repairs.", code="repairs")))
    error = failure(on.session, "PATCH")
    assert isinstance(error, OutcomeUnknown)
    assert error.code == "repairs"
    assert "Down for repairs." in error.message


def test_secrets_are_in_no_error_and_no_repr() -> None:
    said = f"Bad key {SECRET}, {SECRET} again, of ann@acme.example"
    on = bench(Scripted(401, said), classify=always(lambda: AuthenticationFailed(said)))
    error = failure(on.session)
    everything = " ".join([str(error), repr(error), error.sample, *traceback.format_exception(error), repr(on.session)])
    assert SECRET not in everything
    assert "ann@acme.example" not in error.sample


def test_a_sample_is_short_and_holds_no_half_of_a_secret() -> None:
    sample = failure(bench(Scripted(418, "x" * 295 + SECRET + "y" * 500)).session).sample
    assert len(sample) == 300
    assert SECRET[:6] not in sample


def test_the_log_has_no_bodies_no_query_and_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "integrations.connectors")
    on = bench(Scripted(500, {"echo": "ann@acme.example"}), OK)
    on.session.call("GET", "/people", query={"email": "ann@acme.example"})
    assert "Product GET /people: 500" in caplog.text
    assert SECRET not in caplog.text
    assert "ann@acme.example" not in caplog.text


def test_an_answer_that_is_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LARGEST_ANSWER", 100)
    error = failure(bench(Scripted(200, "[" + "1," * 100 + "1]"), attempts=1).session)
    assert type(error) is Unavailable
    assert "too large" in error.message


def test_an_answer_that_drips_in_is_given_up() -> None:
    times = iter([0.0, 0.0, 500.0, 500.0, 500.0])
    error = failure(bench(OK, attempts=1, clock=lambda: next(times)).session)
    assert "too long" in error.message


@pytest.mark.parametrize(
    ("value", "seconds"), [("5", 5.0), ("-3", 0.0), ("soon", 0.0), ("", 0.0), ("Wed, 01 Jan 2020 00:00:00 GMT", 0.0)]
)
def test_retry_after_is_read_in_both_its_forms(value: str, seconds: float) -> None:
    assert retry_after({"Retry-After": value}) == seconds
