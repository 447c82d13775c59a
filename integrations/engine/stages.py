"""Cutting a stage's work into chunks, weighing it before it is applied, and closing its books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from integrations.domain.books import Books, imbalance
from integrations.domain.safeguards import BrakeLimits, RunTotals
from integrations.domain.safeguards import brake as why_held
from integrations.models import (
    Action,
    Outcome,
    Part,
    Phase,
    RunChunk,
    RunEntry,
    RunKind,
    RunStage,
    StepCheckpoint,
    SyncStep,
)

from .candidates import TAKING_UP, ranges, whom_to_plan
from .connect import spec_of
from .settings_loader import load
from .take_up import taken_up
from .write_people import chunk_sizes

BOOKS = tuple(field.name for field in fields(Books))
"""The columns of a stage that must balance."""


@dataclass(frozen=True, slots=True)
class Counts:
    """People by what became of them, or by what is planned for them; `open` are those whose turn comes."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    conflicts: int = 0
    failed: int = 0
    open: int = 0
    owners: int = 0
    enrolled: int = 0


def plan_chunks(stage: RunStage, step: SyncStep) -> list[RunChunk]:
    """The stage's planning (not saved yet). Changed settings make it plan everybody."""
    stage.settings = load(step).fingerprint
    checkpoint = StepCheckpoint.objects.filter(step=step).first()
    is_ordinary = stage.run.kind not in TAKING_UP and not stage.run.hinted
    if is_ordinary and checkpoint is not None and checkpoint.settings != stage.settings:
        stage.full = True
    stage.save()
    rows = taken_up(stage) if stage.run.kind in (RunKind.APPLY, RunKind.UNDO) else whom_to_plan(stage, step)
    return [_chunk(stage, Phase.PLAN, {"first": first, "last": last}) for first, last in ranges(rows)]


def write_chunks(stage: RunStage, step: SyncStep) -> list[RunChunk]:
    """Creates and updates, by entry ranges."""
    return [
        _chunk(stage, Phase.WRITE, {"action": action, "first": part[0], "last": part[-1]})
        for planned_action, size in chunk_sizes(spec_of(step.target_account)).items()
        for (action,), part in _batches(
            stage.entries.filter(action=planned_action, write_part=Part.PLANNED), size, "action"
        )
    ]


def owner_chunks(stage: RunStage, step: SyncStep) -> list[RunChunk]:
    """One chunk per owner and batch."""
    planned = stage.entries.filter(owner_part=Part.PLANNED)
    size = spec_of(step.target_account).owner_batch
    return [
        _chunk(stage, Phase.ASSIGN, {"owner": owner, "entries": part})
        for (owner,), part in _batches(planned, size, "owner_after")
    ]


def enrol_chunks(stage: RunStage, step: SyncStep) -> list[RunChunk]:
    """One chunk per sequence, step, delay option and batch."""
    planned = stage.entries.filter(enrol_part=Part.PLANNED)
    size = spec_of(step.target_account).enrol_batch
    columns = ("sequence_external_id", "step_external_id", "ignore_step_delay")
    return [
        _chunk(
            stage,
            Phase.ENROL,
            {"sequence": sequence, "step": sequence_step, "ignore_step_delay": ignore, "entries": part},
        )
        for (sequence, sequence_step, ignore), part in _batches(planned, size, *columns)
    ]


def brake(stage: RunStage, step: SyncStep) -> list[str]:
    """Why the stage must wait for approval before it writes; empty when it need not."""
    connection = step.connection
    planned = stage.entries.aggregate(
        updates=Count("pk", filter=Q(action=Action.UPDATE) & (Q(write_part=Part.PLANNED) | Q(owner_part=Part.PLANNED))),
        owners=Count("pk", filter=Q(action=Action.UPDATE) & ~Q(owner_after="")),
        enrolments=Count("pk", filter=Q(enrol_part=Part.PLANNED)),
    )
    return why_held(
        RunTotals(
            linked=connection.links.count(),
            changed=planned["updates"],
            owner_changes=planned["owners"],
            enrolments=planned["enrolments"],
        ),
        BrakeLimits(
            changed_percent=connection.brake_percent,
            changed_minimum=connection.brake_minimum,
            owner_changes=connection.brake_owner_changes,
            enrolments=connection.enrolment_cap,
        ),
    )


def close(stage: RunStage) -> str:
    """Enter what became of everybody; answers what does not balance, empty when the books do."""
    now = count(stage)
    for name in BOOKS:
        setattr(stage, name, getattr(now, name))
    stage.owners_assigned, stage.enrolled = now.owners, now.enrolled
    wrong = imbalance(Books(**{name: getattr(now, name) for name in BOOKS})) or ""
    stage.closed_at = None if wrong else timezone.now()
    stage.save()
    return wrong


def count(stage: RunStage) -> Counts:
    """The stage's people as its chunks and entries stand now.

    People seen were counted while they were read, entries are counted here: two counts that only agree when nobody was
    lost in between. What a preview plans has no outcome, and counts by what was decided.
    """
    is_preview = stage.run.kind == RunKind.PREVIEW
    planning = stage.chunks.filter(phase=Phase.PLAN).aggregate(seen=Sum("seen"), unchanged=Sum("unchanged"))
    entries = stage.entries.order_by()
    people = dict(entries.values_list("action" if is_preview else "outcome").annotate(Count("pk")))
    created, updated, skipped, conflicts = (people.get(name, 0) for name in (_DECIDED if is_preview else _DONE))
    travelled = Q(owner_part=Part.NONE) & ~Q(owner_after="")
    parts = entries.aggregate(
        owners=Count("pk", filter=Q(owner_part=Part.DONE) | (Q(write_part=Part.DONE) & travelled)),
        enrolled=Count("pk", filter=Q(enrol_part=Part.DONE)),
    )
    return Counts(
        seen=planning["seen"] or 0,
        created=created,
        updated=updated,
        unchanged=(planning["unchanged"] or 0) + people.get(Outcome.UNCHANGED, 0),
        skipped=skipped,
        conflicts=conflicts,
        failed=people.get(Outcome.FAILED, 0),
        open=people.get(Outcome.PLANNED, 0),
        owners=parts["owners"],
        enrolled=parts["enrolled"],
    )


_DECIDED = (Action.CREATE, Action.UPDATE, Action.SKIP, Action.CONFLICT)
_DONE = (Outcome.CREATED, Outcome.UPDATED, Outcome.SKIPPED, Outcome.CONFLICT)


def remember_progress(stage: RunStage, step: SyncStep) -> None:
    """The stage is done: the step's next run looks only at what changed after it, and at who failed in it.

    A small run has not looked at everybody who changed, so the next ordinary one looks at its people once more.
    """
    if stage.run.kind == RunKind.SYNC and not stage.run.hinted:
        StepCheckpoint.objects.update_or_create(
            step=step,
            defaults={
                "source_change": stage.until_source,
                "target_change": stage.until_target,
                "settings": stage.settings,
                "stage": stage,
            },
        )


def _batches(entries: QuerySet[RunEntry], size: int, *columns: str) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
    """The entries' primary keys in batches of at most `size` that have the columns' values in common."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for pk, *values in entries.order_by("pk").values_list("pk", *columns):
        groups[tuple(values)].append(pk)
    for values_in_common, ids in groups.items():
        for start in range(0, len(ids), size):
            yield values_in_common, ids[start : start + size]


def _chunk(stage: RunStage, phase: Phase, payload: dict[str, object]) -> RunChunk:
    now = timezone.now()
    return RunChunk(run_id=stage.run_id, stage=stage, phase=phase, payload=payload, offered_until=now, not_before=now)
