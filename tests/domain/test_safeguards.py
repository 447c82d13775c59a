from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.books import Books, imbalance
from integrations.domain.safeguards import BrakeLimits, RunTotals, brake

CALM = RunTotals(linked=1000, changed=0, owner_changes=0, enrolments=0)


@pytest.mark.parametrize(
    "totals",
    [
        CALM,
        replace(CALM, changed=300),
        replace(CALM, linked=10, changed=100),
        replace(CALM, owner_changes=200),
        replace(CALM, enrolments=500),
        replace(CALM, linked=0),
    ],
)
def test_a_run_at_its_limits_goes_on(totals: RunTotals) -> None:
    assert brake(totals, BrakeLimits()) == []


@pytest.mark.parametrize(
    ("totals", "sentence"),
    [
        (
            replace(CALM, changed=301),
            "301 of 1,000 linked people would change: more than 30 % and more than 100.",
        ),
        (replace(CALM, owner_changes=201), "201 people would get another owner; the limit is 200 a run."),
        (replace(CALM, enrolments=1501), "1,501 people would be put into sequences; the limit is 500 a run."),
    ],
)
def test_a_run_above_a_limit_is_held_with_the_reason(totals: RunTotals, sentence: str) -> None:
    assert brake(totals, BrakeLimits()) == [sentence]


def test_all_reasons_are_given_together() -> None:
    assert len(brake(RunTotals(1000, 900, 900, 900), BrakeLimits())) == 3


@pytest.mark.parametrize(
    ("books", "sentence"),
    [
        (Books(0), None),
        (Books(21, 1, 2, 3, 4, 5, 6), None),
        (Books(22, 1, 2, 3, 4, 5, 6), "22 people were seen and 21 accounted for: 1 have no outcome."),
        (Books(2, unchanged=1500), "2 people were seen and 1,500 accounted for: 1,498 were counted more than once."),
        (Books(0, created=1, failed=-1), "A count is below zero."),
    ],
)
def test_the_books_balance_or_say_what_is_wrong(books: Books, sentence: str | None) -> None:
    assert imbalance(books) == sentence
