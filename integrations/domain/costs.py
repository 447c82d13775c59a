"""What writing costs, counted before it is done: the fewest calls that a product takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .rates import Window, time_for


@dataclass(frozen=True, slots=True)
class Prices:
    """How a product wants to be written to. All sizes are people in one call.

    Up to `single_updates` updates go one by one also where more would go together, and bulk updates of people whom
    others own begin with one call that tries it out. `tokens` is the price of a call that writes.
    """

    create_batch: int
    update_batch: int
    owner_batch: int
    enrol_batch: int
    single_updates: int = 0
    tokens: int = 1


@dataclass(frozen=True, slots=True)
class Writes:
    """What is planned for one account. `owners` are people by new owner, where owners take calls of their own.

    `newcomers` and `others` are people to enrol, by sequence and step; of others it must be asked whether they are in
    the sequence already.
    """

    creates: int = 0
    updates: int = 0
    updates_of_others: int = 0
    owners: Sequence[int] = ()
    newcomers: Sequence[int] = ()
    others: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What a piece of work asks of one account."""

    calls: int = 0
    tokens: int = 0


def cost_of(writes: Writes, prices: Prices) -> Need:
    """The calls and tokens of the writes, when nothing goes wrong and nobody changes meanwhile."""
    calls = (
        _batches(writes.creates, prices.create_batch)
        + _updates(writes, prices)
        + sum(_batches(people, prices.owner_batch) for people in writes.owners)
        + sum(
            _batches(new + others, prices.enrol_batch) + (others > 0)
            for new, others in zip(writes.newcomers, writes.others, strict=True)
        )
    )
    return Need(calls, calls * prices.tokens)


def _updates(writes: Writes, prices: Prices) -> int:
    if prices.update_batch == 1:
        return writes.updates
    whole, rest = divmod(writes.updates, prices.update_batch)
    singly = rest if rest <= prices.single_updates else 0
    imports = whole + (rest > 0 and not singly)
    tries_out = imports > 0 and writes.updates_of_others > 0 and writes.updates > 1
    return imports + singly + tries_out


def _batches(people: int, size: int) -> int:
    return math.ceil(people / size) if people else 0


def time_of(need: Need, windows: Iterable[tuple[Window, bool]], now: float) -> float:
    """Seconds that the limits make it take. Each window comes with whether it counts tokens instead of calls."""
    times = (time_for(need.tokens if tokens else need.calls, window, now) for window, tokens in windows)
    return max(times, default=0.0)


def about(seconds: float) -> str:
    """A length of time as people say it."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        # Rounded first, so that 59.7 minutes are an hour.
        if round(seconds / 60) * 60 >= size:
            number = round(seconds / size)
            return f"about {number:,} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"
