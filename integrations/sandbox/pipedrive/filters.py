"""The v1 filters operations."""

from __future__ import annotations

from integrations.sandbox.core import Json, Response
from integrations.sandbox.pipedrive.errors import ApiError, not_found, succeeded
from integrations.sandbox.pipedrive.filter_conditions import OPERATORS, check_conditions, field_of
from integrations.sandbox.pipedrive.records import Filter, v1_time
from integrations.sandbox.pipedrive.routes import Call, Route
from integrations.sandbox.pipedrive.state import State

_READ = frozenset((
    "deals:read", "deals:full", "activities:read", "activities:full", "contacts:read", "contacts:full",
))  # fmt: skip
_WRITE = frozenset(("deals:full", "activities:full", "contacts:full"))
_TYPES = ("deals", "leads", "org", "people", "products", "activity", "projects")
_ONE = frozenset(("include_field_code",))


def _list(call: Call) -> Response:
    wanted = call.first("type")
    if wanted is not None and wanted not in _TYPES:
        raise ApiError(400, f"Filter type must be one of {', '.join(_TYPES)}.")
    shown = [one for one in call.desk.state.filters.values() if one.active and _can_use(call, one)]
    return succeeded([_view(one) for one in shown if wanted in (None, "people")])


def _get(call: Call) -> Response:
    return succeeded(_with_conditions(call, _filter(call)))


def _create(call: Call) -> Response:
    body = call.body()
    name, conditions = body.get("name"), body.get("conditions")
    if not isinstance(name, str) or not name or body.get("type") not in _TYPES:
        raise ApiError(400, "A filter needs a name, a type and conditions.")
    if body["type"] != "people":
        raise ApiError(400, "Only filters of people can be made here.")
    check_conditions(conditions, call.desk.state)
    now = v1_time(call.desk.stamp)
    made = Filter(call.desk.state.next_number("filter"), name, call.user.id, conditions, now, now)
    call.desk.state.filters[made.id] = made
    return succeeded(_with_conditions(call, made))


def _edit(call: Call) -> Response:
    one, body = _filter(call), call.body()
    check_conditions(body.get("conditions"), call.desk.state)
    one.conditions, one.name = body["conditions"], str(body.get("name", one.name))
    one.update_time = v1_time(call.desk.stamp)
    return succeeded(_with_conditions(call, one))


def _delete(call: Call) -> Response:
    one = _filter(call)
    one.active = False
    return succeeded({"id": one.id})


def _helpers(call: Call) -> Response:
    operators = {kind: dict.fromkeys(names, "") for kind, names in OPERATORS.items()}
    return succeeded({"operators": operators})


def _can_use(call: Call, one: Filter) -> bool:
    return one.visible_to != "1" or one.user_id == call.user.id


def _filter(call: Call) -> Filter:
    one = call.desk.state.filters.get(call.ids[0])
    if one is None or not one.active or not _can_use(call, one):
        raise not_found("Filter")
    return one


def _view(one: Filter) -> dict[str, Json]:
    return {
        "id": one.id, "name": one.name, "filter_code": None, "is_editable": True, "active_flag": one.active,
        "type": "people", "temporary_flag": None, "user_id": one.user_id, "add_time": one.add_time,
        "update_time": one.update_time, "visible_to": one.visible_to, "last_used_time": None, "custom_view_id": None,
    }  # fmt: skip


def _with_conditions(call: Call, one: Filter) -> dict[str, Json]:
    groups = [
        {
            "glue": group["glue"],
            "conditions": [
                _condition(call.desk.state, member, call.flag("include_field_code")) for member in group["conditions"]
            ],
        }
        for group in one.conditions["conditions"]
    ]
    return {**_view(one), "conditions": {"glue": "and", "conditions": groups}}


def _condition(state: State, condition: Json, with_code: bool) -> dict[str, Json]:
    value, extra = condition.get("value"), condition.get("extra_value")
    shown: dict[str, Json] = {
        "object": condition["object"],
        "field_id": str(condition["field_id"]),
        "operator": condition["operator"],
        "value": None if value is None else str(value),
        "extra_value": None if extra is None else str(extra),
        "json_value_flag": False,
    }
    if with_code:
        field = field_of(condition, state)
        shown["field_code"] = field.code if field else None
    return shown


ROUTES = (
    Route("v1", "GET", "/filters", 20, _list, _READ, frozenset(("type",))),
    Route("v1", "POST", "/filters", 10, _create, _WRITE, _ONE),
    Route("v1", "GET", "/filters/helpers", 20, _helpers, _READ),
    Route("v1", "GET", "/filters/{id}", 2, _get, _READ, _ONE),
    Route("v1", "PUT", "/filters/{id}", 10, _edit, _WRITE, _ONE),
    Route("v1", "DELETE", "/filters/{id}", 6, _delete, _WRITE),
)
