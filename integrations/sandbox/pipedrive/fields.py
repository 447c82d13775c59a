"""The fields of persons: v2 by code and cursor, v1 with the numbers that filters need, by start and limit."""

from __future__ import annotations

from integrations.sandbox.core import Json, Response
from integrations.sandbox.pipedrive.cursors import decode_cursor, encode_cursor
from integrations.sandbox.pipedrive.errors import ApiError, not_found, succeeded
from integrations.sandbox.pipedrive.records import PersonField
from integrations.sandbox.pipedrive.routes import Call, Route

_READ = frozenset(("contacts:read", "contacts:full", "admin", "contact-fields:full"))
_CREATED = "2024-02-04 13:58:03"
_V1_TYPES = frozenset((
    "address", "date", "daterange", "double", "enum", "monetary", "org", "people", "phone", "set", "text", "time",
    "timerange", "user", "varchar", "varchar_auto", "visible_to",
))  # fmt: skip


def _shown_fields(call: Call) -> list[PersonField]:
    fields = call.desk.state.fields.values()
    return [field for field in fields if call.desk.options.contact_sync or not field.needs_contact_sync]


def _list_v2(call: Call) -> Response:
    fields, limit = _shown_fields(call), call.page_size()
    cursor = call.first("cursor")
    start = int(decode_cursor(cursor).get("start", 0)) if cursor else 0
    more = encode_cursor({"start": start + limit}) if start + limit < len(fields) else None
    data = [_v2_field(field) for field in fields[start : start + limit]]
    return succeeded(data, additional_data={"next_cursor": more})


def _get_v2(call: Call) -> Response:
    field = call.desk.state.fields.get(call.texts[0])
    if field is None:
        raise not_found("Field")
    return succeeded(_v2_field(field))


def _list_v1(call: Call) -> Response:
    start, limit = call.integer("start") or 0, call.page_size()
    if start < 0:
        raise ApiError(400, "start must not be negative")
    fields = _shown_fields(call)
    more = start + limit < len(fields)
    pagination: dict[str, Json] = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + limit
    data = [_v1_field(field, number) for number, field in enumerate(fields[start : start + limit], start + 1)]
    nested = call.desk.options.v1_pagination == "nested"
    return succeeded(data, additional_data={"pagination": pagination} if nested else pagination)


def _get_v1(call: Call) -> Response:
    field = call.desk.state.field_by_number(call.ids[0])
    if field is None:
        raise not_found("Field")
    return succeeded(_v1_field(field, 1))


def _v2_field(field: PersonField) -> dict[str, Json]:
    options = [{"id": option.id, "label": option.label, "color": None} for option in field.options]
    return {
        "field_name": field.name,
        "field_code": field.code,
        "description": None,
        "field_type": field.type,
        "options": options or None,
        "subfields": None,
        "is_custom_field": field.is_custom,
        "is_optional_response_field": field.optional,
    }


def _v1_field(field: PersonField, order: int) -> dict[str, Json]:
    return {
        "id": field.id,
        "key": field.code,
        "name": field.name,
        "order_nr": order,
        "field_type": field.type if field.type in _V1_TYPES else "double",
        "add_time": _CREATED,
        "update_time": _CREATED,
        "last_updated_by_user_id": None,
        "created_by_user_id": None,
        "active_flag": True,
        "edit_flag": field.is_custom,
        "index_visible_flag": True,
        "details_visible_flag": True,
        "add_visible_flag": field.is_custom,
        "important_flag": False,
        "bulk_edit_allowed": True,
        "searchable_flag": field.is_custom,
        "filtering_allowed": True,
        "sortable_flag": True,
        "mandatory_flag": field.code == "name",
        "options": [{"id": option.id, "label": option.label} for option in field.options] or None,
        "options_deleted": [],
        "is_subfield": False,
        "subfields": [],
    }


ROUTES = (
    Route("v2", "GET", "/personFields", 10, _list_v2, _READ, frozenset(("include_fields", "limit", "cursor"))),
    Route("v2", "GET", "/personFields/{code}", 1, _get_v2, _READ, frozenset(("include_fields",))),
    Route("v1", "GET", "/personFields", 20, _list_v1, _READ, frozenset(("start", "limit"))),
    Route("v1", "GET", "/personFields/{id}", 2, _get_v1, _READ),
)
