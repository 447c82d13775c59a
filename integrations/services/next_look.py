"""Whom an ordinary sync would look at, if it began now."""

from __future__ import annotations

from collections.abc import Collection

from integrations.engine.candidates import open_stage, whom_to_plan
from integrations.models import Run, RunKind, StepCheckpoint, SyncStep


def seen_by_the_next_sync(step: SyncStep, fingerprint: str, people: Collection[int]) -> frozenset[int]:
    """Those of the people (primary keys) whom the step's next sync plans, by what the mirror holds now.

    `fingerprint` is of the step's settings: once they have changed, everybody is planned. Stores nothing.
    """
    stage = open_stage(Run(connection=step.connection, step=step, kind=RunKind.SYNC), step, 0)
    checkpoint = StepCheckpoint.objects.filter(step=step).first()
    stage.full = stage.full or checkpoint is None or checkpoint.settings != fingerprint
    return frozenset(whom_to_plan(stage, step).filter(pk__in=people).values_list("pk", flat=True))
