from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.replyio.client import INBOUND, MEMBER, MEMBER_KEY, OWNER, SPRING, TEAMMATE_KEY, Reply

ADA = {"email": "ada@acme.example", "firstName": "Ada"}


def statuses(answer: Any) -> list[tuple[str, str | None]]:
    return [(item["status"], item["error"]) for item in answer["items"]]


def test_new_addresses_are_created_in_the_order_of_the_items() -> None:
    reply = Reply()
    answer = reply.import_items(ADA, {"email": "eva@acme.example", "firstName": "Eva"}, key=MEMBER_KEY)
    assert statuses(answer) == [("created", None), ("created", None)]
    assert (answer["added"], answer["updated"], answer["skipped"], answer["failed"]) == (2, 0, 0, 0)
    stored = [reply.stored(item["id"]) for item in answer["items"]]
    assert [(each["email"], each["ownerUserId"]) for each in stored] == [
        ("ada@acme.example", MEMBER),
        ("eva@acme.example", MEMBER),
    ]


def test_a_match_fills_only_empty_fields() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", city="Aarhus", customFields=[{"id": 7101, "value": "Fair"}])
    values = [{"id": 7101, "value": "Web"}, {"id": 7102, "value": "9"}]
    item = {
        **ADA,
        "email": "ADA@acme.example",
        "firstName": "X",
        "city": "Odense",
        "phone": "+45 1",
        "customFields": values,
    }
    answer = reply.import_items(item)
    assert (answer["items"], answer["updated"]) == ([{"id": contact_id, "status": "updated", "error": None}], 1)
    stored = reply.stored(contact_id)
    assert (stored["firstName"], stored["city"], stored["phone"]) == ("Ada", "Aarhus", "+45 1")
    assert stored["customFields"] == {"Lead source": "Fair", "Employees": "9"}


@pytest.mark.parametrize(("blanks", "phone"), [(False, "+45 1"), (True, None)])
def test_overwriting_keeps_or_blanks_what_is_omitted(blanks: bool, phone: str | None) -> None:
    reply = Reply(import_overwrite_blanks_omitted=blanks)
    contact_id = reply.create("ada@acme.example", city="Aarhus", phone="+45 1")
    assert statuses(reply.import_items({**ADA, "city": "Odense"}, overwriteExisting=True)) == [("updated", None)]
    stored = reply.stored(contact_id)
    assert (stored["city"], stored.get("phone")) == ("Odense", phone)


def test_existing_contacts_can_be_skipped() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    answer = reply.import_items({**ADA, "city": "Odense"}, skipExisting=True)
    assert (answer["items"], answer["skipped"]) == ([{"id": contact_id, "status": "skipped", "error": None}], 1)
    assert "city" not in reply.stored(contact_id)


def test_a_double_in_the_batch_is_skipped_with_the_id_of_the_first() -> None:
    reply = Reply()
    answer = reply.import_items(ADA, {**ADA, "email": "ADA@ACME.example", "city": "Odense"})
    first, second = answer["items"]
    assert (first["status"], second["status"], second["id"] == first["id"]) == ("created", "skipped", True)
    assert "city" not in reply.stored(first["id"])


@pytest.mark.parametrize(
    ("item", "result"),
    [
        ({"email": "x@acme.example"}, ("failed", "Invalid data")),
        ({"email": "x@acme.example", "lastName": "L"}, ("failed", "Invalid data")),
        ({"firstName": "X"}, ("failed", "Invalid data")),
        ({"firstName": "X", "linkedInUrl": "https://linkedin.com/in/x"}, ("created", None)),
        ({**ADA, "customFields": [{"name": "Employees", "value": "many"}]}, ("failed", "Wrong field format")),
        ({**ADA, "customFields": [{"name": "Unknown", "value": "many"}]}, ("created", None)),
        ({**ADA, "timeZoneId": "Mars/Olympus"}, ("failed", "Unrecognized timeZoneId 'Mars/Olympus'.")),
        ({**ADA, "timeZoneId": "Europe/Copenhagen"}, ("created", None)),
    ],
)
def test_an_item_fails_alone(item: Any, result: tuple[str, str | None]) -> None:
    answer = Reply().import_items(item, {"email": "eva@acme.example", "firstName": "Eva"})
    assert statuses(answer) == [result, ("created", None)]


