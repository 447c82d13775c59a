from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.pipedrive import translate
from integrations.connectors.pipedrive.payloads import (
    FieldRecord,
    FilterRecord,
    UserRecord,
    read_list,
    read_one,
    read_people,
    read_person,
)
from integrations.domain.catalogue import Field, Member, Option, SavedFilter
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Person, Value

HASH = "9dc80c50d78a15643bfc4ca79d76156a73a1ca0e"


def field(**members: Any) -> Field | None:
    record = read_one({"field_name": "Label", "is_custom_field": True, **members}, FieldRecord)
    return next(iter(translate.catalogue([record])[len(translate.ALWAYS_THERE) :]), None)


def person(fields: tuple[Field, ...] = (), **members: Any) -> Person:
    return translate.person(read_person({"id": 7, **members}), fields)


@pytest.mark.parametrize(
    ("wire", "kind", "writable", "length"),
    [
        ("varchar", FieldKind.TEXT, True, 255),
        ("varchar_auto", FieldKind.TEXT, True, 255),
        ("text", FieldKind.TEXT, True, 65_535),
        ("double", FieldKind.NUMBER, True, 0),
        ("date", FieldKind.DATE, True, 0),
        ("enum", FieldKind.OPTION, True, 0),
        ("set", FieldKind.OPTIONS, True, 0),
        ("phone", FieldKind.PHONE, True, 0),
        ("monetary", FieldKind.OTHER, False, 0),
        ("user", FieldKind.OTHER, False, 0),
        ("org", FieldKind.OTHER, False, 0),
        ("people", FieldKind.OTHER, False, 0),
        ("time", FieldKind.OTHER, False, 0),
        ("timerange", FieldKind.OTHER, False, 0),
        ("daterange", FieldKind.OTHER, False, 0),
        ("address", FieldKind.OTHER, False, 0),
        ("a type of next year", FieldKind.OTHER, False, 0),
    ],
)
def test_a_custom_field_is_of_the_kind_that_its_type_says(
    wire: str, kind: FieldKind, writable: bool, length: int
) -> None:
    found = field(field_code=HASH, field_type=wire)
    assert found == Field(HASH, "Label", kind, writable=writable, is_custom=True, max_length=length)


def test_options_keep_their_ids_as_text() -> None:
    found = field(field_code=HASH, field_type="enum", options=[{"id": 3, "label": "Warm", "color": None}, {"id": "x"}])
    assert found is not None
    assert found.options == (Option("3", "Warm"), Option("x", ""))


@pytest.mark.parametrize("code", ["name", "first_name", "email", "emails", "phone", "phones", "owner_id", "id"])
def test_what_every_person_has_is_offered_once_under_one_name(code: str) -> None:
    assert field(field_code=code, field_type="varchar", is_custom_field=False) is None


def test_every_account_has_name_parts_addresses_and_phones() -> None:
    by_key = {each.key: each for each in translate.catalogue([])}
    assert list(by_key) == ["name", "first_name", "last_name", "emails", "phones"]
    assert by_key["emails"].identity
    assert (by_key["first_name"].part_of, by_key["last_name"].part_of) == ("name", "name")


def test_the_job_title_can_be_written_where_the_account_has_it() -> None:
    found = field(field_code="job_title", field_type="varchar", is_custom_field=False, is_optional_response_field=True)
    assert found == Field("job_title", "Label", FieldKind.TEXT)


def test_other_built_in_fields_can_be_seen_and_not_written() -> None:
    found = field(field_code="add_time", field_type="date", is_custom_field=False)
    assert found == Field("add_time", "Label", FieldKind.DATE, writable=False)


def test_counters_that_a_person_does_not_come_with_are_not_offered() -> None:
    found = field(
        field_code="activities_count", field_type="int", is_custom_field=False, is_optional_response_field=True
    )
    assert found is None


def test_a_field_without_a_name_is_called_by_its_code() -> None:
    found = field(field_code=HASH, field_type="text", field_name=None)
    assert found is not None
    assert found.label == HASH


