"""Contacts one by one, and lists of them."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, nothing, paged, wrote
from integrations.sandbox.replyio.contact_edits import edit_contact
from integrations.sandbox.replyio.contact_fields import Fields, put_flags, put_values, read_fields
from integrations.sandbox.replyio.errors import ProblemError, business
from integrations.sandbox.replyio.records import TEXT_FIELDS, Contact
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import contact_of, reaches, reaches_all, require_new_owner
from integrations.sandbox.replyio.wire import contact_json


def visible(call: Call, contacts: Iterable[Contact]) -> Iterable[Contact]:
    """Those that the caller reaches."""
    if reaches_all(call):
        return contacts
    return (contact for contact in contacts if reaches(call, contact.owner_user_id))


def in_order(call: Call) -> Iterable[Contact]:
    """All contacts that the caller reaches, in the order of this reading."""
    state = call.state
    ordered = state.recent_first() if call.options.list_order == "recent_first" else state.in_id_order()
    return visible(call, ordered)


def list_contacts(call: Call) -> Response:
    """A page; `email` and `linkedIn` are exact look-ups."""
    top, skip = call.page("contact")
    email, linkedin = call.request.first("email"), call.request.first("linkedIn")
    found = in_order(call)
    if email:
        found = visible(call, call.state.with_email(email.strip()))
    if linkedin:
        linked = {contact.id for contact in call.state.with_linkedin(linkedin)}
        found = (contact for contact in found if contact.id in linked)
    return paged(found, top, skip, lambda contact: contact_json(contact, call.options))


def get_contact(call: Call) -> Response:
    """One contact."""
    return Response.of_json(contact_json(contact_of(call, call.ids[0]), call.options))


def create_contact(call: Call) -> Response:
    """A new contact of the acting user. An address that exists is refused or overwritten, by reading."""
    body = Body.of(call.request)
    fields = read_fields(body, call.state)
    if not fields.texts.get("firstName"):
        body.fault("firstName", "FirstName is required.")
    _check(body, fields)
    fields.flags = {name: value for name, value in fields.flags.items() if name == "accountId"}
    if call.options.post_custom_fields == "dropped":
        fields.custom.clear()
    if not fields.email and not fields.texts.get("linkedInUrl"):
        raise _no_identifier()
    holders = holders_of(call, fields.email)
    if holders:
        return _post_existing(call, holders[0], fields)
    check_room(call, 1)
    contact = call.state.add_contact(call.caller.user.id, {}, {})
    put_values(call.state, contact, fields)
    put_flags(contact, fields)
    return wrote(contact_json(contact, call.options), 201)


def patch_contact(call: Call) -> Response:
    """Change what is sent; null clears."""
    contact = contact_of(call, call.ids[0])
    body = Body.of(call.request)
    fields = read_fields(body, call.state)
    _check(body, fields)
    _check_owner(call, contact, fields)
    after = contact.texts | fields.texts
    if not after.get("email") and not after.get("linkedInUrl"):
        raise _no_identifier()
    if call.options.email_patch_collision == "reject":
        others = [each for each in holders_of(call, fields.email, contact.owner_user_id) if each.id != contact.id]
        if others:
            raise business(400, "contact.invalidInput", f"A contact with email {fields.email} already exists.")
    edit_contact(call.state, call.deliver, contact, fields)
    return wrote(contact_json(contact, call.options))


def delete_contact(call: Call) -> Response:
    """Delete one; an import may restore it."""
    call.state.delete_contact(contact_of(call, call.ids[0]))
    return nothing()


def holders_of(call: Call, email: str, owner_user_id: int | None = None) -> list[Contact]:
    """Who holds an address, in the team or only of one owner (the caller by default), by reading."""
    holders = call.state.with_email(email)
    if call.options.email_unique == "per_owner":
        owner = call.caller.user.id if owner_user_id is None else owner_user_id
        holders = [contact for contact in holders if contact.owner_user_id == owner]
    return holders


def check_room(call: Call, added: int) -> None:
    """Raise ProblemError when the plan has no room for so many more contacts."""
    limit = call.options.contact_limit
    if limit and len(call.state.contacts) + added > limit:
        raise business(400, "contact.limitExceeded", f"The plan's limit of {limit} contacts is reached.")


def _post_existing(call: Call, contact: Contact, fields: Fields) -> Response:
    if call.options.post_existing_email == "reject":
        raise business(400, "contact.invalidInput", f"A contact with email {fields.email} already exists.")
    contact_of(call, contact.id)
    blanks: dict[str, str | None] = dict.fromkeys(TEXT_FIELDS)
    contact.custom.clear()
    put_values(call.state, contact, Fields(blanks | fields.texts, fields.custom))
    contact.account_id = fields.flags.get("accountId")
    return wrote(contact_json(contact, call.options), 201)


def _check(body: Body, fields: Fields) -> None:
    if fields.has_bad_email:
        body.fault("email", "'email' is not a valid email address.")
    body.check()
    if fields.problem:
        raise business(400, "contact.invalidInput", fields.problem)


def _check_owner(call: Call, contact: Contact, fields: Fields) -> None:
    owner = fields.flags.get("ownerUserId")
    if owner is None or owner == contact.owner_user_id:
        return
    require_new_owner(call)
    if call.state.member(owner) is None:
        status = call.options.owner_not_in_team_status
        code = "contact.invalidInput" if status == 400 else "contact.notFound"
        raise business(status, code, f"OwnerUserId {owner} is not a member of the team.")


def _no_identifier() -> ProblemError:
    return business(400, "contact.invalidInput", "A contact must have at least an email or a LinkedIn URL.")


ROUTES = (
    Route("GET", "/v3/contacts", "contacts:read", list_contacts),
    Route("POST", "/v3/contacts", "contacts:write", create_contact),
    Route("GET", "/v3/contacts/{id}", "contacts:read", get_contact),
    Route("PATCH", "/v3/contacts/{id}", "contacts:write", patch_contact),
    Route("DELETE", "/v3/contacts/{id}", "contacts:write", delete_contact),
)