def test_a_first_name_is_needed_even_for_a_contact_that_is_there() -> None:
    reply = Reply()
    reply.create("ada@acme.example")
    assert statuses(reply.import_items({"email": "ada@acme.example"})) == [("failed", "Invalid data")]


@pytest.mark.parametrize("email", ["nonsense", "a@b", "a b@c.example", "a@b..example", "a@@b.example"])
def test_one_malformed_address_fails_the_whole_batch(email: str) -> None:
    reply = Reply()
    body = {"items": [ADA, {"email": email, "firstName": "X"}]}
    assert reply.pointers("POST", "/v3/contacts/import", body) == ["/items/1/email"]
    assert reply.emails() == []


def test_or_it_fails_its_item_alone() -> None:
    reply = Reply(import_bad_email="fails_item")
    answer = reply.import_items(ADA, {"email": "nonsense", "firstName": "X"})
    assert statuses(answer) == [("created", None), ("failed", "Invalid data")]
    assert answer["failed"] == 1


def test_items_without_an_address_can_be_skipped() -> None:
    item = {"firstName": "X", "linkedInUrl": "https://linkedin.com/in/x"}
    assert statuses(Reply().import_items(item, skipWithoutEmails=True)) == [("skipped", None)]


def test_a_wrong_type_fails_the_whole_batch() -> None:
    body = {"items": [ADA, {**ADA, "phone": 45}]}
    assert Reply().pointers("POST", "/v3/contacts/import", body) == ["/items/1/phone"]


def test_at_most_a_thousand_items_and_at_least_one() -> None:
    reply = Reply()
    items = [{"email": f"p{number}@acme.example", "firstName": "P"} for number in range(1001)]
    assert reply.code("POST", "/v3/contacts/import", {"items": items}) == (400, "contact.limitExceeded")
    assert reply.import_items(*items[:1000])["added"] == 1000
    assert reply.pointers("POST", "/v3/contacts/import", {"items": []}) == ["/items"]


def test_the_plan_may_have_no_room_for_a_batch() -> None:
    reply = Reply(contact_limit=1)
    body = {"items": [ADA, {"email": "eva@acme.example", "firstName": "Eva"}]}
    assert reply.code("POST", "/v3/contacts/import", body) == (400, "contact.limitExceeded")
    assert reply.emails() == []


def test_a_deleted_address_is_skipped_with_the_reason() -> None:
    reply = Reply()
    reply.call("DELETE", f"/v3/contacts/{reply.create('ada@acme.example')}")
    answer = reply.import_items(ADA)
    assert answer["items"] == [{"id": None, "status": "skipped", "error": None, "skipReason": "contactDeleted"}]


def test_or_is_restored_with_its_id_when_that_is_asked_for() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", phone="+45 1")
    reply.create("eva@acme.example")
    reply.call("DELETE", f"/v3/contacts/{contact_id}")
    answer = reply.import_items({**ADA, "city": "Odense"}, restoreDeleted=True)
    assert answer["items"] == [{"id": contact_id, "status": "restored", "error": None}]
    stored = reply.stored(contact_id)
    assert (stored["phone"], stored["city"]) == ("+45 1", "Odense")
    assert reply.emails() == ["ada@acme.example", "eva@acme.example"]
    assert reply.sandbox.dump()["deletedContacts"] == []


