"""The books of a run: everybody who was seen has exactly one outcome."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Books:
    """The counts of a finished run. Enrolled people count under what became of their record."""

    seen: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    conflicts: int = 0
    failed: int = 0

    @property
    def accounted(self) -> int:
        """How many people have an outcome."""
        return self.created + self.updated + self.unchanged + self.skipped + self.conflicts + self.failed


def imbalance(books: Books) -> str | None:
    """What is wrong with the books, as a sentence; None when they balance. A run whose books do not balance failed."""
    if min(astuple(books)) < 0:
        return "A count is below zero."
    if books.accounted == books.seen:
        return None
    difference = abs(books.seen - books.accounted)
    what = "have no outcome" if books.accounted < books.seen else "were counted more than once"
    return f"{books.seen:,} people were seen and {books.accounted:,} accounted for: {difference:,} {what}."
