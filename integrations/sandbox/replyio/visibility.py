"""Who sees and may change what, by Team Edition mode.

Public: members reach each other's records. Private: a member reaches their own, the team's owner reaches all. A
private list is its owner's alone, in both modes.
"""

from __future__ import annotations

from integrations.sandbox.replyio.call import Call, not_found
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.records import Contact, ContactList, Sequence


def reaches_all(call: Call) -> bool:
    """Whether the caller reaches the whole team's contacts and sequences."""
    return call.options.edition == "public" or call.caller.user.is_owner


def reaches(call: Call, owner_user_id: int) -> bool:
    """Whether the caller reaches what this user owns."""
    return reaches_all(call) or owner_user_id == call.caller.user.id


def contact_of(call: Call, contact_id: int) -> Contact:
    """The contact, if the caller reaches it. Raises ProblemError 404, or 403 by `ReplyOptions.invisible_contact`."""
    contact = call.state.contacts.get(contact_id)
    if contact is None or (not reaches(call, contact.owner_user_id) and call.options.invisible_contact == "not_found"):
        raise not_found("contact", f"Contact with ID {contact_id} not found.")
    if not reaches(call, contact.owner_user_id):
        raise business(403, "contact.forbidden", f"You do not have permission to access contact {contact_id}.")
    return contact


def sequence_of(call: Call, sequence_id: int, *, resource: str, missing: str) -> Sequence:
    """The sequence, if the caller reaches it.

    Raises ProblemError: 404 with the code `missing`, or 403 `<resource>.forbidden`.
    """
    sequence = call.state.sequences.get(sequence_id)
    if sequence is None:
        raise business(404, missing, f"Sequence {sequence_id} not found.")
    if not reaches(call, sequence.owner_user_id):
        raise business(403, f"{resource}.forbidden", "You do not have permission to access this sequence.")
    return sequence


def sees_list(call: Call, each: ContactList) -> bool:
    """Whether a list is the caller's own or shared with the team."""
    return each.is_shared or each.owner_user_id == call.caller.user.id


def list_of(call: Call, list_id: int) -> ContactList:
    """The list, if the caller sees it. Raises ProblemError 404 or 403."""
    found = call.state.lists.get(list_id)
    if found is None:
        raise not_found("contactsList", f"List with ID {list_id} not found.")
    if not sees_list(call, found):
        raise business(403, "contactsList.forbidden", "You do not have access to this list.")
    return found


def require_new_owner(call: Call) -> None:
    """Raise ProblemError when the caller may not give contacts to others: a member of a Private team."""
    if not reaches_all(call):
        raise business(403, "contact.forbidden", "You do not have permission to change contact owner.")
