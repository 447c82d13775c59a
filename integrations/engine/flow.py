"""The run as a state machine. Every step of it is a database fact, so any worker can take it on at any point.

`begin`, `work` and `advance` answer the ids of chunks that are ready; whoever called puts them on the queue.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import assert_never

from django.db import transaction
from django.utils import timezone

from integrations.connectors.errors import AuthenticationFailed, ConnectorError, OutcomeUnknown, TemporaryError
from integrations.domain.reasons import Reason
from integrations.models import (
    Account,
    Action,
    Outcome,
    Part,
    Phase,
    Run,
    RunChunk,
    RunKind,
    RunStage,
    RunState,
    SyncStep,
)
from integrations.models.chunks import ChunkState

from . import stages
from .assign import apply_owners
from .bench import set_up
from .candidates import TAKING_UP, open_stage
from .claim import Lease, LeaseLost, claim, lease_time
from .connect import mark_needs_attention, open_connector, spec_of
from .enrol import enrol
from .limiter import AccountLimiter
from .plan_run import plan
from .read import read, reading_for
from .survivors import follow_survivors
from .take_up import take_up
from .write_people import SETTLING, apply_writes

log = logging.getLogger(__name__)

MOVING = (RunState.READING, RunState.PLANNING, RunState.APPLYING)
PATIENCE = 12
"""Attempts at a chunk that raise something unforeseen before the run gives up."""
LONGEST_PAUSE = timedelta(minutes=15)


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
            _end(run, RunState.FAILED, "There is no step to run: the step was deleted, or none is included in runs.")
            return []
        for position, step in enumerate(steps):
            RunStage.objects.create(run=run, step=step, label=str(step), position=position)
        return _offer(reading_for(run, steps))


def work(chunk_id: int) -> list[int]:
    """Work on a chunk if nobody does, and move its run on when that was the last."""
    lease = claim(chunk_id)
    if lease is None:
        return []
    run_id = lease.chunk.run_id
    try:
        again = _work(lease)
    except LeaseLost:
        log.info("chunk %s was taken over", chunk_id)
        return []
    return ([chunk_id] if again else []) + advance(run_id)


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
            _end(run, RunState.CANCELLED, "")


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


def _work(lease: Lease) -> bool:
    """Do the chunk's work; answers whether it is to be put on the queue again at once."""
    run = lease.chunk.run
    if run.cancel_requested_at is not None or not run.is_active:
        lease.finish()
        return False
    account = _account(lease)
    limiter = AccountLimiter(account, spec_of(account).windows, before_call=lease.check) if account else None
    try:
        with lease.kept():
            finished = _handle(lease, account, limiter)
        if finished:
            lease.finish()
        else:
            lease.give_back(not_before=timezone.now())
        return not finished
    except TemporaryError as error:
        _pause(lease, error)
    except AuthenticationFailed as error:
        if account is not None:
            mark_needs_attention(account, error.message)
        _fail(lease, f"{account}: {error.message}")
    except ConnectorError as error:
        _fail(lease, f"{account}: {error.message}")
    except LeaseLost:
        raise
    except Exception as error:
        log.exception("chunk %s failed", lease.chunk.pk)
        if lease.chunk.attempts >= PATIENCE:
            _fail(lease, f"Something unforeseen happened while {lease.chunk.get_phase_display()}: {error!r}")
        else:
            lease.give_back(not_before=timezone.now() + timedelta(seconds=lease.chunk.attempts), error=repr(error))
    finally:
        if limiter is not None:
            lease.spent(limiter.calls, limiter.tokens)
            limiter.close()
    return False


