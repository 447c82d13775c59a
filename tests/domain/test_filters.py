from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.catalogue import Field, Option
from integrations.domain.describe import describe_condition, describe_filter
from integrations.domain.enums import FieldKind, Join, Operator
from integrations.domain.filters import OPERATORS, check_condition, compile_filter, operator_words, passes
from integrations.domain.person import OWNER, ListItem, Person, Value
from integrations.domain.step_settings import Condition, Filter
from tests.domain.builders import NOW

K, O = FieldKind, Operator  # noqa: E741
OPTIONS = (Option("1", "Gold"), Option("2", "Silver"))
OWNER_FIELD = Field(OWNER, "Owner", FieldKind.OPTION)
PEOPLE = (ListItem("Ann@x.org", "", True), ListItem("b@y.org"))
PHONES = (ListItem("+49 (0)30 123"),)


def asked(operator: Operator, value: str = "", kind: FieldKind | None = K.TEXT, **more: Any) -> Condition:
    options = OPTIONS if kind in (K.OPTION, K.OPTIONS) else ()
    field = Field("f", "Lead source", kind, options=options) if kind is not None else None
    return Condition(**{"id": 1, "operator": operator, "value": value, "field": field, **more})


def person(value: Value, owner: str | None = "5") -> Person:
    return Person("1", "Ann", owner, (), {"f": value})


@pytest.mark.parametrize(
    ("kind", "operator", "wanted", "value", "passed"),
    [
        (K.TEXT, O.IS, "web inar", " Web  Inar", True),
        (K.TEXT, O.IS, "x", None, False),
        (K.TEXT, O.IS_NOT, "x", "X", False),
        (K.TEXT, O.IS_NOT, "x", "y", True),
        (K.TEXT, O.IS_NOT, "x", None, True),
        (K.TEXT, O.CONTAINS, "BIN", "Webinar", True),
        (K.TEXT, O.NOT_CONTAINS, "bin", "Webinar", False),
        (K.TEXT, O.NOT_CONTAINS, "bin", " ", True),
        (K.TEXT, O.STARTS_WITH, "web", "Webinar", True),
        (K.TEXT, O.STARTS_WITH, "bin", "Webinar", False),
        (K.TEXT, O.IS_EMPTY, "", "  ", True),
        (K.TEXT, O.IS_EMPTY, "", "x", False),
        (K.TEXT, O.IS_NOT_EMPTY, "", (), False),
        (K.TEXT, O.IS_NOT_EMPTY, "", 0, True),
        (K.NUMBER, O.IS, "5", 5.0, True),
        (K.NUMBER, O.IS_NOT, "5", 6, True),
        (K.NUMBER, O.IS_NOT, "5", "many", False),
        (K.NUMBER, O.IS_NOT, "5", None, True),
        (K.NUMBER, O.GREATER, "5", "5.1", True),
        (K.NUMBER, O.GREATER, "5", "many", False),
        (K.NUMBER, O.LESS, "5", 5, False),
        (K.NUMBER, O.LESS, "5", 4, True),
        (K.NUMBER, O.LESS, "5", True, True),
        (K.DATE, O.IS, "2026-08-20", "2026-08-20T23:59:00Z", True),
        (K.DATE, O.IS_NOT, "2026-08-20", "2026-08-21", True),
        (K.DATE, O.BEFORE, "2026-08-20", "2026-08-19", True),
        (K.DATE, O.BEFORE, "2026-08-20", "2026-08-20", False),
        (K.DATE, O.AFTER, "2026-08-20", "2026-08-21", True),
        (K.DATE, O.AFTER, "2026-08-20", "soon", False),
        (K.DATE, O.IN_LAST_DAYS, "7", "2026-08-13", True),
        (K.DATE, O.IN_LAST_DAYS, "7", "2026-08-12", False),
        (K.DATE, O.IN_LAST_DAYS, "7", "2026-08-20", True),
        (K.DATE, O.IN_LAST_DAYS, "7", "2026-08-21", False),
        (K.DATE, O.IN_LAST_DAYS, "7", 5, False),
        (K.EMAILS, O.IS, "B@Y.org", PEOPLE, True),
        (K.EMAILS, O.CONTAINS, "@y.", PEOPLE, True),
        (K.EMAILS, O.NOT_CONTAINS, "@y.", PEOPLE, False),
        (K.EMAILS, O.IS_NOT, "c@y.org", PEOPLE, True),
        (K.EMAIL, O.STARTS_WITH, "ann", "Ann@x.org", True),
        (K.PHONES, O.STARTS_WITH, "0049", PHONES, True),
        (K.PHONE, O.CONTAINS, "30-1", "+49 30 123", True),
        (K.OPTION, O.IS, "1", "1", True),
        (K.OPTION, O.IS, "1", "2", False),
        (K.OPTION, O.IS, "gone", "gone", True),
        (K.OPTION, O.IS_NOT, "1", None, True),
        (K.OPTIONS, O.IS, "2", ("1", "2"), True),
        (K.OPTIONS, O.IS_NOT, "2", ("1", "2"), False),
        (K.OTHER, O.IS_NOT_EMPTY, "", "x", True),
        (K.NUMBER, O.GREATER, "many", 5, False),
        (K.NUMBER, O.IS_NOT, "many", 5, False),
        (K.DATE, O.BEFORE, "soon", "2026-08-20", False),
        (K.DATE, O.IN_LAST_DAYS, "0", "2026-08-20", False),
        (K.TEXT, O.GREATER, "5", "6", False),
        (K.OPTION, O.IS, "", "1", False),
    ],
)
def test_conditions_are_tested_by_the_kind_of_the_field(
    kind: FieldKind, operator: Operator, wanted: str, value: Value, passed: bool
) -> None:
    verdict = passes(Filter(conditions=(asked(operator, wanted, kind),)), person(value), frozenset(), NOW)
    assert verdict.passed is passed
    assert [(each.passed, each.actual) for each in verdict.results] == [(passed, value)]


