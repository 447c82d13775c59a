"""What a step's settings would change on another step, part by part."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from integrations.domain.conversion import can_convert
from integrations.domain.enums import UnmappedOwners
from integrations.domain.propagation import Dropped, TurnedRound, difference, turn_round
from integrations.models import (
    AccountField,
    FieldMapping,
    FilterCondition,
    Member,
    OwnerMapping,
    SequenceMapping,
    SyncStep,
)

from .rows import replace_rows
from .step_warnings import Section
from .steps import filter_words


@dataclass(frozen=True, slots=True)
class RowChange:
    """One line of the confirm page. `kind` is added, changed, removed or dropped."""

    kind: str
    text: str
    reason: str = ""


@dataclass(slots=True)
class PartPlan:
    """What happens to one part of a step. `why_not` says why the part does not apply at all, empty when it does."""

    section: Section
    why_not: str = ""
    changes: list[RowChange] = field(default_factory=list)
    unchanged: int = 0
    apply: Callable[[], object] = lambda: None

    @property
    def changes_something(self) -> bool:
        """Whether applying it would write."""
        return any(change.kind != "dropped" for change in self.changes)


def _owners(step: SyncStep, other: SyncStep) -> PartPlan:
    part = PartPlan(Section.OWNERS)
    pairs = [(row.source_member, row.target_member) for row in step.owner_mappings.select_related(*_PAIR)]
    if other.way is not step.way:
        turned: TurnedRound[Member, Member] = turn_round(pairs, lambda left, right: right, _cannot_own)
        part.changes += [_dropped_owner(dropped) for dropped in turned.dropped]
        pairs = list(turned.pairs)
    _rows(
        part,
        other,
        OwnerMapping,
        key=lambda row: row.source_member_id,
        stored=[
            (row.source_member_id, str(row), _owner_values(row)) for row in other.owner_mappings.select_related(*_PAIR)
        ],
        wanted=[
            (left.pk, f"{left} → {right}", {"source_member_id": left.pk, "target_member_id": right.pk})
            for left, right in pairs
        ],
    )
    _policy(part, step, other, pairs)
    return part


_PAIR = ("source_member", "target_member")


def _owner_values(row: OwnerMapping) -> dict[str, Any]:
    return {"source_member_id": row.source_member_id, "target_member_id": row.target_member_id}


def _cannot_own(left: Member, right: Member) -> str:
    return "" if left.can_own else f"{left.name} is {left.trouble} and cannot be given people."


def _dropped_owner(dropped: Dropped[Member, Member]) -> RowChange:
    reason = dropped.why
    if dropped.kept is not None:
        reason = (
            f"{dropped.right.name} can be on the left side only once, and is already there with {dropped.kept[0].name}."
        )
    return RowChange("dropped", f"{dropped.right} → {dropped.left}", reason)


def _policy(part: PartPlan, step: SyncStep, other: SyncStep, pairs: list[tuple[Member, Member]]) -> None:
    """What becomes of unmapped owners goes with the ownership mappings."""
    policy, fallback = step.unmapped_owners, step.fallback_member
    if other.way is not step.way and fallback is not None:
        counterpart = next((right for left, right in pairs if left.pk == fallback.pk), None)
        if counterpart is None:
            reason = f"{fallback.name} has no counterpart there, so that step keeps its own rule for unmapped owners."
            part.changes.append(RowChange("dropped", "People with an unmapped owner", reason))
            return
        fallback = counterpart
    if (policy, fallback) == (other.unmapped_owners, other.fallback_member):
        return
    words = dict(SyncStep._meta.get_field("unmapped_owners").flatchoices)
    who = f": {fallback.name}" if policy == UnmappedOwners.FALLBACK and fallback is not None else ""
    before = f"Before: {words[other.unmapped_owners]}"
    part.changes.append(RowChange("changed", f"People with an unmapped owner {words[policy]}{who}", before))
    rows = part.apply

    def apply() -> None:
        rows()
        other.unmapped_owners, other.fallback_member = policy, fallback
        other.save(update_fields=["unmapped_owners", "fallback_member"])

    part.apply = apply


def _fields(step: SyncStep, other: SyncStep) -> PartPlan:
    part = PartPlan(Section.FIELDS)
    mappings = list(step.field_mappings.select_related("source_field", "target_field"))
    how = {(row.source_field, row.target_field): (row.mode, row.when_blank) for row in mappings}
    pairs = [(pair, how[pair]) for pair in how]
    if other.way is not step.way:
        turned: TurnedRound[AccountField, AccountField] = turn_round(list(how), lambda left, right: left, _cannot_turn)
        part.changes += [_dropped_field(dropped) for dropped in turned.dropped]
        pairs = [(pair, how[(pair[1], pair[0])]) for pair in turned.pairs]
    stored = other.field_mappings.select_related("source_field", "target_field")
    _rows(
        part,
        other,
        FieldMapping,
        key=lambda row: row.target_field_id,
        stored=[(row.target_field_id, str(row), _values(row, _FIELD_COLUMNS)) for row in stored],
        wanted=[
            (
                right.pk,
                f"{left} → {right}",
                {"source_field_id": left.pk, "target_field_id": right.pk, "mode": mode, "when_blank": blank},
            )
            for (left, right), (mode, blank) in pairs
        ],
    )
    return part


_FIELD_COLUMNS = ("source_field_id", "target_field_id", "mode", "when_blank")


def _cannot_turn(left: AccountField, right: AccountField) -> str:
    return can_convert(right.as_value(), left.as_value()) or ""


def _dropped_field(dropped: Dropped[AccountField, AccountField]) -> RowChange:
    reason = dropped.why
    if dropped.kept is not None:
        reason = f"{dropped.left} gets its value from {dropped.kept[1]} already: one field cannot take two values."
    return RowChange("dropped", f"{dropped.right} → {dropped.left}", reason)


def _filters(step: SyncStep, other: SyncStep) -> PartPlan:
    if other.way is not step.way:
        label = step.source_account.people_label
        return PartPlan(Section.FILTERS, f"These rules look at {label}, which are not this step's source.")
    part = PartPlan(Section.FILTERS)
    wanted = [_values(row, _FILTER_COLUMNS) for row in step.filter_conditions.all()]
    stored = [_values(row, _FILTER_COLUMNS) for row in other.filter_conditions.all()]
    if (wanted, step.filter_join) == (stored, other.filter_join):
        part.unchanged = len(wanted)
        return part
    part.changes.append(RowChange("changed", filter_words(step), f"Before: {filter_words(other)}"))

    def apply() -> None:
        # Rules have no identity of their own: those that are alike stay, whatever their number.
        numbered = [((number, *row.values()), row) for number, row in enumerate(wanted)]
        counter = iter(range(10**6))
        replace_rows(
            other,
            FilterCondition,
            lambda row: (next(counter), *_values(row, _FILTER_COLUMNS).values()),
            numbered,
        )
        other.filter_join = step.filter_join
        other.save(update_fields=["filter_join"])

    part.apply = apply
    return part


_FILTER_COLUMNS = ("group", "subject", "field_id", "member_id", "saved_filter_id", "operator", "value")


def _sequences(step: SyncStep, other: SyncStep) -> PartPlan:
    if other.way is not step.way:
        label = other.target_account.people_label
        return PartPlan(Section.SEQUENCES, f"{label} have no sequences.")
    part = PartPlan(Section.SEQUENCES)
    related = ("owner", "sequence__owner", "sequence_step")

    def lines(of: SyncStep) -> list[tuple[Hashable, str, dict[str, Any]]]:
        rows = of.sequence_mappings.select_related(*related)
        return [(row.owner_id, _sequence_words(row), _values(row, _SEQUENCE_COLUMNS)) for row in rows]

    _rows(part, other, SequenceMapping, key=lambda row: row.owner_id, stored=lines(other), wanted=lines(step))
    return part


_SEQUENCE_COLUMNS = ("owner_id", "sequence_id", "sequence_step_id", "ignore_step_delay", "only_for_new")


def _sequence_words(row: SequenceMapping) -> str:
    options = [
        words
        for words, is_on in (("ignore step delay", row.ignore_step_delay), ("only for new records", row.only_for_new))
        if is_on
    ]
    return f"{row.owner.name} → {row.sequence.name}, step {row.sequence_step}" + "".join(f", {o}" for o in options)


PLANNERS: dict[Section, Callable[[SyncStep, SyncStep], PartPlan]] = {
    Section.OWNERS: _owners,
    Section.FIELDS: _fields,
    Section.FILTERS: _filters,
    Section.SEQUENCES: _sequences,
}
"""What plans which part: from the step that is applied, and the other."""

_Line = tuple[Hashable, str, dict[str, Any]]
"""A row by its key, its words and its attributes."""


def _rows(
    part: PartPlan,
    other: SyncStep,
    model: type[Model],
    *,
    key: Callable[[Any], Hashable],
    stored: list[_Line],
    wanted: list[_Line],
) -> None:
    """Compare the lines, and note how to make the stored ones the wanted ones."""
    words = {name: text for name, text, _ in stored}
    new_words = {name: text for name, text, _ in wanted}
    found = difference({name: row for name, _, row in stored}, {name: row for name, _, row in wanted})
    part.unchanged += found.unchanged
    part.changes += _changes(found.added, "added", new_words)
    for name in found.changed:
        part.changes.append(RowChange("changed", new_words[name], f"Before: {words[name]}"))
    part.changes += _changes(found.removed, "removed", words)
    part.apply = lambda: replace_rows(other, model, key, [(name, row) for name, _, row in wanted])


def _changes(rows: Iterable[Hashable], kind: str, words: dict[Hashable, str]) -> Iterator[RowChange]:
    return (RowChange(kind, words[name]) for name in rows)


def _values(row: Any, columns: tuple[str, ...]) -> dict[str, Any]:
    return {column: getattr(row, column) for column in columns}
