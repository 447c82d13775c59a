"""What a plan costs, by the fewest calls that a product takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.costs import Need, Prices, Writes, about, cost_of, time_of
from integrations.domain.rates import DAY, Window

SINGLE = Prices(create_batch=1, update_batch=1, owner_batch=1, enrol_batch=0, tokens=5)
BULK = Prices(create_batch=1000, update_batch=1000, owner_batch=1000, enrol_batch=1000, single_updates=20)


@pytest.mark.parametrize(
    ("writes", "prices", "calls", "tokens"),
    [
        (Writes(), SINGLE, 0, 0),
        (Writes(creates=200, updates=48), SINGLE, 248, 1_240),
        (Writes(creates=1), BULK, 1, 1),
        (Writes(creates=1_000), BULK, 1, 1),
        (Writes(creates=1_001), BULK, 2, 2),
        (Writes(updates=20, updates_of_others=20), BULK, 20, 20),
        (Writes(updates=21), BULK, 1, 1),
        (Writes(updates=21, updates_of_others=1), BULK, 2, 2),
        (Writes(updates=1_005, updates_of_others=900), BULK, 1 + 1 + 5, 7),
        (Writes(updates=10_000, updates_of_others=9_000), BULK, 11, 11),
        (Writes(owners=(1, 999, 1_001)), BULK, 4, 4),
        (Writes(newcomers=(10, 0, 1_500), others=(0, 5, 0)), BULK, 1 + 2 + 2, 5),
    ],
)
def test_calls_and_tokens(writes: Writes, prices: Prices, calls: int, tokens: int) -> None:
    assert cost_of(writes, prices) == Need(calls, tokens)


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.lists(st.integers(1, 3_000), max_size=5))
def test_bulk_never_costs_more_than_single_calls(creates: int, updates: int, owners: list[int]) -> None:
    writes = Writes(creates=creates, updates=updates, updates_of_others=updates, owners=owners)
    bulk = cost_of(writes, BULK)
    assert bulk.calls <= cost_of(writes, SINGLE).calls
    assert bulk.calls >= (creates + updates + sum(owners)) / 1_000


def test_the_slowest_window_sets_the_pace() -> None:
    now = 1_764_072_000.0
    burst, day = Window("burst", 2, 16), Window("daily", DAY, 1_000)
    assert time_of(Need(100, 500), [(burst, False), (day, True)], now) == pytest.approx(6 * 2, rel=0.05)
    assert time_of(Need(300, 1_500), [(burst, False), (day, True)], now) == DAY / 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (40, "about 1 minute"),
        (840, "about 14 minutes"),
        (3_590, "about 1 hour"),
        (9_000, "about 2 hours"),
        (90_000, "about 1 day"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert about(seconds) == words
