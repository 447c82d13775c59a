"""What happens to persons, by whomever: records, stamps, the search index's delay, and the events."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import timedelta

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.desk import Actor, Desk
from integrations.sandbox.pipedrive.errors import ApiError
from integrations.sandbox.pipedrive.events import announce
from integrations.sandbox.pipedrive.person_views import changed_values, webhook_person
from integrations.sandbox.pipedrive.records import Labelled, Person, Searched


def split_name(name: str) -> tuple[str, str | None]:
    """First and last name as Pipedrive derives them from a name: the first word, and the rest."""
    first, _, last = name.partition(" ")
    return first, last or None


def create_person(desk: Desk, actor: Actor, values: Mapping[str, Json]) -> Person:
    """A new person, owned by the actor unless the values say otherwise. Raises 400 when no name is given."""
    name = values.get("name") or _joined(values.get("first_name"), values.get("last_name"))
    if not name:
        raise ApiError(400, "Name must be given.")
    first, last = split_name(name)
    person = Person(
        desk.state.next_number("person"), name, first, last, actor.user.id, desk.stamp, desk.stamp,
        visible_to=desk.options.default_visible_to,
    )  # fmt: skip
    _apply(person, values)
    _delay_search(desk, person, None)
    desk.state.persons[person.id] = person
    desk.state.index.add(person)
    if desk.state.webhooks:
        announce(desk, "create", actor, person, data=webhook_person(person, desk), previous=None)
    return person


def edit_person(desk: Desk, actor: Actor, person: Person, values: Mapping[str, Json]) -> bool:
    """Set the values; whether anything changed. Lists are replaced whole, custom fields key by key."""
    values = {name: value for name, value in values.items() if not _is_ignored(desk, name, value)}
    edited = copy.copy(person)
    edited.custom_fields = dict(person.custom_fields)
    _apply(edited, values)
    changed = edited != person
    if changed or desk.options.noop_patch_bumps_update_time:
        _replace(desk, actor, person, edited)
    return changed


def delete_person(desk: Desk, actor: Actor, person: Person, more_meta: Mapping[str, Json] | None = None) -> None:
    """Soft delete: the record stays for 30 days, its update_time being the time of deletion."""
    last = webhook_person(person, desk) if desk.state.webhooks else None
    _delay_search(desk, person, copy.copy(person))
    desk.state.index.remove(person)
    person.is_deleted, person.update_time = True, desk.stamp
    desk.state.index.add(person)
    if last is not None:
        announce(desk, "delete", actor, person, data=None, previous=last, more_meta=more_meta)


def merge_persons(desk: Desk, actor: Actor, loser: Person, survivor: Person) -> None:
    """The loser's addresses, numbers and custom fields go to the survivor where it has none of its own; then it goes.

    Gives the two events of the webhooks guide: delete with merged_to_id, change with merged_from_id.
    """
    edited = copy.copy(survivor)
    edited.emails = _united(survivor.emails, loser.emails)
    edited.phones = _united(survivor.phones, loser.phones)
    edited.custom_fields = {**loser.custom_fields, **survivor.custom_fields}
    edited.org_id = survivor.org_id or loser.org_id
    delete_person(desk, actor, loser, {"merged_to_id": str(survivor.id)})
    _replace(desk, actor, survivor, edited, {"merged_from_id": str(loser.id)})


def searchable(person: Person, desk: Desk) -> Person | None:
    """The person as the search index knows it now; None when it does not."""
    if person.searched is not None:
        if desk.now < person.searched.until:
            return person.searched.person
        person.searched = None
    return None if person.is_deleted else person


def _is_ignored(desk: Desk, name: str, value: Json) -> bool:
    return name in ("emails", "phones") and value == [] and not desk.options.empty_list_clears_emails


def _joined(first: str | None, last: str | None) -> str:
    return " ".join(part for part in (first, last) if part)


def _apply(person: Person, values: Mapping[str, Json]) -> None:
    for name, value in values.items():
        if name == "custom_fields":
            merged = {**person.custom_fields, **value}
            person.custom_fields = {code: one for code, one in merged.items() if one is not None}
        elif name not in ("name", "first_name", "last_name"):
            setattr(person, name, [] if name == "im" and value is None else value)
    if "name" in values:
        person.name = values["name"]
        person.first_name, person.last_name = split_name(person.name)
    elif "first_name" in values or "last_name" in values:
        person.first_name = values.get("first_name", person.first_name)
        person.last_name = values.get("last_name", person.last_name) or None
        person.name = _joined(person.first_name, person.last_name)


def _replace(
    desk: Desk, actor: Actor, person: Person, edited: Person, more_meta: Mapping[str, Json] | None = None
) -> None:
    before = webhook_person(person, desk) if desk.state.webhooks else None
    _delay_search(desk, edited, copy.copy(person))
    desk.state.index.remove(person)
    edited.update_time = desk.stamp
    for name in Person.__slots__:
        setattr(person, name, getattr(edited, name))
    desk.state.index.add(person)
    if before is not None:
        after = webhook_person(person, desk)
        previous = changed_values(before, after)
        announce(desk, "change", actor, person, data=after, previous=previous, more_meta=more_meta)


def _delay_search(desk: Desk, person: Person, before: Person | None) -> None:
    if desk.options.search_lag and (person.searched is None or person.searched.until <= desk.now):
        person.searched = Searched(desk.now + timedelta(seconds=desk.options.search_lag), before)


def _united(first: list[Labelled], second: list[Labelled]) -> list[Labelled]:
    known = {item["value"].lower() for item in first}
    added: list[Labelled] = [{**item, "primary": False} for item in second if item["value"].lower() not in known]
    united = [*first, *added]
    if united and not any(item["primary"] for item in united):
        united[0] = {**united[0], "primary": True}
    return united
