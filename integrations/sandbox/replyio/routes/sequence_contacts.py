"""Contacts in a sequence: who is in it, being added to it and being taken out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from integrations.sandbox.core import Json, Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, nothing, paged, wrote
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.participation import (
    REFUSED,
    WRITABLE_STATUSES,
    Terms,
    enrol,
    set_status,
    start_of,
)
from integrations.sandbox.replyio.records import Contact, ContactLink, LinkStatus, Sequence
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.steps import path_to
from integrations.sandbox.replyio.visibility import reaches, sequence_of
from integrations.sandbox.replyio.wire import current_step, link_json, stamp

MOST_BULK_IDS = 10_000
_COLUMNS = ("CurrentStep", "LastStepCompletedAt", "Status")
_SORTS: dict[str, Callable[[ContactLink, Contact], Json]] = {
    "addingDate": lambda link, contact: link.added_at,
    "email": lambda link, contact: contact.email,
    "firstName": lambda link, contact: contact.texts.get("firstName", "").casefold(),
    "lastName": lambda link, contact: contact.texts.get("lastName", "").casefold(),
    "company": lambda link, contact: contact.texts.get("company", "").casefold(),
    "statusInSequence": lambda link, contact: link.status,
}


def list_links(call: Call) -> Response:
    """A page of participants, those who were added last first. An unknown sequence answers an empty page."""
    top, skip = call.page("sequenceContact")
    sort_by, direction = call.request.first("sort_by"), call.request.first("sort_direction")
    if sort_by not in (None, *_SORTS) or direction not in (None, "asc", "desc"):
        allowed = ", ".join(_SORTS)
        detail = f"Invalid sort_by value '{sort_by}'. Allowed values: {allowed}"
        raise business(400, "sequenceContact.invalidSort", detail)
    if call.ids[0] not in call.state.sequences:
        return Response.of_json({"items": [], "hasMore": False})
    sequence = _sequence(call)
    key = _SORTS[sort_by or "addingDate"]
    rows = [(link, call.state.contacts[link.contact_id]) for link in _visible(call, sequence)]
    rows.sort(key=lambda row: (key(*row), row[1].id), reverse=direction != "asc" or sort_by is None)
    return paged(rows, top, skip, lambda row: link_json(row[0], row[1], sequence))


def list_states(call: Call) -> Response:
    """A page of at most 100 participants with the columns that were asked for."""
    top, skip = call.page("sequenceContact", most=100)
    columns = [each.strip() for each in (call.request.first("additionalColumns") or "").split(",") if each.strip()]
    for each in columns:
        if each not in _COLUMNS:
            detail = f"Invalid additionalColumns value '{each}'. Allowed values: {', '.join(_COLUMNS)}"
            raise business(400, "sequenceContact.invalidInput", detail)
    sequence = _sequence(call)
    return paged(_visible(call, sequence), top, skip, lambda link: _state_json(call, link, sequence, columns))


def count_links(call: Call) -> Response:
    """How many contacts are in the sequence."""
    return Response.of_json({"count": len(_visible(call, _sequence(call)))})


def get_link(call: Call) -> Response:
    """One participation. The same 404 is given for no sequence, no contact, and not in it."""
    sequence_id, contact_id = call.ids
    link, contact = call.state.link(sequence_id, contact_id), call.state.contacts.get(contact_id)
    if link is None or contact is None or not reaches(call, contact.owner_user_id):
        raise _not_in(sequence_id, contact_id)
    return Response.of_json(link_json(link, contact, _sequence(call)))


def add_links(call: Call) -> Response:
    """Add contacts, each on its own, on the terms of the body."""
    body = Body.of(call.request)
    ids, terms = body.identifiers("contactIds"), Terms.of(body)
    body.check()
    if len(ids) > MOST_BULK_IDS:
        detail = f"At most {MOST_BULK_IDS} contacts can be added at once."
        raise business(400, "sequenceContact.contactLimitExceeded", detail)
    sequence = _sequence(call)
    step = start_of(sequence, terms)
    added: list[int] = []
    refused: dict[str, Json] = {}
    for each in dict.fromkeys(ids):
        contact = call.state.contacts.get(each)
        slug = "contactNotFound" if contact is None else enrol(call, sequence, contact, step, terms)
        if slug:
            refused[str(each)] = call.failure(slug, REFUSED)
        else:
            added.append(each)
    answer = wrote({"added": added, "notProcessed": refused})
    answer.wrote = bool(added)
    return answer


def remove_link(call: Call) -> Response:
    """Take one contact out, be it finished or not."""
    sequence, contact_id = _sequence(call, missing="sequenceContact.notInSequence"), call.ids[1]
    if call.state.link(sequence.id, contact_id) is None:
        raise _not_in(sequence.id, contact_id)
    call.state.remove_link(sequence.id, contact_id)
    return nothing()


def remove_links(call: Call) -> Response:
    """Take contacts out and count what became of them."""
    sequence = _sequence(call)
    body = Body.of(call.request)
    ids = body.identifiers("contactIds", unique=True)
    body.check()
    removed = [each for each in ids if call.state.link(sequence.id, each) is not None]
    missing = [each for each in ids if each not in call.state.contacts]
    for each in removed:
        call.state.remove_link(sequence.id, each)
    return wrote(
        {
            "requested": len(ids),
            "removed": len(removed),
            "notFound": len(missing),
            "notInSequence": len(ids) - len(removed) - len(missing),
            "removedIds": removed,
        }
    )


def set_statuses(call: Call) -> Response:
    """Set the status of contacts in this sequence alone."""
    sequence = _sequence(call)
    body = Body.of(call.request)
    ids = body.identifiers("contactIds", most=100)
    wanted = body.choice("statusInSequence", WRITABLE_STATUSES, required=True)
    body.check()
    failures: dict[str, Json] = {}
    for each in dict.fromkeys(ids):
        slug = _status_refusal(call, sequence, each)
        link = call.state.link(sequence.id, each)
        if slug or link is None:
            failures[str(each)] = call.failure(slug)
        else:
            set_status(call.state, call.deliver, link, cast(LinkStatus, wanted))
    return wrote(failures)


def _status_refusal(call: Call, sequence: Sequence, contact_id: int) -> str:
    contact = call.state.contacts.get(contact_id)
    if contact is None:
        return "contactNotFound"
    if not reaches(call, contact.owner_user_id):
        return "forbidden"
    if sequence.is_archived:
        return "sequenceArchived"
    return "" if call.state.link(sequence.id, contact_id) else "notInSequence"


def _state_json(call: Call, link: ContactLink, sequence: Sequence, columns: list[str]) -> Json:
    contact = call.state.contacts[link.contact_id]
    shown: dict[str, Json] = {
        "contactId": contact.id,
        "email": contact.texts.get("email"),
        "firstName": contact.texts.get("firstName"),
        "lastName": contact.texts.get("lastName"),
        "title": contact.texts.get("title"),
        "addedAt": stamp(link.added_at),
    }
    if "CurrentStep" in columns:
        step = current_step(link, sequence)
        number = len(path_to(sequence, link.step_id))
        shown["currentStep"] = {
            "stepId": step["stepId"],
            "displayStepNumber": step["displayName"],
            "stepNumber": number,
        }
    if "LastStepCompletedAt" in columns:
        shown["lastStepCompletedAt"] = None
    if "Status" in columns:
        flags = dict.fromkeys(("replied", "delivered", "bounced", "opened", "clicked"), False)
        shown["status"] = {"status": link.status[0].upper() + link.status[1:], **flags}
    return shown


def _visible(call: Call, sequence: Sequence) -> list[ContactLink]:
    links = call.state.links.get(sequence.id, {}).values()
    return [link for link in links if reaches(call, call.state.contacts[link.contact_id].owner_user_id)]


def _sequence(call: Call, missing: str = "sequenceContact.sequenceNotFound") -> Sequence:
    return sequence_of(call, call.ids[0], resource="sequenceContact", missing=missing)


def _not_in(sequence_id: int, contact_id: int) -> Exception:
    return business(404, "sequenceContact.notInSequence", f"Contact {contact_id} is not in sequence {sequence_id}.")


_AT = "/v3/sequences/{id}"
ROUTES = (
    Route("GET", f"{_AT}/contacts", "sequences:read", list_links),
    Route("GET", f"{_AT}/contacts/state", "sequences:read", list_states),
    Route("GET", f"{_AT}/contacts/count", "sequences:read", count_links),
    Route("GET", f"{_AT}/contacts/{{contact_id}}", "sequences:read", get_link),
    Route("POST", f"{_AT}/contacts/set-status-in-sequence", "sequences:operate", set_statuses),
    Route("POST", f"{_AT}/contact-links/bulk", "sequences:operate", add_links),
    Route("POST", f"{_AT}/contact-links/bulk-delete", "sequences:operate", remove_links),
    Route("DELETE", f"{_AT}/contact-links/{{contact_id}}", "sequences:operate", remove_link),
)
