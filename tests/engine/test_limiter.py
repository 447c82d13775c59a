"""The budget that all workers share: never more than a product allows, and nearly all of it while there is work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from integrations.connectors.errors import RateLimited
from integrations.connectors.ports import ObservedLimit, RateWindow
from integrations.domain.rates import DAY
from integrations.engine.limiter import AccountLimiter
from integrations.models import Account, ApiBudget, ApiUsage

pytestmark = pytest.mark.django_db(transaction=True)

NOON = 1_764_072_000.0
MINUTE = RateWindow("minute", 100, 60.0)
HOUR = RateWindow("hour", 3_000, 3_600.0)
BURST = RateWindow("burst", 480, 2.0)
DAILY = RateWindow("daily", 30_000, DAY, counts_tokens=True)
SEARCH = RateWindow("search", 10, 2.0, scope="search")


class Clock:
    """Time that only passes when somebody waits."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class FullError(Exception):
    """Somebody would have had to wait."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


Worker = Callable[..., AccountLimiter]


@pytest.fixture
def worker(clock: Clock) -> Iterator[Worker]:
    account = Account.objects.create(product="replyio", role="outreach", name="R")
    hired: list[AccountLimiter] = []

    def hire(*windows: RateWindow, is_small: bool = True, never_waits: bool = False) -> AccountLimiter:
        def refuse(seconds: float) -> None:
            raise FullError

        sleep = refuse if never_waits else clock.sleep
        hired.append(AccountLimiter(account, windows, is_small=is_small, clock=clock, sleep=sleep))
        return hired[-1]

    yield hire
    for limiter in hired:
        with suppress(RuntimeError):  # closed already
            limiter.close()


def until_full(limiter: AccountLimiter, tokens: int = 1, scope: str = "") -> int:
    calls = 0
    try:
        while True:
            limiter.acquire(tokens, scope)
            calls += 1
    except (FullError, RateLimited):
        return calls


def spent(window: str) -> float:
    return float(sum(units for _, units in ApiBudget.objects.get(window=window).spent))


@pytest.mark.parametrize(
    ("windows", "calls"), [((MINUTE, HOUR), 300), ((RateWindow("burst", 20, 2.0), DAILY), 120)], ids=["Reply", "Lite"]
)
def test_two_clusters_never_exceed_a_limit_and_use_nearly_all_of_it(
    clock: Clock, worker: Worker, windows: tuple[RateWindow, ...], calls: int
) -> None:
    clusters = [worker(*windows), worker(*windows)]
    made = []
    for number in range(calls):
        try:
            clusters[number % 2].acquire(1, "")
        except RateLimited as refusal:
            clock.sleep(refusal.retry_after)
            clusters[number % 2].acquire(1, "")
        made.append(clock.now)

    shortest = windows[0]
    allowed = round(shortest.capacity * 0.8)
    assert all(last - first >= shortest.seconds for first, last in zip(made, made[allowed:], strict=False))
    could_have_been = allowed * (1 + (clock.now - NOON) / shortest.seconds)
    assert calls >= 0.9 * could_have_been


def test_many_threads_of_several_workers_get_exactly_what_is_allowed(worker: Worker) -> None:
    clusters = [worker(MINUTE, HOUR, never_waits=True) for _ in range(3)]
    with ThreadPoolExecutor(9) as pool:
        calls = sum(pool.map(until_full, clusters * 3))
    assert calls == 80
    assert spent("minute") == spent("hour") == 80


def test_a_fast_limit_is_asked_for_in_blocks(clock: Clock, worker: Worker) -> None:
    limiter = worker(BURST, DAILY, never_waits=True)
    limiter.acquire(5, "")
    assert (spent("burst"), spent("daily")) == (7, 35)
    for _ in range(6):
        limiter.acquire(5, "")
    assert (spent("burst"), spent("daily")) == (7, 35)
    limiter.acquire(5, "")
    assert spent("burst") == 14


def test_what_a_worker_booked_and_did_not_call_is_given_back(clock: Clock, worker: Worker) -> None:
    limiter = worker(BURST, DAILY)
    limiter.acquire(5, "")
    clock.now += 1
    limiter.acquire(10, "")
    limiter.close()
    assert spent("daily") == 15
    assert ApiUsage.objects.values_list("calls", "tokens").get() == (2, 15)


def test_a_killed_workers_block_stays_booked_until_it_has_left_the_window(clock: Clock, worker: Worker) -> None:
    worker(BURST).acquire(1, "")  # and it is never heard of again
    survivor = worker(BURST, never_waits=True)
    assert until_full(survivor) == 384 - 7
    clock.now += 2.1
    assert until_full(survivor) == 384


def test_searches_have_a_limit_of_their_own(worker: Worker) -> None:
    limiter = worker(RateWindow("burst", 20, 2.0), SEARCH, never_waits=True)
    assert until_full(limiter, scope="search") == 8
    assert until_full(limiter) == 8


def test_a_day_that_is_used_up_gives_the_work_back_until_midnight(worker: Worker) -> None:
    limiter = worker(RateWindow("daily", 100, DAY, counts_tokens=True))
    for _ in range(16):
        limiter.acquire(5, "")
    with pytest.raises(RateLimited) as refusal:
        limiter.acquire(5, "")
    assert refusal.value.retry_after == DAY / 2


def test_a_large_run_leaves_the_last_of_a_day_to_small_ones(worker: Worker) -> None:
    day = RateWindow("daily", 1_000, DAY, counts_tokens=True)
    assert until_full(worker(day, is_small=False), tokens=5) == 144
    assert until_full(worker(day, is_small=True), tokens=5) == 16


@pytest.mark.parametrize(
    ("remaining", "left"),
    [(30_000, 23_995), (20_000, 14_000), (6_001, 1), (29_990, 23_990)],
    ids=["nobody else", "others spent a third", "only the reserve is left", "others spent a little"],
)
def test_what_other_tools_spend_is_learnt_from_the_answers(worker: Worker, remaining: int, left: int) -> None:
    limiter = worker(RateWindow("daily", 30_000, DAY, counts_tokens=True), never_waits=True)
    limiter.acquire(5, "")
    limiter.learn([ObservedLimit("daily", 30_000, remaining)])
    limiter.close()
    assert 24_000 - spent("daily") == left


def test_a_larger_plan_is_learnt_from_the_answers(worker: Worker) -> None:
    limiter = worker(RateWindow("burst", 20, 2.0), never_waits=True)
    limiter.acquire(1, "")
    limiter.learn([ObservedLimit("burst", 120, 119, 2.0)])
    assert until_full(limiter) == 95


def test_a_product_that_says_nothing_is_left_is_not_called_until_it_is_fresh(clock: Clock, worker: Worker) -> None:
    limiter = worker(MINUTE, HOUR)
    limiter.acquire(1, "")
    limiter.learn([ObservedLimit("hour", None, 0, 900.0)])
    with pytest.raises(RateLimited) as refusal:
        limiter.acquire(1, "")
    assert refusal.value.retry_after == pytest.approx(900)
    clock.now += 901
    limiter.acquire(1, "")


def test_a_worker_that_lost_its_work_while_it_waited_for_the_budget_makes_no_call(clock: Clock) -> None:
    account = Account.objects.create(product="replyio", role="outreach", name="R")
    looks: list[bool] = []

    def still_mine() -> None:
        looks.append(True)
        if len(looks) > 1:
            raise FullError

    limiter = AccountLimiter(account, [MINUTE], before_call=still_mine, clock=clock, sleep=clock.sleep)

    with pytest.raises(FullError):
        limiter.acquire(1, "")

    assert limiter.calls == 0
    limiter.close()