@pytest.mark.parametrize(
    ("operator", "wanted", "owner", "passed"),
    [(O.IS, "5", "5", True), (O.IS, "5", None, False), (O.IS_NOT, "5", "6", True), (O.IS_EMPTY, "", None, True)],
)
def test_the_owner_is_tested_by_member_id(operator: Operator, wanted: str, owner: str | None, passed: bool) -> None:
    rules = Filter(conditions=(Condition(1, operator, wanted, OWNER_FIELD),))
    verdict = passes(rules, person("x", owner), frozenset(), NOW)
    assert (verdict.passed, verdict.results[0].actual) == (passed, owner)


@pytest.mark.parametrize(("operator", "passed"), [(O.IN_LIST, True), (O.NOT_IN_LIST, False)])
def test_membership_of_a_saved_filter_can_be_asked(operator: Operator, passed: bool) -> None:
    rules = Filter(conditions=(asked(operator, "9", None),))
    verdict = passes(rules, person("x"), frozenset({"9"}), NOW)
    assert (verdict.passed, verdict.results[0].actual) == (passed, None)


def test_without_conditions_everybody_passes() -> None:
    assert passes(Filter(), person(None), frozenset(), NOW).passed
    assert passes(Filter(Join.ANY), person(None), frozenset(), NOW).passed


def row(text: str, group: str = "") -> Condition:
    return asked(O.CONTAINS, text, group=group)


