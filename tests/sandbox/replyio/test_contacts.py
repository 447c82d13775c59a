from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.replyio.client import MEMBER, MEMBER_KEY, OWNER, Reply, known


def test_a_contact_that_is_made_belongs_to_the_acting_user() -> None:
    reply = Reply()
    answer = reply.call("POST", "/v3/contacts", {"email": "Ada@Acme.example", "firstName": "Ada"}, key=MEMBER_KEY)
    shown = answer.json()
    assert (answer.status, answer.wrote) == (201, True)
    assert (shown["ownerUserId"], shown["email"], shown["domain"]) == (MEMBER, "Ada@Acme.example", "acme.example")
    assert shown["addingDate"] == "2026-09-01T12:00:00.00+00:00"
    assert shown["createdAt"] is None
    assert shown["lastModifiedAt"] is None


def test_missing_values_come_back_sometimes_empty_and_sometimes_null() -> None:
    reply = Reply()
    shown = reply.get(f"/v3/contacts/{reply.create('ada@acme.example')}")
    assert [shown[name] for name in ("phone", "title", "city", "state", "country")] == [""] * 5
    assert [shown[name] for name in ("company", "industry", "timeZoneId", "linkedInUrl")] == [None] * 4


@pytest.mark.parametrize(("reading", "missing"), [("null", None), ("empty", "")])
def test_missing_values_come_back_in_one_form_under_the_other_readings(reading: str, missing: str | None) -> None:
    reply = Reply(missing_values=reading)
    shown = reply.get(f"/v3/contacts/{reply.create('ada@acme.example')}")
    assert {shown[name] for name in ("phone", "company", "lastName", "linkedInUrl")} == {missing}


def test_stamps_are_filled_under_that_reading() -> None:
    reply = Reply(stamps_filled=True)
    contact_id = reply.create("ada@acme.example")
    reply.clock.advance(60)
    reply.call("PATCH", f"/v3/contacts/{contact_id}", {"city": "Aarhus"})
    shown = reply.get(f"/v3/contacts/{contact_id}")
    assert (shown["createdAt"], shown["lastModifiedAt"]) == ("2026-09-01T12:00:00", "2026-09-01T12:01:00")


@pytest.mark.parametrize(("reading", "shown"), [("pascal", "OneThousand"), ("camel", "oneThousand")])
def test_company_sizes_are_shown_in_either_case(reading: str, shown: str) -> None:
    reply = Reply(company_size_case=reading)
    contact_id = reply.create("ada@acme.example", companySize="OneThousand")
    assert reply.get(f"/v3/contacts/{contact_id}")["companySize"] == shown


def test_a_second_phone_can_be_written_but_is_not_shown() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", phone2="+45 1")
    assert "phone2" not in reply.get(f"/v3/contacts/{contact_id}")
    assert reply.stored(contact_id)["phone2"] == "+45 1"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"email": "ada@acme.example"}, ["/firstName"]),
        ({"email": "ada@acme", "firstName": "Ada"}, ["/email"]),
        ({"email": "nonsense", "lastName": "L"}, ["/firstName", "/email"]),
    ],
)
def test_a_contact_needs_a_first_name_and_a_well_formed_address(body: Any, pointers: list[str]) -> None:
    assert Reply().pointers("POST", "/v3/contacts", body) == pointers


def test_a_contact_needs_an_address_or_a_linkedin_url() -> None:
    reply = Reply()
    assert reply.code("POST", "/v3/contacts", {"firstName": "Ada"}) == (400, "contact.invalidInput")
    body = {"firstName": "Ada", "linkedInUrl": "https://www.linkedin.com/in/ada"}
    assert reply.call("POST", "/v3/contacts", body).status == 201


def test_creating_an_address_that_exists_is_refused() -> None:
    reply = Reply()
    reply.create("ada@acme.example")
    body = {"email": "ADA@acme.example", "firstName": "Ada"}
    assert reply.code("POST", "/v3/contacts", body) == (400, "contact.invalidInput")


def test_or_it_overwrites_the_contact_and_blanks_every_field_not_sent() -> None:
    reply = Reply(post_existing_email="overwrite_and_blank")
    contact_id = reply.create("ada@acme.example", phone="+45 1", city="Aarhus", key=MEMBER_KEY)
    again = reply.call("POST", "/v3/contacts", {"email": "ada@acme.example", "firstName": "Eva", "city": "Odense"})
    assert (again.status, again.json()["id"], again.json()["ownerUserId"]) == (201, contact_id, MEMBER)
    stored = reply.stored(contact_id)
    assert (stored["firstName"], stored["city"], "phone" in stored) == ("Eva", "Odense", False)


