"""Whom a stage plans: everybody, or those who changed on either side since the step last finished and who were left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.domain.reasons import Reason
from integrations.models import (
    Outcome,
    Person,
    PersonLink,
    ReadCheckpoint,
    Run,
    RunEntry,
    RunKind,
    RunStage,
    StepCheckpoint,
    SyncStep,
)
from integrations.models.people import PersonQuerySet

from .hints import hinted_people

TAKING_UP = (RunKind.RETRY, RunKind.APPLY, RunKind.UNDO)
"""Kinds of runs that take up the stages of another run."""
MADE_BY_OTHERS = (Reason.AMBIGUOUS, Reason.DUPLICATE_SOURCE, Reason.LINKED_ELSEWHERE)
"""Conflicts that end when somebody else changes, of whom the person's own record and link say nothing."""
PLAN_BATCH = 2_000
"""People in one chunk of planning: a second or two of work."""


def open_stage(run: Run, step: SyncStep, position: int) -> RunStage:
    """A stage for the step, with what it has to look at fixed now, before anybody is read from the mirror."""
    stage = RunStage(run=run, step=step, label=str(step), position=position)
    stage.until_source = ReadCheckpoint.objects.changes_so_far(step.source_account.pk)
    stage.until_target = ReadCheckpoint.objects.changes_so_far(step.target_account.pk)
    if run.kind in TAKING_UP and run.of_run is not None:
        stage.of_stage = run.of_run.stages.filter(step=step).first()
        return stage
    checkpoint = StepCheckpoint.objects.filter(step=step).first()
    stage.full = not run.hinted and (run.full or checkpoint is None)
    if checkpoint is not None:
        stage.since_source, stage.since_target = checkpoint.source_change, checkpoint.target_change
        stage.of_stage = checkpoint.stage
    return stage


def whom_to_plan(stage: RunStage, step: SyncStep) -> PersonQuerySet:
    """The source people of a stage, ordered by primary key."""
    people = Person.objects.filter(account=step.source_account).order_by("pk")
    before = RunEntry.objects.filter(stage=stage.of_stage)
    failed = Q(pk__in=before.filter(outcome=Outcome.FAILED).values("source_person_id"))
    if stage.run.kind == RunKind.RETRY:
        return people.filter(failed)
    if stage.run.hinted:
        return people.filter(external_id__in=hinted_people(stage.run, step.source_account))
    in_conflict = Q(pk__in=before.filter(reason__in=MADE_BY_OTHERS).values("source_person_id"))
    side, other = step.way.source.value, step.way.target.value
    links = PersonLink.objects.filter(connection_id=step.connection_id)
    if stage.full:
        # The missing matter only where a link has to learn of it. Asked for each of them: they are few, links are not.
        linked = Exists(links.filter(**{f"{side}_person_id": OuterRef("pk")}))
        return people.filter(Q(missing_since=None) | linked)
    target_changed = links.filter(**{f"{other}_person__change__gt": stage.since_target})
    changed = Q(change__gt=stage.since_source) | Q(pk__in=target_changed.values(f"{side}_person_id"))
    return people.filter(changed | failed | in_conflict)


def ranges(rows: QuerySet[Any]) -> Iterator[tuple[int, int]]:
    """Primary-key ranges of PLAN_BATCH rows each, without loading the rows."""
    first = last = 0
    for count, pk in enumerate(rows.values_list("pk", flat=True).iterator(chunk_size=PLAN_BATCH)):
        if count % PLAN_BATCH == 0:
            if count:
                yield first, last
            first = pk
        last = pk
    if last:
        yield first, last
