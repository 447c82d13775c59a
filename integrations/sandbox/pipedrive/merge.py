"""What v1 still has for single persons: merging, and who may see one."""

from __future__ import annotations

from integrations.sandbox.core import Json, Response
from integrations.sandbox.pipedrive.auth import can_see, person_for
from integrations.sandbox.pipedrive.custom_values import is_whole
from integrations.sandbox.pipedrive.errors import ApiError, succeeded
from integrations.sandbox.pipedrive.person_edits import merge_persons
from integrations.sandbox.pipedrive.person_views import v1_person
from integrations.sandbox.pipedrive.routes import Call, Route


def _merge(call: Call) -> Response:
    """The survivor is `merge_with_id`; the person of the path disappears."""
    survivor_id: Json = call.body().get("merge_with_id")
    if not is_whole(survivor_id) or survivor_id == call.ids[0]:
        raise ApiError(400, "merge_with_id must be the id of another person.")
    loser, survivor = person_for(call, call.ids[0]), person_for(call, int(survivor_id))
    merge_persons(call.desk, call.actor, loser, survivor)
    return succeeded({**v1_person(survivor, call.desk), "merge_what_id": loser.id})


def _permitted_users(call: Call) -> Response:
    person = person_for(call, call.ids[0])
    return succeeded([user.id for user in call.desk.state.users.values() if user.active and can_see(user, person)])


ROUTES = (
    Route("v1", "PUT", "/persons/{id}/merge", 40, _merge, frozenset(("contacts:full",))),
    Route(
        "v1", "GET", "/persons/{id}/permittedUsers", 10, _permitted_users, frozenset(("contacts:read", "contacts:full"))
    ),
)
