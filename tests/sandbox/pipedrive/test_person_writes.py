from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.pipedrive.client import (
    ACCOUNT_MANAGER,
    ANNA,
    BEN,
    EMPLOYEES,
    INTERESTS,
    LAST_MET,
    LEAD_SOURCE,
    LINKEDIN,
    SECOND_PHONE,
    Pipedrive,
    mail,
)


def test_a_person_is_made_with_what_was_sent_and_the_callers_ownership() -> None:
    person = Pipedrive().create(emails=[{"value": "ada@engine.example"}], job_title="Countess")

    assert (person["name"], person["first_name"], person["last_name"]) == ("Ada Lovelace", "Ada", "Lovelace")
    assert person["emails"] == [mail("ada@engine.example")]
    assert (person["owner_id"], person["job_title"], person["visible_to"]) == (ANNA, "Countess", 3)
    assert person["add_time"] == person["update_time"] == "2026-11-20T12:00:00Z"


def test_a_single_word_is_a_first_name() -> None:
    person = Pipedrive().create(name="Cher")

    assert (person["first_name"], person["last_name"]) == ("Cher", None)


@pytest.mark.parametrize("body", [{}, {"emails": [{"value": "a@b.example"}]}, {"first_name": "", "last_name": ""}])
def test_a_person_needs_a_name(body: dict[str, Any]) -> None:
    answer = Pipedrive().call("POST", "/api/v2/persons", body, valid="first_name" not in body)

    assert (answer.status, answer.json()["error"]) == (400, "Name must be given.")


def test_addresses_are_not_unique() -> None:
    pipedrive = Pipedrive()

    ids = {pipedrive.create(emails=[mail("one@same.example")])["id"] for _ in range(3)}

    assert len(ids) == 3


def test_the_first_item_is_primary_when_none_says_so() -> None:
    person = Pipedrive().create(phones=[{"value": "1"}, {"value": "2", "label": "anything"}])

    assert person["phones"] == [mail("1"), mail("2", primary=False, label="anything")]


def test_a_patch_replaces_a_list_whole_and_leaves_the_rest() -> None:
    pipedrive = Pipedrive()
    person = pipedrive.create(emails=[mail("a@x.example"), mail("b@x.example", primary=False)], phones=[mail("1")])

    edited = pipedrive.edit(person["id"], emails=[mail("a@x.example")])

    assert edited["emails"] == [mail("a@x.example")]
    assert edited["phones"] == [mail("1")]


def test_a_patched_name_is_split_anew() -> None:
    pipedrive = Pipedrive()
    person = pipedrive.create()

    edited = pipedrive.edit(person["id"], name="Grace Brewster Hopper")

    assert (edited["first_name"], edited["last_name"]) == ("Grace", "Brewster Hopper")


CUSTOM_VALUES: list[tuple[str, Any]] = [
    (LEAD_SOURCE, 51),
    (LINKEDIN, "https://linkedin.example/in/ada"),
    (EMPLOYEES, 12.5),
    (EMPLOYEES, 12),
    (LAST_MET, "2026-01-31"),
    (INTERESTS, [57, 58]),
    (SECOND_PHONE, "030 123"),
    (ACCOUNT_MANAGER, BEN),
]


@pytest.mark.parametrize(("code", "value"), CUSTOM_VALUES)
def test_a_custom_field_is_read_as_it_was_written_and_cleared_by_null(code: str, value: Any) -> None:
    pipedrive = Pipedrive()
    person = pipedrive.create(custom_fields={code: value})
    assert person["custom_fields"][code] == value

    assert pipedrive.edit(person["id"], custom_fields={code: None})["custom_fields"][code] is None


def test_custom_fields_are_merged_key_by_key() -> None:
    pipedrive = Pipedrive()
    person = pipedrive.create(custom_fields={LINKEDIN: "a", EMPLOYEES: 1})

    edited = pipedrive.edit(person["id"], custom_fields={EMPLOYEES: 2})

    assert (edited["custom_fields"][LINKEDIN], edited["custom_fields"][EMPLOYEES]) == ("a", 2)


@pytest.mark.parametrize(
    "body",
    [
        {"custom_fields": {"0" * 40: "x"}},
        {"custom_fields": {LEAD_SOURCE: 999}},
        {"custom_fields": {LEAD_SOURCE: "51"}},
        {"custom_fields": {INTERESTS: []}},
        {"custom_fields": {INTERESTS: [57, 51]}},
        {"custom_fields": {EMPLOYEES: "12"}},
        {"custom_fields": {EMPLOYEES: True}},
        {"custom_fields": {LAST_MET: "31.01.2026"}},
        {"custom_fields": {LAST_MET: "2026-02-30"}},
        {"custom_fields": {LINKEDIN: "x" * 256}},
        {"custom_fields": {ACCOUNT_MANAGER: 5}},
        {"owner_id": "101"},
        {"owner_id": 5},
        {"owner_id": True},
        {"name": ""},
        {"name": None},
        {"org_id": 77},
        {"emails": "a@b.example"},
        {"emails": ["a@b.example"]},
        {"emails": [{"value": "a@b.example", "primary": 1}]},
        {"emails": [mail("a@b.example"), mail("c@d.example")]},
        {"visible_to": "3"},
        {"label_ids": [9]},
        {"update_time": "2026-01-01T00:00:00Z"},
        {"add_time": "2026-01-01T00:00:00Z"},
        {"birthday": "yesterday"},
        {"ims": []},
    ],
)
def test_a_body_of_other_types_is_refused_whole(body: dict[str, Any]) -> None:
    pipedrive = Pipedrive(1)
    before = pipedrive.person(1)

    answer = pipedrive.call("PATCH", "/api/v2/persons/1", {"job_title": "Changed", **body}, valid=False)

    assert (answer.status, answer.json()["code"]) == (400, "ERR_SCHEMA_VALIDATION_FAILED")
    assert not answer.wrote
    assert pipedrive.person(1) == before


