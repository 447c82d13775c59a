from __future__ import annotations

import threading

import pytest

from integrations.connectors.parallel import as_they_finish


def test_every_item_gives_its_result() -> None:
    assert sorted(as_they_finish(lambda each: each * 2, range(20), 4)) == list(range(0, 40, 2))


def test_nothing_is_begun_for_no_items() -> None:
    assert list(as_they_finish(lambda each: each, (), 4)) == []


def test_a_slow_item_does_not_hold_back_the_others() -> None:
    release = threading.Event()

    def work(each: int) -> int:
        if each == 0:
            release.wait(5)
        return each

    results = as_they_finish(work, range(6), 2)
    first = [next(results) for _ in range(5)]
    release.set()
    assert first == [1, 2, 3, 4, 5]
    assert list(results) == [0]


def test_what_was_under_way_when_one_failed_is_still_given_and_nothing_else_begun() -> None:
    begun: list[int] = []
    failed = threading.Event()

    def work(each: int) -> int:
        begun.append(each)
        if each == 0:
            failed.set()
            raise RuntimeError("all of it is off")
        failed.wait(5)
        return each

    results = as_they_finish(work, range(10), 3)
    given: list[int] = []
    with pytest.raises(RuntimeError, match="all of it is off"):
        given.extend(iter(results))
    assert sorted(begun) == [0, 1, 2]


def test_the_results_of_those_under_way_come_before_the_failure() -> None:
    def work(each: int) -> int:
        if each == 0:
            raise RuntimeError("off")
        return each

    given: list[int] = []

    def take() -> None:
        for result in as_they_finish(work, range(2), 2):
            given.append(result)

    with pytest.raises(RuntimeError, match="off"):
        take()
    assert given == [1]


def test_a_caller_who_stops_begins_nothing_more() -> None:
    begun: list[int] = []

    def work(each: int) -> int:
        begun.append(each)
        return each

    results = as_they_finish(work, range(100), 2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 4
