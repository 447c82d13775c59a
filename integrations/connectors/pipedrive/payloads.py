"""Pipedrive's records as they come over the wire. Unknown members and unknown values of known ones pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.http import JSON

Record = TypeVar("Record", bound=msgspec.Struct)


class ItemRecord(msgspec.Struct, frozen=True):
    """An e-mail or phone of a person. v1 gave blank items for people without any, so all may be missing."""

    value: str | None = None
    label: str | None = None
    primary: bool | None = None


class PersonRecord(msgspec.Struct, frozen=True):
    """A person of v2. `custom_fields` may be null. `raw` is the whole row, for the account's other built-in fields."""

    id: int
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    owner_id: int | None = None
    update_time: str | None = None
    emails: list[ItemRecord] | None = None
    phones: list[ItemRecord] | None = None
    is_deleted: bool | None = None
    custom_fields: dict[str, Any] | None = None
    # Under a name that no member of the wire can have.
    raw: dict[str, Any] = msgspec.field(default_factory=dict, name="the whole row")


class OptionRecord(msgspec.Struct, frozen=True):
    """A choice. Ids are numbers for custom fields, text or truth values for built-in ones."""

    id: int | str | bool
    label: str | None = None


class FieldRecord(msgspec.Struct, frozen=True):
    """A person field of v2."""

    field_code: str
    field_name: str | None = None
    field_type: str = ""
    options: list[OptionRecord] | None = None
    is_custom_field: bool | None = None
    is_optional_response_field: bool | None = None


class UserRecord(msgspec.Struct, frozen=True):
    """A user of v1; the company members only come with `users/me`."""

    id: int
    name: str | None = None
    email: str | None = None
    active_flag: bool | None = None
    is_deleted: bool | None = None
    company_id: int | None = None
    company_name: str | None = None
    company_domain: str | None = None


class FilterRecord(msgspec.Struct, frozen=True):
    """A saved filter of v1."""

    id: int
    name: str | None = None
    type: str = ""
    active_flag: bool | None = None
    temporary_flag: bool | None = None


class WebhookRecord(msgspec.Struct, frozen=True):
    """A webhook of v1."""

    id: int
    subscription_url: str | None = None
    event_action: str = ""
    event_object: str = ""
    is_active: bool | int | None = None
    remove_time: str | None = None
    remove_reason: str | None = None
    last_delivery_time: str | None = None
    last_http_status: int | None = None


def read_one(row: JSON, kind: type[Record]) -> Record:
    """A record. Raises UnexpectedResponse when what it must have is missing or of another shape."""
    try:
        return msgspec.convert(row, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UnexpectedResponse(f"Pipedrive's {kind.__name__} is not as documented: {error}.") from None


def read_list(data: JSON, kind: type[Record]) -> list[Record]:
    """The records of a list, which is null when there are none."""
    if data is None:
        return []
    if not isinstance(data, list):
        raise UnexpectedResponse(f"Pipedrive gave no list of {kind.__name__}.")
    return [read_one(row, kind) for row in data]


def read_person(row: JSON) -> PersonRecord:
    """A person with the whole row. Raises UnexpectedResponse."""
    record = read_one(row, PersonRecord)
    return msgspec.structs.replace(record, raw=row)


def read_people(data: JSON) -> tuple[list[PersonRecord], list[str]]:
    """The people of a page, and why some rows could not be read. Raises UnexpectedResponse when it is no list."""
    if not isinstance(data, Iterable) or isinstance(data, str | dict):
        raise UnexpectedResponse("Pipedrive gave no list of people.")
    people: list[PersonRecord] = []
    unreadable: list[str] = []
    for number, row in enumerate(data, start=1):
        try:
            people.append(read_person(row))
        except UnexpectedResponse as error:
            which = row.get("id") if isinstance(row, dict) else None
            unreadable.append(f"Row {number} (id {which}): {error.message}")
    return people, unreadable
