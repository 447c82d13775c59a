"""The closed vocabularies. Models take their choices from here, never the other way round."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a product is in a connection."""

    CRM = "crm"
    OUTREACH = "outreach"

    @property
    def other(self) -> Role:
        """The opposite side of a connection."""
        return Role.OUTREACH if self is Role.CRM else Role.CRM


class Direction(StrEnum):
    """Which way a sync step carries people. Left is the source, right the target, in every mapping."""

    TO_OUTREACH = "to_outreach"
    TO_CRM = "to_crm"

    @property
    def source(self) -> Role:
        """The role that people are read from."""
        return Role.CRM if self is Direction.TO_OUTREACH else Role.OUTREACH

    @property
    def target(self) -> Role:
        """The role that people are written to."""
        return self.source.other

    @property
    def opposite(self) -> Direction:
        """The way back."""
        return Direction.TO_CRM if self is Direction.TO_OUTREACH else Direction.TO_OUTREACH


class FieldKind(StrEnum):
    """How a field's value is shaped (see person.Value) and which operators and conversions apply to it."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    EMAIL = "email"
    EMAILS = "emails"
    PHONE = "phone"
    PHONES = "phones"
    OPTION = "option"
    OPTIONS = "options"
    OTHER = "other"


class OverwriteMode(StrEnum):
    """When a mapped field is written."""

    ALWAYS = "always"
    ONLY_IF_EMPTY = "only_if_empty"
    ONLY_FOR_NEW = "only_for_new"


class WhenBlank(StrEnum):
    """What a blank source does to the target."""

    KEEP = "keep"
    CLEAR = "clear"


class UnmappedOwners(StrEnum):
    """What becomes of people whose owner is on no left side."""

    SKIP = "skip"
    FALLBACK = "fallback"
    LEAVE = "leave"


class OnConflict(StrEnum):
    """What happens to a field that both sides changed since the last sync."""

    SOURCE_WINS = "source_wins"
    TARGET_WINS = "target_wins"
    HOLD = "hold"


class Join(StrEnum):
    """How conditions are joined. The groups inside use the opposite join, which covers every one-level formula."""

    ALL = "all"
    ANY = "any"

    @property
    def opposite(self) -> Join:
        """The join used inside a group."""
        return Join.ANY if self is Join.ALL else Join.ALL


class Operator(StrEnum):
    """What a condition tests. `domain.filters.OPERATORS` says which kinds take which."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"
    GREATER = "greater"
    LESS = "less"
    BEFORE = "before"
    AFTER = "after"
    IN_LAST_DAYS = "in_last_days"
    IN_LIST = "in_list"
    NOT_IN_LIST = "not_in_list"
