"""The v2 persons operations."""

from __future__ import annotations

from integrations.sandbox.core import Response
from integrations.sandbox.pipedrive.auth import can_see, check_owner_change, person_for
from integrations.sandbox.pipedrive.errors import ApiError, succeeded
from integrations.sandbox.pipedrive.person_body import read_person_body
from integrations.sandbox.pipedrive.person_edits import create_person, delete_person, edit_person
from integrations.sandbox.pipedrive.person_list import LIST_PARAMS, VIEW_PARAMS, list_persons, wanted_view
from integrations.sandbox.pipedrive.person_search import SEARCH_PARAMS, search_persons
from integrations.sandbox.pipedrive.person_views import Wanted, v2_person
from integrations.sandbox.pipedrive.routes import Call, Route

_READ = frozenset(("contacts:read", "contacts:full"))
_WRITE = frozenset(("contacts:full",))


def _get(call: Call) -> Response:
    person = person_for(call, call.ids[0], deleted=call.desk.options.deleted_get == "is_deleted")
    return succeeded(v2_person(person, call.desk, wanted_view(call)))


def _create(call: Call) -> Response:
    values = read_person_body(call.body(), call.desk, creating=True)
    person = create_person(call.desk, call.actor, values)
    return succeeded(v2_person(person, call.desk, Wanted()), call.desk.options.persons_create_status)


def _edit(call: Call) -> Response:
    person = person_for(call, call.ids[0])
    values = read_person_body(call.body(), call.desk, creating=False)
    check_owner_change(call, person, values.get("owner_id", person.owner_id))
    edit_person(call.desk, call.actor, person, values)
    return succeeded(v2_person(person, call.desk, Wanted()))


def _delete(call: Call) -> Response:
    person = call.desk.state.person(call.ids[0], call.desk.now)
    if person is None or not can_see(call.user, person):
        raise ApiError(404, "Person not found")
    if person.is_deleted:
        # Seen live: a second delete answers 410 with the body of a success.
        return succeeded({"id": person.id}, 410)
    delete_person(call.desk, call.actor, person)
    return succeeded({"id": person.id})


ROUTES = (
    Route("v2", "GET", "/persons", 10, list_persons, _READ, LIST_PARAMS),
    Route("v2", "POST", "/persons", 5, _create, _WRITE),
    Route("v2", "GET", "/persons/search", 20, search_persons, _READ | {"search:read"}, SEARCH_PARAMS, search=True),
    Route("v2", "GET", "/persons/{id}", 1, _get, _READ, VIEW_PARAMS),
    Route("v2", "PATCH", "/persons/{id}", 5, _edit, _WRITE),
    Route("v2", "DELETE", "/persons/{id}", 3, _delete, _WRITE),
)
