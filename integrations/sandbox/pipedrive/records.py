"""What the imitated Pipedrive keeps. Times are RFC 3339 text in UTC with whole seconds, which also sorts by time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypedDict

from integrations.sandbox.core import Json


class Labelled(TypedDict):
    """One item of emails, phones or im."""

    value: str
    primary: bool
    label: str


@dataclass(slots=True)
class Person:
    """A person. `custom_fields` holds only the keys that are set; `searched` is what the search index still shows."""

    id: int
    name: str
    first_name: str
    last_name: str | None
    owner_id: int
    add_time: str
    update_time: str
    org_id: int | None = None
    emails: list[Labelled] = field(default_factory=list)
    phones: list[Labelled] = field(default_factory=list)
    visible_to: int = 3
    label_ids: list[int] = field(default_factory=list)
    custom_fields: dict[str, Json] = field(default_factory=dict)
    job_title: str | None = None
    notes: str | None = None
    birthday: str | None = None
    im: list[Labelled] = field(default_factory=list)
    postal_address: Json = None
    marketing_status: str = "no_consent"
    is_deleted: bool = False
    searched: Searched | None = None


@dataclass(frozen=True, slots=True)
class Searched:
    """An older state that the search index shows until a moment; None for a person it does not know yet."""

    until: datetime
    person: Person | None


@dataclass(slots=True)
class User:
    """A member of the company. A deactivated one keeps name, address and people."""

    id: int
    name: str
    email: str
    is_admin: bool
    active: bool
    created: str
    modified: str


@dataclass(frozen=True, slots=True)
class Organization:
    """A company that people work at."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class FieldOption:
    """A choice of an enum or set field."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class PersonField:
    """A field of persons. `id` is v1's number, `code` what both versions key values by; `optional` only on request."""

    id: int
    code: str
    name: str
    type: str
    is_custom: bool = False
    options: tuple[FieldOption, ...] = ()
    optional: bool = False
    needs_contact_sync: bool = False


@dataclass(slots=True)
class Filter:
    """A saved filter of people; `conditions` as the API takes them."""

    id: int
    name: str
    user_id: int
    conditions: Json
    add_time: str
    update_time: str
    visible_to: str = "7"
    active: bool = True


@dataclass(slots=True)
class Webhook:
    """A subscription. `failed_first_attempts` and `banned_until` follow the ban rule of the webhooks guide.

    One with a `remove_time` is kept only to be listed."""

    id: int
    owner_id: int
    user_id: int
    event_action: str
    event_object: str
    subscription_url: str
    name: str
    version: str
    add_time: str
    type: Literal["general", "application"] = "general"
    http_auth_user: str | None = None
    http_auth_password: str | None = None
    last_delivery_time: str | None = None
    last_http_status: int | None = None
    failed_first_attempts: int = 0
    banned_until: datetime | None = None
    last_success: datetime | None = None
    remove_time: str | None = None
    remove_reason: str | None = None


@dataclass(frozen=True, slots=True)
class App:
    """An OAuth client as the Developer Hub registers it; scopes are fixed there."""

    client_id: str
    client_secret: str
    name: str
    scopes: frozenset[str]


@dataclass(slots=True)
class Grant:
    """A code that a consent gave, until it is exchanged."""

    app: App
    user_id: int
    redirect_uri: str
    expires: datetime


@dataclass(slots=True)
class Installation:
    """What a refresh token stands for."""

    app: App
    user_id: int
    expires: datetime


@dataclass(slots=True)
class Token:
    """An API token (without app and expiry) or an OAuth access token."""

    value: str
    user_id: int
    app: App | None = None
    expires: datetime | None = None
    refresh_token: str = ""


def stamp(moment: datetime) -> str:
    """RFC 3339 with whole seconds, as v2 shows times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def v1_time(value: str) -> str:
    """The v1 form of a stamp: `YYYY-MM-DD HH:MM:SS`, in UTC."""
    return value.replace("T", " ").removesuffix("Z")
