"""Putting people into sequences, and the numbers under which people know a sequence's steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .catalogue import SequenceStep
from .decisions import Enrolment, NotEnrolled
from .enums import Direction
from .reasons import Reason
from .step_settings import SequenceRule, StepSettings


class EnrolmentTable:
    """The people-to-sequence rows, answered per owner of the target person."""

    def __init__(self, settings: StepSettings) -> None:
        self._rules: dict[str, SequenceRule] = {}
        if settings.direction is Direction.TO_OUTREACH:
            for rule in settings.sequences:
                self._rules.setdefault(rule.owner.id, rule)
        self._mapped = frozenset(pair.target.id for pair in settings.owners)

    def answer(
        self,
        owner_id: str | None,
        *,
        is_new: bool,
        opted_out: bool,
        enrolled: Collection[str],
        owed: Collection[str] = (),
    ) -> Enrolment | NotEnrolled | None:
        """Whether to enrol a person whom `owner_id` owns once this decision is carried out.

        `is_new`: this decision creates the target person. `opted_out`: the target person has. `enrolled`: the sequences
        in which the ledger already has the person. `owed`: those into which an earlier run was about to put them, which
        may have been when they were new. None: no row applies.
        """
        rule = self._rules.get(owner_id) if owner_id is not None else None
        if rule is None or (rule.only_for_new and not is_new and rule.sequence_id not in owed):
            return None
        if rule.sequence_id in enrolled:
            return NotEnrolled(rule.id, Reason.ALREADY_ENROLLED)
        if rule.owner.id not in self._mapped:
            return NotEnrolled(rule.id, Reason.ENROLMENT_OWNER_NOT_MAPPED)
        if opted_out:
            return NotEnrolled(rule.id, Reason.OPTED_OUT)
        if rule.blocked:
            return NotEnrolled(rule.id, Reason.SEQUENCE_BLOCKED)
        return Enrolment(rule.id, rule.sequence_id, rule.step_id, rule.ignore_step_delay)

    def sequence_name(self, rule_id: int) -> str:
        """The name of the sequence that a row leads to, "" for an unknown row."""
        return next((rule.sequence_name for rule in self._rules.values() if rule.id == rule_id), "")


CONDITION = "condition"
"""The kind of a step that branches."""

_KINDS = {
    "email": "E-mail",
    "linkedin": "LinkedIn",
    "call": "Call",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "zapier": "Zapier",
    "task": "Task",
    CONDITION: "Condition",
}


@dataclass(frozen=True, slots=True)
class RawStep:
    """A step as the product gives it: a tree by `parent_id`, without numbers.

    `positive_branch`: the side of a parent condition. `kind` is the product's word. `delay_minutes`: the wait before
    the step.
    """

    id: str
    parent_id: str | None
    positive_branch: bool | None
    kind: str
    delay_minutes: int


def number_steps(steps: Sequence[RawStep]) -> tuple[SequenceStep, ...]:
    """Number the steps by walking the tree, in reading order.

    The main line counts 1, 2, 3. The branches of condition 3 are 3A (it holds) and 3B (it does not), whose steps count
    3A.1, 3A.2; a condition at 3A.2 branches into 3A.2A and 3A.2B. Odd trees are numbered too: further children of one
    side branch on as C, D; lines that begin in a missing step or in a circle go on where the main line ended.
    """
    known = {step.id: step for step in reversed(steps)}
    children: dict[str | None, list[RawStep]] = {}
    for step in {step.id: step for step in steps}:
        parent = known[step].parent_id
        children.setdefault(parent if parent in known else None, []).append(known[step])
    walk = _Walk(children)
    for root in (*children.get(None, ()), *(known[step.id] for step in steps)):
        walk.line(root)
    return tuple(
        SequenceStep(step.id, number, _label(step), position) for position, (number, step) in enumerate(walk.found, 1)
    )


class _Walk:
    """The numbering under way. Lines to walk are kept on a stack, so that depth costs no recursion."""

    def __init__(self, children: dict[str | None, list[RawStep]]) -> None:
        self._children = children
        self._seen: set[str] = set()
        self._main = 0
        self.found: list[tuple[str, RawStep]] = []

    def line(self, root: RawStep) -> None:
        """Walk a root's line and all its branches, going on from the number where the main line is."""
        stack: list[tuple[str, RawStep]] = [("", root)]
        while stack:
            prefix, step = stack.pop()
            number = 0 if prefix else self._main
            branches: list[tuple[str, RawStep]] = []
            follower: RawStep | None = step
            while follower is not None and follower.id not in self._seen:
                self._seen.add(follower.id)
                number += 1
                name = f"{prefix}{number}"
                self.found.append((name, follower))
                follower, leaving = self._below(follower)
                branches.extend((f"{name}{letter}.", child) for letter, child in leaving)
            if not prefix:
                self._main = number
            stack.extend(reversed(branches))

    def _below(self, step: RawStep) -> tuple[RawStep | None, list[tuple[str, RawStep]]]:
        """The step that continues the line, if any, and the branches that leave it, each with its letter."""
        below = self._children.get(step.id, [])
        if step.kind.casefold() != CONDITION:
            return (below[0] if below else None), _lettered("", below[1:])
        # Only a flag that is set says that the condition holds; none at all cannot be told from false.
        holds = [child for child in below if child.positive_branch]
        fails = [child for child in below if not child.positive_branch]
        return None, [*_lettered("A", holds[:1]), *_lettered("B", fails[:1]), *_lettered("", holds[1:] + fails[1:])]


def _lettered(letter: str, children: Sequence[RawStep]) -> list[tuple[str, RawStep]]:
    """The children with `letter`, or with C, D, ... Z, C2 and so on."""
    return [(letter or _spare_letter(index), child) for index, child in enumerate(children)]


def _spare_letter(index: int) -> str:
    turn, place = divmod(index, 24)
    return chr(ord("C") + place) + (str(turn + 1) if turn else "")


def _label(step: RawStep) -> str:
    kind = _KINDS.get(step.kind.casefold(), step.kind.capitalize() or "Step")
    return f"{kind} {_delay(step.delay_minutes)}"


def _delay(minutes: int) -> str:
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            return f"after {count} {unit}" + ("" if count == 1 else "s")
    return "at once"
