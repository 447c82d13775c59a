from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.ports import DEFAULT_MEANINGS, NewPerson, PersonUpdate
from integrations.connectors.replyio import payloads, translate
from integrations.connectors.replyio.payloads import Contact, parse, parse_rows
from integrations.connectors.replyio.spec import SPEC
from integrations.domain.catalogue import Member
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Person, Value


def read(number_fields: frozenset[str] = frozenset(), /, **members: Any) -> Person:
    return translate.person_of(parse({"id": 7, **members}, Contact, "a contact"), number_fields)


def person(owner_id: str | None = "5", opted_out: bool = False, /, **values: Any) -> Person:
    full: dict[str, Value] = {"email": "ann@x.example", "firstName": "Ann", **values}
    email = full["email"]
    return Person("7", "Ann", owner_id, (str(email),) if email else (), full, opted_out=opted_out)


def update(current: Person, owner_id: str | None = None, **changes: Value) -> PersonUpdate:
    return PersonUpdate(0, current, changes, owner_id)


def test_a_contact_as_it_was_seen_live_becomes_a_person() -> None:
    found = read(
        frozenset({"12"}),
        email="Ann@X.example",
        firstName="Ann ",
        lastName="Lee",
        phone="",
        company=None,
        companySize="fifty",
        ownerUserId=48101,
        isOptedOut=True,
        addingDate="2026-08-19T12:33:39.30+00:00",
        lastModifiedAt="2026-08-20T10:00:00",
        customFields=[{"key": "11", "value": "Web"}, {"key": "12", "value": "40"}],
        somethingNew={"a": 1},
    )
    assert (found.id, found.name, found.owner_id, found.emails) == ("7", "Ann Lee", "48101", ("Ann@X.example",))
    assert found.opted_out
    assert found.updated_at == datetime(2026, 8, 20, 10, tzinfo=UTC)
    assert found.values["companySize"] == "Fifty"
    assert found.values["addingDate"] == "2026-08-19"
    assert (found.values["cf:11"], found.values["cf:12"]) == ("Web", 40)
    assert found.values["phone"] is None
    assert found.values["company"] is None


def test_a_contact_of_a_bare_id_is_a_person_without_anything() -> None:
    found = translate.person_of(parse({"id": "7"}, Contact, "a contact"))
    assert (found.id, found.name, found.owner_id, found.emails) == ("7", "", None, ())
    assert set(found.values.values()) == {None}
    assert not found.opted_out
    assert found.updated_at is None


@pytest.mark.parametrize(
    ("key", "wire", "value"),
    [
        ("title", "", None),
        ("title", "  ", None),
        ("title", None, None),
        ("title", "Boss", "Boss"),
        ("phone", 4412, "4412"),
        ("companySize", "Empty", None),
        ("companySize", "empty", None),
        ("companySize", "selfEmployed", "SelfEmployed"),
        ("companySize", "Gigantic", "Gigantic"),
        ("addingDate", "2026-08-19T12:33:39.30+00:00", "2026-08-19"),
        ("addingDate", "yesterday", None),
        ("accountId", 12, "12"),
        ("callStatus", "toCall", "toCall"),
        ("phoneStatus", "somethingNew", "somethingNew"),
    ],
)
def test_a_standard_value_is_read(key: str, wire: object, value: Value) -> None:
    contact = parse({"id": 7, key: wire}, Contact, "a contact")
    assert translate.person_of(contact).values[key] == value


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("40", 40),
        ("2.5", 2.5),
        (40, 40),
        ("forty", "forty"),
        ("inf", "inf"),
        ("", None),
        (None, None),
    ],
)
def test_a_custom_number_is_read_and_what_is_none_stays_text(wire: object, value: Value) -> None:
    assert read(frozenset({"3"}), customFields=[{"key": 3, "value": wire}]).values["cf:3"] == value


def test_a_custom_value_is_known_by_its_key_or_its_id_and_dropped_without_either() -> None:
    found = read(customFields=[{"key": "3", "value": "a"}, {"id": 4, "value": "b"}, {"value": "c"}])
    assert {key: value for key, value in found.values.items() if key.startswith("cf:")} == {"cf:3": "a", "cf:4": "b"}


@pytest.mark.parametrize(
    ("wire", "moment"),
    [
        (None, None),
        ("soon", None),
        ("2026-08-20T10:00:00+02:00", datetime(2026, 8, 20, 8, tzinfo=UTC)),
        ("2026-08-20T10:00:00", datetime(2026, 8, 20, 10, tzinfo=UTC)),
    ],
)
def test_the_time_of_the_last_change_is_read_where_reply_tells_it(wire: str | None, moment: datetime | None) -> None:
    assert read(lastModifiedAt=wire).updated_at == moment


@pytest.mark.parametrize(
    ("wire", "opted_out"), [(True, True), ("true", True), (False, False), (None, False), ("", False)]
)
def test_opting_out_is_read(wire: object, opted_out: bool) -> None:
    assert read(isOptedOut=wire).opted_out is opted_out


