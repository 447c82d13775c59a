"""What is done about a value that differs: who changed it since the last sync, and whose turn it is.

The rules keep two opposite steps from writing for ever, also where their conversions are not each other's inverse:
a step writes only for a change that the link has not seen (on its source, or in its settings), and after a write the
link has seen it. So every edit causes at most one write on the other side, and runs without edits in between end in
one that writes nothing.
"""

from __future__ import annotations

from enum import Enum, auto

from .enums import OnConflict
from .reasons import Reason

SET_BACK_LIMIT = 3
"""How often in a row the source's value is put back before the target is left alone."""

UNTAKEN_MARK = ""
"""The mark of a wish that was written and did not show in the target afterwards."""


class Act(Enum):
    """What to do about a target value that differs from the one wanted."""

    NOTHING = auto()
    WRITE = auto()
    WRITE_SETS_BACK = auto()
    LEAVE = auto()
    LEAVE_REPEATED = auto()
    KEEP_TARGET = auto()
    HOLD = auto()

    @property
    def writes(self) -> bool:
        """Whether the wanted value is written."""
        return self in (Act.WRITE, Act.WRITE_SETS_BACK)

    @property
    def reason(self) -> Reason | None:
        """The note to leave on the entry."""
        return _REASONS.get(self)


_REASONS = {
    Act.LEAVE: Reason.TARGET_CHANGED_LEFT,
    Act.LEAVE_REPEATED: Reason.SET_BACK_REPEATEDLY,
    Act.KEEP_TARGET: Reason.TARGET_WON,
}

_POLICIES = {
    OnConflict.SOURCE_WINS: Act.WRITE,
    OnConflict.TARGET_WINS: Act.KEEP_TARGET,
    OnConflict.HOLD: Act.HOLD,
}


class Standing(Enum):
    """How what this step wants now compares with what it wanted last, for this link and key."""

    SAME = auto()
    NEVER = auto()
    """The step has not decided on the key yet."""
    BEHIND = auto()
    """The source has another value than then, and the link has seen it: another step wrote it."""
    REMAPPED = auto()
    """The source has the same value, and the settings now make something else of it."""
    UNTAKEN = auto()
    """The last write did not show in the target."""


def wish_mark(source: str, wanted: str) -> str:
    """What `Memory.wanted` keeps for a key: the fingerprints of the source value and of what was wanted for it."""
    return f"{source}>{wanted}"


def standing(mark: str | None, source: str, wanted: str) -> Standing:
    """Compare a mark with the fingerprints of now."""
    if mark is None:
        return Standing.NEVER
    if mark == UNTAKEN_MARK:
        return Standing.UNTAKEN
    if mark == wish_mark(source, wanted):
        return Standing.SAME
    return Standing.REMAPPED if mark.partition(">")[0] == source else Standing.BEHIND


def decide(
    *,
    known: bool,
    source_changed: bool,
    target_changed: bool,
    wish: Standing,
    carried_back: bool,
    policy: OnConflict,
    set_back: int,
) -> Act:
    """What to do about a key whose target value differs from the wanted one.

    `known`: the link remembers both sides of the key. `source_changed` and `target_changed`: against that memory.
    `carried_back`: a step of the opposite direction maps the key, so a change of the target alone is that step's.
    """
    if not known:
        return Act.WRITE
    if source_changed:
        return _POLICIES[policy] if target_changed else Act.WRITE
    if target_changed:
        return Act.LEAVE if carried_back else _set_back(set_back, Act.WRITE_SETS_BACK)
    return _seen(wish, carried_back, set_back)


def _seen(wish: Standing, carried_back: bool, set_back: int) -> Act:
    """Neither side changed, and still they differ."""
    if wish is Standing.UNTAKEN:
        return _set_back(set_back, Act.WRITE)
    if wish is Standing.REMAPPED:
        return Act.WRITE
    if wish is Standing.SAME:
        # The difference is an outcome: the target won, was left alone, or the product made something of its own of it.
        return Act.NOTHING
    # Where the opposite step carries the key, it was that step which brought both sides to where they are.
    return Act.NOTHING if carried_back else Act.WRITE


def _set_back(count: int, act: Act) -> Act:
    return Act.LEAVE_REPEATED if count >= SET_BACK_LIMIT else act
