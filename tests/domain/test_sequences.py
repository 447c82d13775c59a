from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.decisions import Enrolment, NotEnrolled
from integrations.domain.enums import Direction
from integrations.domain.reasons import Reason
from integrations.domain.sequences import EnrolmentTable, RawStep, number_steps
from integrations.domain.step_settings import SequenceRule
from tests.domain.builders import RITA, SAM, TESS, to_outreach

RULE = SequenceRule(4, RITA, "s1", "Welcome", "step1", "1", ignore_step_delay=True)


def answer(
    owner: str | None = "11",
    rule: SequenceRule = RULE,
    direction: Direction = Direction.TO_OUTREACH,
    *,
    is_new: bool = False,
    opted_out: bool = False,
    enrolled: frozenset[str] = frozenset(),
    owed: frozenset[str] = frozenset(),
) -> Enrolment | NotEnrolled | None:
    table = EnrolmentTable(to_outreach(sequences=(rule,), direction=direction))
    return table.answer(owner, is_new=is_new, opted_out=opted_out, enrolled=enrolled, owed=owed)


def test_people_are_enrolled_by_the_row_of_their_owner_in_the_target() -> None:
    assert answer() == Enrolment(4, "s1", "step1", True)


@pytest.mark.parametrize("owner", [None, "12", "99"])
def test_an_owner_without_a_row_enrols_nobody(owner: str | None) -> None:
    assert answer(owner) is None


def test_nobody_is_enrolled_towards_the_crm() -> None:
    assert answer(direction=Direction.TO_CRM) is None


@pytest.mark.parametrize(("is_new", "enrols"), [(True, True), (False, False)])
def test_only_for_new_records_means_created_by_this_decision(is_new: bool, enrols: bool) -> None:
    assert isinstance(answer(rule=replace(RULE, only_for_new=True), is_new=is_new), Enrolment) is enrols


@pytest.mark.parametrize(("owed", "enrols"), [("s1", True), ("s2", False)])
def test_a_person_to_whom_this_sequence_is_owed_counts_as_new(owed: str, enrols: bool) -> None:
    decision = answer(rule=replace(RULE, only_for_new=True), owed=frozenset({owed}))

    assert isinstance(decision, Enrolment) is enrols


def test_who_is_not_enrolled_has_a_reason() -> None:
    assert answer(enrolled=frozenset({"s1"})) == NotEnrolled(4, Reason.ALREADY_ENROLLED)
    assert answer(opted_out=True) == NotEnrolled(4, Reason.OPTED_OUT)
    assert answer(rule=replace(RULE, blocked="archived")) == NotEnrolled(4, Reason.SEQUENCE_BLOCKED)


def test_a_row_whose_owner_is_on_no_right_side_moves_nobody() -> None:
    assert answer("13", replace(RULE, owner=TESS)) == NotEnrolled(4, Reason.ENROLMENT_OWNER_NOT_MAPPED)


def test_sequences_are_named_by_row() -> None:
    table = EnrolmentTable(to_outreach(sequences=(RULE, SequenceRule(5, SAM, "s2", "Second", "x", "1"))))
    assert [table.sequence_name(5), table.sequence_name(6)] == ["Second", ""]


def step(step_id: str, parent: str | None = None, positive: bool | None = None, kind: str = "email") -> RawStep:
    return RawStep(step_id, parent, positive, kind, 0)


def numbers(*steps: RawStep) -> dict[str, str]:
    return {each.id: each.number for each in number_steps(steps)}


def test_a_chain_is_numbered_in_the_order_of_its_parents() -> None:
    assert numbers(step("c", "b", False), step("a"), step("b", "a", False)) == {"a": "1", "b": "2", "c": "3"}


def test_branches_of_a_condition_are_named_a_and_b() -> None:
    steps = (
        step("first"),
        step("asks", "first", kind="condition"),
        step("no", "asks", False),
        step("yes", "asks", True),
        step("again", "yes", kind="Condition"),
        step("deep", "again", None),
        step("also", "asks", True),
    )
    assert numbers(*steps) == {
        "first": "1",
        "asks": "2",
        "yes": "2A.1",
        "again": "2A.2",
        "deep": "2A.2B.1",
        "no": "2B.1",
        "also": "2C.1",
    }


def test_further_children_of_a_plain_step_branch_on_beside_the_line() -> None:
    assert numbers(step("a"), step("b", "a"), step("c", "b"), step("x", "a"), step("y", "x")) == {
        "a": "1",
        "b": "2",
        "c": "3",
        "x": "1C.1",
        "y": "1C.2",
    }
    many = number_steps([step("a"), *(step(str(number), "a") for number in range(30))])
    assert [each.number for each in many][-5:] == ["1C2.1", "1D2.1", "1E2.1", "1F2.1", "1G2.1"]


def test_broken_chains_and_circles_are_numbered_after_the_main_line() -> None:
    steps = (step("a"), step("lost", "deleted"), step("x", "y"), step("y", "x"), step("self", "self"), step("a", "x"))
    assert numbers(*steps) == {"a": "1", "lost": "2", "x": "3", "y": "4", "self": "5"}


@pytest.mark.parametrize(
    ("kind", "minutes", "label"),
    [
        ("email", 0, "E-mail at once"),
        ("linkedIn", 1, "LinkedIn after 1 minute"),
        ("call", 90, "Call after 90 minutes"),
        ("task", 120, "Task after 2 hours"),
        ("carrier", 1440, "Carrier after 1 day"),
        ("", -5, "Step at once"),
    ],
)
def test_a_label_says_what_the_step_does_and_after_how_long(kind: str, minutes: int, label: str) -> None:
    (numbered,) = number_steps([RawStep("a", None, None, kind, minutes)])
    assert (numbered.label, numbered.position) == (label, 1)


IDS = st.sampled_from([str(number) for number in range(12)])
TREES = st.lists(
    st.builds(
        RawStep,
        IDS,
        st.one_of(st.none(), IDS),
        st.sampled_from([None, True, False]),
        st.sampled_from(["email", "condition"]),
        st.integers(0, 5000),
    ),
    max_size=20,
)


@given(TREES)
def test_every_step_gets_one_number_whatever_the_tree(steps: list[RawStep]) -> None:
    numbered = number_steps(steps)
    assert sorted(each.id for each in numbered) == sorted({each.id for each in steps})
    assert len({each.number for each in numbered}) == len(numbered)
    assert [each.position for each in numbered] == list(range(1, len(numbered) + 1))


def test_a_very_long_chain_does_not_exhaust_the_stack() -> None:
    chain = [step("0", kind="condition"), *(step(str(n), str(n - 1), True, "condition") for n in range(1, 3000))]
    assert len(number_steps(chain)) == 3000