@pytest.mark.parametrize(
    ("edition", "refuses", "key", "reason"),
    [
        ("public", True, TEAMMATE_KEY, "noEditPermission"),
        ("public", False, TEAMMATE_KEY, None),
        ("private", True, TEAMMATE_KEY, "noEditPermission"),
        ("private", False, TEAMMATE_KEY, "noEditPermission"),
        ("private", True, "sandbox-reply-key", None),
        ("public", True, MEMBER_KEY, None),
    ],
)
def test_a_teammates_contact_is_skipped_with_its_id(edition: str, refuses: bool, key: str, reason: str | None) -> None:
    reply = Reply(edition=edition, import_no_edit_permission=refuses)
    contact_id = reply.create("ada@acme.example", key=MEMBER_KEY)
    item = reply.import_items({**ADA, "city": "Odense"}, key=key)["items"][0]
    assert (item["id"], item.get("skipReason")) == (contact_id, reason)
    assert ("city" in reply.stored(contact_id)) == (reason is None)


def test_an_address_may_be_unique_only_within_an_owner() -> None:
    reply = Reply(email_unique="per_owner", edition="private")
    theirs = reply.create("ada@acme.example", key=MEMBER_KEY)
    item = reply.import_items(ADA, key=TEAMMATE_KEY)["items"][0]
    assert (item["status"], item["id"] != theirs) == ("created", True)
    assert len(reply.emails("/v3/contacts?email=ada@acme.example")) == 2
    assert len(reply.emails("/v3/contacts?email=ada@acme.example", key=TEAMMATE_KEY)) == 1


@pytest.mark.parametrize(("applies", "owner"), [(False, OWNER), (True, MEMBER)])
def test_the_owner_of_an_item_is_applied_or_not(applies: bool, owner: int) -> None:
    reply = Reply(import_applies_owner=applies)
    contact_id = reply.import_items({**ADA, "ownerUserId": MEMBER})["items"][0]["id"]
    assert reply.stored(contact_id)["ownerUserId"] == owner


def test_further_keys_match_when_all_of_them_agree() -> None:
    reply = Reply()
    contact_id = reply.create("ada@acme.example", lastName="Berg", phone="+45 1")
    item = {"email": "ada@private.example", "firstName": "ada", "phone": "+45 1", "city": "Odense"}
    matched = reply.import_items(item, keys={"firstName": True, "phone": True})["items"][0]
    assert (matched["id"], matched["status"]) == (contact_id, "updated")
    other = {**item, "email": "x@private.example", "phone": "+45 2"}
    assert reply.import_items(other, keys={"firstName": True, "phone": True})["items"][0]["status"] == "created"


def test_imported_contacts_go_into_lists_and_to_the_first_step_of_a_sequence() -> None:
    reply = Reply()
    answer = reply.import_items(ADA, {"firstName": "No address"}, listIds=[5101], sequenceId=INBOUND)
    contact_id = answer["items"][0]["id"]
    assert reply.sandbox.dump()["lists"][0]["contactIds"] == [contact_id]
    link = reply.link(INBOUND, contact_id)
    assert link is not None
    assert (link["stepId"], link["ignoreStepDelay"]) == (reply.steps(INBOUND)[1], False)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"listIds": [9]}, "contact.invalidInput"),
        ({"sequenceId": 9}, "contact.invalidInput"),
        ({"sequenceId": SPRING}, "sequence.archived"),
    ],
)
def test_a_target_that_cannot_be_used_refuses_the_import_before_anything_is_written(options: Any, code: str) -> None:
    reply = Reply()
    assert reply.code("POST", "/v3/contacts/import", {"items": [ADA], "options": options}) == (400, code)
    assert reply.emails() == []


def test_an_import_that_changes_nothing_did_not_write() -> None:
    reply = Reply()
    body = {"items": [{"firstName": "X"}]}
    assert reply.call("POST", "/v3/contacts/import", body).wrote is False
    assert reply.call("POST", "/v3/contacts/import", {"items": [ADA]}).wrote is True