def test_a_person_has_id_owner_name_and_time_of_change() -> None:
    found = person(name="Ann Lee", first_name="Ann", last_name="Lee", owner_id=12, update_time="2026-05-15T10:16:44Z")
    assert (found.id, found.owner_id, found.name) == ("7", "12", "Ann Lee")
    assert found.values == {"name": "Ann Lee", "first_name": "Ann", "last_name": "Lee"}
    assert found.updated_at == datetime(2026, 5, 15, 10, 16, 44, tzinfo=UTC)
    assert not found.is_deleted


def test_a_person_of_whom_nothing_is_known_is_still_a_person() -> None:
    assert person() == Person("7", "", None, ())


def test_a_deleted_row_says_so() -> None:
    assert person(is_deleted=True).is_deleted


def test_the_primary_address_comes_first() -> None:
    found = person(
        emails=[
            {"value": "second@x.example", "primary": False, "label": "home"},
            {"value": "First@x.example", "primary": True, "label": "work"},
        ]
    )
    assert found.emails == ("First@x.example", "second@x.example")
    assert found.values["emails"] == (
        ListItem("First@x.example", "work", True),
        ListItem("second@x.example", "home", False),
    )


def test_the_first_address_is_primary_where_none_is_said_to_be() -> None:
    found = person(emails=[{"value": "a@x.example"}, {"value": "b@x.example", "label": None}])
    assert found.values["emails"] == (ListItem("a@x.example", "", True), ListItem("b@x.example", "", False))


@pytest.mark.parametrize(
    "phones", [None, [], [{"value": "", "primary": True}], [{"value": " "}], [{"value": None}], [{}]]
)
def test_a_blank_phone_is_no_phone(phones: object) -> None:
    assert "phones" not in person(phones=phones).values


@pytest.mark.parametrize(
    ("wire", "kind", "expected"),
    [
        ("text", FieldKind.TEXT, "text"),
        ("", FieldKind.TEXT, None),
        (None, FieldKind.TEXT, None),
        (5, FieldKind.TEXT, None),
        (True, FieldKind.TEXT, None),
        ("+1 555", FieldKind.PHONE, "+1 555"),
        (500, FieldKind.NUMBER, 500),
        (500.0, FieldKind.NUMBER, 500),
        (0, FieldKind.NUMBER, 0),
        (2.5, FieldKind.NUMBER, 2.5),
        (True, FieldKind.NUMBER, None),
        ("500", FieldKind.NUMBER, None),
        ("2026-05-15", FieldKind.DATE, "2026-05-15"),
        ("2026-05-15T10:16:44Z", FieldKind.DATE, "2026-05-15"),
        ("", FieldKind.DATE, None),
        (123, FieldKind.OPTION, "123"),
        ("male", FieldKind.OPTION, "male"),
        ("", FieldKind.OPTION, None),
        (None, FieldKind.OPTION, None),
        ({"id": 1}, FieldKind.OPTION, None),
        ([2, 1], FieldKind.OPTIONS, ("2", "1")),
        ([], FieldKind.OPTIONS, None),
        (3, FieldKind.OPTIONS, None),
        ({"value": 13, "currency": "BRL"}, FieldKind.OTHER, "13 BRL"),
        ({"value": 13.5, "currency": None}, FieldKind.OTHER, "13.5"),
        ({"value": "2026-01-01", "until": "2026-02-01"}, FieldKind.OTHER, "2026-01-01 - 2026-02-01"),
        ({"value": "Main St 1", "country": "US"}, FieldKind.OTHER, "Main St 1"),
        ({"id": 3}, FieldKind.OTHER, None),
        ([1, 2], FieldKind.OTHER, "1, 2"),
        (1234, FieldKind.OTHER, "1234"),
        (1234.0, FieldKind.OTHER, "1234"),
        (None, FieldKind.OTHER, None),
        (False, FieldKind.OTHER, None),
    ],
)  # fmt: skip
def test_a_value_is_read_by_its_kind(wire: Any, kind: FieldKind, expected: Value) -> None:
    assert translate.value(wire, kind) == expected


