"""The planner is total and deterministic: whatever the people and the settings, there is one decision and no error."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.domain.catalogue import Field
from integrations.domain.decisions import Conflict, Create, Enrolment, Skip, Unchanged, Update
from integrations.domain.describe import describe_filter
from integrations.domain.normalise import is_blank, normal_email
from integrations.domain.person import ListItem, Person, Value
from integrations.domain.planning import Planner, compile_settings, memory_after, plan
from integrations.domain.situation import Found, Linked, Situation
from integrations.domain.step_settings import StepSettings
from tests.domain.builders import NOW
from tests.domain.odd import MEMORIES, matches, people, steps

ENROLLED = st.sampled_from([frozenset[str](), frozenset({"s1"})])


@st.composite
def cases(draw: st.DrawFn) -> tuple[StepSettings, Situation]:
    step = draw(steps())
    match = draw(matches(step.target_fields))
    return step, Situation(draw(people(step.source_fields)), match, draw(MEMORIES), enrolled=draw(ENROLLED))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[StepSettings, Situation]:
    """A source person who exists and one in the target."""
    step = draw(steps())
    source = replace(draw(people(step.source_fields)), is_deleted=False, emails=("a@x.org",))
    target = replace(draw(people(step.target_fields)), is_deleted=False)
    return step, Situation(source, Linked(target), draw(MEMORIES), enrolled=draw(ENROLLED))


def target_of(case: Situation) -> Person | None:
    return case.match.target if isinstance(case.match, Linked | Found) else None


def written(decision: Update, target: Person) -> Person:
    """The target as a product has it that stores what it is given."""
    values = {**target.values, **{change.key: change.after for change in decision.fields}}
    return replace(target, values=values, owner_id=decision.owner.after if decision.owner else target.owner_id)


@given(cases())
@settings(max_examples=75, deadline=None)
def test_every_person_gets_a_decision_and_always_the_same_one(given_case: tuple[StepSettings, Situation]) -> None:
    step, case = given_case
    planner = compile_settings(step)
    decision = planner.plan(case, NOW)
    assert isinstance(decision, Create | Update | Unchanged | Skip | Conflict)
    assert planner.plan(case, NOW) == plan(case, step, NOW) == decision
    assert describe_filter(step.filter)


@given(cases())
@settings(max_examples=75, deadline=None)
def test_every_decision_leaves_a_memory_and_doing_nothing_leaves_it_alone(
    given_case: tuple[StepSettings, Situation],
) -> None:
    step, case = given_case
    planner = compile_settings(step)
    decision = planner.plan(case, NOW)
    kept = planner.memory_after(decision, case, target_of(case))
    assert kept == memory_after(decision, case, step, target_of(case))
    if not isinstance(decision, Create | Update):
        case = replace(case, memory=kept)
        assert planner.memory_after(planner.plan(case, NOW), case, target_of(case)) is kept


@given(cases())
@settings(max_examples=75, deadline=None)
def test_a_new_person_has_an_address_and_all_that_the_product_requires(
    given_case: tuple[StepSettings, Situation],
) -> None:
    step, case = given_case
    decision = plan(case, step, NOW)
    if not isinstance(decision, Create):
        return
    values = {change.key: change.after for change in decision.fields}
    assert len(values) == len(decision.fields)
    assert not any(map(is_blank, values.values()))
    for field in step.target_fields.values():
        if field.identity:
            assert decision.address in addresses_in(values[field.key])
        elif field.required:
            assert values.keys() & {field.key, *parts(step, field)}


def addresses_in(value: Value) -> set[str]:
    items = value if isinstance(value, tuple) else (str(value),)
    return {normal_email(item.value if isinstance(item, ListItem) else item) for item in items}


def parts(step: StepSettings, whole: Field) -> set[str]:
    return {key for key, field in step.target_fields.items() if field.part_of == whole.key}


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_after_an_update_was_carried_out_the_person_is_unchanged(given_pair: tuple[StepSettings, Situation]) -> None:
    step, case = given_pair
    planner, target = Planner(step), target_of(case)
    decision = planner.plan(case, NOW)
    if not isinstance(decision, Update) or target is None:
        return
    after = written(decision, target)
    enrolled = frozenset({"s1"}) if isinstance(decision.enrolment, Enrolment) else case.enrolled
    memory = planner.memory_after(decision, case, after)
    assert isinstance(planner.plan(Situation(case.source, Linked(after), memory, enrolled=enrolled), NOW), Unchanged)


@given(pairs())
@settings(max_examples=75, deadline=None)
def test_an_update_lists_only_what_differs(given_pair: tuple[StepSettings, Situation]) -> None:
    step, case = given_pair
    decision, target = plan(case, step, NOW), target_of(case)
    if not isinstance(decision, Update) or target is None:
        return
    assert decision.fields or decision.owner or decision.enrolment
    assert len({change.key for change in decision.fields}) == len(decision.fields)
    for change in decision.fields:
        assert change.before == target.values.get(change.key) or change.before != change.before
        assert change.after != change.before
        if step.target_fields[change.key].required or step.target_fields[change.key].identity:
            assert not is_blank(change.after)
    if decision.owner is not None:
        assert decision.owner.before == target.owner_id != decision.owner.after


@given(pairs())
@settings(max_examples=75, deadline=None)
def test_what_an_undo_left_is_not_written_again(given_pair: tuple[StepSettings, Situation]) -> None:
    step, case = given_pair
    planner, target = Planner(replace(step, sequences=())), target_of(case)
    assert target is not None
    memory = planner.accepted(case, target)
    case = replace(case, memory=memory)
    assert planner.accepted(case, target) is memory
    assert isinstance(planner.plan(case, NOW), Unchanged | Skip)
