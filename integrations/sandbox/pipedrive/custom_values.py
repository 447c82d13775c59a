"""Values of custom fields: what v2 takes per type, how lists show them, and how webhooks spell them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.errors import invalid
from integrations.sandbox.pipedrive.records import PersonField
from integrations.sandbox.pipedrive.state import State

Check = Callable[[Json, PersonField, State], bool]
VARCHAR_MAX = 255
TEXT_MAX = 65_000


def read_custom_fields(values: Json, state: State) -> dict[str, Json]:
    """Custom fields as a body sets them, null meaning "clear".

    Raises ERR_SCHEMA_VALIDATION_FAILED, naming the field, for a key that the company does not have and for a value of
    another type: v2 fails the whole request, where v1 ignored unknown keys.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise invalid("custom_fields must be an object")
    for code, value in values.items():
        field = state.fields.get(code)
        if field is None or not field.is_custom:
            raise invalid(f"custom_fields: unknown field_code {code}")
        if value is not None and not CHECKS[field.type](value, field, state):
            raise invalid(f"custom_fields: invalid value for field_code {code} of type {field.type}")
    return dict(values)


def is_whole(value: Json) -> bool:
    """Whether JSON gave a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_date(value: Json) -> bool:
    """Whether it is a `YYYY-MM-DD` of the calendar."""
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_number(value: Json) -> bool:
    return isinstance(value, float) or is_whole(value)


def _has_option(value: Json, field: PersonField) -> bool:
    return is_whole(value) and any(option.id == value for option in field.options)


def _with_value(check: Callable[[Json], bool]) -> Check:
    return lambda value, field, state: isinstance(value, Mapping) and check(value.get("value"))


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


CHECKS: Mapping[str, Check] = {
    "varchar": lambda value, field, state: isinstance(value, str) and len(value) <= VARCHAR_MAX,
    "varchar_auto": lambda value, field, state: isinstance(value, str) and len(value) <= VARCHAR_MAX,
    "text": lambda value, field, state: isinstance(value, str) and len(value) <= TEXT_MAX,
    "phone": lambda value, field, state: isinstance(value, str),
    "double": lambda value, field, state: _is_number(value),
    "date": lambda value, field, state: is_date(value),
    "enum": lambda value, field, state: _has_option(value, field),
    "set": lambda value, field, state: (
        isinstance(value, list) and bool(value) and all(_has_option(one, field) for one in value)
    ),
    "user": lambda value, field, state: is_whole(value) and value in state.users,
    "org": lambda value, field, state: is_whole(value) and value in state.organizations,
    "people": lambda value, field, state: is_whole(value) and value in state.persons,
    "monetary": lambda value, field, state: (
        isinstance(value, Mapping) and _is_number(value.get("value")) and _is_text(value.get("currency"))
    ),
    "time": _with_value(_is_text),
    "timerange": _with_value(_is_text),
    "daterange": _with_value(is_date),
    "address": _with_value(_is_text),
}


def with_option_labels(value: Json, field: PersonField) -> Json:
    """An enum or set value as `{id, label}`, other values as they are."""
    labels = {option.id: option.label for option in field.options}
    if field.type == "enum":
        return {"id": value, "label": labels.get(value)}
    if field.type == "set":
        return [{"id": one, "label": labels.get(one)} for one in value]
    return value


def as_webhook_value(value: Json, field: PersonField) -> Json:
    """A value as webhooks spell it: a typed object (seen live for enum, user, people and monetary)."""
    if value is None:
        return None
    if field.type in ("enum", "user", "org", "people"):
        return {"id": value, "type": field.type}
    if field.type == "set":
        return {"type": "set", "values": [{"id": one} for one in value]}
    if isinstance(value, Mapping):
        return {**value, "type": field.type}
    return {"type": field.type, "value": value}