def test_a_row_without_an_id_is_unreadable_and_the_others_are_not() -> None:
    rows = [{"id": 1}, {"email": "a@b.example"}, {"id": None}, {"id": ""}, {"id": "2"}, "nonsense"]
    read_rows, unreadable = parse_rows(rows, Contact, "contacts")
    assert [payloads.id_text(row.id) for row in read_rows] == ["1", "2"]
    assert len(unreadable) == 4
    assert unreadable[0].startswith("Row 2 of contacts cannot be read")


def test_an_answer_of_another_shape_is_unexpected() -> None:
    with pytest.raises(UnexpectedResponse, match="not the documented list"):
        parse_rows({"items": []}, Contact, "contacts")
    with pytest.raises(UnexpectedResponse, match="the key's user does not have the documented shape"):
        parse({"userId": 1}, payloads.Whoami, "the key's user")


def test_ids_of_rows_keep_their_places() -> None:
    assert payloads.row_ids([{"id": 1}, {"x": 2}, "odd", {"id": 0}]) == ("1", "", "", "")


def test_the_catalogue_has_the_standard_fields_and_the_accounts_own() -> None:
    rows, _ = parse_rows(
        [
            {"id": 11, "title": "Source", "fieldType": "text"},
            {"id": 12, "title": "Seats", "fieldType": "Number"},
            {"id": 13, "title": "", "fieldType": "dropdown"},
        ],
        payloads.CustomField,
        "custom fields",
    )
    fields = {field.key: field for field in translate.catalogue(rows)}
    assert [key for key, field in fields.items() if field.identity] == ["email"]
    assert [key for key, field in fields.items() if field.required] == ["email", "firstName"]
    assert fields["phone"].kind is FieldKind.PHONE
    assert next(option.id for option in fields["companySize"].options) == "SelfEmployed"
    assert not fields["addingDate"].writable
    assert (fields["cf:11"].kind, fields["cf:12"].kind, fields["cf:13"].kind) == (
        FieldKind.TEXT, FieldKind.NUMBER, FieldKind.TEXT,
    )  # fmt: skip
    assert fields["cf:13"].label == "Custom field 13"
    assert all(fields[f"cf:{number}"].is_custom for number in (11, 12, 13))


def test_default_fields_are_in_the_catalogue_in_the_order_of_the_shared_meanings() -> None:
    keys = {field.key for field in translate.catalogue(())}
    assert len(SPEC.default_fields) == len(DEFAULT_MEANINGS)
    assert set(SPEC.default_fields) <= keys


def test_members_are_those_of_the_keys_team_each_once() -> None:
    rows, _ = parse_rows(
        [
            {"teamId": 1, "teamName": "Lumen", "userId": 5, "userName": "Ann", "userEmail": "ann@x.example"},
            {"teamId": 2, "userId": 6, "userName": "Elsewhere"},
            {"teamId": 1, "userId": 5, "userName": "Ann again"},
            {"teamId": 1, "userId": 7, "userName": "", "userEmail": "bob@x.example"},
            {"userId": 8},
        ],
        payloads.TeamUser,
        "members",
    )
    assert translate.members_of_team(rows, "1") == (
        Member("5", "Ann", "ann@x.example"),
        Member("7", "bob@x.example", "bob@x.example"),
        Member("8", "Member 8"),
    )
    assert translate.team_name(rows, "1") == "Lumen"
    assert translate.team_name(rows, "2") == ""


@pytest.mark.parametrize(
    ("username", "member"),
    [
        ("ann@x.example", Member("5", "ann@x.example", "ann@x.example")),
        ("Ann", Member("5", "Ann")),
        (None, Member("5", "Member 5")),
    ],
)
def test_the_keys_own_user_is_a_member(username: str | None, member: Member) -> None:
    whoami = parse({"userId": 5, "teamId": 1, "username": username}, payloads.Whoami, "the key's user")
    assert translate.own_member(whoami) == member


def test_a_list_is_a_saved_filter() -> None:
    found = translate.saved_filter(parse({"id": 3, "name": "Webinar"}, payloads.ContactList, "a list"))
    assert (found.id, found.name, found.kind) == ("list:3", "Webinar", "Reply list")
    assert translate.saved_filter(parse({"id": 3}, payloads.ContactList, "a list")).name == "List 3"


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "Active"}, "active"),
        ({"status": "paused", "isArchived": True}, "archived"),
        ({"status": None}, "new"),
        ({"status": "new", "isArchived": "false"}, "new"),
    ],
)
def test_the_status_of_a_sequence_says_whether_it_is_archived(row: dict[str, Any], status: str) -> None:
    assert translate.sequence(parse({"id": 1, **row}, payloads.SequenceRow, "a sequence")).status == status


