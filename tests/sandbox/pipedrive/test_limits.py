from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.sandbox.core import Request, Response
from tests.sandbox.pipedrive.client import BEN, Pipedrive, user_token


def ask(pipedrive: Pipedrive, times: int = 1, *, token: str = "sandbox-pipedrive-token") -> list[Response]:
    return [pipedrive.call("GET", "/v1/users/me", token=token) for _ in range(times)]


def burst(pipedrive: Pipedrive, make: Callable[[], Response]) -> int:
    """How many calls go through before the first refusal."""
    count = 0
    while make().status == 200:
        count += 1
        assert count < 1_000
    return count


@pytest.mark.parametrize(("plan", "calls"), [("lite", 20), ("growth", 40), ("premium", 100), ("ultimate", 120)])
def test_a_token_makes_as_many_calls_in_two_seconds_as_its_plan_allows(plan: str, calls: int) -> None:
    pipedrive = Pipedrive(limits=True, plan=plan)

    assert burst(pipedrive, lambda: ask(pipedrive)[0]) == calls


def test_an_oauth_token_makes_four_times_as_many() -> None:
    from tests.sandbox.pipedrive.test_oauth import call, tokens

    pipedrive = Pipedrive(limits=True, plan="lite")
    access = tokens(pipedrive)["access_token"]

    assert burst(pipedrive, lambda: call(pipedrive, access)) == 80


def test_the_window_rolls() -> None:
    pipedrive = Pipedrive(limits=True, plan="lite")
    ask(pipedrive, 10)
    pipedrive.wait(1)
    ask(pipedrive, 10)
    assert ask(pipedrive)[0].status == 429

    pipedrive.wait(1)

    assert [answer.status for answer in ask(pipedrive, 11)] == [200] * 10 + [429]


def test_each_token_has_a_window_of_its_own() -> None:
    pipedrive = Pipedrive(limits=True, plan="lite")
    ask(pipedrive, 21)

    assert ask(pipedrive, token=user_token(BEN))[0].status == 200


def test_searches_have_a_window_of_ten() -> None:
    pipedrive = Pipedrive(limits=True, plan="ultimate")

    assert burst(pipedrive, lambda: pipedrive.call("GET", "/api/v2/persons/search", term="ada")) == 10
    assert pipedrive.call("GET", "/api/v2/persons").status == 200


def test_a_refused_call_names_the_limit_costs_nothing_and_says_when_to_come_back() -> None:
    pipedrive = Pipedrive(limits=True, plan="lite")

    refused = ask(pipedrive, 21)[-1]

    assert (refused.status, refused.violation, refused.cost) == (429, "burst", 0)
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"] == "2"
    assert refused.headers["retry-after"] == "2"


def test_the_time_to_come_back_may_be_missing() -> None:
    refused = ask(Pipedrive(limits=True, plan="lite", retry_after_on_429=False), 21)[-1]

    assert "retry-after" not in refused.headers


def test_headers_show_the_balance_before_the_call() -> None:
    pipedrive = Pipedrive(limits=True, plan="lite", seats=5)

    first, second = ask(pipedrive, 2)

    assert first.headers["x-daily-ratelimit-token-limit"] == "150000"
    assert first.headers["x-daily-ratelimit-token-remaining"] == "150000"
    assert second.headers["x-daily-ratelimit-token-remaining"] == "149998"
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("20", "19")


def test_the_daily_budget_ends_for_the_whole_company_and_comes_back_at_midnight() -> None:
    pipedrive = Pipedrive(limits=True, daily_budget=4)
    ask(pipedrive, 2)

    refused = ask(pipedrive, token=user_token(BEN))[0]
    assert (refused.status, refused.violation) == (429, "daily_budget")
    assert refused.headers["x-daily-ratelimit-token-remaining"] == "0"

    pipedrive.wait(12 * 3600)
    assert ask(pipedrive)[0].status == 200


def test_pushing_on_after_refusals_is_answered_by_a_page_of_html() -> None:
    pipedrive = Pipedrive(limits=True, plan="lite")

    answers = ask(pipedrive, 26)

    assert [answer.status for answer in answers[-6:]] == [429] * 5 + [403]
    assert answers[-1].headers["Content-Type"].startswith("text/html")
    assert answers[-1].violation == "cloudflare_block"
    pipedrive.wait(30)
    assert ask(pipedrive)[0].status == 403
    pipedrive.wait(31)
    assert ask(pipedrive)[0].status == 200


def test_limits_can_be_off_while_costs_are_still_counted() -> None:
    pipedrive = Pipedrive(limits=False, daily_budget=1)

    answers = ask(pipedrive, 200)

    assert {answer.status for answer in answers} == {200}
    assert pipedrive.product.dump()["tokens_spent_today"] == 400
    assert int(answers[-1].headers["x-ratelimit-remaining"]) > 1_000_000
    assert int(answers[-1].headers["x-daily-ratelimit-token-remaining"]) > 1_000_000


@pytest.mark.parametrize("headers", [{}, {"x-api-token": "wrong"}, {"Authorization": "Bearer wrong"}])
def test_an_unknown_token_is_refused_by_the_gateway(headers: dict[str, str]) -> None:
    answer = Pipedrive().product.handle(Request.from_url("GET", "/v1/users/me", headers=headers))

    assert (answer.status, answer.headers["x-401-by-gw"]) == (401, "true")
    assert answer.json()["error"] == "unauthorized access"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("/v1/users/me", {"X-Api-Token": "sandbox-pipedrive-token"}),
        ("/v1/users/me", {"Authorization": "Bearer sandbox-pipedrive-token"}),
        ("/v1/users/me?api_token=sandbox-pipedrive-token", {}),
    ],
)
def test_a_token_may_come_in_three_ways(url: str, headers: dict[str, str]) -> None:
    assert Pipedrive().product.handle(Request.from_url("GET", url, headers=headers)).status == 200
