from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.errors import Unavailable, UnexpectedResponse
from integrations.connectors.replyio.scan import TOP, Cursor, advance, read_cursor, write_cursor


def walk(rows: list[str], meanwhile: Callable[[int, list[str]], None], top: int = TOP) -> tuple[set[str], int]:
    """Who was seen and how many calls it took; `meanwhile` changes the rows after each page."""
    seen: set[str] = set()
    cursor: str | None = None
    calls = 0
    while True:
        at = read_cursor(cursor)
        ids = rows[at.skip : at.skip + top]
        seen.update(ids)
        calls += 1
        cursor = write_cursor(advance(at, ids, len(rows) > at.skip + top))
        if cursor is None:
            return seen, calls
        meanwhile(calls, rows)


def people(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def nothing(calls: int, rows: list[str]) -> None:
    """Nobody changes anything."""


@pytest.mark.parametrize(
    ("count", "calls"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (1990, 2), (1991, 3), (5000, 6), (100_000, 101)]
)
def test_a_quiet_list_costs_a_call_for_each_990_after_the_first_10(count: int, calls: int) -> None:
    seen, made = walk(people(count), nothing)
    assert (len(seen), made) == (count, calls)


@pytest.mark.parametrize("deleted", [1, 9, 10, 11, 50, 400, 1000, 1500])
def test_rows_deleted_from_what_was_read_hide_nobody(deleted: int) -> None:
    rows = people(6000)
    expected = set(rows[deleted:])

    def delete(calls: int, rows: list[str]) -> None:
        if calls == 2:
            del rows[:deleted]

    seen, _ = walk(rows, delete)
    assert expected <= seen


def test_deleting_exactly_the_rows_seen_last_hides_nobody_and_costs_one_page_more() -> None:
    rows = people(5000)
    expected = set(rows) - set(rows[990:1000])

    def delete(calls: int, rows: list[str]) -> None:
        if calls == 1:
            del rows[990:1000]

    seen, calls = walk(rows, delete)
    assert expected <= seen
    assert calls <= 8


def test_a_list_that_shrinks_below_the_place_of_reading_is_read_to_its_end() -> None:
    rows = people(4000)
    expected = set(rows[3000:])

    def delete(calls: int, rows: list[str]) -> None:
        if calls == 3:
            del rows[:3000]

    seen, _ = walk(rows, delete)
    assert expected <= seen


def test_rows_added_at_the_front_hide_nobody_and_cost_one_more_page() -> None:
    rows = people(5000)
    expected = set(rows)

    def add(calls: int, rows: list[str]) -> None:
        if calls <= 3:
            rows[:0] = [f"new{calls}"]

    seen, calls = walk(rows, add)
    assert expected <= seen
    assert {"new1", "new2", "new3"} <= seen
    assert calls == 7


def test_rows_that_move_to_the_front_before_they_were_read_are_seen() -> None:
    rows = people(5000)

    def touch(calls: int, rows: list[str]) -> None:
        if calls in (1, 2, 3):
            rows.insert(0, rows.pop(-3))

    seen, _ = walk(rows, touch)
    assert seen == set(people(5000))


def test_a_row_that_moves_into_the_middle_of_what_was_read_is_seen_by_a_second_reading() -> None:
    rows = people(5000)

    def rename(calls: int, rows: list[str]) -> None:
        if calls == 3:
            rows.insert(1700, rows.pop(-3))

    seen, calls = walk(rows, rename)
    assert seen == set(people(5000))
    assert calls <= 12


def test_more_than_a_page_of_new_rows_hides_nobody() -> None:
    rows = people(3000)

    def add(calls: int, rows: list[str]) -> None:
        if calls == 1:
            rows[:0] = [f"new{number}" for number in range(2500)]

    seen, _ = walk(rows, add)
    assert set(people(3000)) <= seen


def test_rows_added_at_the_end_cost_nothing_more() -> None:
    rows = people(3000)

    def add(calls: int, rows: list[str]) -> None:
        rows.append(f"new{calls}")

    seen, calls = walk(rows, add)
    assert (set(people(3000)) <= seen, calls) == (True, 4)


def test_a_product_that_gives_smaller_pages_than_asked_is_read_whole() -> None:
    seen, calls = walk(people(1000), nothing, top=100)
    assert (len(seen), calls) == (1000, 11)


def test_pages_of_one_row_still_get_on() -> None:
    seen, _ = walk(people(5), nothing, top=1)
    assert len(seen) == 5


def test_rows_without_an_id_take_their_place_and_are_no_marks() -> None:
    ids = ["", *people(998), ""]
    following = advance(Cursor(), ids, has_more=True)
    assert following is not None
    assert following.skip == 990
    assert "" not in following.marks
    assert all(row_id for _, row_id in following.heads)


def test_a_list_in_another_order_at_each_call_ends_as_a_temporary_failure() -> None:
    shuffled = people(100_000)

    def reorder(calls: int, rows: list[str]) -> None:
        half = len(rows) // 2
        rows[:] = [f"{calls}-{number}" for number in range(half * 2)]

    with pytest.raises(Unavailable, match="change faster than they can be read"):
        walk(shuffled, reorder)


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", '{"skip": "x"}'])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(UnexpectedResponse, match="start again"):
        read_cursor(cursor)


def test_a_cursor_stays_small_however_many_people_there_are() -> None:
    at: Cursor | None = Cursor()
    for page in range(100):
        assert at is not None
        first = page * 990
        at = advance(at, [str(40_000_000 + number) for number in range(first, first + 1000)], has_more=True)
    assert len(write_cursor(at) or "") < 600


@given(st.lists(st.lists(st.floats(0, 0.999), max_size=60), max_size=6), st.integers(1, 5000))
def test_whoever_stays_is_seen_whoever_else_is_deleted_at_any_time(deletions: list[list[float]], count: int) -> None:
    rows = people(count)

    def delete(calls: int, rows: list[str]) -> None:
        for share in deletions[calls - 1] if calls <= len(deletions) else ():
            start = int(share * len(rows))
            del rows[start : start + 1 + int(share * 1000) % 40]

    seen, _ = walk(rows, delete)
    assert set(rows) <= seen


@given(st.lists(st.lists(st.floats(0, 0.999), max_size=60), max_size=6), st.integers(1, 5000))
def test_everybody_is_seen_whoever_moves_to_the_front_or_is_added_there(changes: list[list[float]], count: int) -> None:
    rows = people(count)

    def change(calls: int, rows: list[str]) -> None:
        for number, share in enumerate(changes[calls - 1] if calls <= len(changes) else ()):
            rows.insert(0, rows.pop(int(share * len(rows))) if number % 3 else f"new{calls}-{number}")

    seen, _ = walk(rows, change)
    assert set(people(count)) <= seen
