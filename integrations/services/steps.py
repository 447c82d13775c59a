"""Sync steps: new ones with sensible rows, and what deserves a warning in their settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import formats, timezone

from integrations.connectors import registry
from integrations.domain.conversion import can_convert
from integrations.domain.describe import describe_filter
from integrations.domain.enums import Direction, Join
from integrations.domain.step_settings import Filter
from integrations.engine.settings_loader import condition_value
from integrations.models import (
    Account,
    AccountField,
    Connection,
    FieldMapping,
    Member,
    OwnerMapping,
    RunStage,
    SyncStep,
)
from integrations.models.history import noting

from .changes import changes_of
from .step_warnings import step_warnings


def add_step(*, connection: Connection, direction: Direction, by: User | None, name: str = "") -> SyncStep:
    """A step at the end of the connection's order, with the default fields and the pre-set owner pair.

    Default fields are those that both directories have, where the target can be written and the kinds convert. The
    pair is the users of both accounts' keys; it is left out when one of them is not among the members.
    """
    last = connection.steps.aggregate(last=Max("position"))["last"] or 0
    step = SyncStep(connection=connection, direction=direction, position=last + 1, name=name)
    with transaction.atomic(), noting(by=by):
        step.save()
        for row in _default_fields(step):
            row.save()
        pair = _preset_pair(step)
        if pair:
            pair.save()
    return step


def _default_fields(step: SyncStep) -> Iterator[FieldMapping]:
    source, target = step.source_account, step.target_account
    source_fields, target_fields = _present_fields(source), _present_fields(target)
    pairs = zip(_meanings(source), _meanings(target), strict=False)
    for position, (left, right) in enumerate(pairs):
        source_field, target_field = source_fields.get(left), target_fields.get(right)
        if source_field is None or target_field is None:
            continue
        if can_convert(source_field.as_value(), target_field.as_value()) is None:
            yield FieldMapping(step=step, position=position, source_field=source_field, target_field=target_field)


def _meanings(account: Account) -> tuple[str, ...]:
    return registry.connector(account.product).spec.default_fields


def _present_fields(account: Account) -> dict[str, AccountField]:
    return {field.key: field for field in AccountField.objects.filter(account=account, missing_since=None)}


def _preset_pair(step: SyncStep) -> OwnerMapping | None:
    users = [
        Member.objects.filter(account=account, external_id=account.user_external_id).first()
        for account in (step.source_account, step.target_account)
    ]
    left, right = users
    if left is None or right is None or not right.can_own:
        return None
    return OwnerMapping(step=step, source_member=left, target_member=right)


def step_version(step: SyncStep) -> str:
    """A fingerprint of the step's stored settings and rows, for noticing that somebody else saved meanwhile."""
    rows: list[object] = [SyncStep.objects.filter(pk=step.pk).values_list(*SyncStep.SETTINGS).first()]
    for related in (step.field_mappings, step.filter_conditions, step.owner_mappings, step.sequence_mappings):
        rows.append(list(related.order_by("pk").values_list()))
    return blake2b(repr(rows).encode(), digest_size=12).hexdigest()


def last_change(step: SyncStep) -> str:
    """ " by Anna at 14:02", for a sentence about a change that came between; empty when the history does not say."""
    newest = next(iter(changes_of(step)), None)
    if newest is None:
        return ""
    return f" by {newest.who} at {formats.time_format(timezone.localtime(newest.at))}"


@dataclass(frozen=True, slots=True)
class StepSummary:
    """A step as its connection's page lists it. `last` is the stage of its newest run, with its books."""

    step: SyncStep
    filters: str
    fields: int
    owners: int
    sequences: int
    last: RunStage | None
    warnings: int


def step_summaries(connection: Connection) -> list[StepSummary]:
    """The connection's steps in their order."""
    steps = SyncStep.objects.filter(connection=connection).select_related(
        "connection__crm_account", "connection__outreach_account", "fallback_member"
    )
    newest = {
        stage.step_id: stage
        for stage in RunStage.objects.filter(
            pk__in=RunStage.objects.filter(step__connection=connection, closed_at__isnull=False)
            .order_by()
            .values("step")
            .annotate(newest=Max("pk"))
            .values("newest")
        ).select_related("run")
    }
    return [
        StepSummary(
            step,
            filter_words(step),
            step.field_mappings.count(),
            step.owner_mappings.count(),
            step.sequence_mappings.count(),
            newest.get(step.pk),
            len(step_warnings(step)),
        )
        for step in steps
    ]


def filter_words(step: SyncStep) -> str:
    """The filtering rules as a sentence without a full stop."""
    rules = step.filter_conditions.select_related("field", "member", "saved_filter")
    return describe_filter(Filter(Join(step.filter_join), tuple(condition_value(rule) for rule in rules)))


def move_step(*, step: SyncStep, place: int, by: User | None) -> None:
    """Put the step at that place in the connection's order, counted from 1; beyond the last one means the last."""
    steps = list(SyncStep.objects.filter(connection_id=step.connection_id))
    at = steps.index(step)
    place = max(1, min(place, len(steps)))
    if place == at + 1:
        return
    steps.insert(place - 1, steps.pop(at))
    with transaction.atomic(), noting(by=by):
        for position, each in enumerate(steps, start=1):
            if each.position != position:
                each.position = position
                each.save(update_fields=["position"])


def delete_step(*, step: SyncStep, by: User | None) -> None:
    """Delete the step with its rows. People, links and what runs have done stay."""
    with transaction.atomic(), noting(by=by):
        step.delete()
