from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.decisions import (
    Conflict,
    Create,
    Decision,
    Enrolment,
    FieldChange,
    Note,
    NotEnrolled,
    OwnerChange,
    Skip,
    Unchanged,
    Update,
)
from integrations.domain.enums import Join, OnConflict, Operator, UnmappedOwners
from integrations.domain.person import OWNER, ListItem, Person, Value
from integrations.domain.planning import memory_after, plan
from integrations.domain.reasons import Reason
from integrations.domain.situation import (
    Ambiguous,
    DuplicateOf,
    Found,
    Linked,
    Match,
    Memory,
    NoMatch,
    Situation,
    TakenBy,
    TargetGone,
)
from integrations.domain.step_settings import Condition, Filter, SequenceRule, StepSettings
from tests.domain.builders import (
    CRM,
    NOW,
    RITA,
    TESS,
    crm_person,
    emails,
    outreach_person,
    situation,
    to_crm,
    to_outreach,
)

NAMES = (("emails", "email"), ("first_name", "firstName"), ("last_name", "lastName"))
STEP = to_outreach(*NAMES, ("title", "title"))
ANN, TARGET = crm_person(), outreach_person()
BOSSES = Filter(conditions=(Condition(1, Operator.IS, "Boss", CRM["title"]),))
WELCOME = SequenceRule(4, RITA, "s1", "Welcome", "step1", "1")


def decide(case: Situation, settings: StepSettings = STEP) -> Decision:
    return plan(case, settings, NOW)


def remembering(case: Situation, settings: StepSettings = STEP) -> Situation:
    """The case after a sync that found both sides as they are."""
    assert isinstance(case.match, Linked)
    decision = Unchanged(case.match.target.id)
    return replace(case, memory=memory_after(decision, case, settings, case.match.target))


def edited(
    case: Situation, source: dict[str, Value] | None = None, target: dict[str, Value] | None = None
) -> Situation:
    assert isinstance(case.match, Linked)
    there = case.match.target
    return replace(
        case,
        source=replace(case.source, values={**case.source.values, **(source or {})}),
        match=Linked(replace(there, values={**there.values, **(target or {})})),
    )


IN_STEP = remembering(situation(crm_person({"title": "Boss"}), outreach_person({"title": "Boss"})))


def test_a_linked_person_who_is_as_wanted_is_unchanged() -> None:
    assert decide(situation(ANN, TARGET)) == Unchanged("700")


def test_a_person_whom_nobody_in_the_target_is_gets_created() -> None:
    assert decide(situation(ANN)) == Create(
        "ann@x.org",
        (
            FieldChange("email", "E-mail", None, "ann@x.org", 1),
            FieldChange("firstName", "First name", None, "Ann", 2),
            FieldChange("lastName", "Last name", None, "Lee", 3),
        ),
        OwnerChange(None, "11", 1),
    )


def test_a_found_person_is_updated_in_what_differs() -> None:
    case = situation(crm_person({"title": "Boss"}), Found(outreach_person({"title": "Clerk"}), "ann@x.org"))
    assert decide(case) == Update("700", (FieldChange("title", "Title", "Clerk", "Boss", 4),))


@pytest.mark.parametrize(
    ("source", "match", "settings", "decision"),
    [
        (replace(ANN, is_deleted=True), Linked(TARGET), STEP, Skip(Reason.SOURCE_DELETED)),
        (replace(ANN, emails=()), NoMatch(), STEP, Skip(Reason.NO_EMAIL)),
        (replace(ANN, emails=("", " ")), Linked(TARGET), STEP, Skip(Reason.NO_EMAIL)),
        (replace(ANN, emails=(" ", "ann@")), NoMatch(), STEP, Skip(Reason.MALFORMED_EMAIL, "ann@")),
        (ANN, Ambiguous("ann@x.org", ("1", "2")), STEP, Conflict(Reason.AMBIGUOUS, "ann@x.org", ("1", "2"))),
        (ANN, DuplicateOf("5", "ann@x.org"), STEP, Conflict(Reason.DUPLICATE_SOURCE, "ann@x.org", ("5",))),
        (ANN, TakenBy("700", "5"), STEP, Conflict(Reason.LINKED_ELSEWHERE, "", ("700", "5"))),
        (ANN, TargetGone("700"), STEP, Skip(Reason.TARGET_DELETED, "700")),
        (ANN, Linked(replace(TARGET, is_deleted=True)), STEP, Skip(Reason.TARGET_DELETED, "700")),
        (replace(ANN, owner_id="3"), Linked(TARGET), STEP, Skip(Reason.OWNER_NOT_MAPPED, "Owner 3")),
        (replace(ANN, owner_id="3"), NoMatch(), STEP, Skip(Reason.OWNER_NOT_MAPPED, "Owner 3")),
        (replace(ANN, owner_id=None), NoMatch(), STEP, Skip(Reason.NO_OWNER)),
        (ANN, Linked(TARGET), replace(STEP, filter=BOSSES), Skip(Reason.FILTERED_OUT, "Not so: Job title is Boss")),
    ],
)
def test_who_is_not_synced_has_a_reason(
    source: Person, match: Match, settings: StepSettings, decision: Decision
) -> None:
    assert decide(situation(source, match), settings) == decision


