"""Asking for runs, and moving them on."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.engine import flow
from integrations.models import Connection, Run, RunChunk, RunKind, RunState, SyncStep, Trigger
from integrations.models.chunks import ChunkState

from .queue import enqueue, enqueue_chunks


class RunRefused(Exception):  # noqa: N818 -- says what happened
    """The run cannot be started now. `message` says why and what to do; `active` is the run that is in the way."""

    def __init__(self, message: str, active: Run | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.active = active


def request_run(
    *,
    connection: Connection,
    step: SyncStep | None = None,
    kind: RunKind = RunKind.SYNC,
    by: AbstractBaseUser | None = None,
    trigger: Trigger = Trigger.PERSON,
    full: bool = False,
    of_run: Run | None = None,
) -> Run:
    """Ask for a run and return at once; workers do the rest. Raises RunRefused."""
    if kind != RunKind.PREVIEW and not connection.enabled:
        raise RunRefused(_("“%(connection)s” is not enabled. Switch it on first.") % {"connection": connection})
    for account in (connection.crm_account, connection.outreach_account):
        if not account.is_healthy:
            raise RunRefused(
                _("“%(account)s” needs attention: %(detail)s")
                % {"account": account, "detail": account.status_detail or _("test its connection first.")}
            )
    if step is None and not connection.steps.enabled().exists():
        raise RunRefused(_("“%(connection)s” has no step to run. Add a sync step.") % {"connection": connection})
    run = Run(
        connection=connection,
        step=step,
        kind=kind,
        full=full,
        trigger=trigger,
        of_run=of_run,
        requested_by_id=by.pk if by is not None else None,
    )
    try:
        with transaction.atomic():
            run.save()
            enqueue("begin_run", run.pk)
    except IntegrityError:
        active = Run.objects.active().filter(connection=connection).first()
        if active is None:  # it ended in this very moment
            return request_run(
                connection=connection, step=step, kind=kind, by=by, trigger=trigger, full=full, of_run=of_run
            )
        raise RunRefused(
            _("Run %(number)s of “%(connection)s” is active already: %(state)s.")
            % {"number": active.pk, "connection": connection, "state": active.get_state_display()},
            active,
        ) from None
    return run


def cancel_run(*, run: Run, by: AbstractBaseUser | None = None) -> None:
    """Stop a run after the calls that are under way. A run that is over stays as it is."""
    asked = Run.objects.active().filter(pk=run.pk, cancel_requested_at=None).update(cancel_requested_at=timezone.now())
    if asked:
        if Run.objects.filter(pk=run.pk, state__in=[RunState.QUEUED, RunState.HELD]).exists():
            flow.stop(run.pk)
        enqueue_chunks(flow.advance(run.pk))


def approve_run(*, run: Run, by: AbstractBaseUser | None = None) -> None:
    """Let a held run write what it has planned. A run that is not held stays as it is."""
    enqueue_chunks(flow.approve(run))


def begin(run_id: int) -> None:
    """Open a queued run."""
    enqueue_chunks(flow.begin(run_id))


def work(chunk_id: int) -> None:
    """Work on a chunk."""
    enqueue_chunks(flow.work(chunk_id))


def sweep() -> None:
    """Take up what lies idle."""
    enqueue_chunks(flow.sweep())


def drive(run: Run, *, until: datetime | None = None) -> Run:
    """Carry a run out in this process, without a queue, for the command line and for tests.

    Answers the run as it ended. Stops early when the run is held, when only a pause is left, or at `until`.
    """
    ready = flow.begin(run.pk)
    while until is None or timezone.now() < until:
        for chunk_id in ready:
            flow.work(chunk_id)
        flow.advance(run.pk)
        due = RunChunk.objects.open().filter(run=run, not_before__lte=timezone.now())
        ready = list(due.exclude(state=ChunkState.RUNNING).values_list("pk", flat=True))
        if not ready:
            break
    run.refresh_from_db()
    return run
