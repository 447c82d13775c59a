from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.conflicts import UNTAKEN_MARK, wish_mark
from integrations.domain.decisions import (
    Conflict,
    Create,
    Decision,
    FieldChange,
    Note,
    OwnerChange,
    Skip,
    Unchanged,
    Update,
)
from integrations.domain.enums import FieldKind, OverwriteMode, UnmappedOwners
from integrations.domain.normalise import OWNER_KIND, fingerprint
from integrations.domain.person import OWNER, Person, Value
from integrations.domain.planning import Planner, memory_after, plan
from integrations.domain.reasons import Reason
from integrations.domain.situation import Linked, Memory, NoMatch, Situation
from integrations.domain.step_settings import FieldRule, StepSettings
from tests.domain.builders import CRM, NOW, OUTREACH, crm_person, outreach_person, situation, to_outreach

STEP = to_outreach(("title", "title"))


def text(value: Value) -> str:
    return fingerprint(FieldKind.TEXT, value)


def owner(member: str | None) -> str:
    return fingerprint(OWNER_KIND, member)


def case(source: Value, target: Value, memory: Memory | None = None) -> Situation:
    return situation(crm_person({"title": source}), outreach_person({"title": target}), memory=memory or Memory())


def target_of(situated: Situation) -> Person:
    assert isinstance(situated.match, Linked)
    return situated.match.target


def after(decision: Decision, situated: Situation, settings: StepSettings = STEP, title: Value = None) -> Memory:
    target = target_of(situated)
    return memory_after(decision, situated, settings, replace(target, values={**target.values, "title": title}))


KNOWN = after(Unchanged("700"), case("Boss", "Boss"), title="Boss")


def test_what_agrees_is_remembered_on_both_sides_and_the_person_is_in_scope() -> None:
    assert (
        Memory(
            source={"title": text("Boss"), OWNER: owner("1")},
            target={"title": text("Boss"), OWNER: owner("11")},
            settings="settings",
            in_scope=True,
            wanted={"title": wish_mark(text("Boss"), text("Boss")), OWNER: wish_mark(owner("1"), owner("11"))},
        )
        == KNOWN
    )


def test_when_there_is_nothing_new_the_same_memory_comes_back() -> None:
    situated = case("Boss", "Boss", KNOWN)
    assert after(Unchanged("700"), situated, title="Boss") is KNOWN
    skipped = replace(KNOWN, in_scope=False)
    assert memory_after(Skip(Reason.FILTERED_OUT), case("a", "b", skipped), STEP, None) is skipped


@pytest.mark.parametrize(
    ("decision", "before", "in_scope"),
    [
        (Skip(Reason.FILTERED_OUT), True, False),
        (Skip(Reason.STOPPED_MATCHING), True, False),
        (Skip(Reason.SOURCE_DELETED), True, True),
        (Skip(Reason.SOURCE_DELETED), False, False),
        (Skip(Reason.OWNER_NOT_MAPPED), False, True),
        (Conflict(Reason.BOTH_CHANGED), False, True),
    ],
)
def test_who_is_not_synced_keeps_the_memory_of_values(decision: Decision, before: bool, in_scope: bool) -> None:
    memory = replace(KNOWN, in_scope=before, settings="old")
    kept = memory_after(decision, case("New", "Other", memory), STEP, None)
    assert kept == replace(memory, in_scope=in_scope, settings="settings")


def test_a_change_left_to_the_opposite_step_is_not_acknowledged() -> None:
    decision = Unchanged("700", notes=(Note(Reason.TARGET_CHANGED_LEFT, "title"),))
    kept = after(decision, case("Boss", "Other", KNOWN), title="Other")
    assert kept is KNOWN


@pytest.mark.parametrize(("carried", "is_acknowledged"), [((), True), (("title",), False)])
def test_a_target_that_won_is_acknowledged_unless_the_opposite_step_will_carry_it(
    carried: tuple[str, ...], is_acknowledged: bool
) -> None:
    settings = replace(STEP, carried_back=frozenset(carried))
    decision = Unchanged("700", notes=(Note(Reason.TARGET_WON, "title"),))
    kept = after(decision, case("New", "Other", KNOWN), settings, "Other")
    assert (kept.target["title"] == text("Other")) is is_acknowledged
    assert (kept.source["title"] == text("New")) is is_acknowledged


def test_what_the_product_made_of_a_value_is_remembered_as_the_outcome() -> None:
    decision = Update("700", (FieldChange("title", "Title", "Boss", "New", 1),))
    kept = after(decision, case("New", "Boss", KNOWN), title="NEW!")
    assert (kept.source["title"], kept.target["title"]) == (text("New"), text("NEW!"))
    assert kept.wanted["title"] == wish_mark(text("New"), text("New"))


def test_a_write_that_does_not_show_is_marked_and_counted() -> None:
    decision = Update("700", (FieldChange("title", "Title", "Boss", "New", 1),))
    situated = case("New", "Boss", KNOWN)
    kept = after(decision, situated, title="Boss")
    assert (kept.wanted["title"], kept.set_back) == (UNTAKEN_MARK, {"title": 1})
    again = after(decision, replace(situated, memory=kept), title="Boss")
    assert again.set_back == {"title": 2}
    shown = after(decision, replace(situated, memory=again), title="New")
    assert (shown.set_back, shown.target["title"]) == ({}, text("New"))


def test_putting_back_is_counted_until_the_source_changes() -> None:
    put_back = Update("700", (FieldChange("title", "Title", "Other", "Boss", 1, sets_back=True),))
    kept = after(put_back, case("Boss", "Other", KNOWN), title="Boss")
    assert kept.set_back == {"title": 1}
    unshown = after(put_back, case("Boss", "Other", kept), title="Other")
    assert unshown.set_back == {"title": 2}
    assert after(Unchanged("700"), case("Boss", "Boss", kept), title="Boss").set_back == {"title": 1}
    assert after(Unchanged("700"), case("New", "New", kept), title="New").set_back == {}


