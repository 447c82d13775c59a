from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Clock, Delivery, Sandbox
from integrations.sandbox.options import SandboxOptions
from tests.sandbox.door import NOON, control, knock

HOOK = {"subscription_url": "https://sync.example/hook", "event_action": "*", "event_object": "person", "name": "Sync"}


@dataclass
class Outside:
    """A sandbox with a webhook, and what has left it."""

    sent: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sandbox: Sandbox = build_sandbox(
            SandboxOptions().without_limits(), 5, clock=Clock(NOON), deliver=self.sent.append
        )
        knock(self.sandbox, "POST", "/pipedrive/v1/webhooks", HOOK)

    def rename(self, person: int) -> None:
        control(
            self.sandbox, "POST", "/change", {"product": "pipedrive", "id": person, "fields": {"name": f"New {person}"}}
        )

    def steer(self, **command: Any) -> Any:
        return control(self.sandbox, "POST", "/deliveries", command)

    @property
    def people(self) -> list[str]:
        """Whom the deliveries that have left are about."""
        latest = control(self.sandbox, "GET", "/deliveries")["latest"]
        entity = {str(each["body"]): each["body"]["meta"]["entity_id"] for each in latest}
        return [entity[str(json.loads(each.body))] for each in self.sent]


def test_lost_deliveries_are_remembered_and_can_be_replayed() -> None:
    outside = Outside()
    outside.steer(fate="lose")
    outside.rename(1)
    outside.steer(fate="send")
    outside.rename(2)
    assert outside.people == ["2"]

    outside.steer(replay=[1, 2])

    assert outside.people == ["2", "1", "2"]


def test_held_deliveries_are_released_the_other_way_round() -> None:
    outside = Outside()
    outside.steer(fate="hold")
    for person in (1, 2, 3):
        outside.rename(person)
    assert (outside.people, control(outside.sandbox, "GET", "/deliveries")["held"]) == ([], 3)

    outside.steer(release="reversed")

    assert outside.people == ["3", "2", "1"]


def test_deliveries_are_doubled() -> None:
    outside = Outside()
    outside.steer(fate="twice")
    outside.rename(1)

    assert outside.people == ["1", "1"]


def test_a_reset_sends_again() -> None:
    outside = Outside()
    outside.steer(fate="hold")
    outside.rename(1)

    control(outside.sandbox, "POST", "/reset")

    assert control(outside.sandbox, "GET", "/deliveries") == {"fate": "send", "held": 0, "latest": []}


@pytest.mark.parametrize(
    "command", [{}, {"fate": "burn"}, {"release": "sideways"}, {"replay": 1}, {"replay": [9]}, {"fate": "send", "x": 1}]
)
def test_a_command_that_makes_no_sense_is_refused_with_a_sentence(command: dict[str, Any]) -> None:
    answer = knock(Outside().sandbox, "POST", "/_sandbox/deliveries", command)

    assert answer.status == 400
    assert answer.json()["error"].endswith(".")
