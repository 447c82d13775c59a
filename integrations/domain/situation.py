"""What is known of one source person when the planner decides: the match, the link's memory, the memberships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .person import Person


@dataclass(frozen=True, slots=True)
class Linked:
    """The link's target, as the mirror holds it."""

    target: Person


@dataclass(frozen=True, slots=True)
class Found:
    """Exactly one target person has one of the source's addresses, and is linked to nobody."""

    target: Person
    address: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """Nobody in the target has any of the addresses."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several target people have the address."""

    address: str
    target_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DuplicateOf:
    """An older source person has the address and goes first."""

    source_id: str
    address: str


@dataclass(frozen=True, slots=True)
class TakenBy:
    """The matching target is linked to another source person, who does not have the address any more."""

    target_id: str
    source_id: str


@dataclass(frozen=True, slots=True)
class TargetGone:
    """The link's target was deleted."""

    target_id: str


Match: TypeAlias = Linked | Found | NoMatch | Ambiguous | DuplicateOf | TakenBy | TargetGone


@dataclass(frozen=True, slots=True)
class Memory:
    """What the link remembers of the last sync.

    `source` and `target` belong to the link and are shared by the steps of both directions (the one's source is the
    other's target), or one would take what the other wrote for a change: field key (OWNER among them) to fingerprint
    of the value when both sides last agreed. The rest belongs to the link and this step. `settings`: the fingerprint of
    the settings when the step last decided, empty when it never did. `in_scope`: whether the person passed the filter
    then. `set_back`: target key to how often in a row the source's value was put back. `wanted`: target key to what the
    step last wanted there and for which source value, see `conflicts.wish_mark`.

    Only `planning.memory_after` makes these; they are stored as they are.
    """

    source: Mapping[str, str] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)
    settings: str = ""
    in_scope: bool = False
    set_back: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything about one person that is not a setting.

    `saved_filters`: ids of the saved filters among the step's conditions that the source person is in.
    `enrolled`: ids of the sequences in which the link's ledger already has the person.
    `owed`: ids of the sequences into which a run that ended early was about to put the person.
    """

    source: Person
    match: Match
    memory: Memory = field(default_factory=Memory)
    saved_filters: frozenset[str] = frozenset()
    enrolled: frozenset[str] = frozenset()
    owed: frozenset[str] = frozenset()
