"""`GET /api/v2/persons`: filters, orders, and keyset pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from integrations.sandbox.core import Response
from integrations.sandbox.pipedrive.auth import can_see
from integrations.sandbox.pipedrive.cursors import decode_cursor, encode_cursor
from integrations.sandbox.pipedrive.errors import invalid, not_found, succeeded
from integrations.sandbox.pipedrive.filter_conditions import compile_conditions
from integrations.sandbox.pipedrive.person_body import whole_seconds
from integrations.sandbox.pipedrive.person_index import SORTS, Key, sort_key
from integrations.sandbox.pipedrive.person_views import INCLUDABLE, Wanted, v2_person
from integrations.sandbox.pipedrive.records import Person
from integrations.sandbox.pipedrive.routes import Call

Test = Callable[[Person], bool]

VIEW_PARAMS = frozenset(("include_fields", "custom_fields", "include_option_labels", "include_labels"))
LIST_PARAMS = VIEW_PARAMS | {
    "filter_id", "ids", "owner_id", "org_id", "deal_id", "updated_since", "updated_until", "sort_by", "sort_direction",
    "limit", "cursor",
}  # fmt: skip
MAX_CUSTOM_FIELDS = 15
MAX_IDS = 100
_FEW = 20


def list_persons(call: Call) -> Response:
    """One page. `next_cursor` marks the first person of the next page; it is null on the last."""
    sort_by, descending = _order(call)
    limit, wanted = call.page_size(), wanted_view(call)
    start = _start(call, sort_by, descending)
    tests = _tests(call)
    found = (
        person for person in _candidates(call, sort_by, descending, start) if all(test(person) for test in tests)
    )  # fmt: skip
    page = list(islice(found, limit + 1))
    cursor = _cursor(page[limit], sort_by, descending) if len(page) > limit else None
    data = [v2_person(person, call.desk, wanted) for person in page[:limit]]
    return succeeded(data, additional_data={"next_cursor": cursor})


def wanted_view(call: Call) -> Wanted:
    """How the caller wants persons shown. Raises the schema refusal for what cannot be."""
    extra, custom = call.listed("include_fields"), call.listed("custom_fields")
    unknown = set(extra) - INCLUDABLE
    if unknown:
        raise invalid(f"include_fields does not take {', '.join(sorted(unknown))}")
    if len(custom) > MAX_CUSTOM_FIELDS:
        raise invalid(f"custom_fields takes at most {MAX_CUSTOM_FIELDS} keys")
    keys = frozenset(custom) if call.first("custom_fields") is not None else None
    return Wanted(extra, keys, call.flag("include_option_labels"), call.flag("include_labels"))


def _order(call: Call) -> tuple[str, bool]:
    sort_by, direction = call.first("sort_by") or "id", call.first("sort_direction") or "asc"
    if sort_by not in SORTS:
        raise invalid(f"sort_by must be one of {', '.join(SORTS)}")
    if direction not in ("asc", "desc"):
        raise invalid("sort_direction must be one of asc, desc")
    return sort_by, direction == "desc"


def _start(call: Call, sort_by: str, descending: bool) -> Key | None:
    cursor = call.first("cursor")
    if cursor is None:
        return None
    data = decode_cursor(cursor)
    value, person_id = data.get("fieldValue"), data.get("id")
    if data.get("field") != sort_by or data.get("sortDirection") != ("desc" if descending else "asc"):
        raise invalid("cursor does not belong to this order")
    if not isinstance(person_id, int) or not isinstance(value, str | int):
        raise invalid("cursor is not valid")
    return ("" if sort_by == "id" else str(value), person_id)


def _cursor(person: Person, sort_by: str, descending: bool) -> str:
    value = person.id if sort_by == "id" else sort_key(person, sort_by)[0]
    direction = "desc" if descending else "asc"
    return encode_cursor({"field": sort_by, "fieldValue": value, "sortDirection": direction, "id": person.id})


def _candidates(call: Call, sort_by: str, descending: bool, start: Key | None) -> Iterator[Person]:
    state, since = call.desk.state, _since(call)
    ids: Iterable[int] | None = None
    if since is not None and sort_by == "update_time" and not descending:
        ids = state.index.walk(sort_by, start=max(start or ("", 0), (since, 0)))
    elif since is not None:
        # Few changes are sorted; when most have changed, walking the order and testing finds a page sooner.
        recent = state.index.updated_since(since)
        if len(recent) <= len(state.persons) // _FEW:
            ids = _from(call, recent, sort_by, descending, start)
    if ids is None:
        ids = state.index.walk(sort_by, descending=descending, start=start)
    return (person for one in ids if (person := state.person(one, call.desk.now)) is not None)


def _from(call: Call, ids: list[int], sort_by: str, descending: bool, start: Key | None) -> list[int]:
    keys = sorted((sort_key(call.desk.state.persons[one], sort_by) for one in ids), reverse=descending)
    if start is not None:
        keys = [key for key in keys if (key <= start if descending else key >= start)]
    return [key[1] for key in keys]


def _since(call: Call) -> str | None:
    value = call.first("updated_since")
    return None if value is None or _delta_is_ignored(call) else whole_seconds("updated_since", value)


def _delta_is_ignored(call: Call) -> bool:
    return call.first("filter_id") is not None and call.desk.options.filter_id_with_updated_since == "ignores_delta"


def _tests(call: Call) -> list[Test]:
    user, since = call.user, _since(call)
    tests: list[Test] = [lambda person: can_see(user, person)]
    if not call.desk.options.list_includes_deleted:
        tests.append(lambda person: not person.is_deleted)
    if since is not None:
        tests.append(lambda person: person.update_time >= since)
    until = call.first("updated_until")
    if until is not None and not _delta_is_ignored(call):
        end = whole_seconds("updated_until", until)
        tests.append(lambda person: person.update_time < end)
    return [*tests, *(_saved_filter(call) if call.first("filter_id") is not None else _plain_filters(call))]


def _saved_filter(call: Call) -> list[Test]:
    saved = call.desk.state.filters.get(call.integer("filter_id") or 0)
    if saved is None or not saved.active:
        raise not_found("Filter")
    return [compile_conditions(saved.conditions, call.desk.state, call.desk.now)]


def _plain_filters(call: Call) -> list[Test]:
    tests: list[Test] = []
    ids = call.listed("ids")
    if call.first("ids") is not None:
        if len(ids) > MAX_IDS or not all(one.strip().isdigit() for one in ids):
            raise invalid(f"ids must be up to {MAX_IDS} integers")
        wanted = {int(one) for one in ids}
        tests.append(lambda person: person.id in wanted)
    owner_id, org_id = call.integer("owner_id"), call.integer("org_id")
    if owner_id is not None:
        tests.append(lambda person: person.owner_id == owner_id)
    if org_id is not None:
        tests.append(lambda person: person.org_id == org_id)
    if call.integer("deal_id") is not None:
        tests.append(lambda person: False)
    return tests
