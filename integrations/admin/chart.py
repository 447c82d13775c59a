"""The chart of the first page as shapes: drawn on the server, so that it needs no script and no inline style."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.services.overview import Day

WIDTH, HEIGHT, GAP = 700, 140, 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a day's column, in the drawing's units."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A day with its parts, from the bottom up."""

    day: Day
    x: float
    middle: float
    width: float
    bars: tuple[Bar, ...]


def columns(days: list[Day]) -> list[Column]:
    """The days side by side, each part as high as its share of the greatest day."""
    step = WIDTH / max(1, len(days))
    width = step - GAP
    return [_column(day, number * step + GAP / 2, width) for number, day in enumerate(days)]


def _column(day: Day, x: float, width: float) -> Column:
    bars, top = [], float(HEIGHT)
    for kind, people in (("synced", day.synced), ("skipped", day.skipped), ("failed", day.failed)):
        if people:
            height = max(2.0, HEIGHT * people / day.scale)
            top -= height
            bars.append(Bar(kind, round(x, 1), round(max(0.0, top), 1), round(width, 1), round(height, 1)))
    return Column(day, round(x, 1), round(x + width / 2, 1), round(width, 1), tuple(bars))
