from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.pipedrive.client import ANNA, BEN, CHLOE, EMPLOYEES, INTERESTS, LEAD_SOURCE, LINKEDIN, Pipedrive


def test_pages_are_of_a_hundred_unless_asked_otherwise() -> None:
    answer = Pipedrive(150).call("GET", "/api/v2/persons").json()

    assert len(answer["data"]) == 100
    assert answer["additional_data"]["next_cursor"]


def test_the_last_page_has_a_null_cursor() -> None:
    answer = Pipedrive(500).call("GET", "/api/v2/persons", limit=500).json()

    assert len(answer["data"]) == 500
    assert answer["additional_data"] == {"next_cursor": None}


@pytest.mark.parametrize("sort_by", ["id", "update_time", "add_time"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("since", [None, "2020-01-01T00:00:00Z", "2026-11-15T00:00:00Z"])
def test_paging_meets_everybody_once_in_order(sort_by: str, direction: str, since: str | None) -> None:
    query: dict[str, Any] = {} if since is None else {"updated_since": since}
    persons = Pipedrive(200).listed(sort_by=sort_by, sort_direction=direction, limit=17, **query)

    keys = [(person[sort_by], person["id"]) for person in persons]
    expected = [
        person for person in Pipedrive(200).listed(limit=500) if since is None or person["update_time"] >= since
    ]
    assert keys == sorted(keys, reverse=direction == "desc")
    assert {person["id"] for person in persons} == {person["id"] for person in expected}


def test_somebody_who_is_edited_while_pages_are_read_moves_to_the_end() -> None:
    pipedrive = Pipedrive(30)
    first = pipedrive.call("GET", "/api/v2/persons", sort_by="update_time", limit=10).json()
    moved = first["data"][0]["id"]
    pipedrive.edit(moved, job_title="Chair")

    rest: list[int] = []
    cursor = first["additional_data"]["next_cursor"]
    while cursor:
        page = pipedrive.call("GET", "/api/v2/persons", sort_by="update_time", limit=10, cursor=cursor).json()
        rest += [person["id"] for person in page["data"]]
        cursor = page["additional_data"]["next_cursor"]

    assert rest[-1] == moved
    assert len(set(rest) | {person["id"] for person in first["data"]}) == 30


def test_a_cursor_belongs_to_its_order() -> None:
    pipedrive = Pipedrive(20)
    cursor = pipedrive.call("GET", "/api/v2/persons", limit=5).json()["additional_data"]["next_cursor"]

    assert pipedrive.call("GET", "/api/v2/persons", limit=5, sort_by="add_time", cursor=cursor).status == 400
    assert pipedrive.call("GET", "/api/v2/persons", cursor="nonsense").status == 400


def test_updated_since_is_inclusive_and_updated_until_exclusive() -> None:
    pipedrive = Pipedrive()
    first = pipedrive.create()
    pipedrive.wait(1)
    second = pipedrive.create()

    assert pipedrive.listed_ids(updated_since=second["update_time"]) == [second["id"]]
    assert pipedrive.listed_ids(updated_since=first["update_time"]) == [first["id"], second["id"]]
    assert pipedrive.listed_ids(updated_until=second["update_time"]) == [first["id"]]


@pytest.mark.parametrize("moment", ["2026-11-20T12:00:00.000Z", "2026-11-20", "2026-11-20 12:00:00", "yesterday"])
def test_only_whole_seconds_are_datetimes(moment: str) -> None:
    answer = Pipedrive().call("GET", "/api/v2/persons", updated_since=moment)

    assert answer.status == 400
    assert answer.json()["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
    assert "not a valid datetime" in answer.json()["error"]


def test_owner_organization_and_ids_narrow_the_list() -> None:
    pipedrive = Pipedrive(100)
    everybody = pipedrive.listed()

    assert pipedrive.listed_ids(owner_id=BEN) == [one["id"] for one in everybody if one["owner_id"] == BEN]
    assert pipedrive.listed_ids(org_id=3) == [one["id"] for one in everybody if one["org_id"] == 3]
    assert pipedrive.listed_ids(ids="7,2,99999") == [2, 7]
    assert pipedrive.listed_ids(deal_id=1) == []


def test_a_filter_makes_the_plain_parameters_ignored() -> None:
    pipedrive = Pipedrive(100)

    with_owner = pipedrive.listed_ids(filter_id=3, owner_id=CHLOE, ids="1")

    assert with_owner == pipedrive.listed_ids(filter_id=3)
    assert {pipedrive.person(one)["owner_id"] for one in with_owner} == {ANNA, BEN}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 501},
        {"limit": 0},
        {"ids": ",".join(map(str, range(1, 102)))},
        {"custom_fields": ",".join(f"{number:040x}" for number in range(16))},
        {"filter_id": 999},
    ],
)
def test_what_exceeds_the_documented_bounds_is_refused(query: dict[str, Any]) -> None:
    assert Pipedrive().call("GET", "/api/v2/persons", **query).status in (400, 404)


