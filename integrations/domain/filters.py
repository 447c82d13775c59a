"""The filtering rules: which source people a step takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

from .enums import FieldKind, Join, Operator
from .normalise import date_of, entries, is_blank, normal_phone, normal_text, number_of
from .person import OWNER, Person, Value
from .step_settings import Condition, Filter

Test: TypeAlias = Callable[[Person, frozenset[str], datetime], bool]
"""(person, ids of the saved filters that the person is in, now) -> whether the person passes."""

ValueTest: TypeAlias = Callable[[Value, datetime], bool]

_EMPTINESS = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)
_CHOICE = (Operator.IS, Operator.IS_NOT, *_EMPTINESS)
_WORDS = (
    Operator.IS,
    Operator.IS_NOT,
    Operator.CONTAINS,
    Operator.NOT_CONTAINS,
    Operator.STARTS_WITH,
    *_EMPTINESS,
)

OPERATORS: Mapping[FieldKind, tuple[Operator, ...]] = {
    FieldKind.TEXT: _WORDS,
    FieldKind.NUMBER: (Operator.IS, Operator.IS_NOT, Operator.GREATER, Operator.LESS, *_EMPTINESS),
    FieldKind.DATE: (
        Operator.IS,
        Operator.IS_NOT,
        Operator.BEFORE,
        Operator.AFTER,
        Operator.IN_LAST_DAYS,
        *_EMPTINESS,
    ),
    FieldKind.EMAIL: _WORDS,
    FieldKind.EMAILS: _WORDS,
    FieldKind.PHONE: _WORDS,
    FieldKind.PHONES: _WORDS,
    FieldKind.OPTION: _CHOICE,
    FieldKind.OPTIONS: _CHOICE,
    FieldKind.OTHER: _EMPTINESS,
}
"""Which operators a form offers for a kind of field. An owner condition takes those of OPTION."""

LIST_OPERATORS = (Operator.IN_LIST, Operator.NOT_IN_LIST)
"""The operators of conditions on a saved filter, which have no field."""

_NEGATIONS = {Operator.IS_NOT: Operator.IS, Operator.NOT_CONTAINS: Operator.CONTAINS}
_MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """How one condition went. `actual` is the person's value, None for saved filters."""

    condition: Condition
    passed: bool
    actual: Value = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a person passes, and how each condition went, in the order of the rows."""

    passed: bool
    results: tuple[ConditionResult, ...]


_OPERATOR_WORDS = {
    Operator.IS: "is",
    Operator.IS_NOT: "is not",
    Operator.CONTAINS: "contains",
    Operator.NOT_CONTAINS: "does not contain",
    Operator.STARTS_WITH: "starts with",
    Operator.IS_EMPTY: "is empty",
    Operator.IS_NOT_EMPTY: "is not empty",
    Operator.GREATER: "is greater than",
    Operator.LESS: "is less than",
    Operator.BEFORE: "is before",
    Operator.AFTER: "is after",
    Operator.IN_LAST_DAYS: "is in the last N days",
    Operator.IN_LIST: "is in the list",
    Operator.NOT_IN_LIST: "is not in the list",
}


def operator_words(operator: Operator) -> str:
    """The operator as it reads between a field and a value."""
    return _OPERATOR_WORDS[operator]


def check_condition(condition: Condition) -> str | None:
    """What is wrong with a condition, as a sentence for its form; None when it can be tested."""
    if condition.operator in LIST_OPERATORS:
        return None if condition.value else "Choose a saved filter or list."
    field = condition.field
    if field is None:
        return "Choose a field."
    if condition.operator not in OPERATORS[field.kind]:
        return f"“{operator_words(condition.operator)}” cannot be asked of {field.label}."
    if condition.operator in _EMPTINESS:
        return None
    return _check_value(condition, field.kind)


def _check_value(condition: Condition, kind: FieldKind) -> str | None:
    value = condition.value
    if is_blank(value):
        return "Give a value, or use “is empty”."
    if condition.operator is Operator.IN_LAST_DAYS:
        return None if _days(value) is not None else f"Give a whole number of days from 1 to {_MAX_DAYS}."
    if kind is FieldKind.NUMBER:
        return None if number_of(value) is not None else f"“{value}” is not a number."
    if kind is FieldKind.DATE:
        return None if date_of(value) is not None else f"“{value}” is not a date; write it as 2026-12-31."
    assert condition.field is not None
    known = {option.id for option in condition.field.options}
    if known and value not in known and kind in (FieldKind.OPTION, FieldKind.OPTIONS):
        return f"“{condition.value_label or value}” is not an option of {condition.field.label}."
    return None


def _days(value: str) -> int | None:
    text = value.strip()
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    return days if 1 <= days <= _MAX_DAYS else None


def compile_filter(rules: Filter) -> Test:
    """One function for the whole filter. Without conditions everybody passes; what cannot be tested is false."""
    parts = [_join(rules.join.opposite, [_test(row) for row in rows]) for rows in groups_of(rules)]
    return _join(rules.join, parts) if parts else _everybody


def passes(rules: Filter, person: Person, saved_filters: frozenset[str], now: datetime) -> Verdict:
    """The same answer as `compile_filter`, with the result of every condition."""
    results = tuple(
        ConditionResult(row, _test(row)(person, saved_filters, now), _actual(row, person)) for row in rules.conditions
    )
    return Verdict(compile_filter(rules)(person, saved_filters, now), results)


def groups_of(rules: Filter) -> list[list[Condition]]:
    """The parts of the outer join: every ungrouped row by itself, and every group where its first row stands."""
    parts: list[list[Condition]] = []
    groups: dict[str, list[Condition]] = {}
    for row in rules.conditions:
        if row.group in groups:
            groups[row.group].append(row)
            continue
        part = [row]
        parts.append(part)
        if row.group:
            groups[row.group] = part
    return parts


def _everybody(person: Person, saved_filters: frozenset[str], now: datetime) -> bool:
    return True


def _nobody(person: Person, saved_filters: frozenset[str], now: datetime) -> bool:
    return False


def _join(join: Join, tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if join is Join.ALL:
        return lambda person, saved, now: all(test(person, saved, now) for test in tests)
    return lambda person, saved, now: any(test(person, saved, now) for test in tests)


def _actual(condition: Condition, person: Person) -> Value:
    if condition.field is None:
        return None
    return person.owner_id if condition.field.key == OWNER else person.values.get(condition.field.key)


def _test(condition: Condition) -> Test:
    wanted = condition.value
    if condition.operator is Operator.IN_LIST:
        return lambda person, saved, now: wanted in saved
    if condition.operator is Operator.NOT_IN_LIST:
        return lambda person, saved, now: wanted not in saved
    if check_condition(condition) is not None and not _is_gone_option(condition):
        return _nobody
    assert condition.field is not None
    key, test = condition.field.key, _value_test(condition.operator, condition.field.kind, wanted)
    if key == OWNER:
        return lambda person, saved, now: test(person.owner_id, now)
    return lambda person, saved, now: test(person.values.get(key), now)


def _is_gone_option(condition: Condition) -> bool:
    """An option that was removed from the product since can still be compared: nobody has it any more."""
    field = condition.field
    return field is not None and field.kind in (FieldKind.OPTION, FieldKind.OPTIONS) and condition.value != ""


def _value_test(operator: Operator, kind: FieldKind, wanted: str) -> ValueTest:
    if operator is Operator.IS_EMPTY:
        return lambda value, now: is_blank(value)
    if operator is Operator.IS_NOT_EMPTY:
        return lambda value, now: not is_blank(value)
    if operator in _NEGATIONS:
        return _negation(_value_test(_NEGATIONS[operator], kind, wanted), kind)
    if kind is FieldKind.NUMBER:
        return _number_test(operator, wanted)
    if kind is FieldKind.DATE:
        return _date_test(operator, wanted)
    if kind in (FieldKind.OPTION, FieldKind.OPTIONS):
        option = wanted.strip()
        return lambda value, now: any(entry.strip() == option for entry in entries(value))
    return _words_test(operator, kind, wanted)


def _negation(positive: ValueTest, kind: FieldKind) -> ValueTest:
    parses = {FieldKind.NUMBER: number_of, FieldKind.DATE: date_of}.get(kind)

    def negative(value: Value, now: datetime) -> bool:
        if is_blank(value):
            return True
        return (parses is None or parses(value) is not None) and not positive(value, now)

    return negative


def _number_test(operator: Operator, wanted: str) -> ValueTest:
    limit = number_of(wanted)
    assert limit is not None

    def test(value: Value, now: datetime) -> bool:
        number = number_of(value)
        if number is None:
            return False
        if operator is Operator.GREATER:
            return number > limit
        return number < limit if operator is Operator.LESS else number == limit

    return test


def _date_test(operator: Operator, wanted: str) -> ValueTest:
    limit = date_of(wanted) or date.min
    days = timedelta(_days(wanted) or 0)

    def test(value: Value, now: datetime) -> bool:
        day = date_of(value)
        if day is None:
            return False
        if operator is Operator.IN_LAST_DAYS:
            return timedelta(0) <= now.date() - day <= days
        if operator is Operator.BEFORE:
            return day < limit
        return day > limit if operator is Operator.AFTER else day == limit

    return test


def _fold(text: str) -> str:
    return normal_text(text).casefold()


def _words_test(operator: Operator, kind: FieldKind, wanted: str) -> ValueTest:
    form = normal_phone if kind in (FieldKind.PHONE, FieldKind.PHONES) else _fold
    sought = form(wanted)
    if operator is Operator.CONTAINS:
        return lambda value, now: any(sought in form(entry) for entry in entries(value))
    if operator is Operator.STARTS_WITH:
        return lambda value, now: any(form(entry).startswith(sought) for entry in entries(value))
    return lambda value, now: any(form(entry) == sought for entry in entries(value))
