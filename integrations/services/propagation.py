"""Save and apply for all steps: what one step's settings would change on the connection's other steps, and doing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from django.contrib.auth.models import User
from django.db import transaction

from integrations.models import SyncStep
from integrations.models.history import noting

from .propagation_parts import PLANNERS, PartPlan
from .step_warnings import Section
from .steps import step_version


class ChangedMeanwhile(Exception):  # noqa: N818 -- says what happened
    """A step changed after its page was shown: what would be done is not what was confirmed."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """What happens to one other step."""

    step: SyncStep
    is_opposite: bool
    parts: tuple[PartPlan, ...]

    @property
    def changes_something(self) -> bool:
        """Whether the step would be different afterwards."""
        return any(part.changes_something for part in self.parts)


ALL_PARTS = (Section.OWNERS, Section.FIELDS, Section.FILTERS, Section.SEQUENCES)


def plan_for_all(step: SyncStep, sections: Iterable[Section] = ALL_PARTS) -> list[StepPlan]:
    """What the step's saved settings would change on every other step of its connection. Writes nothing."""
    wanted = [section for section in ALL_PARTS if section in set(sections)]
    others = SyncStep.objects.with_accounts().filter(connection_id=step.connection_id).exclude(pk=step.pk)
    return [
        StepPlan(other, other.way is not step.way, tuple(PLANNERS[section](step, other) for section in wanted))
        for other in others
    ]


def version_of_all(step: SyncStep) -> str:
    """A fingerprint of all steps of the connection, for noticing a change between showing and confirming."""
    steps = SyncStep.objects.filter(connection_id=step.connection_id).order_by("pk")
    return blake2b("".join(step_version(each) for each in steps).encode(), digest_size=12).hexdigest()


def apply_for_all(*, step: SyncStep, sections: Iterable[Section], version: str, by: User | None) -> list[StepPlan]:
    """Do what `plan_for_all` shows, in one transaction, with history for every step that changes. Starts no run.

    Raises ChangedMeanwhile when `version` is not `version_of_all` any more, and then changes nothing.
    """
    with transaction.atomic():
        list(SyncStep.objects.select_for_update().filter(connection_id=step.connection_id).order_by("pk"))
        if version_of_all(step) != version:
            raise ChangedMeanwhile
        plans = [plan for plan in plan_for_all(step, sections) if plan.changes_something]
        for plan in plans:
            changed = [part for part in plan.parts if part.changes_something]
            words = ", ".join(_WORDS[part.section] for part in changed)
            with noting(f"Applied from “{step}”: {words}.", by):
                for part in changed:
                    part.apply()
    return plans


_WORDS = {
    Section.OWNERS: "ownership mappings",
    Section.FIELDS: "fields mapping",
    Section.FILTERS: "filtering rules",
    Section.SEQUENCES: "people to sequence",
}
