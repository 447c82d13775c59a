"""The vendor-neutral person, and how its values are kept as JSON in the mirror and in run entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ListItem:
    """One of several e-mails or phones, with what the product says of it."""

    value: str
    label: str = ""
    primary: bool = False


Value: TypeAlias = str | float | bool | tuple[ListItem, ...] | tuple[str, ...] | None
"""A field's value. By kind: TEXT, EMAIL, PHONE str; NUMBER float (int when whole); DATE ISO `YYYY-MM-DD`;
EMAILS, PHONES tuple of ListItem, primary first; OPTION an option's id; OPTIONS a tuple of option ids. Blank is None."""

JsonValue: TypeAlias = str | float | bool | list[dict[str, str | bool]] | list[str] | None

OWNER = "@owner"
"""The pseudo field under which the owner is fingerprinted, compared and reported."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as one account holds it. `id` and `owner_id` are the product's own, as strings.

    `emails` are all addresses for matching, primary first, as typed. `values` has every catalogue field that the
    account returned, by field key. `opted_out`: the product will not write to this person.
    """

    id: str
    name: str
    owner_id: str | None
    emails: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    updated_at: datetime | None = None
    is_deleted: bool = False
    opted_out: bool = False


def value_to_json(value: Value) -> JsonValue:
    """The JSON form of a value; `value_from_json` gives the value back."""
    if not isinstance(value, tuple):
        return value
    items: list[dict[str, str | bool]] = []
    ids: list[str] = []
    for item in value:
        if isinstance(item, ListItem):
            items.append({"value": item.value, "label": item.label, "primary": item.primary})
        else:
            ids.append(item)
    return items or ids


def value_from_json(value: JsonValue) -> Value:
    """The value that `value_to_json` encoded. An empty list is blank."""
    if not isinstance(value, list):
        return value
    items: list[ListItem] = []
    ids: list[str] = []
    for item in value:
        if isinstance(item, dict):
            items.append(ListItem(str(item["value"]), str(item["label"]), bool(item["primary"])))
        else:
            ids.append(item)
    return tuple(items) or tuple(ids) or None


def values_to_json(values: Mapping[str, Value]) -> dict[str, JsonValue]:
    """All values of a person as JSON; blanks are left out."""
    return {key: value_to_json(value) for key, value in values.items() if value is not None}


def values_from_json(values: Mapping[str, JsonValue]) -> dict[str, Value]:
    """The values that `values_to_json` encoded."""
    return {key: value_from_json(value) for key, value in values.items()}
