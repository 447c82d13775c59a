"""Contact lists. There is no way to take one contact out of one list: moving takes it out of all others."""

from __future__ import annotations

from integrations.sandbox.core import Json, Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, nothing, paged, wrote
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.records import ContactList
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import list_of, reaches, sees_list
from integrations.sandbox.replyio.wire import list_json

# Unlike other bulk calls, lists report a failure by number: ContactNotProcessed.
_NOT_PROCESSED = 8


def list_lists(call: Call) -> Response:
    """The caller's own lists and the shared ones."""
    top, skip = call.page("contactsList")
    term = (call.request.first("search") or "").casefold()
    found = (each for each in call.state.lists.values() if sees_list(call, each) and term in each.name.casefold())
    return paged(found, top, skip, list_json)


def get_list(call: Call) -> Response:
    """One list."""
    return Response.of_json(list_json(list_of(call, call.ids[0])))


def create_list(call: Call) -> Response:
    """A new list of the caller."""
    body = Body.of(call.request)
    name, is_shared = _name(body), bool(body.flag("isShared"))
    body.check()
    _check_free(call, name)
    each = ContactList(next(call.state.small_ids), name, call.caller.user.id, is_shared)
    call.state.lists[each.id] = each
    return wrote(list_json(each), 201)


def rename_list(call: Call) -> Response:
    """Another name for a list."""
    each = list_of(call, call.ids[0])
    body = Body.of(call.request)
    name = _name(body)
    body.check()
    _check_free(call, name, each)
    each.name = name
    return wrote(list_json(each))


def delete_list(call: Call) -> Response:
    """Delete a list; only the one who made it may."""
    each = _own(call, "You do not have permission to delete this list.")
    del call.state.lists[each.id]
    return nothing()


def share_list(call: Call) -> Response:
    """Show a list to the team, where the edition allows that."""
    return _change_access(call, is_shared=True)


def unshare_list(call: Call) -> Response:
    """Make a list private again."""
    return _change_access(call, is_shared=False)


def add_contacts(call: Call) -> Response:
    """Put contacts into a list; those who are in it stay, silently."""
    return _put_in(call, leave_others=False)


def move_contacts(call: Call) -> Response:
    """Put contacts into a list and take them out of every other list."""
    return _put_in(call, leave_others=True)


def _put_in(call: Call, *, leave_others: bool) -> Response:
    target = list_of(call, call.ids[0])
    body = Body.of(call.request)
    ids = body.identifiers("contactIds")
    body.check()
    failures: dict[str, Json] = {}
    for each in dict.fromkeys(ids):
        contact = call.state.contacts.get(each)
        if contact is None or not reaches(call, contact.owner_user_id):
            failures[str(each)] = {"error": _NOT_PROCESSED, "errorDetails": "ContactNotProcessed"}
            continue
        if leave_others:
            for other in call.state.lists.values():
                other.contact_ids.pop(each, None)
        target.contact_ids[each] = None
    return wrote(failures)


def _change_access(call: Call, *, is_shared: bool) -> Response:
    each = _own(call, "You do not have access to this list.")
    if call.options.edition == "private":
        code = "contactsList.accessChangeRejected"
        raise business(403, code, "Sharing is not available for your team edition.")
    each.is_shared = is_shared
    return nothing()


def _own(call: Call, refusal: str) -> ContactList:
    each = list_of(call, call.ids[0])
    if each.owner_user_id != call.caller.user.id:
        raise business(403, "contactsList.forbidden", refusal)
    return each


def _name(body: Body) -> str:
    name = body.text("name", required=True) or ""
    if len(name) == 1:
        body.fault("name", "Name must be at least 2 characters.")
    return name


def _check_free(call: Call, name: str, but: ContactList | None = None) -> None:
    taken = (each for each in call.state.lists.values() if each is not but and sees_list(call, each))
    if any(each.name.casefold() == name.casefold() for each in taken):
        raise business(409, "contactsList.duplicateName", "A list with this name already exists.")


ROUTES = (
    Route("GET", "/v3/contact-lists", "contacts:read", list_lists),
    Route("POST", "/v3/contact-lists", "contacts:write", create_list),
    Route("GET", "/v3/contact-lists/{id}", "contacts:read", get_list),
    Route("PUT", "/v3/contact-lists/{id}", "contacts:write", rename_list),
    Route("DELETE", "/v3/contact-lists/{id}", "contacts:write", delete_list),
    Route("POST", "/v3/contact-lists/{id}/share", "contacts:write", share_list),
    Route("POST", "/v3/contact-lists/{id}/unshare", "contacts:write", unshare_list),
    Route("POST", "/v3/contact-lists/{id}/add-contacts", "contacts:operate", add_contacts),
    Route("POST", "/v3/contact-lists/{id}/move-contacts", "contacts:operate", move_contacts),
)