def test_the_steps_of_a_sequence_are_numbered_along_their_parents() -> None:
    row = parse({"id": 1, "name": "Cold", "ownerUserId": 5}, payloads.SequenceRow, "a sequence")
    steps, _ = parse_rows(
        [
            {"id": 30, "parentId": 20, "type": "condition", "delayInMinutes": "60"},
            {"id": 20, "parentId": 10, "type": "linkedIn", "delayInMinutes": 1440},
            {"id": 41, "parentId": 30, "ifConditionPositive": False, "type": "call", "delayInMinutes": None},
            {"id": 40, "parentId": 30, "ifConditionPositive": True, "type": "somethingNew", "delayInMinutes": "soon"},
            {"id": 10, "parentId": None, "type": "email", "delayInMinutes": 0},
        ],
        payloads.Step,
        "steps",
    )
    found = translate.sequence(row, steps)
    assert (found.name, found.owner_id) == ("Cold", "5")
    assert [(step.id, step.number) for step in found.steps] == [
        ("10", "1"), ("20", "2"), ("30", "3"), ("40", "3A.1"), ("41", "3B.1"),
    ]  # fmt: skip
    assert translate.sequence(parse({"id": 1}, payloads.SequenceRow, "a sequence")).name == "Sequence 1"


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, None),
        ("text", "text"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (2.5, "2.5"),
        (1e20, "100000000000000000000"),
        ((), None),
        ((ListItem("a", "work", True), ListItem("b")), "a"),
        (("x", "y"), "x"),
    ],
)
def test_a_value_is_always_text_on_the_wire(value: Value, wire: str | None) -> None:
    assert translate.wire_text(value) == wire


def test_ids_are_numbers_on_the_wire_wherever_they_are_numbers() -> None:
    assert (translate.wire_id("12"), translate.wire_id("a-b")) == (12, "a-b")


def test_a_new_person_becomes_an_item_of_an_import() -> None:
    values: dict[str, Value] = {"firstName": "Ann", "cf:3": 4.0, "companySize": "Ten", "title": None}
    item = translate.import_item(NewPerson(0, "ann@x.example", values, "5"))
    assert item == {
        "email": "ann@x.example", "firstName": "Ann", "companySize": "Ten", "ownerUserId": 5,
        "customFields": [{"id": 3, "value": "4"}],
    }  # fmt: skip


def test_a_new_persons_mapped_address_goes_before_the_one_that_was_looked_for() -> None:
    item = translate.import_item(NewPerson(0, "ann@x.example", {"email": "Ann@X.example"}))
    assert item == {"email": "Ann@X.example"}


def test_a_change_becomes_a_patch_with_null_for_what_is_cleared() -> None:
    changes: dict[str, Value] = {"title": "Boss", "phone": None, "companySize": None}
    assert translate.patch_body(PersonUpdate(0, person(), changes)) == {
        "title": "Boss", "phone": None, "companySize": "Empty",
    }  # fmt: skip


def test_the_owner_is_not_part_of_a_patch() -> None:
    assert translate.patch_body(update(person(), owner_id="9", title="Boss")) == {"title": "Boss"}


def test_a_changed_custom_field_takes_the_others_along() -> None:
    current = person(**{"cf:1": "one", "cf:2": 2, "cf:3": None})
    body = translate.patch_body(PersonUpdate(0, current, {"cf:2": None}))
    assert body == {"customFields": [{"id": 1, "value": "one"}, {"id": 2, "value": None}]}


def test_a_custom_field_that_was_not_cleared_by_null_is_sent_as_empty_text() -> None:
    asked = PersonUpdate(0, person(**{"cf:1": "one", "cf:2": "two"}), {"cf:1": None, "title": None})
    answered = person(**{"cf:1": "one", "cf:2": "two"})
    rest = translate.uncleared(asked, answered)
    assert rest is not None
    assert translate.patch_body(rest) == {"customFields": [{"id": 1, "value": ""}, {"id": 2, "value": "two"}]}
    assert translate.uncleared(asked, person()) is None


def test_a_whole_record_has_everything_that_reply_shows_of_the_person() -> None:
    current = person(
        "5", True, title="Old", phone="1", domain="x.example", addingDate="2026-01-01", callStatus="toCall",
        accountId="12", company=None, **{"cf:1": "one", "cf:2": None},
    )  # fmt: skip
    assert translate.whole_record(update(current, title="New")) == {
        "email": "ann@x.example", "firstName": "Ann", "title": "New", "phone": "1", "callStatus": "toCall",
        "accountId": 12, "customFields": [{"id": 1, "value": "one"}], "isOptedOut": True, "ownerUserId": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("current", "asked", "sent"), [("5", None, 5), ("5", "9", 9), (None, "9", 9), (None, None, None)]
)
def test_a_whole_record_names_the_owner_that_is_wanted(
    current: str | None, asked: str | None, sent: int | None
) -> None:
    item = translate.whole_record(update(person(current), owner_id=asked, title="New"))
    assert item is not None
    assert item.get("ownerUserId") == sent
    assert "isOptedOut" not in item


@pytest.mark.parametrize(
    ("current", "changes"),
    [
        (person(), {"email": "other@x.example"}),
        (person(), {"title": None}),
        (person(email=None), {"title": "New"}),
        (person(firstName=None), {"title": "New"}),
    ],
)
def test_what_an_import_cannot_do_is_left_to_patch(current: Person, changes: dict[str, Value]) -> None:
    assert translate.whole_record(PersonUpdate(0, current, changes)) is None
