"""Filtered and sorted contacts.

The vocabulary of rules and of sorting is not published. Here properties are the wire names of text fields, and
conditions are is, isNot, contains, startsWith, isSet, isNotSet with the spellings seen in the wild. Rules about
anything else, times among them, are ignored silently, as the live API was seen to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, paged
from integrations.sandbox.replyio.errors import ProblemError
from integrations.sandbox.replyio.records import TEXT_FIELDS, Contact
from integrations.sandbox.replyio.routes.contacts import in_order
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import sees_list
from integrations.sandbox.replyio.wire import contact_json

Test = Callable[[str, str], bool]
_CONDITIONS: dict[str, Test] = {
    "is": lambda text, value: text == value,
    "equals": lambda text, value: text == value,
    "isnot": lambda text, value: text != value,
    "notequals": lambda text, value: text != value,
    "contains": lambda text, value: value in text,
    "notcontains": lambda text, value: value not in text,
    "startswith": lambda text, value: text.startswith(value),
    "isset": lambda text, value: bool(text),
    "isnotset": lambda text, value: not text,
}
_PROPERTIES = {name.lower(): name for name in TEXT_FIELDS}


def filter_contacts(call: Call) -> Response:
    """A page of the contacts that pass."""
    top, skip = call.page("contact")
    return paged(_matching(call), top, skip, lambda contact: contact_json(contact, call.options))


def count_contacts(call: Call) -> Response:
    """How many contacts pass."""
    if call.options.contact_counts == "not_found":
        raise ProblemError(404, "There is nothing at /v3/contacts/filter/count.")
    return Response.of_json({"count": sum(1 for _ in _matching(call))})


def _matching(call: Call) -> Iterable[Contact]:
    body = Body.of(call.request)
    rules = [
        (each.text("property", required=True), each.text("condition", required=True), each.text("value"))
        for each in body.objects("rules")
    ]
    list_id, sequence_id = body.identifier("listId"), body.identifier("sequenceId")
    step_id, term = body.identifier("sequenceStepId"), body.text("searchTerm")
    sort_by, direction = body.text("sortBy"), body.text("sortDirection")
    body.check()
    found = in_order(call)
    if list_id is not None:
        each = call.state.lists.get(list_id)
        members = each.contact_ids if each is not None and sees_list(call, each) else {}
        found = (contact for contact in found if contact.id in members)
    if sequence_id is not None or step_id is not None:
        found = (contact for contact in found if _is_in(call, contact, sequence_id, step_id))
    if term:
        found = (contact for contact in found if term.lower() in _searched(contact))
    for name, condition, value in rules:
        found = _ruled(found, name or "", condition or "", value or "")
    return _sorted(found, sort_by or "", (direction or "asc").lower() == "desc")


def _ruled(found: Iterable[Contact], name: str, condition: str, value: str) -> Iterable[Contact]:
    known, test = _PROPERTIES.get(name.lower()), _CONDITIONS.get(condition.lower())
    if known is None or test is None:
        return found
    wanted = value.lower()
    return (contact for contact in found if test(contact.texts.get(known, "").lower(), wanted))


def _sorted(found: Iterable[Contact], sort_by: str, descending: bool) -> Iterable[Contact]:
    if sort_by.lower() == "addingdate":
        return sorted(found, key=lambda contact: (contact.added_at, contact.id), reverse=descending)
    name = _PROPERTIES.get(sort_by.lower())
    if name is None:
        return found
    return sorted(found, key=lambda contact: (contact.texts.get(name, "").lower(), contact.id), reverse=descending)


def _is_in(call: Call, contact: Contact, sequence_id: int | None, step_id: int | None) -> bool:
    return any(
        sequence_id in (None, link.sequence_id) and step_id in (None, link.step_id)
        for link in call.state.links_of_contact.get(contact.id, {}).values()
    )


def _searched(contact: Contact) -> str:
    texts = contact.texts
    name = f"{texts.get('firstName', '')} {texts.get('lastName', '')}"
    return "\n".join((texts.get("email", ""), name, texts.get("company", ""))).lower()


ROUTES = (
    Route("POST", "/v3/contacts/filter", "contacts:read", filter_contacts),
    Route("POST", "/v3/contacts/filter/count", "contacts:read", count_contacts),
)