@pytest.mark.parametrize(
    "query",
    [{"sort_by": "name"}, {"sort_direction": "up"}, {"include_fields": "shoe_size"}, {"start": 0}, {"type": "x"}],
)
def test_what_is_not_documented_is_refused(query: dict[str, Any]) -> None:
    assert Pipedrive().call("GET", "/api/v2/persons", valid=False, **query).status == 400


def test_undocumented_parameters_can_be_ignored_instead() -> None:
    assert Pipedrive(unknown_params="ignore").call("GET", "/api/v2/persons", valid=False, start=0).status == 200


def test_extra_fields_come_only_when_asked_for() -> None:
    pipedrive = Pipedrive(5)

    (person,) = pipedrive.listed(ids="1", include_fields="open_deals_count,smart_bcc_email,last_incoming_mail_time")

    assert (person["open_deals_count"], person["last_incoming_mail_time"]) == (0, None)
    assert "@" in person["smart_bcc_email"]
    assert "open_deals_count" not in pipedrive.person(1)


def test_only_the_wanted_custom_fields_come() -> None:
    (person,) = Pipedrive(5).listed(ids="1", custom_fields=f"{LEAD_SOURCE},{EMPLOYEES}")

    assert set(person["custom_fields"]) == {LEAD_SOURCE, EMPLOYEES}


def test_options_and_labels_come_with_their_names_on_request() -> None:
    pipedrive = Pipedrive(12)

    (person,) = pipedrive.listed(ids="12", include_option_labels=True, include_labels=True)

    assert set(person["custom_fields"][LEAD_SOURCE]) == {"id", "label"}
    assert all(set(one) == {"id", "label"} for one in person["custom_fields"][INTERESTS])
    assert person["labels"] == [{"id": person["label_ids"][0], "label": "Customer"}]
    assert isinstance(person["custom_fields"][LINKEDIN], str | None)


def test_a_deleted_person_is_not_listed() -> None:
    pipedrive = Pipedrive(3)
    pipedrive.data("DELETE", "/api/v2/persons/2")

    assert pipedrive.listed_ids() == [1, 3]


def test_a_page_costs_ten_tokens_whatever_its_size() -> None:
    pipedrive = Pipedrive(600)

    assert pipedrive.call("GET", "/api/v2/persons", limit=1).cost == 10
    assert pipedrive.call("GET", "/api/v2/persons", limit=500).cost == 10


@pytest.mark.parametrize("sort_by", ["id", "update_time", "add_time"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_a_few_recent_changes_come_in_the_wanted_order_too(sort_by: str, direction: str) -> None:
    pipedrive = Pipedrive(200)
    changed = [150, 7, 42, 99, 3, 180]
    for one in changed:
        pipedrive.wait(1)
        pipedrive.edit(one, job_title="Recently promoted")

    persons = pipedrive.listed(
        updated_since="2026-11-20T12:00:01Z", sort_by=sort_by, sort_direction=direction, limit=2
    )  # fmt: skip

    keys = [(person[sort_by], person["id"]) for person in persons]
    assert keys == sorted(keys, reverse=direction == "desc")
    assert sorted(person["id"] for person in persons) == sorted(changed)
