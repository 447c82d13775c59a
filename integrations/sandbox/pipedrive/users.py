"""The v1 users operations."""

from __future__ import annotations

from integrations.sandbox.core import Json, Response
from integrations.sandbox.pipedrive.errors import ApiError, not_found, succeeded
from integrations.sandbox.pipedrive.records import User
from integrations.sandbox.pipedrive.routes import Call, Route

_READ = frozenset(("users:read",))
_SETS = {"global": "233b7976-39bd-43a9-b305-ef3a2b0998e5", "sales": "62cc4d7f-4038-4352-abf3-a8c1c822b631"}


def _list(call: Call) -> Response:
    listed = call.desk.options.deactivated_users_listed
    users = [user for user in call.desk.state.users.values() if user.active or listed]
    data = [_view(user, call.user) for user in users]
    return succeeded(data, additional_data={"company_id": call.desk.state.company_id})


def _get(call: Call) -> Response:
    user = call.desk.state.users.get(call.ids[0])
    if user is None:
        raise not_found("User")
    return succeeded(_view(user, call.user))


def _me(call: Call) -> Response:
    state = call.desk.state
    company = {
        "company_id": state.company_id,
        "company_name": state.company_name,
        "company_domain": state.company_domain,
        "company_country": "EE",
        "company_industry": "IT Services",
        "language": {"language_code": "en", "country_code": "US"},
    }
    return succeeded({**_view(call.user, call.user), **company})


def _find(call: Call) -> Response:
    term = (call.first("term") or "").strip().lower()
    if len(term) < 2:
        raise ApiError(400, "Search term must be at least 2 characters long")
    by_email = call.first("search_by_email") == "1"
    users = [
        user
        for user in call.desk.state.users.values()
        if user.active and term in (user.email if by_email else user.name).lower()
    ]
    return succeeded([_view(user, call.user) for user in users])


def _permissions(call: Call) -> Response:
    user = call.desk.state.users.get(call.ids[0])
    if user is None:
        raise not_found("User")
    changes = user.is_admin or not call.desk.options.no_owner_change
    return succeeded({
        "can_add_custom_fields": user.is_admin, "can_bulk_edit_items": True, "can_change_visibility_of_items": True,
        "can_create_own_workflow": user.is_admin, "can_merge_people": True, "can_see_other_users": True,
        "can_change_people_owner": changes,
    })  # fmt: skip


def _view(user: User, caller: User) -> dict[str, Json]:
    apps = ("sales", "global") if not user.is_admin else ("sales", "global", "account_settings")
    sets = [{"app": app, "admin": user.is_admin, "permission_set_id": _SETS.get(app, _SETS["global"])} for app in apps]
    return {
        "id": user.id, "name": user.name, "default_currency": "EUR", "locale": "en_US", "lang": 1, "email": user.email,
        "phone": None, "activated": True, "last_login": user.modified, "created": user.created,
        "modified": user.modified, "has_created_company": False,
        "access": sets, "active_flag": user.active, "timezone_name": "Europe/Tallinn", "timezone_offset": "+02:00",
        "role_id": 1, "icon_url": None, "is_you": user.id == caller.id, "is_deleted": False,
        "is_admin": int(user.is_admin),
    }  # fmt: skip


ROUTES = (
    Route("v1", "GET", "/users", 20, _list, _READ),
    Route("v1", "GET", "/users/me", 2, _me),
    Route("v1", "GET", "/users/find", 40, _find, _READ, frozenset(("term", "search_by_email"))),
    Route("v1", "GET", "/users/{id}", 2, _get, _READ),
    Route("v1", "GET", "/users/{id}/permissions", 10, _permissions, _READ),
)
