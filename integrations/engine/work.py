"""Working on a chunk: claim it, do what its phase asks for, and turn what goes wrong into what happens next."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import assert_never

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from integrations.connectors.errors import AuthenticationFailed, ConnectorError, RateLimited, TemporaryError
from integrations.models import Account, Phase, Run, RunKind, RunState

from . import flow
from .assign import apply_owners
from .bench import set_up
from .claim import Lease, LeaseLost, claim
from .connect import mark_needs_attention, open_connector, spec_of
from .enrol import enrol
from .limiter import AccountLimiter
from .look_again import look_again
from .lost_writes import are_under_way
from .plan_run import plan
from .read import read
from .take_up import take_up
from .write_people import apply_writes

log = structlog.get_logger(__name__)

PATIENCE = 12
"""Attempts at a chunk, since one last went well, before something unforeseen makes the run give up."""
LONGEST_PAUSE = timedelta(minutes=15)


def work(chunk_id: int) -> list[int]:
    """Work on a chunk if nobody does, and move its run on when that was the last."""
    lease = claim(chunk_id)
    if lease is None:
        return []
    chunk, run = lease.chunk, lease.chunk.run
    account = _account(lease)
    with structlog.contextvars.bound_contextvars(
        run_id=run.pk,
        connection_id=run.connection_id,
        chunk_id=chunk.pk,
        phase=chunk.phase,
        account_id=account.pk if account else None,
    ):
        try:
            again = _work(lease, account)
        except LeaseLost:
            log.info("chunk.taken_over")
            return []
        return ([chunk_id] if again else []) + flow.advance(run.pk)


def _work(lease: Lease, account: Account | None) -> bool:
    """Do the chunk's work; answers whether it is to be put on the queue again at once."""
    run = lease.chunk.run
    if run.cancel_requested_at is not None or not run.is_active:
        lease.finish()
        return False
    began = time.monotonic()
    limiter = _limiter(lease, account) if account else None
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
        # It may be the database that went away, and then this connection does not come back.
        connection.close_if_unusable_or_obsolete()
        log.exception("chunk.failed", attempts=lease.chunk.attempts)
        if lease.chunk.attempts >= PATIENCE:
            _fail(lease, f"Something unforeseen happened while {lease.chunk.get_phase_display()}: {error!r}")
        else:
            _give_back(lease, timedelta(seconds=lease.chunk.attempts), repr(error))
    finally:
        if limiter is not None:
            try:
                lease.spent(limiter.calls, limiter.tokens)
            finally:
                limiter.close()
        log.info("chunk.worked", calls=limiter.calls if limiter else 0, seconds=round(time.monotonic() - began, 3))
    return False


def _handle(lease: Lease, account: Account | None, limiter: AccountLimiter | None) -> bool:
    chunk = lease.chunk
    stage = chunk.stage
    phase = Phase(chunk.phase)
    if stage is not None and stage.step is None:
        return True  # the step was deleted meanwhile; the flow ends the run with that word
    if phase is Phase.PLAN and stage is not None and stage.step is not None:
        planning = take_up if chunk.run.kind in (RunKind.APPLY, RunKind.UNDO) else plan
        return planning(lease, stage.step)
    if account is None or limiter is None:
        return True
    connector = open_connector(account, limiter)
    try:
        if phase is Phase.READ or stage is None or stage.step is None:
            return read(lease, connector)
        bench = set_up(stage, stage.step)
        match phase:
            case Phase.WRITE:
                look_again(lease, bench, connector)
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


def _limiter(lease: Lease, account: Account) -> AccountLimiter:
    """The chunk's share of the account's budget. A run is small when a phase is one chunk and not everybody is read."""
    chunk = lease.chunk
    alike = chunk.run.chunks.filter(stage=chunk.stage_id, phase=chunk.phase, account=chunk.account_id)
    is_small = not chunk.run.full and alike.count() == 1
    return AccountLimiter(account, spec_of(account).windows, before_call=lease.check, is_small=is_small)


def _account(lease: Lease) -> Account | None:
    """The account that the chunk calls, None for planning."""
    chunk = lease.chunk
    if chunk.phase == Phase.READ:
        return chunk.account
    if chunk.phase == Phase.PLAN or chunk.stage is None or chunk.stage.step is None:
        return None
    return chunk.stage.step.target_account


def _fail(lease: Lease, failure: str) -> None:
    """End the run: going on would be guessing, or in vain."""
    lease.finish()
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=lease.chunk.run_id)
        if run.is_active:
            flow.end(run, RunState.FAILED, failure)


def _pause(lease: Lease, error: TemporaryError) -> None:
    """Give the chunk back until the product may answer again."""
    grows = timedelta(seconds=min(2.0**lease.chunk.attempts, LONGEST_PAUSE.total_seconds()))
    wait = timedelta(seconds=error.retry_after) if error.retry_after else grows
    # Waiting for a limit is as it should be; only what fails is tried less and less often.
    is_foretold = isinstance(error, RateLimited) and error.retry_after > 0
    until = _give_back(lease, wait, error.message, went_well=is_foretold)
    log.info("chunk.waits", until=until.isoformat(), error=type(error).__name__)
    Run.objects.filter(pk=lease.chunk.run_id).update(waiting_until=until, waiting_for=error.message[:255])


def _give_back(lease: Lease, wait: timedelta, error: str, *, went_well: bool = False) -> datetime:
    """Give the chunk back for `wait`; answers until when. What may still be on its way is left to arrive.

    A look-up that comes too early would not find it, and it would be sent again.
    """
    if are_under_way(lease.chunk):
        wait = max(wait, timedelta(seconds=settings.SYNC_SETTLE_SECONDS))
    until = timezone.now() + wait
    lease.give_back(not_before=until, error=error, went_well=went_well)
    return until
