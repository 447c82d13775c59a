"""From a step's rows to the planner's frozen settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from hashlib import blake2b

from integrations.domain.catalogue import Field
from integrations.domain.enums import FieldKind, Join, OnConflict, Operator, OverwriteMode, UnmappedOwners, WhenBlank
from integrations.domain.person import OWNER
from integrations.domain.step_settings import Condition, FieldRule, Filter, OwnerPair, SequenceRule, StepSettings
from integrations.models import Account, AccountField, ConditionSubject, FilterCondition, SyncStep

OWNER_FIELD = Field(key=OWNER, label="Owner", kind=FieldKind.OPTION, writable=False)
"""The owner as a condition's subject."""


def load(step: SyncStep) -> StepSettings:
    """The step's settings as they stand in the database now, in a constant number of queries."""
    settings = StepSettings(
        step_id=step.pk,
        direction=step.way,
        source_fields=_catalogue(step.source_account),
        target_fields=_catalogue(step.target_account),
        fields=tuple(_field_rules(step)),
        filter=Filter(Join(step.filter_join), tuple(_conditions(step.filter_conditions.all()))),
        owners=tuple(_owner_pairs(step)),
        unmapped_owners=UnmappedOwners(step.unmapped_owners),
        fallback=step.fallback_member.as_value() if step.fallback_member else None,
        sequences=tuple(_sequence_rules(step)),
        on_conflict=OnConflict(step.on_conflict),
        recreate_deleted=step.recreate_deleted,
        carried_back=frozenset(_carried_back(step)),
        default_phone_region=step.source_account.phone_region,
        default_owner=step.target_account.user_external_id,
    )
    return replace(settings, fingerprint=_fingerprint(settings))


def saved_filters_of(settings: StepSettings) -> frozenset[str]:
    """The ids of the saved filters and lists that the step's conditions ask for."""
    return frozenset(condition.value for condition in settings.filter.conditions if condition.field is None)


def _catalogue(account: Account) -> dict[str, Field]:
    return {row.key: row.as_value() for row in AccountField.objects.present().filter(account=account)}


def _field_rules(step: SyncStep) -> Iterable[FieldRule]:
    for row in step.field_mappings.select_related("source_field", "target_field"):
        if row.source_field.is_present and row.target_field.is_present:
            yield FieldRule(
                row.pk,
                row.source_field.as_value(),
                row.target_field.as_value(),
                OverwriteMode(row.mode),
                WhenBlank(row.when_blank),
            )


def _owner_pairs(step: SyncStep) -> Iterable[OwnerPair]:
    for row in step.owner_mappings.select_related("source_member", "target_member"):
        yield OwnerPair(row.pk, row.source_member.as_value(), row.target_member.as_value())


def _sequence_rules(step: SyncStep) -> Iterable[SequenceRule]:
    for row in step.sequence_mappings.select_related("owner", "sequence", "sequence_step"):
        blocked = row.sequence.blocked or ("" if row.sequence_step.is_present else "the step is gone")
        yield SequenceRule(
            id=row.pk,
            owner=row.owner.as_value(),
            sequence_id=row.sequence.external_id,
            sequence_name=row.sequence.name,
            step_id=row.sequence_step.external_id,
            step_label=str(row.sequence_step),
            ignore_step_delay=row.ignore_step_delay,
            only_for_new=row.only_for_new,
            blocked=blocked,
        )


def _conditions(rows: Iterable[FilterCondition]) -> Iterable[Condition]:
    for row in rows:
        yield condition_value(row)


def condition_value(row: FilterCondition) -> Condition:
    """One filtering rule as the planner's value."""
    operator = Operator(row.operator)
    if row.subject == ConditionSubject.SAVED_FILTER and row.saved_filter is not None:
        saved = row.saved_filter
        return Condition(row.pk, operator, saved.external_id, None, row.group, str(saved))
    if row.subject == ConditionSubject.OWNER:
        member = row.member
        value, label = (member.external_id, member.name) if member else ("", "")
        return Condition(row.pk, operator, value, OWNER_FIELD, row.group, label)
    field = row.field.as_value() if row.field else None
    label = next((option.label for option in field.options if option.id == row.value), "") if field else ""
    return Condition(row.pk, operator, row.value, field, row.group, label)


def _carried_back(step: SyncStep) -> Iterable[str]:
    """What enabled steps of the opposite direction carry back from this step's target: the sources of rows that always
    write. A row that writes only sometimes leaves an edit where it is."""
    siblings = SyncStep.objects.enabled().filter(connection_id=step.connection_id, direction=step.way.opposite)
    for sibling in siblings.prefetch_related("field_mappings__source_field", "owner_mappings"):
        yield from (row.source_field.key for row in sibling.field_mappings.all() if row.mode == OverwriteMode.ALWAYS)
        if sibling.owner_mappings.all():
            yield OWNER


def _fingerprint(settings: StepSettings) -> str:
    text = json.dumps(asdict(settings), sort_keys=True, default=sorted)
    return blake2b(text.encode(), digest_size=12).hexdigest()
