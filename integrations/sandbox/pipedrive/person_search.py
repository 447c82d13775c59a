"""`GET /api/v2/persons/search`: over an index that knows writes only after a while, if the options say so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import islice

from integrations.sandbox.core import Json, Response
from integrations.sandbox.pipedrive.auth import can_see
from integrations.sandbox.pipedrive.cursors import decode_cursor, encode_cursor
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.errors import invalid, succeeded
from integrations.sandbox.pipedrive.person_edits import searchable
from integrations.sandbox.pipedrive.records import Person
from integrations.sandbox.pipedrive.routes import Call

SEARCH_PARAMS = frozenset(("term", "fields", "exact_match", "organization_id", "include_fields", "limit", "cursor"))
_SEARCHED_TYPES = frozenset(("address", "varchar", "text", "varchar_auto", "double", "monetary", "phone"))


def search_persons(call: Call) -> Response:
    """One page of hits in id order. Exact match compares whole values and is not case-sensitive.

    Raises the schema refusal for a term below 2 characters (1 with exact_match) and for unknown fields.
    """
    exact, term = call.flag("exact_match"), (call.first("term") or "").strip().lower()
    if len(term) < (1 if exact else 2):
        raise invalid("term must be at least 2 characters, or 1 with exact_match")
    fields = call.listed("fields") or list(SEARCHED)
    if set(fields) - set(SEARCHED):
        raise invalid(f"fields must be among {', '.join(SEARCHED)}")
    limit, organization = call.page_size(most=call.desk.options.search_page_max), call.integer("organization_id")
    after = decode_cursor(cursor).get("after", 0) if (cursor := call.first("cursor")) else 0
    hits = (
        person
        for one in call.desk.state.index.walk("id", start=("", int(after) + 1))
        if (person := searchable(call.desk.state.persons[one], call.desk)) is not None
        and can_see(call.user, person)
        and organization in (None, person.org_id)
        and _matches(person, term, fields, exact, call.desk)
    )
    page = list(islice(hits, limit + 1))
    more = encode_cursor({"after": page[limit - 1].id}) if len(page) > limit else None
    items = [{"result_score": 1.29 if exact else 0.52, "item": _item(person, call.desk)} for person in page[:limit]]
    return succeeded({"items": items}, additional_data={"next_cursor": more})


def _matches(person: Person, term: str, fields: Collection[str], exact: bool, desk: Desk) -> bool:
    for name in fields:
        for value in SEARCHED[name](person, desk):
            text = value.lower()
            if text == term if exact else term in text:
                return True
    return False


def _custom_texts(person: Person, desk: Desk) -> list[str]:
    return [
        str(value["value"] if isinstance(value, Mapping) else value)
        for code, value in person.custom_fields.items()
        if desk.state.fields[code].type in _SEARCHED_TYPES
    ]


SEARCHED: Mapping[str, Callable[[Person, Desk], list[str]]] = {
    "custom_fields": _custom_texts,
    "email": lambda person, desk: [item["value"] for item in person.emails],
    "notes": lambda person, desk: [person.notes] if person.notes else [],
    "phone": lambda person, desk: [item["value"] for item in person.phones],
    "name": lambda person, desk: [person.name],
}


def _item(person: Person, desk: Desk) -> dict[str, Json]:
    organization = desk.state.organizations.get(person.org_id or 0)
    return {
        "id": person.id,
        "type": "person",
        "name": person.name,
        "phones": [item["value"] for item in person.phones],
        "emails": [item["value"] for item in person.emails],
        "primary_email": next((item["value"] for item in person.emails if item["primary"]), None),
        "visible_to": person.visible_to,
        "owner": {"id": person.owner_id},
        "organization": (
            {"id": organization.id, "name": organization.name, "address": None} if organization is not None else None
        ),
        "custom_fields": _custom_texts(person, desk),
        "notes": [person.notes] if person.notes else [],
    }
