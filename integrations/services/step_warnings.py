"""What is allowed in a step's settings and probably not meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from integrations.domain.enums import Direction, UnmappedOwners
from integrations.models import ConditionSubject, OwnerMapping, SequenceMapping, SequenceStatus, SyncStep


class Section(StrEnum):
    """The parts of a step, in the order of its page."""

    FIELDS = "fields"
    FILTERS = "filters"
    OWNERS = "owners"
    SEQUENCES = "sequences"


@dataclass(frozen=True, slots=True)
class StepWarning:
    """Something that is allowed and probably not meant. `row_id` is the row it is about, None for the section."""

    section: Section
    text: str
    row_id: int | None = None


def step_warnings(step: SyncStep) -> list[StepWarning]:
    """What a look at the step's saved settings shows (rules 3, 6, 7, 8 and 10 of ownership and sequences)."""
    owners = list(step.owner_mappings.select_related("source_member", "target_member"))
    found = [*_owner_warnings(step, owners), *_filter_warnings(step, owners)]
    if step.way is Direction.TO_OUTREACH:
        found += _sequence_warnings(step, owners)
    return found


def _owner_warnings(step: SyncStep, owners: list[OwnerMapping]) -> Iterator[StepWarning]:
    for pair in owners:
        for member in (pair.source_member, pair.target_member):
            if not member.can_own:
                yield StepWarning(
                    Section.OWNERS,
                    f"{member.name} is {member.trouble}. The pair stays, and its people are skipped.",
                    pair.pk,
                )
    if not owners and step.unmapped_owners == UnmappedOwners.SKIP:
        yield StepWarning(Section.OWNERS, "There is no owner mapping, so nobody is synced by this step.")
    fallback = step.fallback_member
    if fallback is not None and not fallback.can_own:
        yield StepWarning(
            Section.OWNERS, f"{fallback.name}, who is to get people with an unmapped owner, is {fallback.trouble}."
        )


def _filter_warnings(step: SyncStep, owners: list[OwnerMapping]) -> Iterator[StepWarning]:
    rules = step.filter_conditions.select_related("field", "member", "saved_filter")
    for rule in rules:
        if rule.subject == ConditionSubject.OWNER and owners:
            yield StepWarning(
                Section.FILTERS,
                "This rule looks at the owner, and ownership mappings already leave out people whose owner is not "
                "mapped. Both apply: people must pass this rule and have a mapped owner.",
                rule.pk,
            )
        for thing in (rule.field, rule.member, rule.saved_filter):
            if thing is not None and not thing.is_present:
                yield StepWarning(
                    Section.FILTERS, f"“{thing}” no longer exists in {step.source_account.name}.", rule.pk
                )


def _sequence_warnings(step: SyncStep, owners: list[OwnerMapping]) -> Iterator[StepWarning]:
    reached = {pair.target_member_id for pair in owners if not pair.is_broken}
    rows: list[SequenceMapping] = list(
        step.sequence_mappings.select_related("owner", "sequence__owner", "sequence_step")
    )
    for row in rows:
        if row.owner_id not in reached:
            yield StepWarning(
                Section.SEQUENCES,
                f"{row.owner.name} is on no right side of the ownership mappings. Nobody is synced or moved to "
                f"“{row.sequence.name}” on account of this row.",
                row.pk,
            )
        if row.sequence.blocked:
            yield StepWarning(
                Section.SEQUENCES, f"“{row.sequence.name}” is {row.sequence.blocked}: nobody can be added.", row.pk
            )
        elif row.sequence.status == SequenceStatus.PAUSED:
            yield StepWarning(
                Section.SEQUENCES,
                f"“{row.sequence.name}” is paused: people are added, and get nothing until it is resumed.",
                row.pk,
            )
        if not row.sequence_step.is_present:
            yield StepWarning(
                Section.SEQUENCES, f"Step {row.sequence_step.number} of “{row.sequence.name}” is gone.", row.pk
            )