def test_an_owner_cannot_be_chosen_when_a_contact_is_made() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", ownerUserId=MEMBER)
    assert reply.stored(contact_id)["ownerUserId"] == OWNER


@pytest.mark.parametrize(("reading", "kept"), [("kept", {"Lead source": "Fair"}), ("dropped", {})])
def test_custom_fields_of_a_new_contact_are_kept_or_dropped(reading: str, kept: dict[str, str]) -> None:
    reply = Reply(post_custom_fields=reading)
    contact_id = reply.create("ada@acme.example", customFields=[{"name": "Lead source", "value": "Fair"}])
    assert reply.stored(contact_id)["customFields"] == kept


def test_a_patch_changes_what_is_sent_and_null_clears() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", phone="+45 1", city="Aarhus", title="CTO")
    answer = reply.call(
        "PATCH", f"/v3/contacts/{contact_id}", {"phone": None, "city": "Odense", "callStatus": "toCall"}
    )
    shown = answer.json()
    assert (answer.status, answer.wrote) == (200, True)
    assert (shown["phone"], shown["city"], shown["title"], shown["callStatus"]) == ("", "Odense", "CTO", "toCall")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"id": 7101, "value": "Fair"}, {"Lead source": "Fair"}),
        ({"name": "Lead source", "value": "Fair"}, {"Lead source": "Fair"}),
        ({"name": "lead SOURCE", "value": "Fair"}, {"Lead source": "Fair"}),
        ({"key": "7101", "value": "Fair"}, {}),
        ({"key": "Lead source", "value": "Fair"}, {}),
        ({"name": "No such field", "value": "Fair"}, {}),
        ({"id": 99, "value": "Fair"}, {}),
    ],
)
def test_custom_fields_are_found_by_id_or_name_and_dropped_silently_otherwise(given: Any, stored: Any) -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    assert reply.call("PATCH", f"/v3/contacts/{contact_id}", {"customFields": [given]}).status == 200
    assert reply.stored(contact_id)["customFields"] == stored


def test_custom_fields_are_shown_under_their_numeric_id_as_text() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", customFields=[{"id": 7102, "value": "40"}])
    assert reply.get(f"/v3/contacts/{contact_id}")["customFields"] == [{"key": "7102", "value": "40"}]
    reply.call("PATCH", f"/v3/contacts/{contact_id}", {"customFields": [{"id": 7102, "value": None}]})
    assert reply.get(f"/v3/contacts/{contact_id}")["customFields"] == []


def test_custom_values_are_texts_even_of_number_fields() -> None:
    reply = Reply()
    path = f"/v3/contacts/{reply.create('ada@acme.example')}"
    assert reply.pointers("PATCH", path, {"customFields": [{"id": 7102, "value": 40}]}) == ["/customFields/0/value"]
    many = {"customFields": [{"id": 7102, "value": "many"}]}
    assert reply.code("PATCH", path, many) == (400, "contact.invalidInput")


@pytest.mark.parametrize(("status", "code"), [(400, "contact.invalidInput"), (404, "contact.notFound")])
def test_an_owner_outside_the_team_is_refused_in_either_way(status: int, code: str) -> None:
    reply = Reply(owner_not_in_team_status=status)
    contact_id = reply.create("ada@acme.example")
    assert reply.code("PATCH", f"/v3/contacts/{contact_id}", {"ownerUserId": 999, "city": "X"}) == (status, code)
    assert "city" not in reply.stored(contact_id)


def test_a_patch_can_change_the_owner() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    assert reply.call("PATCH", f"/v3/contacts/{contact_id}", {"ownerUserId": MEMBER}).json()["ownerUserId"] == MEMBER


def test_an_address_can_be_changed_and_is_found_under_the_new_one() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    reply.call("PATCH", f"/v3/contacts/{contact_id}", {"email": "ada@new.example"})
    assert reply.emails("/v3/contacts?email=ADA@new.example") == ["ada@new.example"]
    assert reply.emails("/v3/contacts?email=ada@acme.example") == []


