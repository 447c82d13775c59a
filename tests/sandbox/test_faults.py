from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.core import ConnectionLost, Request
from integrations.sandbox.faults import EFFECTS
from tests.sandbox.door import control, knock, make_sandbox

PERSON = "/pipedrive/api/v2/persons/1"
CONTACTS = "/reply/v3/contacts"


@pytest.mark.parametrize(("kind", "status"), [("status_500", 500), ("status_503", 503), ("status_429", 429)])
@pytest.mark.parametrize("url", [PERSON, CONTACTS])
def test_the_product_answers_a_failure_once_and_then_works(kind: str, status: int, url: str) -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": kind}])

    failed, fine = knock(sandbox, "GET", url), knock(sandbox, "GET", url)

    assert (failed.status, fine.status) == (status, 200)
    assert ("retry-after" in {name.lower() for name in failed.headers}) is (status == 429)


def test_a_rule_meets_only_the_calls_it_describes() -> None:
    sandbox = make_sandbox()
    rule = {"kind": "status_500", "product": "pipedrive", "method": "PATCH", "path": r"/persons/\d+$", "times": None}
    control(sandbox, "POST", "/faults", [rule])

    assert knock(sandbox, "GET", PERSON).status == 200
    assert knock(sandbox, "POST", "/pipedrive/api/v2/persons", {"name": "Ada"}).status == 200
    assert knock(sandbox, "GET", CONTACTS).status == 200
    assert [knock(sandbox, "PATCH", PERSON, {"name": "A"}).status for _ in range(3)] == [500] * 3
    control(sandbox, "DELETE", "/faults")
    assert knock(sandbox, "PATCH", PERSON, {"name": "A"}).status == 200


def test_a_rule_can_leave_the_first_calls_alone_and_end_after_some() -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": "status_503", "after": 2, "times": 2}])

    assert [knock(sandbox, "GET", PERSON).status for _ in range(6)] == [200, 200, 503, 503, 200, 200]


def test_a_reset_connection_prevents_the_write() -> None:
    sandbox = make_sandbox()
    before = knock(sandbox, "GET", PERSON).json()["data"]["name"]
    control(sandbox, "POST", "/faults", [{"kind": "reset"}])

    with pytest.raises(ConnectionLost):
        knock(sandbox, "PATCH", PERSON, {"name": "Changed"})

    assert knock(sandbox, "GET", PERSON).json()["data"]["name"] == before
    record = control(sandbox, "GET", "/log")[1]
    assert (record["status"], record["wrote"], record["fault"]) == (0, False, "reset")


def test_a_lost_answer_leaves_the_write_in_place() -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": "answer_lost", "method": "PATCH"}])

    with pytest.raises(ConnectionLost):
        knock(sandbox, "PATCH", PERSON, {"name": "Changed"})

    assert knock(sandbox, "GET", PERSON).json()["data"]["name"] == "Changed"
    record = control(sandbox, "GET", "/log")[0]
    assert (record["status"], record["wrote"], record["fault"]) == (200, True, "answer_lost")


def test_a_truncated_answer_promises_more_than_it_gives() -> None:
    sandbox = make_sandbox()
    whole = knock(sandbox, "GET", PERSON).body
    control(sandbox, "POST", "/faults", [{"kind": "truncated"}])

    cut = knock(sandbox, "GET", PERSON)

    assert whole.startswith(cut.body)
    assert int(cut.headers["Content-Length"]) == len(whole) > len(cut.body)


@pytest.mark.parametrize("status", [200, 502])
def test_a_proxy_answers_html(status: int) -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": "not_json", "status": status}])

    answer = knock(sandbox, "GET", PERSON)

    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html")


@pytest.mark.parametrize(("kind", "seconds"), [("latency", 3.5), ("timeout", 120.0)])
def test_a_late_answer_is_late_by_as_much_as_was_asked(kind: str, seconds: float) -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": kind, "seconds": seconds if kind == "latency" else 0}])

    assert knock(sandbox, "GET", PERSON).delay == seconds
    assert knock(sandbox, "GET", PERSON).delay == 0


def test_a_revoked_key_stays_revoked_and_others_are_not() -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": "revoked_key", "product": "pipedrive"}])
    other = Request.from_url("GET", PERSON, headers={"x-api-token": "sandbox-pipedrive-token-102"})

    assert [knock(sandbox, "GET", PERSON).status for _ in range(3)] == [401] * 3
    assert sandbox.handle(other).status == 200
    assert knock(sandbox, "GET", CONTACTS).status == 200
    control(sandbox, "DELETE", "/faults")
    assert knock(sandbox, "GET", PERSON).status == 200


def test_rules_can_be_looked_at_with_what_is_left_of_them() -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", {"kind": "status_500", "times": 3})
    knock(sandbox, "GET", PERSON)

    (rule,) = control(sandbox, "GET", "/faults")

    assert (rule["kind"], rule["times"]) == ("status_500", 2)


@pytest.mark.parametrize("kind", sorted(EFFECTS))
def test_every_kind_is_named_in_the_log(kind: str) -> None:
    sandbox = make_sandbox()
    control(sandbox, "POST", "/faults", [{"kind": kind}])

    answer: Any = None
    try:
        answer = knock(sandbox, "GET", PERSON)
    except ConnectionLost:
        assert kind in ("reset", "answer_lost")

    assert answer is not None or kind in ("reset", "answer_lost")
    assert control(sandbox, "GET", "/log")[0]["fault"] == kind
