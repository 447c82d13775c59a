"""What is wrong with a file, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 50
"""That are told at once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` counts from 1, 0 where none is to blame; `path` is such as connections[1].steps[2].owners."""

    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = [f"Line {self.line}"] if self.line else []
        where += [self.path] if self.path else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


class ConfigurationRefused(Exception):  # noqa: N818 -- says what happened
    """The file was not taken, and nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems[:MOST_PROBLEMS])