@pytest.mark.parametrize(("reading", "status"), [("reject", 400), ("allow", 200)])
def test_taking_an_address_of_another_contact_is_refused_or_makes_a_double(reading: str, status: int) -> None:
    reply = Reply(email_patch_collision=reading)
    reply.create("ada@acme.example")
    other = reply.create("eva@acme.example")
    assert reply.call("PATCH", f"/v3/contacts/{other}", {"email": "Ada@acme.example"}).status == status
    assert len(reply.emails("/v3/contacts?email=ada@acme.example")) == (1 if status == 400 else 2)


def test_keeping_ones_own_address_is_no_collision() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    assert reply.call("PATCH", f"/v3/contacts/{contact_id}", {"email": "ADA@acme.example"}).status == 200


def test_the_last_identifier_cannot_be_cleared() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    assert reply.code("PATCH", f"/v3/contacts/{contact_id}", {"email": None}) == (400, "contact.invalidInput")


def test_a_deleted_contact_is_gone_from_everywhere() -> None:
    reply = Reply(known(1, "one@acme.example"))
    contact_id = reply.get("/v3/contacts")["items"][0]["id"]
    answer = reply.call("DELETE", f"/v3/contacts/{contact_id}")
    assert (answer.status, answer.body, answer.wrote) == (204, b"", True)
    assert reply.code("GET", f"/v3/contacts/{contact_id}") == (404, "contact.notFound")
    assert reply.emails() == []
    dump = reply.sandbox.dump()
    assert dump["contactLinks"] == []
    assert all(not each["contactIds"] for each in dump["lists"])


def test_contacts_come_in_pages_without_a_total() -> None:
    reply = Reply(*(known(number, f"p{number}@acme.example") for number in range(30)))
    first, second = reply.get("/v3/contacts"), reply.get("/v3/contacts?skip=25")
    assert (len(first["items"]), first["hasMore"], set(first)) == (25, True, {"items", "hasMore"})
    assert (len(second["items"]), second["hasMore"]) == (5, False)
    assert len(reply.get("/v3/contacts?top=1000")["items"]) == 30


def test_paging_misses_a_row_when_the_order_follows_changes() -> None:
    reply = Reply(*(known(number, f"p{number}@acme.example") for number in range(4)), list_order="recent_first")
    assert reply.emails("/v3/contacts?top=2") == ["p3@acme.example", "p2@acme.example"]
    oldest = reply.get("/v3/contacts?top=1&skip=3")["items"][0]["id"]
    reply.call("PATCH", f"/v3/contacts/{oldest}", {"city": "Odense"})
    assert reply.emails("/v3/contacts?top=2&skip=2") == ["p2@acme.example", "p1@acme.example"]


def test_linkedin_look_ups_are_exact() -> None:
    reply = Reply()
    reply.create("ada@acme.example", linkedInUrl="https://www.linkedin.com/in/ada/")
    reply.create("eva@acme.example", linkedInUrl="https://www.linkedin.com/in/adamson")
    assert reply.emails("/v3/contacts?linkedIn=https://www.linkedin.com/in/ada") == ["ada@acme.example"]


def test_the_plan_may_have_no_room() -> None:
    reply = Reply(contact_limit=1)
    reply.create("ada@acme.example")
    body = {"email": "eva@acme.example", "firstName": "Eva"}
    assert reply.code("POST", "/v3/contacts", body) == (400, "contact.limitExceeded")


def test_a_human_can_edit_make_and_delete_contacts_in_replys_own_pages() -> None:
    sandbox = Reply().sandbox
    made = sandbox.change({"create": {"email": "ada@acme.example", "firstName": "Ada", "ownerUserId": MEMBER}})
    assert (made["ownerUserId"], made["email"]) == (MEMBER, "ada@acme.example")
    edited = sandbox.change({"id": made["id"], "fields": {"city": "Odense", "isOptedOut": True}})
    assert (edited["city"], edited["isOptedOut"]) == ("Odense", True)
    sandbox.change({"delete": made["id"]})
    assert sandbox.dump()["contacts"] == []


@pytest.mark.parametrize(
    "command",
    [
        {"id": 5, "fields": {"city": "X"}},
        {"delete": 5},
        {"create": {"emial": "x@y.example"}},
        {"create": {"email": 5}},
        {"create": {"email": "x@y.example", "ownerUserId": 5}},
        {},
    ],
)
def test_a_human_edit_of_nothing_known_is_a_value_error(command: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        Reply().sandbox.change(command)
