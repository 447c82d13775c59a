"""Who owns the target person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .catalogue import Member
from .enums import UnmappedOwners
from .reasons import Reason
from .step_settings import OwnerPair, StepSettings


@dataclass(frozen=True, slots=True)
class Assign:
    """The member who is to own the target person. `pair_id` is the owner pair, None for the fallback member."""

    member: Member
    pair_id: int | None = None


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """The person is synced and the owner is not touched."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The person is not synced."""

    reason: Reason
    detail: str = ""


OwnerAnswer: TypeAlias = Assign | LeaveAlone | Refuse


class OwnerTable:
    """The ownership mappings, answered per source owner. Asking is one dictionary look-up."""

    def __init__(self, settings: StepSettings) -> None:
        self._answers: dict[str, OwnerAnswer] = {}
        for pair in settings.owners:
            self._answers.setdefault(pair.source.id, _of_pair(pair))
        self._unmapped: OwnerAnswer | None = None
        if settings.unmapped_owners is UnmappedOwners.LEAVE:
            self._unmapped = LeaveAlone()
        elif settings.unmapped_owners is UnmappedOwners.FALLBACK and settings.fallback is not None:
            self._unmapped = _assign(settings.fallback, None)

    def answer(self, owner_id: str | None) -> OwnerAnswer:
        """What becomes of a person whom this source member owns."""
        answer = self._answers.get(owner_id) if owner_id is not None else None
        if answer is not None:
            return answer
        if self._unmapped is not None:
            return self._unmapped
        return Refuse(Reason.NO_OWNER) if owner_id is None else Refuse(Reason.OWNER_NOT_MAPPED, f"Owner {owner_id}")


def _of_pair(pair: OwnerPair) -> OwnerAnswer:
    """Rule 6: a pair with a deactivated or removed member on either side syncs nobody until somebody mends it.

    A leaver's people keep their owner in both products; who is to have them now is for people to say, not for a pair
    that was made when the leaver still worked there.
    """
    return _assign(pair.target, pair.id) if pair.source.active else Refuse(Reason.MEMBER_INACTIVE, pair.source.name)


def _assign(member: Member, pair_id: int | None) -> OwnerAnswer:
    return Assign(member, pair_id) if member.active else Refuse(Reason.MEMBER_INACTIVE, member.name)
