"""Asking for runs, and moving them on."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.engine import flow
from integrations.engine.settings_loader import load
from integrations.engine.work import work as work_on
from integrations.models import Action, Connection, Outcome, Run, RunChunk, RunKind, RunState, SyncStep, Trigger
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
    hinted: bool = False,
    of_run: Run | None = None,
) -> Run:
    """Ask for a run and return at once; workers do the rest. Raises RunRefused.

    A `hinted` run is a small one: it reads and plans only the people of whom webhooks have told.
    """
    # What was switched off because it did harm can still be undone.
    if kind not in (RunKind.PREVIEW, RunKind.UNDO) and not connection.enabled:
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
        hinted=hinted,
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
                connection=connection,
                step=step,
                kind=kind,
                by=by,
                trigger=trigger,
                full=full,
                hinted=hinted,
                of_run=of_run,
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


def discard_run(*, run: Run, by: AbstractBaseUser | None = None) -> None:
    """End a held run without writing what it has planned. Raises RunRefused when it is not held any more."""
    if run.state != RunState.HELD:
        raise RunRefused(_("Run %(number)s is not held any more.") % {"number": run.pk})
    cancel_run(run=run, by=by)


def retry_failed(*, run: Run, by: AbstractBaseUser | None = None, trigger: Trigger = Trigger.PERSON) -> Run:
    """Plan and apply the people who failed in a run again. Raises RunRefused."""
    if not run.entries.filter(outcome=Outcome.FAILED).exists():
        raise RunRefused(_("Nobody failed in run %(number)s.") % {"number": run.pk})
    return _follow(run, RunKind.RETRY, by, trigger)


def apply_plan(*, preview: Run, by: AbstractBaseUser | None = None, trigger: Trigger = Trigger.PERSON) -> Run:
    """Do what a preview has shown; people who have changed since are left and marked stale. Raises RunRefused."""
    if preview.kind != RunKind.PREVIEW or preview.state != RunState.SUCCEEDED:
        raise RunRefused(_("Run %(number)s is not a finished preview.") % {"number": preview.pk})
    for stage in preview.stages.select_related("step"):
        step = SyncStep.objects.with_accounts().filter(stages=stage).first()
        if step is None or load(step).fingerprint != stage.settings:
            raise RunRefused(
                _("The settings of “%(step)s” have changed since this preview. Preview again.") % {"step": stage.label}
            )
    if not preview.entries.filter(action__in=[Action.CREATE, Action.UPDATE]).exists():
        raise RunRefused(_("The preview has nothing to apply: everybody is in step already."))
    return _follow(preview, RunKind.APPLY, by, trigger)


def undo_run(*, run: Run, by: AbstractBaseUser | None = None, trigger: Trigger = Trigger.PERSON) -> Run:
    """Put back what a run changed, where the value is still what the run wrote. Raises RunRefused."""
    if only_created(run):
        raise RunRefused(
            _("Run %(number)s only created people, and undo deletes nobody, so there is nothing to put back.")
            % {"number": run.pk}
        )
    if not can_be_undone(run):
        raise RunRefused(_("Run %(number)s has changed nobody, so there is nothing to undo.") % {"number": run.pk})
    return _follow(run, RunKind.UNDO, by, trigger)


def can_be_undone(run: Run) -> bool:
    """Whether a run is over and has updated somebody; the people it created are only listed by undo."""
    return _is_written(run) and run.entries.filter(outcome=Outcome.UPDATED).exists()


def only_created(run: Run) -> bool:
    """Whether a run is over and has created people and updated nobody, so that undo has nothing to put back."""
    return _is_written(run) and not can_be_undone(run) and run.entries.filter(outcome=Outcome.CREATED).exists()


def _is_written(run: Run) -> bool:
    return run.writes and not run.is_active


def _follow(run: Run, kind: RunKind, by: AbstractBaseUser | None, trigger: Trigger) -> Run:
    return request_run(connection=run.connection, step=run.step, kind=kind, by=by, trigger=trigger, of_run=run)


def approve_run(*, run: Run, by: AbstractBaseUser | None = None) -> None:
    """Let a held run write what it has planned. A run that is not held stays as it is."""
    enqueue_chunks(flow.approve(run))


def begin(run_id: int) -> None:
    """Open a queued run."""
    enqueue_chunks(flow.begin(run_id))


def work(chunk_id: int) -> None:
    """Work on a chunk; when the run is over or held with that, have somebody look for alerts."""
    ready = work_on(chunk_id)
    enqueue_chunks(ready)
    if not ready and Run.objects.resting().filter(chunks=chunk_id).exists():
        enqueue("look_for_alerts")


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
            work_on(chunk_id)
        flow.advance(run.pk)
        due = RunChunk.objects.open().filter(run=run, not_before__lte=timezone.now())
        ready = list(due.exclude(state=ChunkState.RUNNING).values_list("pk", flat=True))
        if not ready:
            break
    run.refresh_from_db()
    return run
