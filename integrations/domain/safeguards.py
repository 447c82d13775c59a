"""The brake: a run that would change unusually much is held before any write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """A connection's limits. A run is held above them, not at them.

    Changed people count only when they are more than `changed_percent` of the linked ones and more than
    `changed_minimum`.
    """

    changed_percent: int = 30
    changed_minimum: int = 100
    owner_changes: int = 200
    enrolments: int = 500


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a planned run would do. `linked`: people linked before it. `changed`: of those, who would be written to.

    `owner_changes`: new owners of people who exist already. `enrolments`: people put into a sequence.
    """

    linked: int
    changed: int
    owner_changes: int
    enrolments: int


def brake(totals: RunTotals, limits: BrakeLimits) -> list[str]:
    """Why the run must be held, in sentences for people; empty when it may go on."""
    reasons: list[str] = []
    too_many = totals.changed > limits.changed_minimum
    # Whole numbers throughout, so that exactly the limit never trips it.
    if too_many and totals.changed * 100 > totals.linked * limits.changed_percent:
        reasons.append(
            f"{totals.changed:,} of {totals.linked:,} linked people would change: more than {limits.changed_percent} % "
            f"and more than {limits.changed_minimum:,}."
        )
    if totals.owner_changes > limits.owner_changes:
        reasons.append(
            f"{totals.owner_changes:,} people would get another owner; the limit is {limits.owner_changes:,} a run."
        )
    if totals.enrolments > limits.enrolments:
        reasons.append(
            f"{totals.enrolments:,} people would be put into sequences; the limit is {limits.enrolments:,} a run."
        )
    return reasons
