"""Pipedrive's records to ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.domain.catalogue import Field, Member, Option, SavedFilter
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Person, Value

from .payloads import FieldRecord, FilterRecord, ItemRecord, PersonRecord, UserRecord

KINDS: Mapping[str, FieldKind] = {
    "varchar": FieldKind.TEXT,
    "varchar_auto": FieldKind.TEXT,
    "text": FieldKind.TEXT,
    "double": FieldKind.NUMBER,
    "int": FieldKind.NUMBER,
    "date": FieldKind.DATE,
    "enum": FieldKind.OPTION,
    "set": FieldKind.OPTIONS,
    "phone": FieldKind.PHONE,
}
"""By `field_type`. Whatever is not here, now or in future, is OTHER: it can be seen, and not be written."""

LENGTHS: Mapping[str, int] = {"varchar": 255, "varchar_auto": 255, "text": 65_535}
"""Characters, of custom fields. Reference: https://pipedrive.readme.io/docs/core-api-concepts-custom-fields"""

NAME, FIRST_NAME, LAST_NAME, EMAILS, PHONES = "name", "first_name", "last_name", "emails", "phones"

ALWAYS_THERE: tuple[Field, ...] = (
    Field(NAME, "Name", FieldKind.TEXT, required=True),
    Field(FIRST_NAME, "First name", FieldKind.TEXT, part_of=NAME),
    Field(LAST_NAME, "Last name", FieldKind.TEXT, part_of=NAME),
    Field(EMAILS, "Email", FieldKind.EMAILS, identity=True),
    Field(PHONES, "Phone", FieldKind.PHONES),
)
"""What every person has, whether or not the account's list of fields names it."""

_ITS_OWN = {"name", "first_name", "last_name", "email", "emails", "phone", "phones", "owner_id", "id"}
"""Codes that are among `ALWAYS_THERE` under whichever name, or that are no field for us: the owner is mapped apart."""

_CONTACT_SYNC: Mapping[str, int] = {"job_title": 0, "notes": 10_000, "birthday": 0}
"""Built-in fields that can be written where the account has them, with their longest length."""


def catalogue(records: Iterable[FieldRecord]) -> tuple[Field, ...]:
    """The account's fields: what every person has, then the others in Pipedrive's order."""
    return (*ALWAYS_THERE, *(_field(record) for record in records if _is_offered(record)))


def _is_offered(record: FieldRecord) -> bool:
    if record.is_custom_field:
        return True
    if record.field_code in _ITS_OWN:
        return False
    # Counters and the like are not in a person unless asked for, so they would always look blank.
    return record.field_code in _CONTACT_SYNC or not record.is_optional_response_field


def _field(record: FieldRecord) -> Field:
    kind = KINDS.get(record.field_type, FieldKind.OTHER)
    custom = bool(record.is_custom_field)
    if custom:
        writable, length = kind is not FieldKind.OTHER, LENGTHS.get(record.field_type, 0)
    else:
        writable, length = record.field_code in _CONTACT_SYNC, _CONTACT_SYNC.get(record.field_code, 0)
    options = tuple(Option(str(option.id), option.label or "") for option in record.options or ())
    return Field(
        record.field_code,
        record.field_name or record.field_code,
        kind,
        writable=writable,
        is_custom=custom,
        max_length=length,
        options=options,
    )


def person(record: PersonRecord, fields: Iterable[Field]) -> Person:
    """The person with the values of these fields; blanks are left out."""
    emails, phones = _items(record.emails), _items(record.phones)
    values: dict[str, Value] = {
        NAME: record.name or None,
        FIRST_NAME: record.first_name or None,
        LAST_NAME: record.last_name or None,
        EMAILS: emails or None,
        PHONES: phones or None,
    }
    custom = record.custom_fields or {}
    for field in fields:
        if field.key not in values:
            wire = custom.get(field.key) if field.is_custom else record.raw.get(field.key)
            values[field.key] = value(wire, field.kind)
    return Person(
        id=str(record.id),
        name=record.name or "",
        owner_id=None if record.owner_id is None else str(record.owner_id),
        emails=tuple(item.value for item in emails),
        values={key: each for key, each in values.items() if each is not None},
        updated_at=moment(record.update_time),
        is_deleted=bool(record.is_deleted),
    )


def value(wire: Any, kind: FieldKind) -> Value:
    """A field's value of v2. What does not have the kind's shape is blank; kinds that we do not know are shown as text.

    Reference: https://pipedrive.readme.io/docs/pipedrive-api-v2-migration-guide (custom field formats)
    """
    match kind, wire:
        case _, bool():
            return None
        case FieldKind.NUMBER, int() | float():
            return _number(wire)
        case FieldKind.OPTION, int() | str():
            return str(wire) or None
        case FieldKind.OPTIONS, list():
            return tuple(str(each) for each in wire) or None
        case FieldKind.DATE, str():
            return wire[:10] or None  # Built-in dates have a time of day behind them.
        case FieldKind.TEXT | FieldKind.PHONE, str():
            return wire or None
        case FieldKind.OTHER, _:
            return _as_text(wire) or None
        case _:
            return None


def _number(wire: float) -> float:
    return int(wire) if float(wire).is_integer() else float(wire)


def _as_text(wire: Any) -> str:
    """A kind of value that we do not know more of (money, places, periods, users), for people to read."""
    if isinstance(wire, Mapping):
        parts = [wire.get("value"), wire.get("currency")]
        text = " ".join(_as_text(part) for part in parts if part is not None)
        return f"{text} - {_as_text(wire['until'])}" if wire.get("until") is not None else text
    if isinstance(wire, Sequence) and not isinstance(wire, str):
        return ", ".join(_as_text(each) for each in wire)
    if wire is None or isinstance(wire, bool):
        return ""
    return str(_number(wire)) if isinstance(wire, float) else str(wire)


def _items(records: Sequence[ItemRecord] | None) -> tuple[ListItem, ...]:
    """Primary first, blank ones left out. Where none is primary, the first one is, as Pipedrive has it for writing."""
    items = [
        ListItem(record.value, record.label or "", bool(record.primary))
        for record in records or ()
        if record.value and record.value.strip()
    ]
    items.sort(key=lambda item: not item.primary)
    return tuple(ListItem(item.value, item.label, index == 0) for index, item in enumerate(items))


def moment(stamp: str | None) -> datetime | None:
    """A time stamp of v2 (RFC 3339) or v1 (UTC without saying so); None when it is neither."""
    try:
        read = datetime.fromisoformat(stamp or "")
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def member(record: UserRecord) -> Member:
    """A user. Deleted ones have lost name and e-mail, and may come as either flag says."""
    active = record.active_flag is not False and not record.is_deleted
    return Member(str(record.id), record.name or f"User {record.id}", record.email or "", active)


def saved_filters(records: Iterable[FilterRecord]) -> tuple[SavedFilter, ...]:
    """The filters of people that were saved to stay."""
    return tuple(
        SavedFilter(str(record.id), record.name or f"Filter {record.id}", "Pipedrive filter")
        for record in records
        if is_people_filter(record)
    )


def is_people_filter(record: FilterRecord) -> bool:
    """Whether a filter can be read as a list of people. Those who are gone keep a row with `active_flag` false."""
    return record.type == "people" and record.active_flag is not False and not record.temporary_flag
