"""Reply's answers as typed records, parsed tolerantly: unknown members and enum values pass, ids may be text.

What is missing is None; an empty text means the same and is told apart nowhere. Only ids are required.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from integrations.connectors.errors import UnexpectedResponse

Id: TypeAlias = int | str
OwnId: TypeAlias = int | Annotated[str, msgspec.Meta(pattern=r"\S")]
"""The id without which a record is of no use."""
Scalar: TypeAlias = str | int | float | bool | None


class Record(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Base of all: members are camelCase on the wire."""


class Whoami(Record, frozen=True):
    """`GET /v3/whoami`: the user and team that the key acts for."""

    user_id: OwnId
    team_id: OwnId
    username: Scalar = None


class TeamUser(Record, frozen=True):
    """A row of `GET /v3/whoami/team-users`, which covers every team that the key can act in."""

    user_id: OwnId
    user_name: Scalar = None
    user_email: Scalar = None
    team_id: Id | None = None
    team_name: Scalar = None


class CustomValue(Record, frozen=True):
    """A contact's custom value. `key` is the field's numeric id as text; documents also show `id`."""

    key: Id | None = None
    id: Id | None = None
    value: Scalar = None


class Count(Record, frozen=True):
    """How many rows a filter has."""

    count: int


class Contact(Record, frozen=True):
    """A contact as lists, single reads and PATCH answer it."""

    id: OwnId
    email: Scalar = None
    domain: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    phone: Scalar = None
    title: Scalar = None
    company: Scalar = None
    company_size: Scalar = None
    industry: Scalar = None
    city: Scalar = None
    state: Scalar = None
    country: Scalar = None
    time_zone_id: Scalar = None
    linked_in_url: Scalar = None
    linked_in_sales_navigator_url: Scalar = None
    linked_in_recruiter_url: Scalar = None
    phone_status: Scalar = None
    notes: Scalar = None
    owner_user_id: Id | None = None
    account_id: Id | None = None
    is_opted_out: Scalar = None
    call_status: Scalar = None
    meeting_status: Scalar = None
    adding_date: Scalar = None
    last_modified_at: Scalar = None
    custom_fields: list[CustomValue] | None = None


class CustomField(Record, frozen=True):
    """A row of `GET /v3/custom-fields`. `field_type` is text or number."""

    id: OwnId
    title: Scalar = None
    field_type: Scalar = None


class ContactList(Record, frozen=True):
    """A row of `GET /v3/contact-lists`."""

    id: OwnId
    name: Scalar = None
    is_shared: Scalar = None


class SequenceRow(Record, frozen=True):
    """A row of `GET /v3/sequences`. `status` is new, active or paused; being archived is said apart."""

    id: OwnId
    name: Scalar = None
    owner_user_id: Id | None = None
    status: Scalar = None
    is_archived: Scalar = None


class Step(Record, frozen=True):
    """A row of `GET /v3/sequences/{id}/steps`. Steps have no order but that of their parents."""

    id: OwnId
    parent_id: Id | None = None
    if_condition_positive: Scalar = None
    type: Scalar = None
    delay_in_minutes: Scalar = None


class Participant(Record, frozen=True):
    """A row of `GET /v3/sequences/{id}/contacts`."""

    contact_id: OwnId


class Page(Record, frozen=True):
    """A page of rows; `has_more` None where an answer leaves it out."""

    items: list[Any]
    has_more: Scalar = None


class ImportedItem(Record, frozen=True):
    """What became of one item of an import. `skip_reason` is seen live and not documented."""

    id: Id | None = None
    status: Scalar = None
    error: Scalar = None
    skip_reason: Scalar = None


class ImportAnswer(Record, frozen=True):
    """The answer of `POST /v3/contacts/import`, in the order of the request."""

    items: list[ImportedItem]


class OwnerAnswer(Record, frozen=True):
    """The answer of `PUT /v3/contacts/owner`."""

    is_success: Scalar = None
    affected_ids: list[Id] | None = None


class EnrolAnswer(Record, frozen=True):
    """The answer of `POST /v3/sequences/{id}/contact-links/bulk`. Errors are slugs or numbers."""

    added: list[Id] | None = None
    not_processed: dict[str, Any] | None = None


class StatusInSequence(Record, frozen=True):
    """One sequence of a contact's statuses."""

    sequence_id: Id | None = None


class Statuses(Record, frozen=True):
    """The answer of `GET /v3/contacts/{id}/statuses`."""

    is_opted_out: Scalar = None
    sequences: list[StatusInSequence] | None = None


_Record = TypeVar("_Record", bound=Record)


def parse(data: object, kind: type[_Record], what: str) -> _Record:
    """A whole answer. Raises UnexpectedResponse, saying `what` cannot be read and where."""
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UnexpectedResponse(f"Reply's answer about {what} does not have the documented shape: {error}.") from error


def parse_rows(rows: object, kind: type[_Record], what: str) -> tuple[tuple[_Record, ...], tuple[str, ...]]:
    """The rows of an array that can be read, and for the others why not. Raises UnexpectedResponse for no array."""
    if not isinstance(rows, list):
        raise UnexpectedResponse(f"Reply's answer about {what} is not the documented list.")
    read: list[_Record] = []
    unreadable: list[str] = []
    for place, row in enumerate(rows, start=1):
        try:
            read.append(msgspec.convert(row, kind, strict=False))
        except msgspec.ValidationError as error:
            unreadable.append(f"Row {place} of {what} cannot be read: {error}")
    return tuple(read), tuple(unreadable)


def id_text(value: object) -> str:
    """An id as the ports want it; empty when there is none. Reply's ids are positive, so 0 is none."""
    found = "" if value is None or isinstance(value, bool) else str(value).strip()
    return "" if found == "0" else found


def row_ids(rows: Iterable[object], member: str = "id") -> tuple[str, ...]:
    """The ids of raw rows by their places, empty where a row has none."""
    return tuple(id_text(row.get(member)) if isinstance(row, dict) else "" for row in rows)


def text(value: object) -> str | None:
    """A wire value as text, as it came; None when it is missing or blank."""
    if value is None or isinstance(value, bool):
        return None
    return str(value) if str(value).strip() else None


def truth(value: object) -> bool:
    """A wire flag; what is missing is false."""
    return value is True or (value is not None and str(value).strip().lower() in ("true", "1"))