@pytest.mark.parametrize(
    ("join", "value", "passed"),
    [
        (Join.ALL, "a b", True),
        (Join.ALL, "a c", True),
        (Join.ALL, "a", False),
        (Join.ALL, "b c", False),
        (Join.ANY, "a", True),
        (Join.ANY, "b", False),
        (Join.ANY, "b c", True),
    ],
)
def test_a_group_uses_the_opposite_join(join: Join, value: str, passed: bool) -> None:
    rules = Filter(join, (row("b", "g"), row("a"), row("c", "g")))
    assert passes(rules, person(value), frozenset(), NOW).passed is passed


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (asked(O.IS, "x"), None),
        (asked(O.IS_EMPTY), None),
        (asked(O.IN_LIST, "9", None), None),
        (asked(O.IN_LIST, "", None), "Choose a saved filter or list."),
        (asked(O.IS, "x", None), "Choose a field."),
        (asked(O.GREATER, "5"), "“is greater than” cannot be asked of Lead source."),
        (asked(O.IS, " "), "Give a value, or use “is empty”."),
        (asked(O.IN_LAST_DAYS, "30", K.DATE), None),
        (asked(O.IN_LAST_DAYS, "1.5", K.DATE), "Give a whole number of days from 1 to 36500."),
        (asked(O.IN_LAST_DAYS, "9999999", K.DATE), "Give a whole number of days from 1 to 36500."),
        (asked(O.GREATER, "5", K.NUMBER), None),
        (asked(O.GREATER, "five", K.NUMBER), "“five” is not a number."),
        (asked(O.BEFORE, "2026-08-20", K.DATE), None),
        (asked(O.BEFORE, "soon", K.DATE), "“soon” is not a date; write it as 2026-12-31."),
        (asked(O.IS, "1", K.OPTION), None),
        (asked(O.IS, "9", K.OPTION, value_label="Bronze"), "“Bronze” is not an option of Lead source."),
        (Condition(1, O.IS, "5", OWNER_FIELD), None),
    ],
)
def test_a_condition_that_cannot_be_tested_is_refused_on_its_form(condition: Condition, problem: str | None) -> None:
    assert check_condition(condition) == problem


def test_every_kind_offers_whether_it_is_empty() -> None:
    assert set(OPERATORS) == set(FieldKind)
    assert all({O.IS_EMPTY, O.IS_NOT_EMPTY} <= set(operators) for operators in OPERATORS.values())
    assert all(operator_words(operator) for operator in Operator)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (asked(O.IS, "7", value_label="Webinar"), "Lead source is Webinar"),
        (asked(O.NOT_CONTAINS, "x"), "Lead source does not contain x"),
        (asked(O.IS_EMPTY), "Lead source is empty"),
        (asked(O.IN_LAST_DAYS, "1", K.DATE), "Lead source is in the last 1 day"),
        (asked(O.IN_LAST_DAYS, "30", K.DATE), "Lead source is in the last 30 days"),
        (asked(O.IN_LIST, "9", None, value_label="Hot leads"), "Is in the list “Hot leads”"),
        (asked(O.NOT_IN_LIST, "9", None), "Is not in the list “9”"),
        (asked(O.IS, "x", None), "(no field) is x"),
    ],
)
def test_a_condition_reads_as_people_say_it(condition: Condition, words: str) -> None:
    assert describe_condition(condition) == words


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Filter(), "Everybody"),
        (Filter(Join.ALL, (row("a"),)), "Lead source contains a"),
        (Filter(Join.ALL, (row("a", "g"), row("b", "g"))), "Lead source contains a or Lead source contains b"),
        (
            Filter(Join.ALL, (row("a"), row("b", "g"), row("c", "g"))),
            "Lead source contains a and (Lead source contains b or Lead source contains c)",
        ),
        (Filter(Join.ANY, (row("a"), row("b"))), "Lead source contains a or Lead source contains b"),
    ],
)
def test_a_filter_reads_in_one_line(rules: Filter, words: str) -> None:
    assert describe_filter(rules) == words


CONDITIONS = st.builds(
    Condition,
    id=st.integers(1, 9),
    operator=st.sampled_from(Operator),
    value=st.sampled_from(["", "5", "x", "2026-08-20", "1", "999999999999"]),
    field=st.one_of(st.none(), st.sampled_from(FieldKind).map(lambda kind: Field("f", "F", kind, options=OPTIONS))),
    group=st.sampled_from(["", "g", "h"]),
)
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.text(max_size=5), st.floats(), st.integers(), st.just(PEOPLE), st.just(("1", "2")), st.booleans()
)


@given(join=st.sampled_from(Join), conditions=st.lists(CONDITIONS, max_size=5), value=ODD)
def test_no_condition_and_no_value_make_a_filter_fail(join: Join, conditions: list[Condition], value: Value) -> None:
    rules = Filter(join, tuple(conditions))
    verdict = passes(rules, person(value), frozenset({"5"}), NOW)
    assert compile_filter(rules)(person(value), frozenset({"5"}), NOW) is verdict.passed
    if not any(condition.group for condition in conditions) and conditions:
        results = [each.passed for each in verdict.results]
        assert verdict.passed is (all(results) if join is Join.ALL else any(results))
