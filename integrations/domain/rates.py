"""A product's limits as arithmetic: what fits now, how long to wait, how long a number of calls will take.

A window is kept as slots of a sixtieth of its length. A slot counts until all of it has left the window, so what is
booked stays within the product's limit whether the product counts rolling or fixed windows. A day is one slot: products
give a day's calls back at midnight, which is taken for UTC's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

DAY = 86_400
SLOTS = 60

Slots: TypeAlias = Sequence[tuple[float, float]]
"""(start in unix seconds, units booked), the oldest first."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `allowed` units in any `seconds`, of which `booked` are taken."""

    name: str
    seconds: float
    allowed: int
    booked: Slots = ()

    def slot(self, now: float) -> float:
        """When the slot began that `now` lies in."""
        length = self._length
        return now // length * length

    def slot_ends(self, now: float) -> float:
        """When the next slot begins."""
        return self.slot(now) + self._length

    def used(self, now: float) -> float:
        """Units that count at `now`."""
        return sum(units for _, units in self._live(now))

    def wait(self, units: int, now: float) -> float:
        """Seconds until `units` fit, 0 when they do. More than is allowed at all fits when nothing else is booked."""
        excess = self.used(now) + units - max(self.allowed, units)
        for start, booked in self._live(now):
            if excess <= 0:
                break
            excess -= booked
            if excess <= 0:
                return max(self._leaves(start) - now, 0.001)
        return 0.0

    def room(self, now: float) -> int:
        """Units that fit at `now`."""
        return max(math.floor(self.allowed - self.used(now)), 0)

    def book(self, units: float, now: float) -> Slots:
        """The slots with `units` taken at `now`; below 0 gives back. What has left the window is dropped."""
        slot = self.slot(now)
        slots = dict(self._live(now))
        slots[slot] = max(slots.get(slot, 0) + units, 0)
        return tuple(sorted((start, each) for start, each in slots.items() if each))

    @property
    def at_once(self) -> int:
        """Units that one slot's share of the window comes to, one at the least."""
        return max(math.ceil(self.allowed / SLOTS), 1)

    @property
    def turn(self) -> float:
        """Seconds after which a full window has emptied itself."""
        return self._length if self.seconds >= DAY else self.seconds + self._length

    def until_left(self, units: int, now: float) -> float:
        """Seconds until so many of the units that count have left, if the window is filled up now."""
        left = 0.0
        for start, booked in self._live(now):
            left += booked
            if left >= units:
                return self._leaves(start) - now
        return self._leaves(self.slot(now)) - now

    @property
    def _length(self) -> float:
        return self.seconds if self.seconds >= DAY else self.seconds / SLOTS

    def _leaves(self, start: float) -> float:
        return start + self._length + (0 if self.seconds >= DAY else self.seconds)

    def _live(self, now: float) -> Slots:
        return sorted((start, units) for start, units in self.booked if self._leaves(start) > now)


def time_for(units: int, window: Window, now: float) -> float:
    """Seconds that a window alone makes `units` take when nobody else calls; 0 when all fit at once."""
    late = math.ceil(units - window.room(now))
    if late <= 0:
        return 0.0
    # What is booked leaves first; from then on every turn of the window gives its whole share.
    turns, rest = divmod(late - 1, window.allowed)
    return turns * window.turn + window.until_left(rest + 1, now)
