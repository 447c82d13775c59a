"""Edits of contacts: those of the API, and those that a human makes in Reply's own pages."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sandbox.core import Deliver, Json
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.contact_fields import Fields, put_flags, put_values, read_fields
from integrations.sandbox.replyio.participation import opt_out
from integrations.sandbox.replyio.records import TEXT_FIELDS, Contact
from integrations.sandbox.replyio.state import State

_HUMAN_FIELDS = frozenset(
    (*TEXT_FIELDS, "isOptedOut", "callStatus", "meetingStatus", "ownerUserId", "accountId", "customFields")
)


def edit_contact(state: State, deliver: Deliver, contact: Contact, fields: Fields) -> None:
    """Put everything that is there on the contact, with its consequences."""
    put_values(state, contact, fields)
    put_flags(contact, fields)
    if fields.flags.get("isOptedOut") is not None:
        opt_out(state, deliver, contact, fields.flags["isOptedOut"])


def human_edit(state: State, deliver: Deliver, command: Mapping[str, Json]) -> Contact:
    """Do what `Product.change` says to a contact, and return it. Raises ValueError with a sentence."""
    if "create" in command:
        fields = _fields(state, command["create"])
        owner = next(user.id for user in state.users.values() if user.is_owner)
        contact = state.add_contact(owner, {}, {})
        edit_contact(state, deliver, contact, fields)
        return contact
    number = command.get("delete", command.get("id"))
    found = state.contacts.get(number) if isinstance(number, int) else None
    if found is None:
        raise ValueError(f"There is no contact {number}.")
    if "delete" in command:
        state.delete_contact(found)
    else:
        edit_contact(state, deliver, found, _fields(state, command.get("fields")))
    return found


def _fields(state: State, given: Json) -> Fields:
    if not isinstance(given, dict):
        raise ValueError("The fields must be a JSON object.")
    if unknown := sorted(set(given) - _HUMAN_FIELDS):
        raise ValueError(f"A contact has no field {unknown[0]}.")
    body = Body(given)
    fields = read_fields(body, state)
    if body.faults:
        pointer, detail = body.faults[0]
        raise ValueError(f"{pointer}: {detail}")
    owner = fields.flags.get("ownerUserId")
    if owner is not None and owner not in state.users:
        raise ValueError(f"There is no user {owner}.")
    return fields
