"""The run as a state machine. Every step of it is a database fact, so any worker can take it on at any point.

`begin`, `advance`, `approve` and `sweep` answer the ids of chunks that are ready, for the caller to put on the queue.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.domain.reasons import Reason
from integrations.models import Action, Outcome, Part, Phase, Run, RunChunk, RunKind, RunStage, RunState, SyncStep
from integrations.models.chunks import ChunkState

from . import stages
from .candidates import TAKING_UP, open_stage
from .claim import lease_time
from .enrol import owe
from .hints import hinted_reading, hinted_steps, take_hints
from .read import reading_for
from .survivors import follow_survivors

log = structlog.get_logger(__name__)

MOVING = (RunState.READING, RunState.PLANNING, RunState.APPLYING)


def begin(run_id: int) -> list[int]:
    """Open a queued run: its reading, and a stage for each of its steps."""
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("connection", "of_run").get(pk=run_id)
        if run.state != RunState.QUEUED:
            return []
        run.state, run.phase, run.started_at = RunState.READING, Phase.READ, timezone.now()
        run.save()
        steps = _steps(run)
        if not steps:
            end(run, RunState.FAILED, "There is no step to run: the step was deleted, or none is included in runs.")
            return []
        for position, step in enumerate(steps):
            RunStage.objects.create(run=run, step=step, label=str(step), position=position)
        log.info("run.began", run_id=run.pk, connection_id=run.connection_id, kind=run.kind)
        take_hints(run)
        return _offer(hinted_reading(run, steps) if run.hinted else reading_for(run, steps))


def advance(run_id: int) -> list[int]:
    """Move a run on as far as it goes without waiting for a chunk. Harmless at any time, from any number of workers."""
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("connection", "of_run").get(pk=run_id)
        if run.state not in MOVING:
            return []
        if run.cancel_requested_at is not None:
            _cancel(run)
            return []
        if run.chunks.open().exists():
            return []
        while run.state in MOVING:
            chunks = _next(run)
            if chunks:
                run.waiting_until, run.waiting_for = None, ""
                run.save()
                return _offer(chunks)
        return []


def approve(run: Run) -> list[int]:
    """Let a held run write what it planned."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state != RunState.HELD:
            return []
        run.state, run.approved_at = RunState.APPLYING, timezone.now()
        run.save()
    return advance(run.pk)


def stop(run_id: int) -> None:
    """End a run that nobody works on yet, or that waits for approval."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        if run.state in (RunState.QUEUED, RunState.HELD):
            end(run, RunState.CANCELLED, "")


def sweep() -> list[int]:
    """Offer what lies idle: runs that were never begun, chunks without a worker, runs that nobody moved on."""
    now = timezone.now()
    ready: list[int] = []
    for run_id in Run.objects.filter(state=RunState.QUEUED, created_at__lt=now - lease_time() / 4).values_list(
        "pk", flat=True
    ):
        ready += begin(run_id)
    idle = list(RunChunk.objects.idle(now).filter(run__in=Run.objects.active()).values_list("pk", flat=True)[:200])
    RunChunk.objects.filter(pk__in=idle, state=ChunkState.QUEUED).update(offered_until=now + lease_time())
    ready += idle
    for run in Run.objects.filter(state__in=MOVING):
        if run.cancel_requested_at is not None or not run.chunks.open().exists():
            ready += advance(run.pk)
    return ready


def _with_accounts(step: SyncStep) -> SyncStep:
    return SyncStep.objects.with_accounts().get(pk=step.pk)


def _next(run: Run) -> list[RunChunk]:
    """One transition, and the chunks it brings (not saved yet). None: there was nothing to do, so go on."""
    if run.phase == Phase.READ:
        if run.writes:
            follow_survivors(run.connection)
        return _open(run, 0)
    stage = run.stages.select_related("step").get(position=run.stage_position)
    if stage.step is None:
        end(run, RunState.FAILED, f"The step “{stage.label}” was deleted while the run was under way.")
        return []
    step = _with_accounts(stage.step)
    match Phase(run.phase):
        case Phase.PLAN:
            return _weigh(run, stage, step)
        case Phase.WRITE:
            run.phase = Phase.ASSIGN
            return stages.owner_chunks(stage, step)
        case Phase.ASSIGN:
            run.phase = Phase.ENROL
            return stages.enrol_chunks(stage, step)
        case _:
            return _close(run, stage, step)


def _open(run: Run, position: int) -> list[RunChunk]:
    """Start the next stage's planning, or end the run when there is none."""
    stage = run.stages.select_related("step").filter(position=position).first()
    if stage is None:
        failed = any(stage.failed for stage in run.stages.all())
        end(run, RunState.SUCCEEDED_WITH_ERRORS if failed else RunState.SUCCEEDED, "")
        return []
    run.stage_position, run.phase, run.state = position, Phase.PLAN, RunState.PLANNING
    if stage.step is None:
        return []
    step = _with_accounts(stage.step)
    opened = open_stage(run, step, position)
    opened.pk = stage.pk
    return stages.plan_chunks(opened, step)