def test_custom_values_are_read_from_their_own_place_and_built_in_ones_from_the_row() -> None:
    fields = (
        Field(HASH, "Size", FieldKind.NUMBER, is_custom=True),
        Field("job_title", "Job title", FieldKind.TEXT),
        Field("name", "Name", FieldKind.TEXT),
    )
    found = person(fields, name="Ann", job_title="CTO", custom_fields={HASH: 5, "unknown": 1})
    assert found.values == {"name": "Ann", HASH: 5, "job_title": "CTO"}


@pytest.mark.parametrize(
    "members", [{}, {"custom_fields": None}, {"custom_fields": {}}, {"custom_fields": {HASH: None}}]
)
def test_an_unset_custom_field_is_blank_whichever_way_it_comes(members: dict[str, Any]) -> None:
    assert person((Field(HASH, "Size", FieldKind.NUMBER, is_custom=True),), **members).values == {}


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-05-15T10:16:44Z", datetime(2026, 5, 15, 10, 16, 44, tzinfo=UTC)),
        ("2026-05-15T10:16:44.000Z", datetime(2026, 5, 15, 10, 16, 44, tzinfo=UTC)),
        ("2026-05-15T12:16:44+02:00", datetime(2026, 5, 15, 12, 16, 44, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-05-15 10:16:44", datetime(2026, 5, 15, 10, 16, 44, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_time_stamps_of_both_versions_are_read(stamp: str | None, expected: datetime | None) -> None:
    assert translate.moment(stamp) == expected


def test_unknown_members_of_a_row_pass_and_numbers_may_come_as_text() -> None:
    assert person(owner_id="12", something_new={"a": [1]}, picture_id="x").owner_id == "12"


def test_a_row_without_an_id_does_not_spoil_the_page() -> None:
    people, unreadable = read_people([{"id": 1}, {"name": "nobody"}, "text", {"id": 3, "emails": "odd"}])
    assert [each.id for each in people] == [1]
    assert len(unreadable) == 3
    assert "Row 2 (id None)" in unreadable[0]
    assert "id 3" in unreadable[2]


@pytest.mark.parametrize("data", [None, {"id": 1}, "text", 5])
def test_a_page_that_is_no_list_is_unexpected(data: object) -> None:
    with pytest.raises(UnexpectedResponse):
        read_people(data)


def test_a_list_may_be_null_but_nothing_else() -> None:
    assert read_list(None, UserRecord) == []
    with pytest.raises(UnexpectedResponse):
        read_list({"id": 1}, UserRecord)
    with pytest.raises(UnexpectedResponse):
        read_list([{"name": "without id"}], UserRecord)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"id": 1, "name": "Ann", "email": "ann@x.example", "active_flag": True}, Member("1", "Ann", "ann@x.example")),
        ({"id": 1, "name": "Ann", "active_flag": False}, Member("1", "Ann", active=False)),
        ({"id": 1, "name": "Ann", "is_deleted": True}, Member("1", "Ann", active=False)),
        ({"id": 1, "name": "", "access": [{"app": "nova"}], "is_admin": 1}, Member("1", "User 1")),
    ],
)
def test_a_user_becomes_a_member(record: dict[str, Any], expected: Member) -> None:
    assert translate.member(read_one(record, UserRecord)) == expected


def test_only_filters_of_people_that_are_there_to_stay_are_offered() -> None:
    rows = [
        {"id": 1, "name": "Warm", "type": "people"},
        {"id": 2, "name": "Deals", "type": "deals"},
        {"id": 3, "name": "Gone", "type": "people", "active_flag": False},
        {"id": 4, "name": "Passing", "type": "people", "temporary_flag": True},
        {"id": 5, "name": None, "type": "people", "active_flag": True, "temporary_flag": None},
    ]
    found = translate.saved_filters(read_list(rows, FilterRecord))
    assert found == (SavedFilter("1", "Warm", "Pipedrive filter"), SavedFilter("5", "Filter 5", "Pipedrive filter"))
