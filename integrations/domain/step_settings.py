"""A sync step's settings as one frozen value: all that the planner needs to know, and nothing that needs a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .catalogue import Field, Member
from .enums import Direction, Join, OnConflict, Operator, OverwriteMode, UnmappedOwners, WhenBlank


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A row of the fields mapping. `id` is the row's, so that an entry can name what caused a change."""

    id: int
    source: Field
    target: Field
    mode: OverwriteMode = OverwriteMode.ALWAYS
    when_blank: WhenBlank = WhenBlank.KEEP


@dataclass(frozen=True, slots=True)
class Condition:
    """A row of the filtering rules. For IN_LIST and NOT_IN_LIST `field` is None and `value` is a saved filter's id.

    On the owner (`field.key == OWNER`) `value` is a member's id. Rows with the same non-empty `group` form one group.
    """

    id: int
    operator: Operator
    value: str = ""
    field: Field | None = None
    group: str = ""
    value_label: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filtering rules. Without conditions everybody passes."""

    join: Join = Join.ALL
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnerPair:
    """A row of the ownership mappings: left source member, right target member."""

    id: int
    source: Member
    target: Member


@dataclass(frozen=True, slots=True)
class SequenceRule:
    """A row of people to sequence. `blocked` is why it cannot enrol now (archived, gone), empty when it can."""

    id: int
    owner: Member
    sequence_id: str
    sequence_name: str
    step_id: str
    step_label: str
    ignore_step_delay: bool = False
    only_for_new: bool = False
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class StepSettings:
    """Everything that decides what a step does with a person.

    `source_fields` and `target_fields` are the two catalogues by key. `carried_back` has the target keys (OWNER among
    them) that an enabled step of the opposite direction maps back: a change there alone is left for that step.
    `default_owner`: the target member to whom the product gives new people for whom the step names nobody.
    `fingerprint` changes whenever anything here changes, directory states included.
    """

    step_id: int
    direction: Direction
    source_fields: Mapping[str, Field]
    target_fields: Mapping[str, Field]
    fields: tuple[FieldRule, ...] = ()
    filter: Filter = field(default_factory=Filter)
    owners: tuple[OwnerPair, ...] = ()
    unmapped_owners: UnmappedOwners = UnmappedOwners.SKIP
    fallback: Member | None = None
    sequences: tuple[SequenceRule, ...] = ()
    on_conflict: OnConflict = OnConflict.SOURCE_WINS
    recreate_deleted: bool = False
    carried_back: frozenset[str] = frozenset()
    default_phone_region: str = ""
    default_owner: str = ""
    fingerprint: str = ""