def _weigh(run: Run, stage: RunStage, step: SyncStep) -> list[RunChunk]:
    """All is planned: a preview goes on to the next stage, a run that would change too much waits, others write."""
    if not run.writes:
        return _close(run, stage, step)
    # Somebody has seen what an applied preview or an undo does: that was the approval.
    is_approved = run.approved_at is not None or run.kind in (RunKind.APPLY, RunKind.UNDO)
    reasons = [] if is_approved else stages.brake(stage, step)
    if reasons:
        run.state, run.held_because, run.held_at = RunState.HELD, reasons, timezone.now()
        run.save()
        log.warning("run.held", run_id=run.pk, connection_id=run.connection_id)
        return []
    run.state, run.phase, run.approved_at = RunState.APPLYING, Phase.WRITE, None
    return stages.write_chunks(stage, step)


def _close(run: Run, stage: RunStage, step: SyncStep) -> list[RunChunk]:
    imbalance = stages.close(stage)
    if imbalance:
        end(run, RunState.FAILED, imbalance)
        return []
    stages.remember_progress(stage, step)
    return _open(run, stage.position + 1)


def _cancel(run: Run) -> None:
    """Abandon what waits; once nobody works on the run any more, whoever was planned and not written is skipped."""
    run.chunks.filter(state=ChunkState.QUEUED).update(state=ChunkState.ABANDONED)
    if run.chunks.filter(state=ChunkState.RUNNING).exists():
        return
    end(run, RunState.CANCELLED, "")


def end(run: Run, state: RunState, failure: str) -> None:
    """End a run, in the present transaction.

    Whoever had not had their turn is skipped with that word, and what was not closed is counted.
    """
    run.chunks.open().update(state=ChunkState.ABANDONED)
    planned = run.entries.filter(outcome=Outcome.PLANNED)
    if run.writes and state in (RunState.FAILED, RunState.CANCELLED):
        planned.filter(write_part=Part.DONE, action=Action.CREATE).update(outcome=Outcome.CREATED)
        planned.filter(write_part=Part.DONE, action=Action.UPDATE).update(outcome=Outcome.UPDATED)
        planned.filter(write_part=Part.SENDING).update(outcome=Outcome.FAILED, reason=Reason.OUTCOME_UNKNOWN)
        reason = Reason.CANCELLED if state == RunState.CANCELLED else Reason.RUN_FAILED
        owe(run, reason)
        planned.update(outcome=Outcome.SKIPPED, reason=reason)
        for stage in run.stages.filter(closed_at=None):
            stages.close(stage)
    run.state, run.failure, run.finished_at = state, failure, timezone.now()
    run.waiting_until, run.waiting_for = None, ""
    run.save()
    log.info("run.ended", run_id=run.pk, connection_id=run.connection_id, kind=run.kind, state=state.value)


def _offer(chunks: list[RunChunk]) -> list[int]:
    for chunk in chunks:
        chunk.offered_until = timezone.now() + lease_time()
    RunChunk.objects.bulk_create(chunks)
    return [chunk.pk for chunk in chunks]


def _steps(run: Run) -> list[SyncStep]:
    if run.kind in TAKING_UP and run.of_run is not None:
        # An undo goes backwards, so that what two steps wrote comes back in the right order.
        order = "-position" if run.kind == RunKind.UNDO else "position"
        ids = run.of_run.stages.exclude(step=None).order_by(order).values_list("step_id", flat=True)
        steps = SyncStep.objects.with_accounts().in_bulk(list(ids))
        return [steps[pk] for pk in ids if pk in steps]
    if run.hinted:
        return hinted_steps(run.connection)
    if run.step_id is not None:
        return list(SyncStep.objects.with_accounts().filter(pk=run.step_id))
    return list(SyncStep.objects.enabled().with_accounts().filter(connection=run.connection))
