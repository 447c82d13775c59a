"""Limits as arithmetic: nothing that was booked ever exceeds a window, and a forecast is what booking then takes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.rates import DAY, Window, time_for

NOON = 1_764_072_000.0
MIDNIGHT = NOON + DAY / 2

windows = st.builds(Window, st.just("w"), st.sampled_from([2.0, 60.0, 3600.0]), st.integers(1, 400))


def carry_out(window: Window, calls: int, now: float) -> list[float]:
    """When each call is made by somebody who asks again as soon as there may be room."""
    made = []
    for _ in range(calls):
        while (wait := window.wait(1, now)) > 0:
            now += wait
        window = Window(window.name, window.seconds, window.allowed, window.book(1, now))
        made.append(now)
    return made


@given(windows, st.integers(1, 200), st.floats(NOON, NOON + 4000))
def test_no_rolling_window_ever_holds_more_than_is_allowed(window: Window, calls: int, now: float) -> None:
    made = carry_out(window, calls, now)
    for first, last in zip(made, made[window.allowed :], strict=False):
        assert last - first >= window.seconds


@given(windows, st.integers(1, 200), st.integers(0, 200), st.floats(NOON, NOON + 4000))
def test_the_forecast_is_the_time_that_the_calls_then_take(
    window: Window, calls: int, earlier: int, now: float
) -> None:
    for at in carry_out(window, min(earlier, window.allowed), now - window.seconds / 2):
        window = Window(window.name, window.seconds, window.allowed, window.book(1, at))
    forecast = time_for(calls, window, now)
    taken = carry_out(window, calls, now)[-1] - now
    slots = 1 + calls // window.allowed
    assert abs(forecast - taken) <= slots * window.seconds / 60 + 0.01


@given(windows, st.lists(st.tuples(st.integers(1, 9), st.floats(0, 100)), max_size=20))
def test_what_is_given_back_was_never_taken(window: Window, bookings: list[tuple[int, float]]) -> None:
    now = NOON
    before = window
    for units, _ in bookings:
        window = Window(window.name, window.seconds, window.allowed, window.book(units, now))
    for units, _ in bookings:
        window = Window(window.name, window.seconds, window.allowed, window.book(-units, now))
    assert window == before


@pytest.mark.parametrize(
    ("units", "booked", "seconds"),
    [(100, 0, 0), (100, 900, 0), (101, 900, DAY / 2), (1_000, 900, DAY / 2), (1_101, 900, DAY * 1.5)],
)
def test_a_day_gives_its_calls_back_at_midnight(units: int, booked: int, seconds: float) -> None:
    window = Window("daily", DAY, 1_000, ((MIDNIGHT - DAY, booked),))
    assert time_for(units, window, NOON) == seconds
    assert window.wait(units, NOON) == (0 if units <= 100 else DAY / 2)


@pytest.mark.parametrize(
    ("calls", "minutes"), [(80, 0), (81, 1), (160, 1), (161, 2), (800, 9)], ids=lambda value: str(value)
)
def test_a_minute_window_takes_about_a_minute_for_each_further_share(calls: int, minutes: int) -> None:
    assert round(time_for(calls, Window("minute", 60, 80), NOON) / 60, 1) == pytest.approx(minutes, abs=0.2)


def test_more_than_is_allowed_at_all_goes_when_nothing_else_is_booked() -> None:
    window = Window("burst", 2, 3)
    assert window.wait(5, NOON) == 0
    assert list(itertools.accumulate([units for _, units in window.book(5, NOON)])) == [5]


def test_several_units_wait_until_enough_slots_have_left_the_window() -> None:
    window = Window("minute", 60.0, 3)
    for units, at in ((1, NOON), (2, NOON + 10)):
        window = Window(window.name, window.seconds, window.allowed, window.book(units, at))

    assert window.wait(1, NOON + 20) == pytest.approx(41)
    assert window.wait(3, NOON + 20) == pytest.approx(51)


def test_several_units_have_left_when_the_last_slot_that_holds_them_has() -> None:
    window = Window("minute", 60.0, 3, ((NOON, 1), (NOON + 10, 2)))

    assert window.until_left(1, NOON + 20) == pytest.approx(41)
    assert window.until_left(3, NOON + 20) == pytest.approx(51)
