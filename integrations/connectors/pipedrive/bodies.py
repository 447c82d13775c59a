"""Our writes to Pipedrive's bodies. Pure. v2 is strict: numbers are numbers, and an unknown field fails the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connectors.errors import Rejected
from integrations.connectors.ports import NewPerson, PersonUpdate
from integrations.domain.catalogue import Field
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Value

from .translate import EMAILS, FIRST_NAME, LAST_NAME, NAME, PHONES

_PARTS = (FIRST_NAME, LAST_NAME)


def new_person(person: NewPerson, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The body of a create. A name is required: made of the parts, else the given one, else the address.

    Raises Rejected, naming the field, for a value that cannot be sent.
    """
    given = {key: value for key, value in person.values.items() if value is not None}
    body = _body(given, {}, fields)
    body.setdefault("name", person.address)
    body.setdefault("emails", [{"value": person.address, "primary": True}])
    if person.owner_id is not None:
        body["owner_id"] = _whole(person.owner_id, "owner")
    return body


def person_update(update: PersonUpdate, fields: Mapping[str, Field]) -> dict[str, Any]:
    """The body of an update; empty when there is nothing to change. Raises Rejected as `new_person` does."""
    body = _body(update.changes, update.current.values, fields)
    if update.owner_id is not None:
        body["owner_id"] = _whole(update.owner_id, "owner")
    return body


def _body(changes: Mapping[str, Value], current: Mapping[str, Value], fields: Mapping[str, Field]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for key, value in changes.items():
        field = fields.get(key)
        if field is None or not field.writable:
            raise Rejected(f"Pipedrive has no field {key} that can be written.", field=key)
        if key in _PARTS:
            continue
        wire = _items(value, current.get(key), field) if key in (EMAILS, PHONES) else _wire(value, field)
        (custom if field.is_custom else body)[key] = wire
    if any(part in changes for part in _PARTS):
        # v2 takes the name alone, and splits it again itself.
        body[NAME] = " ".join(
            text for part in _PARTS if (text := str(changes.get(part, current.get(part)) or "").strip())
        )
    if custom:
        body["custom_fields"] = custom
    return body


def _items(value: Value, current: Value, field: Field) -> list[dict[str, Any]]:
    """The whole list, since Pipedrive replaces it whole. An item without a label keeps the one it has."""
    wanted = _as_items(value, field)
    labels = {item.value.casefold(): item.label for item in _as_items(current, field)}
    primary = next((index for index, item in enumerate(wanted) if item.primary), 0)
    rows: list[dict[str, Any]] = []
    for index, item in enumerate(wanted):
        row: dict[str, Any] = {"value": item.value, "primary": index == primary}
        if label := item.label or labels.get(item.value.casefold(), ""):
            row["label"] = label
        rows.append(row)
    return rows


def _as_items(value: Value, field: Field) -> tuple[ListItem, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (ListItem(value, primary=True),)
    items = tuple(item for item in value if isinstance(item, ListItem)) if isinstance(value, tuple) else ()
    if not items:
        raise _unsuited(value, field)
    return items


def _wire(value: Value, field: Field) -> Any:
    """A single value as v2 wants it. null clears, for a set too: an empty list is refused."""
    if value is None or value in ("", ()):
        return None
    if field.kind is FieldKind.NUMBER:
        return _number(value, field)
    if field.kind is FieldKind.OPTION:
        return _whole(value, field.key)
    if field.kind is FieldKind.OPTIONS:
        return [_whole(each, field.key) for each in (value if isinstance(value, tuple) else (value,))]
    if not isinstance(value, str):
        raise _unsuited(value, field)
    return value


def _number(value: Value, field: Field) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _unsuited(value, field)
    return int(value) if float(value).is_integer() else value


def _whole(value: object, key: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise Rejected(f"Pipedrive has no {value!r} to choose for {key}.", field=key) from None


def _unsuited(value: object, field: Field) -> Rejected:
    return Rejected(f"{field.label} takes {field.kind.value}, not {type(value).__name__}.", field=field.key)
