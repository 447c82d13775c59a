"""Walking a list that can only be paged by offset, while others add, change and delete: pure, one page at a time.

What it guarantees: whoever is in the list during the whole walk is on at least one of its pages,
- when rows are deleted: pages overlap by ten rows, and when none of the rows seen last shows up on a page, rows that
  were not read have slipped past, and the walk goes back until it finds rows that it knows;
- when rows are added or, changed, move to the front (a list that shows the latest first): the overlap then lies
  deeper than it should, and the walk ends by reading from the front again, up to what it knows and at most once all.

What it cannot see: as many rows leaving the part already read as move into it between two pages; an order that is
another one at each call. So a row's absence from one walk is a reason to look it up, and not yet a deletion.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from integrations.connectors.errors import Unavailable, UnexpectedResponse

TOP = 1000
OVERLAP = 10
"""The most that lets 100,000 rows be read in 101 calls."""
_HEADS = (0, 10, 100, 500)
_SPACING = 100
_MOST_STEPS_BACK = 40


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands. `tail`: the rows seen last, in order. `marks`: others of that page, for finding back.

    `heads`: (place, id) of some of the first rows. `pushed`: how many rows were seen to come in before the place of
    reading. `again`: the front is being read a second time. `back`: pages that the last step back went; `steps_back`:
    how many there were in all.
    """

    skip: int = 0
    tail: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    heads: tuple[tuple[int, str], ...] = ()
    pushed: int = 0
    again: bool = False
    back: int = 0
    steps_back: int = 0


def read_cursor(cursor: str | None) -> Cursor:
    """The place that a cursor stands for; the start for None. Raises UnexpectedResponse for what is no cursor."""
    if cursor is None:
        return Cursor()
    try:
        return msgspec.json.decode(cursor, type=Cursor)
    except msgspec.DecodeError as error:
        raise UnexpectedResponse("This is not a place in Reply's contacts; start again from the beginning.") from error


def write_cursor(cursor: Cursor | None) -> str | None:
    """The opaque text of a place; None for the end."""
    return None if cursor is None else msgspec.json.encode(cursor).decode()


def advance(at: Cursor, ids: Sequence[str], has_more: bool) -> Cursor | None:
    """Where to read next after the page at `at` showed `ids` (empty for rows without one); None when all is read.

    Raises Unavailable when the list changes faster than it can be read.
    """
    places = {row_id: place for place, row_id in enumerate(ids) if row_id}
    if at.skip and at.tail and not any(mark in places for mark in (*at.tail, *at.marks)):
        return _step_back(at, len(ids))
    pushed = at.pushed if at.back else at.pushed + _pushed(at.tail, places)
    heads = at.heads
    if not at.skip and not at.again and not heads:
        heads = tuple((place, ids[place]) for place in _HEADS if place < len(ids) and ids[place])
    if at.again and _reached_the_known(at, heads, places):
        return None
    if not has_more or not ids:
        if at.again or not pushed:
            return None
        return Cursor(heads=heads, pushed=pushed, again=True, steps_back=at.steps_back)
    step = max(1, len(ids) - OVERLAP)
    return Cursor(
        skip=at.skip + step,
        tail=tuple(ids[step:]),
        marks=tuple(row_id for row_id in ids[:step:_SPACING] if row_id),
        heads=heads,
        pushed=pushed,
        again=at.again,
        steps_back=at.steps_back,
    )


def _pushed(tail: Sequence[str], places: dict[str, int]) -> int:
    """How much deeper than expected the overlap lies; 0 when it lies higher, for then rows were deleted."""
    deeper = [places[row_id] - expected for expected, row_id in enumerate(tail) if row_id in places]
    return max([0, *deeper])


def _reached_the_known(at: Cursor, heads: Sequence[tuple[int, str]], places: dict[str, int]) -> bool:
    """Whether a row of the first reading lies here with all that came in before it."""
    return any(row_id in places and at.skip + places[row_id] - place >= at.pushed for place, row_id in heads)


def _step_back(at: Cursor, rows: int) -> Cursor:
    if at.steps_back >= _MOST_STEPS_BACK:
        raise Unavailable("Reply's contacts change faster than they can be read; try again later.", retry_after=600)
    back = at.back * 2 or 1
    skip = max(0, at.skip - back * (TOP - OVERLAP))
    return msgspec.structs.replace(at, skip=skip, back=back, steps_back=at.steps_back + 1)