def test_an_error_of_a_custom_field_names_it() -> None:
    answer = Pipedrive(1).call("PATCH", "/api/v2/persons/1", {"custom_fields": {"f" * 40: 1}})

    assert "f" * 40 in answer.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    from integrations.sandbox.core import Request

    pipedrive = Pipedrive(1)
    request = Request.from_url("PATCH", "/api/v2/persons/1?api_token=sandbox-pipedrive-token", body=body)

    assert pipedrive.product.handle(request).status == 400


def test_the_time_of_creation_can_be_given() -> None:
    assert Pipedrive().create(add_time="2020-01-01T00:00:00Z")["add_time"] == "2020-01-01T00:00:00Z"


def test_a_change_stamps_the_person_and_no_change_does_not() -> None:
    pipedrive = Pipedrive(1)
    before = pipedrive.edit(1, owner_id=ANNA)
    pipedrive.wait(60)

    assert pipedrive.edit(1, job_title=before["job_title"])["update_time"] == before["update_time"]
    assert pipedrive.edit(1, owner_id=BEN)["update_time"] == "2026-11-20T12:01:00Z"


def test_a_deleted_person_is_gone_and_a_second_delete_says_so() -> None:
    pipedrive = Pipedrive(2)

    assert pipedrive.data("DELETE", "/api/v2/persons/1") == {"id": 1}

    assert pipedrive.call("GET", "/api/v2/persons/1").status == 404
    assert pipedrive.call("PATCH", "/api/v2/persons/1", {"name": "X"}).status == 404
    second = pipedrive.call("DELETE", "/api/v2/persons/1")
    assert (second.status, second.json()) == (410, {"success": True, "data": {"id": 1}})
    assert not second.wrote


def test_a_deleted_person_is_purged_after_thirty_days() -> None:
    pipedrive = Pipedrive(1, list_includes_deleted=True)
    pipedrive.data("DELETE", "/api/v2/persons/1")
    assert pipedrive.listed()[0]["is_deleted"] is True

    pipedrive.wait(31 * 86_400)

    assert pipedrive.listed() == []
    assert pipedrive.call("DELETE", "/api/v2/persons/1").status == 404


def test_nobody_with_an_unknown_id() -> None:
    pipedrive = Pipedrive()

    assert pipedrive.call("GET", "/api/v2/persons/12345").status == 404
    assert pipedrive.call("DELETE", "/api/v2/persons/12345").status == 404


def test_a_merge_keeps_the_person_it_names_and_unites_addresses() -> None:
    pipedrive = Pipedrive()
    loser = pipedrive.create(emails=[mail("l@x.example"), mail("both@x.example", primary=False)])["id"]
    survivor = pipedrive.create(emails=[mail("s@x.example"), mail("BOTH@x.example", primary=False)])["id"]

    merged = pipedrive.data("PUT", f"/v1/persons/{loser}/merge", {"merge_with_id": survivor})

    assert (merged["id"], merged["merge_what_id"]) == (survivor, loser)
    assert pipedrive.call("GET", f"/api/v2/persons/{loser}").status == 404
    emails = [item["value"] for item in pipedrive.person(survivor)["emails"]]
    assert emails == ["s@x.example", "BOTH@x.example", "l@x.example"]


@pytest.mark.parametrize("other", [None, "2", 1, 99])
def test_a_merge_needs_another_person(other: Any) -> None:
    body = {"merge_with_id": other}

    assert Pipedrive(2).call("PUT", "/v1/persons/1/merge", body, valid=False).status in (400, 404)


def test_contact_sync_fields_need_contact_sync() -> None:
    pipedrive = Pipedrive(1, contact_sync=False)

    assert pipedrive.call("PATCH", "/api/v2/persons/1", {"job_title": "X"}).status == 403
    assert "job_title" not in pipedrive.person(1)


def test_marketing_status_needs_campaigns() -> None:
    pipedrive = Pipedrive(1)
    assert pipedrive.call("PATCH", "/api/v2/persons/1", {"marketing_status": "subscribed"}).status == 403

    pipedrive.use(campaigns=True)
    pipedrive.edit(1, marketing_status="subscribed")

    (person,) = pipedrive.listed(include_fields="marketing_status")
    assert person["marketing_status"] == "subscribed"


def test_first_and_last_name_make_the_name() -> None:
    pipedrive = Pipedrive()
    made = pipedrive.data(
        "POST", "/api/v2/persons", {"first_name": "Grace", "last_name": "Hopper"}, valid=False
    )  # fmt: skip
    assert made["name"] == "Grace Hopper"

    edited = pipedrive.data("PATCH", f"/api/v2/persons/{made['id']}", {"last_name": "Murray"}, valid=False)

    assert (edited["name"], edited["first_name"], edited["last_name"]) == ("Grace Murray", "Grace", "Murray")


def test_instant_messengers_and_addresses_are_kept_and_cleared() -> None:
    pipedrive = Pipedrive()
    address = {"value": "Pikk 1, Tallinn", "locality": "Tallinn"}
    person = pipedrive.create(im=[{"value": "ada", "label": "skype"}], postal_address=address, birthday="1815-12-10")
    assert person["im"] == [mail("ada", label="skype")]
    assert (person["postal_address"], person["birthday"]) == (address, "1815-12-10")

    cleared = pipedrive.data(
        "PATCH", f"/api/v2/persons/{person['id']}", {"im": None, "postal_address": None, "birthday": None}, valid=False
    )  # fmt: skip

    assert (cleared["im"], cleared["postal_address"], cleared["birthday"]) == ([], None, None)
