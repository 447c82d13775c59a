from __future__ import annotations

import pytest

from tests.sandbox.replyio.client import MEMBER, MEMBER_KEY, TEAM_KEY, Reply


def fill(reply: Reply, calls: int, **more: object) -> None:
    for _ in range(calls):
        assert reply.call("GET", "/v3/whoami", **more).status == 200  # type: ignore[arg-type]


def test_the_hundred_and_first_call_of_a_minute_is_refused_until_the_first_leaves_the_window() -> None:
    reply = Reply()
    fill(reply, 60)
    reply.clock.advance(30)
    fill(reply, 40)
    refused = reply.call("GET", "/v3/whoami")
    assert (refused.status, refused.headers["Retry-After"], refused.violation) == (429, "30", "reply minute")
    assert refused.json()["detail"] == "Rate limit exceeded. Retry after 30 seconds."
    assert "code" not in refused.json()
    reply.clock.advance(30)
    fill(reply, 60)
    assert reply.call("GET", "/v3/whoami").status == 429


def test_the_hour_is_a_window_of_its_own() -> None:
    reply = Reply(calls_per_minute=100, calls_per_hour=150)
    fill(reply, 100)
    reply.clock.advance(60)
    fill(reply, 50)
    refused = reply.call("GET", "/v3/whoami")
    assert (refused.violation, refused.headers["Retry-After"]) == ("reply hour", str(3600 - 60))


def test_a_refused_call_costs_nothing_and_does_not_prolong_the_wait() -> None:
    reply = Reply(calls_per_minute=2)
    fill(reply, 2)
    assert [reply.call("GET", "/v3/whoami").cost for _ in range(5)] == [0] * 5
    reply.clock.advance(60)
    assert reply.call("GET", "/v3/whoami").cost == 1


def test_a_call_that_is_refused_for_what_it_asks_counts() -> None:
    reply = Reply(calls_per_minute=1)
    assert reply.call("GET", "/v3/contacts/1").cost == 1
    assert reply.call("GET", "/v3/whoami").status == 429


def test_each_user_has_their_own_windows() -> None:
    reply = Reply(calls_per_minute=1)
    fill(reply, 1)
    fill(reply, 1, key=MEMBER_KEY)


@pytest.mark.parametrize(("reading", "status"), [("per_key", 429), ("per_acting_user", 200)])
def test_a_team_key_has_one_window_or_one_for_each_acting_user(reading: str, status: int) -> None:
    reply = Reply(calls_per_minute=1, team_key_buckets=reading)
    fill(reply, 1, key=TEAM_KEY)
    assert reply.call("GET", "/v3/whoami", key=TEAM_KEY, headers={"X-User-Id": str(MEMBER)}).status == status


def test_windows_can_be_off() -> None:
    reply = Reply(limits=False, calls_per_minute=1)
    fill(reply, 5)


def test_every_answer_tells_the_hour_as_it_was_observed() -> None:
    headers = Reply().call("GET", "/v3/contacts/1").headers
    assert headers["x-rate-limit-limit"] == "1h"
    assert headers["x-rate-limit-remaining"] == "2999"
    assert headers["x-rate-limit-reset"] == "2026-09-01T13:00:00.000000Z"


def test_a_reset_empties_the_windows() -> None:
    reply = Reply(calls_per_minute=1)
    fill(reply, 1)
    world_before = reply.sandbox.dump()
    reply.sandbox.reset()
    assert reply.sandbox.dump()["users"] == []
    assert world_before["users"] != []
