"""The sequences that every seeded workspace has: running, paused, new and archived ones, some with branches."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sandbox.core import Json

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step: its number, the number that it follows, and the side when it follows a condition."""

    number: int
    after: int | None
    type: str
    delay_in_minutes: int
    text: str = ""
    if_positive: bool | None = None
    execution_mode: str = "automatic"

    def details(self, step_id: int) -> dict[str, Json]:
        """What a step of this type has beyond the members that all have."""
        variant = {"id": step_id * 10, "message": f"<p>Hi {{{{firstName}}}},</p><p>{self.text}</p>", "isEnabled": True}
        if self.type == "email":
            return {"variants": [{**variant, "subject": self.text, "hasAttachments": False}]}
        if self.type == "linkedIn":
            return {"actionType": "connect", "variants": [variant]}
        if self.type == "condition":
            return {"variants": [], "conditionType": self.text}
        return {"variants": [], "description": self.text}


@dataclass(frozen=True, slots=True)
class SequencePlan:
    """One sequence."""

    name: str
    status: str
    days_old: int
    steps: tuple[StepPlan, ...]
    is_archived: bool = False
    health: str = "healthy"


SEQUENCES = (
    SequencePlan(
        "Inbound demo requests", "active", 210,
        (
            StepPlan(1, None, "email", 0, "Your demo"),
            StepPlan(2, 1, "call", DAY, "Call to fix a time", execution_mode="manual"),
            StepPlan(3, 2, "email", 2 * DAY, "Did you get my note?"),
            StepPlan(4, 3, "task", 3 * DAY, "Look for another contact", execution_mode="manual"),
        ),
    ),
    SequencePlan(
        "Cold outreach, operations leaders", "active", 150,
        (
            StepPlan(1, None, "linkedIn", 0, "I follow your work"),
            StepPlan(2, 1, "condition", 3 * DAY, "linkedInConnectionAccepted"),
            StepPlan(3, 2, "linkedIn", 60, "Thank you for connecting", if_positive=True),
            StepPlan(4, 3, "email", 2 * DAY, "A question about your planning"),
            StepPlan(5, 2, "email", 60, "A question about your planning", if_positive=False),
            StepPlan(6, 5, "email", 4 * DAY, "Following up"),
        ),
    ),
    SequencePlan(
        "Event follow-up", "active", 45,
        (
            StepPlan(1, None, "email", 0, "Good to meet you"),
            StepPlan(2, 1, "condition", 2 * DAY, "emailOpened"),
            StepPlan(3, 2, "call", 0, "Call while it is fresh", if_positive=True, execution_mode="manual"),
            StepPlan(4, 2, "email", DAY, "The slides from the event", if_positive=False),
        ),
        health="degraded",
    ),
    SequencePlan(
        "Win-back, quiet customers", "paused", 320,
        (
            StepPlan(1, None, "email", 0, "What has changed"),
            StepPlan(2, 1, "email", 5 * DAY, "An offer for old friends"),
        ),
    ),
    SequencePlan(
        "Partner introductions", "new", 6,
        (
            StepPlan(1, None, "email", 30, "An introduction"),
            StepPlan(2, 1, "sms", DAY, "A short note", execution_mode="manual"),
        ),
    ),
    SequencePlan(
        "Spring campaign", "paused", 520,
        (StepPlan(1, None, "email", 0, "Spring news"), StepPlan(2, 1, "email", 3 * DAY, "Last call")),
        is_archived=True,
    ),
)  # fmt: skip
