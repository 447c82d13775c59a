"""From Reply's records to our words and back. Pure: no call is made, and no wire JSON is seen beyond this room."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

from integrations.connectors.ports import NewPerson, PersonUpdate
from integrations.domain.catalogue import Field, Member, SavedFilter
from integrations.domain.catalogue import Sequence as OutreachSequence
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Person, Value
from integrations.domain.sequences import RawStep, number_steps

from . import payloads
from .contact_fields import CARRIED, COMPANY_SIZES, CUSTOM_PREFIX, NO_SIZE, SIZE, STANDARD
from .payloads import id_text, text, truth

Body: TypeAlias = dict[str, Any]

LIST_PREFIX = "list:"
ARCHIVED = "archived"

_ATTRIBUTES: Mapping[str, str] = {
    each.encode_name: each.name for each in msgspec.structs.fields(payloads.Contact)
}  # fmt: skip
_SIZES: Mapping[str, str] = {option.id.lower(): option.id for option in COMPANY_SIZES}
_WRITABLE = frozenset(field.key for field in STANDARD if field.writable)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def wire_id(value: str) -> int | str:
    """An id as Reply takes it, a number wherever it is one."""
    return int(value) if value.isdecimal() else value


def person_of(contact: payloads.Contact, number_fields: frozenset[str] = frozenset()) -> Person:
    """A contact as a person. `number_fields` are the ids of the custom fields that hold numbers.

    `values` has every standard field, and the custom fields that the contact has. A custom number that is none stays
    text, so that nothing is lost.
    """
    values: dict[str, Value] = {field.key: _standard(contact, field) for field in STANDARD}
    for custom in contact.custom_fields or ():
        if field_id := id_text(custom.key) or id_text(custom.id):
            found = text(custom.value)
            values[CUSTOM_PREFIX + field_id] = _number(found) if field_id in number_fields else found
    email = text(contact.email)
    names = (text(contact.first_name), text(contact.last_name))
    return Person(
        id=id_text(contact.id),
        name=" ".join(name.strip() for name in names if name),
        owner_id=id_text(contact.owner_user_id) or None,
        emails=(email,) if email else (),
        values=values,
        updated_at=_instant(text(contact.last_modified_at)),
        opted_out=truth(contact.is_opted_out),
    )


def _standard(contact: payloads.Contact, field: Field) -> Value:
    found = text(getattr(contact, _ATTRIBUTES[field.key]))
    if found is None or (field.key == SIZE and found.lower() == NO_SIZE.lower()):
        return None
    if field.key == SIZE:
        return _SIZES.get(found.lower(), found)
    if field.kind is FieldKind.DATE:
        day = _DAY.match(found)
        return day.group() if day else None
    return found


def _number(found: str | None) -> Value:
    try:
        number = float(found or "")
    except ValueError:
        return found
    if not math.isfinite(number):
        return found
    return int(number) if number.is_integer() else number


def _instant(found: str | None) -> datetime | None:
    """An ISO-8601 stamp; those without an offset are UTC by the documents' examples."""
    try:
        at = datetime.fromisoformat(found or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def catalogue(custom_fields: Iterable[payloads.CustomField]) -> tuple[Field, ...]:
    """The standard fields, then the account's own. Reply knows custom texts and numbers; any new type is a text."""
    custom = (
        Field(
            CUSTOM_PREFIX + id_text(each.id),
            text(each.title) or f"Custom field {id_text(each.id)}",
            FieldKind.NUMBER if is_number(each) else FieldKind.TEXT,
            is_custom=True,
        )
        for each in custom_fields
    )
    return (*STANDARD, *custom)


def is_number(field: payloads.CustomField) -> bool:
    """Whether a custom field holds numbers."""
    return (text(field.field_type) or "").lower() == "number"


def number_ids(fields: Mapping[str, Field]) -> frozenset[str]:
    """The ids of the custom fields that hold numbers."""
    numbers = (key for key, field in fields.items() if field.is_custom and field.kind is FieldKind.NUMBER)
    return frozenset(key.removeprefix(CUSTOM_PREFIX) for key in numbers)


def members_of_team(rows: Iterable[payloads.TeamUser], team_id: str) -> tuple[Member, ...]:
    """The members of one team, each once. A row that names no team counts as this one's."""
    found: dict[str, Member] = {}
    for row in rows:
        user_id = id_text(row.user_id)
        if id_text(row.team_id) in ("", team_id) and user_id not in found:
            email = text(row.user_email) or ""
            found[user_id] = Member(user_id, text(row.user_name) or email or nameless(user_id), email)
    return tuple(found.values())


def team_name(rows: Iterable[payloads.TeamUser], team_id: str) -> str:
    """The name of a team, empty when no row says it."""
    return next((name for row in rows if id_text(row.team_id) == team_id and (name := text(row.team_name))), "")


def own_member(whoami: payloads.Whoami) -> Member:
    """The user that the key acts for."""
    user_id, name = id_text(whoami.user_id), text(whoami.username) or ""
    return Member(user_id, name or nameless(user_id), name if "@" in name else "")


def nameless(user_id: str) -> str:
    """What a member is called whose name could not be read."""
    return f"Member {user_id}"


def saved_filter(row: payloads.ContactList) -> SavedFilter:
    """A contact list as a saved filter."""
    return SavedFilter(LIST_PREFIX + id_text(row.id), text(row.name) or f"List {id_text(row.id)}", "Reply list")


def sequence(row: payloads.SequenceRow, steps: Sequence[payloads.Step] = ()) -> OutreachSequence:
    """A sequence with its steps numbered along the parent chain."""
    raw = [
        RawStep(
            id=id_text(step.id),
            parent_id=id_text(step.parent_id) or None,
            positive_branch=None if step.if_condition_positive is None else truth(step.if_condition_positive),
            kind=text(step.type) or "",
            delay_minutes=_minutes(step.delay_in_minutes),
        )
        for step in steps
    ]
    return OutreachSequence(
        id=id_text(row.id),
        name=text(row.name) or f"Sequence {id_text(row.id)}",
        owner_id=id_text(row.owner_user_id) or None,
        status=ARCHIVED if truth(row.is_archived) else (text(row.status) or "new").lower(),
        steps=number_steps(raw),
    )


def _minutes(delay: payloads.Scalar) -> int:
    number = _number(text(delay))
    return int(number) if isinstance(number, int | float) else 0


def import_item(person: NewPerson, *, with_owner: bool = True) -> Body:
    """A new person as an item of an import."""
    item = _body({"email": person.address} | {key: value for key, value in person.values.items() if value is not None})
    if with_owner and person.owner_id:
        item["ownerUserId"] = wire_id(person.owner_id)
    return item


def patch_body(update: PersonUpdate) -> Body:
    """A change as the body of PATCH: what is left out stays, null clears.

    When a custom field changes, the others go along with their present values, since no source says whether the list
    is merged or replaced.
    """
    changes = dict(update.changes)
    if any(key.startswith(CUSTOM_PREFIX) for key in changes):
        changes = _custom_of(update.current) | changes
    return _body(changes)


def uncleared(update: PersonUpdate, answered: Person) -> PersonUpdate | None:
    """The custom fields that were to be cleared and still have a value in the answer, to be sent as empty text."""
    still: dict[str, Value] = {
        key: ""
        for key, value in update.changes.items()
        if value is None and key.startswith(CUSTOM_PREFIX) and answered.values.get(key) is not None
    }
    return PersonUpdate(update.ref, answered, still) if still else None


def whole_record(update: PersonUpdate) -> Body | None:
    """The person as it is to be, as an item of an overwriting import; None when only PATCH will do.

    An import finds its people by e-mail and needs a first name, and no source says whether it blanks what an item
    leaves out: so the item has everything that Reply shows, and nothing is cleared or re-addressed this way.
    """
    if "email" in update.changes or any(value is None for value in update.changes.values()):
        return None
    after = {
        key: value
        for key, value in {**update.current.values, **update.changes}.items()
        if value is not None and (key in _WRITABLE or key in CARRIED or key.startswith(CUSTOM_PREFIX))
    }
    if not after.get("email") or not after.get("firstName"):
        return None
    item = _body(after)
    if update.current.opted_out:
        item["isOptedOut"] = True
    # The owner may be among what is blanked; the wanted one is right whether it is assigned before or after.
    if owner := update.owner_id or update.current.owner_id:
        item["ownerUserId"] = wire_id(owner)
    return item


def _custom_of(person: Person) -> dict[str, Value]:
    return {key: value for key, value in person.values.items() if key.startswith(CUSTOM_PREFIX) and value is not None}


def _body(values: Mapping[str, Value]) -> Body:
    body: Body = {}
    custom: list[Body] = []
    for key, value in values.items():
        if key.startswith(CUSTOM_PREFIX):
            custom.append({"id": wire_id(key.removeprefix(CUSTOM_PREFIX)), "value": wire_text(value)})
        elif key == "accountId":
            body[key] = wire_id(wire_text(value) or "")
        elif key == SIZE:
            body[key] = wire_text(value) or NO_SIZE
        else:
            body[key] = wire_text(value)
    if custom:
        body["customFields"] = custom
    return body


def wire_text(value: Value) -> str | None:
    """A value as Reply takes it: always text. Of several addresses or numbers, the first."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else repr(value)
    if not value:
        return None
    first = value[0]
    return first.value if isinstance(first, ListItem) else first
