"""Carrying one step's rows over to another: as they are in the same direction, turned round in the opposite one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)
R = TypeVar("R", bound=Hashable)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Dropped(Generic[L, R]):
    """A pair, as it stood, that has no counterpart the other way round.

    `kept` is the pair that took its place, None when `why` says what is the matter.
    """

    left: L
    right: R
    kept: tuple[L, R] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class TurnedRound(Generic[L, R]):
    """Pairs turned round, (new left, new right), in their order, and those that were dropped."""

    pairs: tuple[tuple[R, L], ...]
    dropped: tuple[Dropped[L, R], ...]


def turn_round(
    pairs: Sequence[tuple[L, R]], once: Callable[[L, R], Hashable], refuse: Callable[[L, R], str]
) -> TurnedRound[L, R]:
    """Left becomes right and right becomes left.

    `once` gives the part of a turned pair that no two may share: the first by position is kept, the others are
    dropped. `refuse` says why a pair cannot be turned, empty when it can; a refused pair takes nobody's place.
    """
    kept: dict[Hashable, tuple[L, R]] = {}
    dropped = []
    for left, right in pairs:
        key, why = once(left, right), refuse(left, right)
        if why:
            dropped.append(Dropped(left, right, why=why))
        elif key in kept:
            dropped.append(Dropped(left, right, kept=kept[key]))
        else:
            kept[key] = (left, right)
    return TurnedRound(tuple((right, left) for left, right in kept.values()), tuple(dropped))


@dataclass(frozen=True, slots=True)
class Difference(Generic[K, V]):
    """What becomes of rows, by key: `changed` has (before, after)."""

    added: Mapping[K, V]
    changed: Mapping[K, tuple[V, V]]
    removed: Mapping[K, V]
    unchanged: int


def difference(before: Mapping[K, V], after: Mapping[K, V]) -> Difference[K, V]:
    """How rows must change so that `before` becomes `after`."""
    return Difference(
        added={key: value for key, value in after.items() if key not in before},
        changed={key: (before[key], value) for key, value in after.items() if key in before and before[key] != value},
        removed={key: value for key, value in before.items() if key not in after},
        unchanged=sum(1 for key, value in after.items() if key in before and before[key] == value),
    )
