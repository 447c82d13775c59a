"""Steps form a tree by their parents: the first one, what follows what, and the numbers that people see."""

from __future__ import annotations

from integrations.sandbox.replyio.records import Sequence, Step


def first_step(sequence: Sequence) -> Step | None:
    """The step without a parent; None for a sequence without steps."""
    return next((step for step in sequence.steps if step.parent_id is None), None)


def path_to(sequence: Sequence, step_id: int) -> list[Step]:
    """The steps from the first to this one; empty when it is no step of the sequence."""
    by_id = {step.id: step for step in sequence.steps}
    path: list[Step] = []
    step = by_id.get(step_id)
    while step is not None:
        path.append(step)
        step = by_id.get(step.parent_id) if step.parent_id is not None else None
    return path[::-1]


def is_later(sequence: Sequence, step_id: int, than: int) -> bool:
    """Whether a step comes after another on one path. Steps of different branches do not follow each other."""
    return step_id != than and any(step.id == than for step in path_to(sequence, step_id))


def display_name(sequence: Sequence, step_id: int) -> str:
    """The number that Reply shows: the depth, with a letter for the side of each condition on the way ("2A")."""
    path = path_to(sequence, step_id)
    if not path:
        return "Unknown"
    sides = "".join("A" if step.if_positive else "B" for step in path if step.if_positive is not None)
    return f"{len(path)}{sides}"
