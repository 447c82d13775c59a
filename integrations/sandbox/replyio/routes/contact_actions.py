"""What is done with contacts: ownership, sequences, statuses, history, deletion in bulk."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from integrations.sandbox.core import Json, Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, nothing, paged, wrote
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.participation import (
    WRITABLE_STATUSES,
    Terms,
    enrol,
    opt_out,
    set_status,
    start_of,
)
from integrations.sandbox.replyio.records import Activity, Contact, LinkStatus
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import contact_of, reaches, require_new_owner, sequence_of
from integrations.sandbox.replyio.wire import current_step, stamp

MOST_STATUS_IDS = 100


def bulk_delete(call: Call) -> Response:
    """Delete each; the failures come back."""
    body = Body.of(call.request)
    ids = body.identifiers("ids")
    body.check()
    return _each(call, ids, lambda contact: call.state.delete_contact(contact))


def change_owner(call: Call) -> Response:
    """Give contacts to a member of the team: all of them or none."""
    body = Body.of(call.request)
    ids, user_id = body.identifiers("contactIds"), body.identifier("userId", required=True)
    body.flag("reassignTasks")
    body.check()
    contacts = [contact_of(call, each) for each in dict.fromkeys(ids)]
    require_new_owner(call)
    target = call.state.member(user_id)
    if target is None:
        raise business(404, "contact.notFound", f"User {user_id} is not a member of the team.")
    for contact in contacts:
        contact.owner_user_id = target.id
        call.state.touch(contact)
        call.state.log_activity(contact.id, "ownerChanged", call.caller.user.id, {"userId": target.id})
    return wrote({"isSuccess": True, "affectedIds": [contact.id for contact in contacts]})


def move_to_sequence(call: Call) -> Response:
    """Add one contact to a sequence on the terms of the body."""
    contact = contact_of(call, call.ids[0])
    body = Body.of(call.request)
    sequence_id, terms = body.identifier("sequenceId", required=True), Terms.of(body)
    body.check()
    sequence = sequence_of(call, sequence_id or 0, resource="contact", missing="contact.sequenceNotFound")
    if enrol(call, sequence, contact, start_of(sequence, terms), terms):
        raise business(400, "contact.invalidInput", "Contact could not be added to the sequence.")
    return nothing()


def statuses(call: Call) -> Response:
    """Opt-out, call and meeting status, and the status in each sequence."""
    contact = contact_of(call, call.ids[0])
    links = call.state.links_of_contact.get(contact.id, {}).values()
    sequences = [
        {
            "sequenceId": link.sequence_id,
            "sequenceName": call.state.sequences[link.sequence_id].name,
            "statusInSequence": link.status,
            "emailDisposition": {"isReplied": False, "isBounced": False},
        }
        for link in links
    ]
    return Response.of_json(
        {
            "contactId": contact.id,
            "isOptedOut": contact.is_opted_out,
            "callStatus": contact.call_status,
            "meetingStatus": contact.meeting_status,
            "sequences": sequences,
        }
    )


def sequences_of_contact(call: Call) -> Response:
    """The sequences that a contact is in."""
    contact = contact_of(call, call.ids[0])
    rows = []
    for link in call.state.links_of_contact.get(contact.id, {}).values():
        sequence = call.state.sequences[link.sequence_id]
        rows.append(
            {
                "sequenceId": sequence.id,
                "sequenceName": sequence.name,
                "statusInSequence": link.status,
                "currentStep": current_step(link, sequence),
                "addingDate": stamp(link.added_at),
                "emailAccountId": None,
                "linkedInAccountId": None,
            }
        )
    return Response.of_json(rows)


def lists_of_contact(call: Call) -> Response:
    """The shared lists that a contact is in; private ones do not show, as on a live account."""
    contact = contact_of(call, call.ids[0])
    shared = [each for each in call.state.lists.values() if each.is_shared and contact.id in each.contact_ids]
    return Response.of_json([{"id": each.id, "name": each.name} for each in shared])


def activities(call: Call) -> Response:
    """A contact's history, the newest first."""
    contact = contact_of(call, call.ids[0])
    top, skip = call.page("contact")

    def show(line: Activity) -> Json:
        user = call.state.users.get(line.user_id)
        return {
            "id": line.id,
            "date": stamp(line.at),
            "activityType": line.kind,
            "sourceType": "api",
            "userName": user.name if user else None,
            "userId": line.user_id,
            "content": line.content,
        }

    return paged(reversed(call.state.activities.get(contact.id, [])), top, skip, show)


def add_note(call: Call) -> Response:
    """Write a line on a contact's history."""
    contact = contact_of(call, call.ids[0])
    body = Body.of(call.request)
    text = body.text("notes", required=True)
    body.check()
    call.state.log_activity(contact.id, "note", call.caller.user.id, {"notes": text})
    return nothing()


def set_opted_out(call: Call) -> Response:
    """Opt contacts out, or clear that."""
    body = Body.of(call.request)
    ids = body.identifiers("contactIds", most=MOST_STATUS_IDS, unique=True)
    opted_out = bool(body.flag("isOptedOut", required=True))
    body.check()
    return _each(call, ids, lambda contact: opt_out(call.state, call.deliver, contact, opted_out))


def set_status_everywhere(call: Call) -> Response:
    """Set the status of contacts in every sequence that they are in."""
    body = Body.of(call.request)
    ids = body.identifiers("contactIds", most=MOST_STATUS_IDS)
    wanted = body.choice("statusInSequence", WRITABLE_STATUSES, required=True)
    body.check()

    def change(contact: Contact) -> None:
        for link in call.state.links_of_contact.get(contact.id, {}).values():
            set_status(call.state, call.deliver, link, cast(LinkStatus, wanted))

    return _each(call, ids, change)


def _each(call: Call, ids: list[int], act: Callable[[Contact], None]) -> Response:
    failures: dict[str, Json] = {}
    for each in dict.fromkeys(ids):
        contact = call.state.contacts.get(each)
        if contact is None:
            failures[str(each)] = call.failure("notFound")
        elif not reaches(call, contact.owner_user_id):
            failures[str(each)] = call.failure("forbidden")
        else:
            act(contact)
    answer = wrote(failures)
    answer.wrote = len(failures) < len(set(ids))
    return answer


ROUTES = (
    Route("POST", "/v3/contacts/bulk-delete", "contacts:write", bulk_delete),
    Route("PUT", "/v3/contacts/owner", "contacts:operate", change_owner),
    Route("POST", "/v3/contacts/set-opted-out", "contacts:operate", set_opted_out),
    Route("POST", "/v3/contacts/set-status-in-sequence", "contacts:operate", set_status_everywhere),
    Route("POST", "/v3/contacts/{id}/move-to-sequence", "contacts:operate", move_to_sequence),
    Route("POST", "/v3/contacts/{id}/notes", "contacts:operate", add_note),
    Route("GET", "/v3/contacts/{id}/statuses", "contacts:read", statuses),
    Route("GET", "/v3/contacts/{id}/sequences", "contacts:read", sequences_of_contact),
    Route("GET", "/v3/contacts/{id}/lists", "contacts:read", lists_of_contact),
    Route("GET", "/v3/contacts/{id}/activities", "contacts:read", activities),
)
