"""Conditions and filters in words, one line each."""

from __future__ import annotations

from .enums import Join, Operator
from .filters import groups_of, operator_words
from .step_settings import Condition, Filter


def describe_condition(condition: Condition) -> str:
    """A condition as people say it: "Lead source is Webinar"."""
    value = condition.value_label or condition.value
    if condition.operator in (Operator.IN_LIST, Operator.NOT_IN_LIST):
        return f"{operator_words(condition.operator).capitalize()} “{value}”"
    label = condition.field.label if condition.field is not None else "(no field)"
    if condition.operator is Operator.IN_LAST_DAYS:
        return f"{label} is in the last {value} day" + ("" if value == "1" else "s")
    words = f"{label} {operator_words(condition.operator)}"
    return words if condition.operator in (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY) else f"{words} {value}"


def describe_filter(rules: Filter) -> str:
    """All conditions in one line, groups in brackets; "Everybody" without any."""
    parts = groups_of(rules)
    inner = _JOINS[rules.join.opposite]
    texts = [_bracketed(inner.join(map(describe_condition, rows)), len(rows) > 1 < len(parts)) for rows in parts]
    if len(parts) == 1:
        return texts[0]
    return _JOINS[rules.join].join(texts) or "Everybody"


_JOINS = {Join.ALL: " and ", Join.ANY: " or "}


def _bracketed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text
