from __future__ import annotations

from dataclasses import replace

import pytest

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
