"""What all work on one stage needs at hand: the step, its settings made ready, and the target's constants."""

from __future__ import annotations

from dataclasses import dataclass, replace

from integrations.connectors.ports import ConnectorSpec
from integrations.domain.planning import Planner, compile_settings
from integrations.domain.step_settings import StepSettings
from integrations.models import Account, RunStage, SyncStep

from .connect import spec_of
from .settings_loader import load, saved_filters_of
from .situations import Gatherer


@dataclass(frozen=True, slots=True)
class Bench:
    """A stage's tools. `account` and `spec` are the target's."""

    stage: RunStage
    step: SyncStep
    settings: StepSettings
    planner: Planner
    gatherer: Gatherer
    account: Account
    spec: ConnectorSpec


def set_up(stage: RunStage, step: SyncStep) -> Bench:
    """Load the step's settings for the stage.

    Somebody may have edited them since the stage was planned. What the links remember must then not be taken for
    decided under the new settings, so the stage's fingerprint stands.
    """
    settings = load(step)
    if stage.settings and stage.settings != settings.fingerprint:
        settings = replace(settings, fingerprint=stage.settings)
    return Bench(
        stage,
        step,
        settings,
        compile_settings(settings),
        Gatherer(step, saved_filters_of(settings)),
        step.target_account,
        spec_of(step.target_account),
    )
