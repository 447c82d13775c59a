"""What an account offers to map and choose from: fields, members, sequences, saved filters."""

from __future__ import annotations

from dataclasses import dataclass

from .enums import FieldKind


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an OPTION or OPTIONS field."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an account's people.

    `identity`: the e-mail field that people are matched by. `required`: the product refuses a new person without it.
    `part_of`: the product keeps only the whole (`name`) and splits it itself, so parts are compared and written as the
    whole. `max_length` in characters, 0 when unknown.
    """

    key: str
    label: str
    kind: FieldKind
    writable: bool = True
    is_custom: bool = False
    identity: bool = False
    required: bool = False
    part_of: str = ""
    max_length: int = 0
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A colleague who can own people in an account."""

    id: str
    name: str
    email: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter or list kept in the product, whose members can be read. `kind` is the product's word for it."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """A step of a sequence. `number` is what people see ("1", "2A"); `label` says what it does and after how long."""

    id: str
    number: str
    label: str
    position: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence of an outreach account. `status` is new, active, paused or archived."""

    id: str
    name: str
    owner_id: str | None
    status: str
    steps: tuple[SequenceStep, ...] = ()
