"""Saved filters: what conditions may say (from `/filters/helpers`), and whom they let through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.errors import ApiError
from integrations.sandbox.pipedrive.records import Person, PersonField
from integrations.sandbox.pipedrive.relative_dates import days_of
from integrations.sandbox.pipedrive.state import State

Test = Callable[[Person], bool]
Compare = Callable[[Json, Json, date], bool]
MAX_CONDITIONS = 16

_EMPTINESS = ("IS NULL", "IS NOT NULL")
_EQUALITY = ("=", "!=")
_ORDER = ("=", "!=", ">", "<", ">=", "<=", *_EMPTINESS)
_TEXT = (*_EQUALITY, *_EMPTINESS, "LIKE '%$%'", "LIKE '$%'", "NOT LIKE '$%'",
         "NOT LIKE '%$%'", "LIKE '%$'", "NOT LIKE '%$'")  # fmt: skip
_LINK = (*_EQUALITY, *_EMPTINESS)
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "varchar": _TEXT, "varchar_auto": _TEXT, "text": _TEXT, "phone": _TEXT, "address": _TEXT,
    "int": _ORDER, "double": _ORDER, "monetary": _ORDER, "date": _ORDER,
    "enum": _LINK, "user": _LINK, "org": _LINK, "people": _LINK,
    "set": (*_EQUALITY, "contains", "not_contains", *_EMPTINESS),
    "visible_to": _EQUALITY,
}  # fmt: skip


def check_conditions(conditions: Json, state: State) -> None:
    """Raise a 400 with the reason when a filter of people cannot have these conditions."""
    groups = conditions.get("conditions") if isinstance(conditions, Mapping) else None
    if not isinstance(groups, list) or conditions.get("glue") != "and" or len(groups) > 2:
        raise ApiError(400, "Conditions must be one group glued with and, holding an and-group and an or-group.")
    count = 0
    for group in groups:
        members = group.get("conditions") if isinstance(group, Mapping) else None
        if not isinstance(members, list) or group.get("glue") not in ("and", "or"):
            raise ApiError(400, "Conditions must be one group glued with and, holding an and-group and an or-group.")
        count += len(members)
        for member in members:
            _check_condition(member, state)
    if count > MAX_CONDITIONS:
        raise ApiError(400, f"A filter can have at most {MAX_CONDITIONS} conditions.")


def compile_conditions(conditions: Json, state: State, now: datetime) -> Test:
    """Whether a person passes; conditions that name a field which is gone let nobody through."""
    tests: list[Test] = []
    for group in conditions["conditions"]:
        members = [_compile(member, state, now.date()) for member in group["conditions"]]
        if members:
            tests.append(_all(members) if group["glue"] == "and" else _any(members))
    return _all(tests)


def field_of(condition: Json, state: State) -> PersonField | None:
    """The field that a condition names by its v1 number."""
    number = str(condition.get("field_id", ""))
    return state.field_by_number(int(number)) if number.isdigit() else None


def _check_condition(condition: Json, state: State) -> None:
    field = field_of(condition, state) if isinstance(condition, Mapping) else None
    if field is None or condition.get("object") != "person":
        raise ApiError(400, "A condition names an object and one of its fields by number.")
    operator, value = condition.get("operator"), condition.get("value")
    if operator not in OPERATORS.get(field.type, ()):
        raise ApiError(400, f"Operator {operator} cannot be used with field {field.id}.")
    if operator not in _EMPTINESS and value is None:
        raise ApiError(400, f"Operator {operator} needs a value.")
    if field.type == "date" and operator not in _EMPTINESS and days_of(str(value), date.min.replace(year=2000)) is None:
        raise ApiError(400, "Dates are YYYY-MM-DD.")


def _all(tests: list[Test]) -> Test:
    return lambda person: all(test(person) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda person: any(test(person) for test in tests)


def _compile(condition: Json, state: State, today: date) -> Test:
    field = field_of(condition, state)
    if field is None:
        return lambda person: False
    operator, wanted = condition["operator"], condition.get("value")
    if operator in _EMPTINESS:
        return lambda person: bool(_values(person, field)) is (operator == "IS NOT NULL")
    negated = NEGATED.get(operator)
    if negated is not None:
        compare = _comparison(field, negated)
        return lambda person: not any(compare(value, wanted, today) for value in _values(person, field))
    compare = _comparison(field, operator)
    return lambda person: any(compare(value, wanted, today) for value in _values(person, field))


NEGATED: Mapping[str, str] = {
    "!=": "=",
    "not_contains": "contains",
    "NOT LIKE '$%'": "LIKE '$%'",
    "NOT LIKE '%$%'": "LIKE '%$%'",
    "NOT LIKE '%$'": "LIKE '%$'",
}


def _values(person: Person, field: PersonField) -> list[Json]:
    if field.is_custom:
        value = person.custom_fields.get(field.code)
    else:
        value = BUILT_IN[field.code](person) if field.code in BUILT_IN else getattr(person, field.code, None)
    listed = value if isinstance(value, list) else [value]
    return [one.get("value") if isinstance(one, Mapping) else one for one in listed if one not in (None, "")]


BUILT_IN: Mapping[str, Callable[[Person], Json]] = {
    "email": lambda person: [item["value"] for item in person.emails],
    "phone": lambda person: [item["value"] for item in person.phones],
    "im": lambda person: [item["value"] for item in person.im],
}


def _comparison(field: PersonField, operator: str) -> Compare:
    if field.type == "date":
        return DATES[operator]
    if field.type in ("int", "double", "monetary"):
        return lambda value, wanted, today: NUMBERS[operator](float(value), float(wanted))
    if field.type in ("enum", "set", "user", "org", "people", "visible_to"):
        return lambda value, wanted, today: str(value) in str(wanted).split(",")
    return lambda value, wanted, today: TEXTS[operator](str(value).lower(), str(wanted).lower())


TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "LIKE '%$%'": lambda value, wanted: wanted in value,
    "LIKE '$%'": lambda value, wanted: value.startswith(wanted),
    "LIKE '%$'": lambda value, wanted: value.endswith(wanted),
}
NUMBERS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, wanted: value == wanted,
    ">": lambda value, wanted: value > wanted,
    "<": lambda value, wanted: value < wanted,
    ">=": lambda value, wanted: value >= wanted,
    "<=": lambda value, wanted: value <= wanted,
}


def _on_days(within: Callable[[date, date, date], bool]) -> Compare:
    def compare(value: Json, wanted: Json, today: date) -> bool:
        days = days_of(str(wanted), today)
        return days is not None and within(date.fromisoformat(str(value)[:10]), *days)

    return compare


DATES: Mapping[str, Compare] = {
    "=": _on_days(lambda day, first, last: first <= day <= last),
    ">": _on_days(lambda day, first, last: day > last),
    "<": _on_days(lambda day, first, last: day < first),
    ">=": _on_days(lambda day, first, last: day >= first),
    "<=": _on_days(lambda day, first, last: day <= last),
}