@pytest.mark.parametrize(
    ("memory", "target", "source_print"),
    [(KNOWN, "Boss", ""), (KNOWN, "Other", text("Boss")), (Memory(), "Boss", None)],
)
def test_a_source_that_went_blank_is_acknowledged_where_the_target_stayed(
    memory: Memory, target: str, source_print: str | None
) -> None:
    kept = after(Unchanged("700"), case(None, target, memory), title=target)
    assert kept.source.get("title") == source_print
    assert kept.target.get("title") == memory.target.get("title")


def test_a_row_that_is_not_asked_and_a_value_that_cannot_be_converted_leave_the_memory_alone() -> None:
    rules = (
        FieldRule(1, CRM["title"], OUTREACH["title"], OverwriteMode.ONLY_FOR_NEW),
        FieldRule(2, CRM["title"], OUTREACH["visits"]),
    )
    kept = after(Unchanged("700"), case("many", "Other"), to_outreach(fields=rules), "Other")
    assert set(kept.target) == {OWNER}


def test_a_difference_unknown_to_the_link_is_not_acknowledged_by_doing_nothing() -> None:
    kept = after(Unchanged("700"), case("Boss", "Other"), title="Other")
    assert "title" not in kept.source


def test_a_new_person_starts_without_old_memories() -> None:
    created = Create("ann@x.org", (FieldChange("title", "Title", None, "Boss", 1),), OwnerChange(None, "11", 1))
    situated = Situation(crm_person({"title": "Boss"}), NoMatch(), replace(KNOWN, set_back={"title": 3}))
    kept = memory_after(created, situated, STEP, outreach_person({"title": "Boss"}))
    assert kept == replace(KNOWN, set_back={})


def test_an_owner_who_was_not_assigned_is_tried_again() -> None:
    decision = Update("700", owner=OwnerChange("12", "11", 1))
    situated = situation(crm_person(), outreach_person(owner_id="12"), memory=Memory(set_back={OWNER: 1}))
    kept = memory_after(decision, situated, STEP, outreach_person(owner_id="12"))
    assert (kept.wanted[OWNER], kept.set_back) == (UNTAKEN_MARK, {OWNER: 1})
    again = replace(situated, memory=kept)
    assert plan(again, STEP, NOW) == decision
    assert memory_after(decision, again, STEP, outreach_person(owner_id="12")).set_back == {OWNER: 2}
    put_back = Update("700", owner=OwnerChange("12", "11", 1, sets_back=True))
    assert memory_after(put_back, situated, STEP, outreach_person(owner_id="12")).set_back == {OWNER: 2}


def test_an_owner_left_alone_is_not_remembered() -> None:
    settings = replace(STEP, owners=(), unmapped_owners=UnmappedOwners.LEAVE)
    assert OWNER not in after(Unchanged("700"), case("Boss", "Boss"), settings, "Boss").target


def test_without_a_target_nothing_was_carried_out() -> None:
    assert memory_after(Unchanged("700"), case("New", "Boss", KNOWN), STEP, None) is KNOWN


def accepted(situated: Situation, settings: StepSettings = STEP) -> Memory:
    return Planner(settings).accepted(situated, target_of(situated))


def test_what_an_undo_left_is_remembered_as_dealt_with_on_both_sides() -> None:
    kept = accepted(case("New", "Boss", replace(KNOWN, set_back={"title": 1}, settings="old")))
    assert kept == replace(
        KNOWN,
        source={**KNOWN.source, "title": text("New")},
        set_back={"title": 1},
        wanted={**KNOWN.wanted, "title": wish_mark(text("New"), text("New"))},
    )


def test_after_an_undo_nothing_is_written_until_the_source_changes() -> None:
    undone = case("New", "Boss", KNOWN)
    assert isinstance(plan(undone, STEP, NOW), Update)
    kept = accepted(undone)
    assert plan(replace(undone, memory=kept), STEP, NOW) == Unchanged("700")
    assert accepted(replace(undone, memory=kept)) is kept
    edited = plan(case("Newest", "Boss", kept), STEP, NOW)
    assert edited == Update("700", (FieldChange("title", "Title", "Boss", "Newest", 1),))


def test_an_owner_whom_an_undo_gave_back_is_not_taken_again() -> None:
    undone = situation(crm_person(), outreach_person(owner_id="13"))
    kept = accepted(undone)
    assert (kept.target[OWNER], kept.wanted[OWNER]) == (owner("13"), wish_mark(owner("1"), owner("11")))
    assert plan(replace(undone, memory=kept), STEP, NOW) == Unchanged("700")


def test_an_undo_remembers_no_owner_where_the_step_touches_none_and_keeps_the_scope() -> None:
    settings = replace(STEP, owners=(), unmapped_owners=UnmappedOwners.LEAVE)
    kept = accepted(case("Boss", "Boss", Memory(in_scope=False)), settings)
    assert (set(kept.target), kept.in_scope) == ({"title"}, False)


@pytest.mark.parametrize(
    ("reason", "remembered"), [(Reason.TARGET_CHANGED_LEFT, owner("11")), (Reason.TARGET_WON, owner("13"))]
)
def test_another_owner_is_acknowledged_unless_the_opposite_step_will_carry_it(reason: Reason, remembered: str) -> None:
    situated = situation(crm_person(), outreach_person(owner_id="13"), memory=KNOWN)
    decision = Unchanged("700", notes=(Note(reason, OWNER),))
    kept = memory_after(decision, situated, STEP, outreach_person(owner_id="13"))
    assert kept.target[OWNER] == remembered
