"""Edits that somebody makes in Pipedrive's own pages: no cost, no permissions, `change_source` is app."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.custom_values import is_whole
from integrations.sandbox.pipedrive.desk import Actor, Desk
from integrations.sandbox.pipedrive.errors import ApiError
from integrations.sandbox.pipedrive.events import ban, remove
from integrations.sandbox.pipedrive.person_body import read_person_body
from integrations.sandbox.pipedrive.person_edits import create_person, delete_person, edit_person, merge_persons
from integrations.sandbox.pipedrive.person_views import Wanted, v2_person
from integrations.sandbox.pipedrive.records import Person
from integrations.sandbox.pipedrive.webhooks import webhook_view

_USER_FIELDS = ("name", "email", "active", "is_admin")


def change_by_human(desk: Desk, command: Mapping[str, Json]) -> Json:
    """`{id, fields}`, `{create}`, `{delete: id}`, `{merge: id, into: id}`, or `{user: id, fields}` for a colleague.

    `{webhook: id, do: ban | delete}` is what Pipedrive itself does to a webhook that keeps failing.

    The person (or user) as it then is. Raises ValueError with a sentence when that cannot be done.
    """
    try:
        if "user" in command:
            return _change_user(desk, command)
        if "webhook" in command:
            return _punish(desk, command)
        return v2_person(_change_person(desk, command), desk, Wanted())
    except ApiError as error:
        raise ValueError(error.error) from error


def _change_person(desk: Desk, command: Mapping[str, Json]) -> Person:
    actor = Actor(next(user for user in desk.state.users.values() if user.is_admin), "app")
    if "create" in command:
        return create_person(desk, actor, read_person_body(command["create"], desk, creating=True))
    if "delete" in command:
        person = _person(desk, command["delete"])
        delete_person(desk, actor, person)
    elif "merge" in command:
        person = _person(desk, command.get("into"))
        merge_persons(desk, actor, _person(desk, command["merge"]), person)
    else:
        person = _person(desk, command.get("id"))
        edit_person(desk, actor, person, read_person_body(command.get("fields", {}), desk, creating=False))
    return person


def _person(desk: Desk, person_id: Json) -> Person:
    person = desk.state.person(person_id, desk.now) if is_whole(person_id) else None
    if person is None or person.is_deleted:
        raise ValueError(f"There is no person {person_id} in Pipedrive.")
    return person


def _punish(desk: Desk, command: Mapping[str, Json]) -> Json:
    webhook = desk.state.webhooks.get(command["webhook"])
    if webhook is None or command.get("do") not in ("ban", "delete"):
        raise ValueError("A webhook has an id, and is to be banned (do: ban) or deleted (do: delete).")
    if command["do"] == "ban":
        ban(desk, webhook)
    else:
        remove(desk, webhook, "no successful delivery in 3 days")
    return webhook_view(desk, webhook)


def _change_user(desk: Desk, command: Mapping[str, Json]) -> Json:
    user = desk.state.users.get(command["user"])
    values = command.get("fields", {})
    if user is None or not set(values) <= set(_USER_FIELDS):
        raise ValueError(f"A user has an id and {', '.join(_USER_FIELDS)}.")
    for name, value in values.items():
        setattr(user, name, value)
    return {"id": user.id, **{name: getattr(user, name) for name in _USER_FIELDS}}
