"""Persons in the three orders that lists can be asked for, kept as they change, so that any page is found quickly."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from integrations.sandbox.pipedrive.records import Person

Key: TypeAlias = tuple[str, int]
SORTS = ("id", "update_time", "add_time")


def sort_key(person: Person, sort_by: str) -> Key:
    """Where a person stands in an order: by its stamp, and by id among equals."""
    if sort_by == "update_time":
        return person.update_time, person.id
    if sort_by == "add_time":
        return person.add_time, person.id
    return "", person.id


class PersonIndex:
    """The orders. A person must be taken out before its stamps change, and put back afterwards."""

    def __init__(self) -> None:
        self._orders: dict[str, list[Key]] = {sort: [] for sort in SORTS}

    def add(self, person: Person) -> None:
        """Put one person in its places."""
        for sort, order in self._orders.items():
            insort(order, sort_key(person, sort))

    def add_many(self, persons: Iterable[Person]) -> None:
        """Put many in; cheaper than one by one."""
        for person in persons:
            for sort, order in self._orders.items():
                order.append(sort_key(person, sort))
        for order in self._orders.values():
            order.sort()

    def remove(self, person: Person) -> None:
        """Take one out."""
        for sort, order in self._orders.items():
            at = bisect_left(order, sort_key(person, sort))
            del order[at]

    def walk(self, sort_by: str, *, descending: bool = False, start: Key | None = None) -> Iterator[int]:
        """Ids in order, from `start` on (itself included when it is there)."""
        order = self._orders[sort_by]
        if not descending:
            at = 0 if start is None else bisect_left(order, start)
            for position in range(at, len(order)):
                yield order[position][1]
            return
        at = len(order) if start is None else bisect_left(order, (start[0], start[1] + 1))
        for position in range(at - 1, -1, -1):
            yield order[position][1]

    def updated_since(self, since: str) -> list[int]:
        """Ids whose update_time is at or after `since`, in that order."""
        order = self._orders["update_time"]
        return [key[1] for key in order[bisect_left(order, (since, 0)) :]]
