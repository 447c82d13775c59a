"""Reads the bodies that create and edit persons, as strictly as v2 does: numbers are no strings, true is no 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.auth import check_visibility
from integrations.sandbox.pipedrive.custom_values import is_date, is_whole, read_custom_fields
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.errors import ApiError, invalid
from integrations.sandbox.pipedrive.records import Labelled, stamp

_WHOLE_SECONDS = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})")
_ADDRESS_PARTS = frozenset((
    "value", "country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route",
    "street_number", "subpremise", "postal_code", "formatted_address",
))  # fmt: skip
CONTACT_SYNC_FIELDS = ("im", "postal_address", "notes", "birthday", "job_title")
MARKETING_STATUSES = ("no_consent", "unsubscribed", "subscribed", "archived")


def read_person_body(body: Mapping[str, Json], desk: Desk, *, creating: bool) -> dict[str, Json]:
    """The values to set, with times, addresses and names brought into the form that records keep.

    Raises 400 for what breaks the schema, 403 for what the plan or company does not have.
    """
    values: dict[str, Json] = {}
    for name, value in body.items():
        reader = READERS.get(name)
        if reader is None or (name == "add_time" and not creating):
            raise invalid(f"{name} is not allowed")
        values[name] = reader(name, value, desk)
    return values


def whole_seconds(name: str, value: Json) -> str:
    """A stamp from RFC 3339 text with whole seconds. Raises the schema refusal for anything else.

    Fractions of a second are rejected (reported live by a connector's author).
    """
    if not isinstance(value, str) or not _WHOLE_SECONDS.fullmatch(value):
        raise invalid(f"{name} is not a valid datetime")
    try:
        return stamp(datetime.fromisoformat(value).astimezone(UTC))
    except ValueError as error:
        raise invalid(f"{name} is not a valid datetime") from error


def _name(name: str, value: Json, desk: Desk) -> str:
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"{name} must be a non-empty string")
    return " ".join(value.split())


def _part_of_name(name: str, value: Json, desk: Desk) -> str:
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    return " ".join(value.split())


def _owner(name: str, value: Json, desk: Desk) -> int:
    user = desk.state.users.get(value) if is_whole(value) else None
    if user is None:
        raise invalid(f"{name} must be the id of a user")
    if not user.active and desk.options.owner_inactive == "reject":
        raise ApiError(400, "Owner is not an active user.")
    return user.id


def _organization(name: str, value: Json, desk: Desk) -> int | None:
    if value is not None and (not is_whole(value) or value not in desk.state.organizations):
        raise invalid(f"{name} must be the id of an organization")
    return None if value is None else int(value)


def _labelled(name: str, value: Json, desk: Desk) -> list[Labelled]:
    if not isinstance(value, list):
        raise invalid(f"{name} must be an array")
    items = [_labelled_item(name, one) for one in value]
    primaries = sum(item["primary"] for item in items)
    if primaries > 1:
        raise invalid(f"{name} can have only one primary item")
    if items and not primaries:
        items[0]["primary"] = True
    return items


def _labelled_item(name: str, item: Json) -> Labelled:
    if not isinstance(item, Mapping) or not isinstance(item.get("value"), str):
        raise invalid(f"{name} items must be objects with a value string")
    primary, label = item.get("primary", False), item.get("label", "work")
    if not isinstance(primary, bool) or not isinstance(label, str) or set(item) - {"value", "primary", "label"}:
        raise invalid(f"{name} items take value, primary (boolean) and label (string)")
    return {"value": item["value"], "primary": primary, "label": label}


def _visibility(name: str, value: Json, desk: Desk) -> int:
    if not is_whole(value):
        raise invalid(f"{name} must be an integer")
    check_visibility(desk, value)
    return int(value)


def _labels(name: str, value: Json, desk: Desk) -> list[int]:
    known = {label.id for label in desk.state.labels}
    if not isinstance(value, list) or not all(is_whole(one) and one in known for one in value):
        raise invalid(f"{name} must be an array of label ids")
    return list(value)


def _stamp(name: str, value: Json, desk: Desk) -> str:
    return whole_seconds(name, value)


def _of_contact_sync(check: Callable[[Json], bool]) -> Callable[[str, Json, Desk], Json]:
    def read(name: str, value: Json, desk: Desk) -> Json:
        if not desk.options.contact_sync:
            raise ApiError(403, f"Contact Sync is not enabled for this company, {name} cannot be written.")
        if name == "im" and value is not None:
            return _labelled(name, value, desk)
        if value is not None and not check(value):
            raise invalid(f"{name} has a wrong type or format")
        return value

    return read


def _is_address(value: Json) -> bool:
    return isinstance(value, Mapping) and set(value) <= _ADDRESS_PARTS and isinstance(value.get("value"), str)


def _marketing(name: str, value: Json, desk: Desk) -> str:
    if not desk.options.campaigns:
        raise ApiError(403, "Campaigns is not enabled for this company, marketing_status cannot be written.")
    if value not in MARKETING_STATUSES:
        raise invalid(f"{name} must be one of {', '.join(MARKETING_STATUSES)}")
    return str(value)


def _custom(name: str, value: Json, desk: Desk) -> dict[str, Json]:
    return read_custom_fields(value, desk.state)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


READERS: Mapping[str, Callable[[str, Json, Desk], Json]] = {
    "name": _name,
    "first_name": _part_of_name,
    "last_name": _part_of_name,
    "owner_id": _owner,
    "org_id": _organization,
    "emails": _labelled,
    "phones": _labelled,
    "visible_to": _visibility,
    "label_ids": _labels,
    "add_time": _stamp,
    "custom_fields": _custom,
    "marketing_status": _marketing,
    "im": _of_contact_sync(lambda value: isinstance(value, list)),
    "postal_address": _of_contact_sync(_is_address),
    "notes": _of_contact_sync(_is_text),
    "birthday": _of_contact_sync(is_date),
    "job_title": _of_contact_sync(_is_text),
}
