"""What can be done with a run as it stands. The services that do it decide again."""

from __future__ import annotations

from collections.abc import Callable

from integrations.models import Action, Outcome, Run, RunKind, RunState

from .runs import can_be_undone


def is_held(run: Run) -> bool:
    """Whether it waits for approve or discard."""
    return run.state == RunState.HELD


def can_be_cancelled(run: Run) -> bool:
    """Whether it is going on; a held one is discarded instead."""
    return run.is_active and not is_held(run)


def has_failures(run: Run) -> bool:
    """Whether there is somebody to try again."""
    return not run.is_active and run.writes and run.entries.filter(outcome=Outcome.FAILED).exists()


def has_a_plan(run: Run) -> bool:
    """Whether it is a finished preview that would change somebody."""
    return (
        run.kind == RunKind.PREVIEW
        and run.state == RunState.SUCCEEDED
        and run.entries.filter(action__in=[Action.CREATE, Action.UPDATE]).exists()
    )


def has_costs_ahead(run: Run) -> bool:
    """Whether something planned is, or may be, still to be written."""
    is_shown = run.kind == RunKind.PREVIEW and run.state == RunState.SUCCEEDED
    return is_shown or run.state in (RunState.HELD, RunState.APPLYING)


POSSIBLE: dict[str, Callable[[Run], bool]] = {
    "discard": is_held,
    "approve": is_held,
    "cancel": can_be_cancelled,
    "undo": can_be_undone,
    "retry": has_failures,
    "apply": has_a_plan,
}
"""By the name of the action, in the order of the run page's buttons."""


def possible_actions(run: Run) -> list[str]:
    """Those that make sense now."""
    return [name for name, applies in POSSIBLE.items() if applies(run)]
