from __future__ import annotations

import pytest

from integrations.domain.decisions import (
    Conflict,
    Create,
    Decision,
    Enrolment,
    FieldChange,
    NotEnrolled,
    OwnerChange,
    Skip,
    Unchanged,
    Update,
)
from integrations.domain.describe import describe_decision
from integrations.domain.reasons import Reason


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Create("a@x.org", (), enrolment=Enrolment(1, "s", "t", False)), "Create a@x.org and put into the sequence"),
        (Create("a@x.org", ()), "Create a@x.org"),
        (
            Update("1", (FieldChange("t", "Title", None, "x"),), OwnerChange("1", "2")),
            "Update Title, owner",
        ),
        (Update("1", enrolment=Enrolment(1, "s", "t", False)), "Put into the sequence"),
        (Unchanged("1"), "Unchanged"),
        (
            Unchanged("1", NotEnrolled(1, Reason.OPTED_OUT)),
            "Unchanged; not put into the sequence: Has opted out",
        ),
        (Skip(Reason.NO_EMAIL), "Skip: Has no e-mail address"),
        (
            Conflict(Reason.BOTH_CHANGED, "Title"),
            "Conflict: Both sides changed since the last sync; held for review (Title)",
        ),
    ],
)
def test_a_decision_reads_in_one_line(decision: Decision, words: str) -> None:
    assert describe_decision(decision) == words