def _handle(lease: Lease, account: Account | None, limiter: AccountLimiter | None) -> bool:
    chunk = lease.chunk
    stage = chunk.stage
    phase = Phase(chunk.phase)
    if stage is not None and stage.step is None:
        return True  # the step was deleted meanwhile; the flow ends the run with that word
    if phase is Phase.PLAN and stage is not None and stage.step is not None:
        planning = take_up if chunk.run.kind in (RunKind.APPLY, RunKind.UNDO) else plan
        return planning(lease, _with_accounts(stage.step))
    if account is None or limiter is None:
        return True
    connector = open_connector(account, limiter)
    try:
        if phase is Phase.READ or stage is None or stage.step is None:
            return read(lease, connector)
        bench = set_up(stage, _with_accounts(stage.step))
        match phase:
            case Phase.WRITE:
                return apply_writes(lease, bench, connector)
            case Phase.ASSIGN:
                return apply_owners(lease, bench, connector)
            case Phase.ENROL:
                return enrol(lease, bench, connector)
            case Phase.PLAN:
                return True
            case _:
                assert_never(phase)
    finally:
        connector.close()


def _account(lease: Lease) -> Account | None:
    """The account that the chunk calls, None for planning."""
    chunk = lease.chunk
    if chunk.phase == Phase.READ:
        return chunk.account
    if chunk.phase == Phase.PLAN or chunk.stage is None or chunk.stage.step is None:
        return None
    return _with_accounts(chunk.stage.step).target_account


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
        _end(run, RunState.FAILED, f"The step “{stage.label}” was deleted while the run was under way.")
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
        _end(run, RunState.SUCCEEDED_WITH_ERRORS if failed else RunState.SUCCEEDED, "")
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
        run.state, run.held_because = RunState.HELD, reasons
        run.save()
        return []
    run.state, run.phase, run.approved_at = RunState.APPLYING, Phase.WRITE, None
    return stages.write_chunks(stage)


def _close(run: Run, stage: RunStage, step: SyncStep) -> list[RunChunk]:
    imbalance = stages.close(stage)
    if imbalance:
        _end(run, RunState.FAILED, imbalance)
        return []
    stages.remember_progress(stage, step)
    return _open(run, stage.position + 1)


def _cancel(run: Run) -> None:
    """Abandon what waits; once nobody works on the run any more, whoever was planned and not written is skipped."""
    run.chunks.filter(state=ChunkState.QUEUED).update(state=ChunkState.ABANDONED)
    if run.chunks.filter(state=ChunkState.RUNNING).exists():
        return
    _end(run, RunState.CANCELLED, "")


def _end(run: Run, state: RunState, failure: str) -> None:
    """The run is over. Whoever had not had their turn is skipped with that word, and what was not closed is counted."""
    run.chunks.open().update(state=ChunkState.ABANDONED)
    planned = run.entries.filter(outcome=Outcome.PLANNED)
    if run.writes and state in (RunState.FAILED, RunState.CANCELLED):
        planned.filter(write_part=Part.DONE, action=Action.CREATE).update(outcome=Outcome.CREATED)
        planned.filter(write_part=Part.DONE, action=Action.UPDATE).update(outcome=Outcome.UPDATED)
        reason = Reason.CANCELLED if state == RunState.CANCELLED else Reason.RUN_FAILED
        planned.update(outcome=Outcome.SKIPPED, reason=reason)
        for stage in run.stages.filter(closed_at=None):
            stages.close(stage)
    run.state, run.failure, run.finished_at = state, failure, timezone.now()
    run.waiting_until, run.waiting_for = None, ""
    run.save()


def _fail(lease: Lease, failure: str) -> None:
    """End the run: going on would be guessing, or in vain."""
    lease.finish()
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=lease.chunk.run_id)
        if run.is_active:
            _end(run, RunState.FAILED, failure)


def _pause(lease: Lease, error: TemporaryError) -> None:
    """Give the chunk back until the product may answer again."""
    grows = timedelta(seconds=min(2.0**lease.chunk.attempts, LONGEST_PAUSE.total_seconds()))
    wait = timedelta(seconds=error.retry_after) if error.retry_after else grows
    if isinstance(error, OutcomeUnknown):
        wait = max(wait, SETTLING)
    until = timezone.now() + wait
    lease.give_back(not_before=until, error=error.message)
    Run.objects.filter(pk=lease.chunk.run_id).update(waiting_until=until, waiting_for=error.message[:255])


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
    if run.step_id is not None:
        return list(SyncStep.objects.with_accounts().filter(pk=run.step_id))
    return list(SyncStep.objects.enabled().with_accounts().filter(connection=run.connection))
