from __future__ import annotations

from typing import Any

import pytest

from integrations.connectors.errors import Rejected
from integrations.connectors.pipedrive.bodies import new_person, person_update
from integrations.connectors.pipedrive.translate import ALWAYS_THERE
from integrations.connectors.ports import NewPerson, PersonUpdate
from integrations.domain.catalogue import Field
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Person, Value

FIELDS = {
    field.key: field
    for field in (
        *ALWAYS_THERE,
        Field("job_title", "Job title", FieldKind.TEXT),
        Field("add_time", "Created", FieldKind.DATE, writable=False),
        Field("c_text", "Note", FieldKind.TEXT, is_custom=True),
        Field("c_number", "Size", FieldKind.NUMBER, is_custom=True),
        Field("c_option", "Source", FieldKind.OPTION, is_custom=True),
        Field("c_options", "Tags", FieldKind.OPTIONS, is_custom=True),
        Field("c_date", "Since", FieldKind.DATE, is_custom=True),
        Field("c_phone", "Fax", FieldKind.PHONE, is_custom=True),
    )
}
ADDRESS = "ann@x.example"
EMAILS = [{"value": ADDRESS, "primary": True}]


def created(values: dict[str, Value], owner_id: str | None = None) -> dict[str, Any]:
    return new_person(NewPerson(0, ADDRESS, values, owner_id), FIELDS)


def updated(current: dict[str, Value], changes: dict[str, Value], owner_id: str | None = None) -> dict[str, Any]:
    person = Person("7", "", None, (), current)
    return person_update(PersonUpdate(0, person, changes, owner_id), FIELDS)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"first_name": "Ann"}, "Ann"),
        ({"last_name": " Lee "}, "Lee"),
        ({"name": "Ann Lee"}, "Ann Lee"),
        ({"name": "A. Lee", "first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"name": None, "first_name": None}, ADDRESS),
        ({}, ADDRESS),
    ],
)
def test_a_new_person_always_has_a_name(values: dict[str, Value], name: str) -> None:
    assert created(values) == {"name": name, "emails": EMAILS}


def test_a_new_person_has_the_mapped_addresses_with_their_labels() -> None:
    body = created({"emails": (ListItem("b@x.example", "home"), ListItem("a@x.example", "work", True))})
    assert body["emails"] == [
        {"value": "b@x.example", "primary": False, "label": "home"},
        {"value": "a@x.example", "primary": True, "label": "work"},
    ]


def test_a_single_address_is_a_list_of_one() -> None:
    assert created({"emails": "b@x.example"})["emails"] == [{"value": "b@x.example", "primary": True}]


def test_the_owner_travels_in_the_same_body_as_a_number() -> None:
    assert created({}, "12")["owner_id"] == 12
    assert updated({}, {}, "12") == {"owner_id": 12}


@pytest.mark.parametrize(
    ("key", "value", "wire"),
    [
        ("c_text", "hello", "hello"),
        ("c_text", "", None),
        ("c_text", None, None),
        ("c_number", 5.0, 5),
        ("c_number", 5, 5),
        ("c_number", 2.5, 2.5),
        ("c_number", 0, 0),
        ("c_number", None, None),
        ("c_option", "123", 123),
        ("c_option", None, None),
        ("c_options", ("1", "2"), [1, 2]),
        ("c_options", "1", [1]),
        ("c_options", (), None),
        ("c_options", None, None),
        ("c_date", "2026-05-15", "2026-05-15"),
        ("c_phone", "+1 555", "+1 555"),
    ],
)
def test_a_custom_value_is_sent_in_its_own_type(key: str, value: Value, wire: object) -> None:
    body = updated({}, {key: value})
    assert body == {"custom_fields": {key: wire}}
    assert type(body["custom_fields"][key]) is type(wire)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("c_text", 5),
        ("c_number", "5"),
        ("c_number", True),
        ("c_option", "warm"),
        ("c_options", ("1", "warm")),
        ("c_date", ("x",)),
        ("emails", ("a", "b")),
        ("phones", 5),
        ("add_time", "2026-01-01"),
        ("gone", "x"),
    ],
)
def test_a_value_that_cannot_be_sent_is_refused_with_the_name_of_its_field(key: str, value: Value) -> None:
    with pytest.raises(Rejected) as caught:
        updated({}, {key: value})
    assert caught.value.field == key


def test_an_owner_that_is_no_user_is_refused() -> None:
    with pytest.raises(Rejected):
        created({}, "somebody")


def test_a_built_in_value_is_sent_beside_the_custom_ones() -> None:
    assert updated({}, {"job_title": "CTO", "c_text": "x"}) == {"job_title": "CTO", "custom_fields": {"c_text": "x"}}


@pytest.mark.parametrize(
    ("current", "changes", "name"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, {"last_name": "Ray"}, "Ann Ray"),
        ({"first_name": "Ann", "last_name": "Lee"}, {"first_name": "Bo"}, "Bo Lee"),
        ({"first_name": "Ann", "last_name": "Lee"}, {"last_name": None}, "Ann"),
        ({"name": "Cher"}, {"last_name": "Sarkisian"}, "Sarkisian"),
        ({"first_name": "Ann"}, {"name": "Ann Lee"}, "Ann Lee"),
    ],
)
def test_a_changed_part_is_sent_as_the_whole_name(
    current: dict[str, Value], changes: dict[str, Value], name: str
) -> None:
    assert updated(current, changes) == {"name": name}


def test_addresses_keep_the_labels_that_the_change_does_not_know() -> None:
    body = updated(
        {"emails": (ListItem("Ann@x.example", "work", True), ListItem("b@x.example", "home"))},
        {"emails": (ListItem("ann@x.example", "", True), ListItem("b@x.example"), ListItem("c@x.example", "new"))},
    )
    assert body["emails"] == [
        {"value": "ann@x.example", "primary": True, "label": "work"},
        {"value": "b@x.example", "primary": False, "label": "home"},
        {"value": "c@x.example", "primary": False, "label": "new"},
    ]


def test_one_item_is_primary_even_if_several_say_so() -> None:
    body = updated({}, {"phones": (ListItem("1", primary=True), ListItem("2", primary=True))})
    assert [row["primary"] for row in body["phones"]] == [True, False]


def test_cleared_phones_are_an_empty_list() -> None:
    assert updated({"phones": (ListItem("1"),)}, {"phones": None}) == {"phones": []}


def test_nothing_to_change_is_an_empty_body() -> None:
    assert updated({"first_name": "Ann"}, {}) == {}