@pytest.mark.parametrize("match", [Linked(TARGET), TargetGone("700")])
def test_a_linked_person_who_stops_matching_is_told_of_once(match: Match) -> None:
    settings = replace(STEP, filter=BOSSES)
    case = situation(ANN, match, memory=Memory(in_scope=True))
    decision = decide(case, settings)
    assert isinstance(decision, Skip)
    assert decision.reason is Reason.STOPPED_MATCHING
    case = replace(case, memory=memory_after(decision, case, settings, None))
    again = decide(case, settings)
    assert isinstance(again, Skip)
    assert again.reason is Reason.FILTERED_OUT


def test_a_filter_that_any_row_satisfies_names_the_first_that_failed() -> None:
    rows = (*BOSSES.conditions, Condition(2, Operator.IS_NOT_EMPTY, "", CRM["phones"]))
    decision = decide(situation(ANN), replace(STEP, filter=Filter(Join.ANY, rows)))
    assert decision == Skip(Reason.FILTERED_OUT, "Not so: Job title is Boss")


@pytest.mark.parametrize("match", [TargetGone("700"), Linked(replace(TARGET, is_deleted=True))])
def test_a_deleted_target_is_created_again_when_the_step_says_so(match: Match) -> None:
    assert isinstance(decide(situation(ANN, match), replace(STEP, recreate_deleted=True)), Create)


def test_the_owner_follows_the_source_on_existing_people_too() -> None:
    case = situation(replace(ANN, owner_id="2"), TARGET)
    assert decide(case) == Update("700", owner=OwnerChange("11", "12", 2))


@pytest.mark.parametrize(
    ("settings", "owner"),
    [
        (replace(STEP, unmapped_owners=UnmappedOwners.LEAVE), None),
        (replace(STEP, unmapped_owners=UnmappedOwners.FALLBACK, fallback=TESS), OwnerChange("11", "13")),
    ],
)
def test_people_of_unmapped_owners_are_synced_when_the_step_says_so(
    settings: StepSettings, owner: OwnerChange | None
) -> None:
    source = crm_person({"title": "Boss"}, owner_id="3")
    decision = decide(situation(source, TARGET), settings)
    assert decision == Update("700", (FieldChange("title", "Title", None, "Boss", 4),), owner)
    created = decide(situation(source), settings)
    assert isinstance(created, Create)
    assert created.owner == (None if owner is None else OwnerChange(None, "13"))


def test_values_that_cannot_be_converted_are_reported_on_a_person_who_stays_the_same() -> None:
    settings = to_outreach(*NAMES, ("title", "visits"))
    decision = decide(situation(crm_person({"title": "many"}), TARGET), settings)
    assert decision == Unchanged("700", notes=(Note(Reason.NOT_CONVERTIBLE, "visits", "“many” is not a number"),))


def test_a_shortened_value_is_noted_when_it_is_written_and_not_again() -> None:
    long = {"title": "Head of everything there is"}
    decision = decide(situation(crm_person(long), TARGET))
    assert isinstance(decision, Update)
    assert [(note.reason, note.field) for note in decision.notes] == [(Reason.SHORTENED, "title")]
    assert decide(situation(crm_person(long), outreach_person({"title": "Head of everything t"}))) == Unchanged("700")


@pytest.mark.parametrize(
    ("policy", "carried", "decision"),
    [
        (OnConflict.SOURCE_WINS, (), Update("700", (FieldChange("title", "Title", "B", "A", 4),))),
        (OnConflict.TARGET_WINS, (), Unchanged("700", notes=(Note(Reason.TARGET_WON, "title"),))),
        (OnConflict.HOLD, ("title",), Conflict(Reason.BOTH_CHANGED, "Title", ("700",))),
    ],
)
def test_when_both_sides_changed_the_step_says_who_wins(
    policy: OnConflict, carried: tuple[str, ...], decision: Decision
) -> None:
    settings = replace(STEP, on_conflict=policy, carried_back=frozenset(carried))
    assert decide(edited(IN_STEP, {"title": "A"}, {"title": "B"}), settings) == decision


def test_a_held_field_holds_the_whole_person_and_names_all_that_is_held() -> None:
    case = edited(IN_STEP, {"title": "A", "last_name": "New"}, {"title": "B"})
    assert isinstance(case.match, Linked)
    case = replace(
        case,
        source=replace(case.source, owner_id="2"),
        match=Linked(replace(case.match.target, owner_id="13")),
    )
    assert decide(case, replace(STEP, on_conflict=OnConflict.HOLD)) == Conflict(
        Reason.BOTH_CHANGED, "Title, Owner", ("700",)
    )


