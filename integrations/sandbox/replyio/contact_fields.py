"""The writable fields of a contact: read from a body, checked, and put on a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import available_timezones

from integrations.sandbox.core import Json
from integrations.sandbox.replyio.bodies import Body, is_id
from integrations.sandbox.replyio.records import (
    CALL_STATUSES,
    COMPANY_SIZES,
    MEETING_STATUSES,
    TEXT_FIELDS,
    Contact,
    CustomField,
)
from integrations.sandbox.replyio.state import State

_EMAIL = re.compile(r"[^@\s,;<>\"]+@(?:[^@\s.,;<>\"]+\.)+[^@\s.,;<>\"]{2,}")


@dataclass(slots=True)
class Fields:
    """What a body says. None clears; what is not there stays. `problem` is a fault that an import tells per item."""

    texts: dict[str, str | None] = field(default_factory=dict)
    custom: dict[int, str | None] = field(default_factory=dict)
    flags: dict[str, Json] = field(default_factory=dict)
    problem: str = ""

    @property
    def email(self) -> str:
        """The address that the body gives, empty when it gives none."""
        return self.texts.get("email") or ""

    @property
    def has_bad_email(self) -> bool:
        """Whether the body gives an address that is none."""
        return bool(self.email) and not is_email(self.email)


def is_email(text: str) -> bool:
    """Whether a text is one plain address."""
    return _EMAIL.fullmatch(text) is not None and ".." not in text


def read_fields(body: Body, state: State) -> Fields:
    """Read what a body says about a contact, noting wrong shapes in the body.

    Custom fields are found by `id` or by `name`; unregistered ones, and `{key, value}`, are dropped silently.
    """
    fields = Fields()
    for name in TEXT_FIELDS:
        if name in body:
            value = body.choice(name, COMPANY_SIZES) if name == "companySize" else body.text(name)
            fields.texts[name] = None if value in ("", COMPANY_SIZES[0]) else value
    for name, read in _FLAGS.items():
        if name in body:
            fields.flags[name] = read(body, name)
    for each in body.objects("customFields"):
        value = each.text("value")
        registered = _registered(each, state)
        if registered is not None:
            fields.custom[registered.id] = value or None
            if value and registered.field_type == "number" and not _is_number(value):
                fields.problem = "Wrong field format"
    zone = fields.texts.get("timeZoneId")
    if zone and _zones() and zone not in _zones():
        fields.problem = f"Unrecognized timeZoneId '{zone}'."
    return fields


def put_values(state: State, contact: Contact, fields: Fields, *, only_empty: bool = False) -> None:
    """Put texts and custom values on a live contact; with `only_empty`, only where it has none yet."""
    texts, custom = dict(fields.texts), dict(fields.custom)
    if only_empty:
        texts = {name: value for name, value in texts.items() if value and not contact.texts.get(name)}
        custom = {key: value for key, value in custom.items() if value and not contact.custom.get(key)}
    for key, value in custom.items():
        if value is None:
            contact.custom.pop(key, None)
        else:
            contact.custom[key] = value
    state.set_texts(contact, texts)


def put_flags(contact: Contact, fields: Fields) -> None:
    """Put account, call and meeting status, and owner on a contact. Opting out has consequences: see opt_out."""
    flags = fields.flags
    if "accountId" in flags:
        contact.account_id = flags["accountId"]
    if "callStatus" in flags:
        contact.call_status = flags["callStatus"] or "none"
    if "meetingStatus" in flags:
        contact.meeting_status = flags["meetingStatus"] or "none"
    if flags.get("ownerUserId") is not None:
        contact.owner_user_id = flags["ownerUserId"]


_FLAGS: dict[str, Callable[[Body, str], Json]] = {
    "isOptedOut": Body.flag,
    "callStatus": lambda body, name: body.choice(name, CALL_STATUSES),
    "meetingStatus": lambda body, name: body.choice(name, MEETING_STATUSES),
    "ownerUserId": Body.identifier,
    "accountId": Body.identifier,
}


def _registered(each: Body, state: State) -> CustomField | None:
    number, name = each.members.get("id"), each.members.get("name")
    if is_id(number):
        return state.custom_fields.get(number)
    if isinstance(name, str):
        wanted = name.casefold()
        return next((one for one in state.custom_fields.values() if one.title.casefold() == wanted), None)
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
