"""Definitions of custom fields."""

from __future__ import annotations

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, not_found, nothing, wrote
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.records import CustomField
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.wire import custom_field_json

MOST_FIELDS = 100  # There is a limit per team; its number is not documented.
FIELD_TYPES = ("text", "number")


def list_fields(call: Call) -> Response:
    """Every field, in one bare array."""
    return Response.of_json([custom_field_json(each) for each in call.state.custom_fields.values()])


def get_field(call: Call) -> Response:
    """One field."""
    return Response.of_json(custom_field_json(_field(call)))


def create_field(call: Call) -> Response:
    """A new field for the team."""
    body = Body.of(call.request)
    title, field_type, metadata = _definition(body)
    org_wide = bool(body.flag("orgWide"))
    body.check()
    _check_free(call, title)
    if len(call.state.custom_fields) >= MOST_FIELDS:
        raise business(409, "customField.limitExceeded", "Custom field limit reached for this team")
    each = CustomField(next(call.state.small_ids), title, field_type, metadata, org_wide)
    call.state.custom_fields[each.id] = each
    return wrote(custom_field_json(each), 201)


def put_field(call: Call) -> Response:
    """Replace a definition."""
    each = _field(call)
    body = Body.of(call.request)
    title, field_type, metadata = _definition(body)
    body.check()
    _check_free(call, title, each)
    each.title, each.field_type, each.metadata = title, field_type, metadata
    return wrote(custom_field_json(each))


def delete_field(call: Call) -> Response:
    """Delete a field with every value of it."""
    each = _field(call)
    del call.state.custom_fields[each.id]
    for contact in call.state.contacts.values():
        contact.custom.pop(each.id, None)
    return nothing()


def _definition(body: Body) -> tuple[str, str, str | None]:
    title = body.text("title", required=True, most=90) or ""
    return title, body.choice("fieldType", FIELD_TYPES, required=True) or "", body.text("metadata")


def _field(call: Call) -> CustomField:
    each = call.state.custom_fields.get(call.ids[0])
    if each is None:
        raise not_found("customField", f"Custom field with ID {call.ids[0]} not found")
    return each


def _check_free(call: Call, title: str, but: CustomField | None = None) -> None:
    others = (each.title.casefold() for each in call.state.custom_fields.values() if each is not but)
    if title.casefold() in others:
        raise business(409, "customField.duplicateName", "A custom field with this name already exists")


ROUTES = (
    Route("GET", "/v3/custom-fields", "contacts:read", list_fields),
    Route("POST", "/v3/custom-fields", "contacts:write", create_field),
    Route("GET", "/v3/custom-fields/{id}", "contacts:read", get_field),
    Route("PUT", "/v3/custom-fields/{id}", "contacts:write", put_field),
    Route("DELETE", "/v3/custom-fields/{id}", "contacts:write", delete_field),
)
