"""What the commands that ask for runs have in common."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from integrations.models import Connection, Run, RunKind, RunState, SyncStep, Trigger
from integrations.services import runs
from integrations.services.forecast import forecast

POLL = 0.5


class RunCommand(BaseCommand):
    """Asks for a run of `kind`, and waits for it or carries it out if told to. Exits with 1 if the run failed."""

    kind: ClassVar[RunKind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to run, and how long to stay."""
        parser.add_argument("what", help="a connection's name or number, or step:NUMBER")
        parser.add_argument("--wait", action="store_true", help="wait for the end; exit with 1 if the run failed")
        parser.add_argument("--full", action="store_true", help="read and look at everybody, not only what changed")
        parser.add_argument(
            "--here", action="store_true", help="carry the run out in this process, without workers; implies --wait"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for the run, then report on it where it was waited for."""
        connection, step = find_what_to_run(options["what"])
        try:
            run = runs.request_run(
                connection=connection, step=step, kind=self.kind, trigger=Trigger.COMMAND, full=options["full"]
            )
        except runs.RunRefused as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(f"Run {run.pk} of “{connection}” is queued.")
        if options["here"]:
            run = runs.drive(run)
        elif options["wait"]:
            run = _wait_for(run)
        else:
            return
        self._report(run)

    def _report(self, run: Run) -> None:
        words = _DONE if run.writes else _PLANNED
        for stage in run.stages.all():
            self.stdout.write(words.format(stage=stage))
        words = f"Run {run.pk} {run.get_state_display()}."
        if run.state in (RunState.FAILED, RunState.CANCELLED):
            raise CommandError(f"{words} {run.failure}".strip())
        self.stdout.write(f"{words} {' '.join(run.held_because)}".strip())
        if cost := forecast(run).words:
            self.stdout.write(f"Writing this costs {cost}.")


_DONE = (
    "{stage.label}: {stage.seen} seen, {stage.created} created, {stage.updated} updated, "
    "{stage.unchanged} unchanged, {stage.skipped} skipped, {stage.conflicts} conflicts, "
    "{stage.failed} failed, {stage.enrolled} added to sequences"
)
_PLANNED = (
    "{stage.label}: {stage.seen} seen, {stage.created} to create, {stage.updated} to update, "
    "{stage.unchanged} unchanged, {stage.skipped} skipped, {stage.conflicts} conflicts"
)


def find_what_to_run(what: str) -> tuple[Connection, SyncStep | None]:
    """The connection, by name or number, or the step, as `step:NUMBER`. Raises CommandError with what there is."""
    kind, _, number = what.partition(":")
    if kind == "step" and number.isdecimal():
        step = SyncStep.objects.with_accounts().filter(pk=number).first()
        if step is None:
            raise CommandError(f"There is no step {number}.")
        return step.connection, step
    named = Connection.objects.with_accounts().filter(name=what)
    if not named and what.isdecimal():
        named = Connection.objects.with_accounts().filter(pk=what)
    found = named.first()
    if found is None:
        names = ", ".join(f"“{name}”" for name in Connection.objects.values_list("name", flat=True)) or "none at all"
        raise CommandError(f"There is no connection {what!r}. There are: {names}.")
    return found, None


def _wait_for(run: Run) -> Run:
    while run.is_active and run.state != RunState.HELD:
        time.sleep(POLL)
        run.refresh_from_db()
    return run
