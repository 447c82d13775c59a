from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from integrations.sandbox.core import Sandbox
from integrations.sandbox.transport import SandboxAdapter
from tests.sandbox.door import control, make_sandbox

PERSON = "http://sandbox/pipedrive/api/v2/persons/1"


class Caller:
    """A session that only the sandbox answers."""

    def __init__(self) -> None:
        self.sandbox: Sandbox = make_sandbox()
        self.slept: list[float] = []
        self.session = requests.Session()
        self.session.headers["x-api-token"] = "sandbox-pipedrive-token"
        self.session.mount("http://sandbox/", SandboxAdapter(self.sandbox, self.slept.append))

    def fail(self, **rule: object) -> None:
        control(self.sandbox, "POST", "/faults", rule)


@pytest.fixture
def caller() -> Iterator[Caller]:
    made = Caller()
    yield made
    made.session.close()


def test_a_session_is_answered_without_a_socket(caller: Caller) -> None:
    answer = caller.session.patch(PERSON, json={"name": "Änne Groß"}, timeout=5)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["data"]["name"] == "Änne Groß"
    assert answer.url == PERSON


def test_queries_headers_and_forms_arrive(caller: Caller) -> None:
    listed = caller.session.get("http://sandbox/pipedrive/api/v2/persons", params={"ids": "1,2"}, timeout=5)
    refused = caller.session.get(PERSON, headers={"x-api-token": "wrong"}, timeout=5)
    denied = caller.session.post(
        "http://sandbox/pipedrive/oauth/token", data={"grant_type": "refresh_token"}, auth=("sandbox-client", "no"),
        timeout=5,
    )  # fmt: skip

    assert [person["id"] for person in listed.json()["data"]] == [1, 2]
    assert refused.status_code == 401
    assert denied.json()["error"] == "invalid_client"


@pytest.mark.parametrize("kind", ["reset", "answer_lost"])
def test_a_dropped_connection_is_a_connection_error(caller: Caller, kind: str) -> None:
    caller.fail(kind=kind)

    with pytest.raises(requests.ConnectionError):
        caller.session.get(PERSON, timeout=5)


def test_a_cut_body_is_a_chunked_encoding_error(caller: Caller) -> None:
    caller.fail(kind="truncated")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        caller.session.get(PERSON, timeout=5)


def test_a_late_answer_is_slept_and_given(caller: Caller) -> None:
    caller.fail(kind="latency", seconds=3)

    assert caller.session.get(PERSON, timeout=5).status_code == 200
    assert caller.slept == [3]


@pytest.mark.parametrize("timeout", [5, (2, 5)])
def test_an_answer_later_than_the_callers_patience_is_a_read_timeout(
    caller: Caller, timeout: float | tuple[float, float]
) -> None:
    caller.fail(kind="timeout")

    with pytest.raises(requests.ReadTimeout):
        caller.session.get(PERSON, timeout=timeout)
    assert caller.slept == [5]