def test_what_only_the_target_changed_is_put_back_or_left_to_the_opposite_step() -> None:
    case = edited(IN_STEP, target={"title": "B"})
    change = FieldChange("title", "Title", "B", "Boss", 4, sets_back=True)
    assert decide(case) == Update("700", (change,))
    left = decide(case, replace(STEP, carried_back=frozenset({"title"})))
    assert left == Unchanged("700", notes=(Note(Reason.TARGET_CHANGED_LEFT, "title"),))


def test_an_owner_whom_only_the_target_changed_is_put_back_or_left_to_the_opposite_step() -> None:
    assert isinstance(IN_STEP.match, Linked)
    case = replace(IN_STEP, match=Linked(replace(IN_STEP.match.target, owner_id="13")))
    assert decide(case) == Update("700", owner=OwnerChange("13", "11", 1, sets_back=True))
    left = decide(case, replace(STEP, carried_back=frozenset({OWNER})))
    assert left == Unchanged("700", notes=(Note(Reason.TARGET_CHANGED_LEFT, OWNER),))


def test_a_difference_that_was_seen_before_is_neither_written_nor_noted() -> None:
    settings = replace(STEP, on_conflict=OnConflict.TARGET_WINS)
    case = edited(IN_STEP, {"title": "A"}, {"title": "B"})
    assert isinstance(case.match, Linked)
    won = decide(case, settings)
    case = replace(case, memory=memory_after(won, case, settings, case.match.target))
    assert decide(case, settings) == Unchanged("700")


@pytest.mark.parametrize(
    ("settings", "case", "enrolment"),
    [
        (STEP, situation(ANN), Enrolment(4, "s1", "step1", False)),
        (STEP, situation(ANN, TARGET), Enrolment(4, "s1", "step1", False)),
        (STEP, situation(ANN, replace(TARGET, opted_out=True)), NotEnrolled(4, Reason.OPTED_OUT)),
        (STEP, situation(ANN, TARGET, enrolled=frozenset({"s1"})), NotEnrolled(4, Reason.ALREADY_ENROLLED)),
        (STEP, situation(ANN, replace(TARGET, owner_id="13")), Enrolment(4, "s1", "step1", False)),
        (STEP, situation(replace(ANN, owner_id="2"), TARGET), None),
    ],
)
def test_people_are_enrolled_by_the_owner_they_will_have(
    settings: StepSettings, case: Situation, enrolment: Enrolment | NotEnrolled | None
) -> None:
    decision = decide(case, replace(settings, sequences=(WELCOME,)))
    assert isinstance(decision, Create | Update | Unchanged)
    assert decision.enrolment == enrolment


def test_enrolling_somebody_who_is_otherwise_unchanged_is_an_update() -> None:
    decision = decide(situation(ANN, TARGET), replace(STEP, sequences=(WELCOME,)))
    assert decision == Update("700", enrolment=Enrolment(4, "s1", "step1", False))


def test_why_an_updated_person_is_not_enrolled_is_noted() -> None:
    case = situation(crm_person({"title": "Boss"}), TARGET, enrolled=frozenset({"s1"}))
    decision = decide(case, replace(STEP, sequences=(WELCOME,)))
    assert isinstance(decision, Update)
    assert (decision.enrolment, decision.notes) == (None, (Note(Reason.ALREADY_ENROLLED, detail="Welcome"),))


def test_without_an_owner_to_come_nobody_is_enrolled_on_creation() -> None:
    settings = replace(STEP, sequences=(WELCOME,), unmapped_owners=UnmappedOwners.LEAVE)
    decision = decide(situation(replace(ANN, owner_id=None)), settings)
    assert isinstance(decision, Create)
    assert decision.enrolment is None


def test_towards_the_crm_a_name_is_written_by_its_parts() -> None:
    settings = to_crm(("email", "emails"), ("firstName", "first_name"), ("lastName", "last_name"))
    renamed = outreach_person({"lastName": "Smith"})
    assert decide(situation(renamed, ANN), settings) == Update(
        "7", (FieldChange("last_name", "Last name", "Lee", "Smith", 3),)
    )
    single = outreach_person({"firstName": "Eve", "lastName": None})
    assert decide(situation(single, ANN), settings) == Update(
        "7", (FieldChange("first_name", "First name", "Ann", "Eve", 2),)
    )
    moved = outreach_person({"email": "new@x.org"}, emails=("new@x.org",))
    decision = decide(situation(moved, ANN), settings)
    assert isinstance(decision, Update)
    assert decision.fields[0].after == (ListItem("new@x.org", "", True), replace(emails("ann@x.org")[0], primary=False))


def test_a_new_person_for_whom_nobody_is_named_is_enrolled_by_the_row_of_whoever_the_product_makes_owner() -> None:
    rule = SequenceRule(5, RITA, "s1", "Welcome", "t1", "1", only_for_new=True)
    step = to_outreach(
        ("emails", "email"), sequences=(rule,), unmapped_owners=UnmappedOwners.LEAVE, default_owner=RITA.id
    )
    decision = plan(situation(crm_person(owner_id="99")), step, NOW)
    assert isinstance(decision, Create)
    assert decision.owner is None
    assert decision.enrolment == Enrolment(5, "s1", "t1", False)
