from __future__ import annotations

import pytest

from tests.sandbox.pipedrive.client import EMPLOYEES, HUGO, LEAD_SOURCE, Pipedrive, mail


@pytest.mark.parametrize("status", [200, 201])
def test_creating_answers_either_status(status: int) -> None:
    answer = Pipedrive(persons_create_status=status).call("POST", "/api/v2/persons", {"name": "Ada"})

    assert answer.status == status


def test_unset_custom_fields_are_null() -> None:
    custom = Pipedrive(unset_custom_fields="null").create()["custom_fields"]

    assert custom[LEAD_SOURCE] is None
    assert len(custom) == 7


def test_unset_custom_fields_are_absent() -> None:
    pipedrive = Pipedrive(unset_custom_fields="absent")

    assert pipedrive.create()["custom_fields"] == {}
    assert pipedrive.create(custom_fields={EMPLOYEES: 3})["custom_fields"] == {EMPLOYEES: 3}


def test_custom_fields_are_null_as_a_whole() -> None:
    pipedrive = Pipedrive(unset_custom_fields="whole_null")

    assert pipedrive.create()["custom_fields"] is None
    assert pipedrive.create(custom_fields={EMPLOYEES: 3})["custom_fields"][EMPLOYEES] == 3


def test_a_list_can_show_deleted_people_with_the_time_of_deletion() -> None:
    pipedrive = Pipedrive(2, list_includes_deleted=True)
    pipedrive.wait(10)
    pipedrive.data("DELETE", "/api/v2/persons/1")

    (gone,) = pipedrive.listed(updated_since="2026-11-20T12:00:10Z")

    assert (gone["id"], gone["is_deleted"], gone["update_time"]) == (1, True, "2026-11-20T12:00:10Z")


def test_reading_a_deleted_person_can_still_show_it() -> None:
    pipedrive = Pipedrive(1, deleted_get="is_deleted")
    pipedrive.data("DELETE", "/api/v2/persons/1")

    assert pipedrive.person(1)["is_deleted"] is True


@pytest.mark.parametrize("listed", [True, False])
def test_deactivated_users_are_listed_or_not(listed: bool) -> None:
    users = Pipedrive(deactivated_users_listed=listed).data("GET", "/v1/users")

    assert (HUGO in {user["id"] for user in users if not user["active_flag"]}) is listed


def test_a_patch_that_changes_nothing_can_stamp_and_announce() -> None:
    pipedrive = Pipedrive(1, noop_patch_bumps_update_time=True)
    title = pipedrive.person(1)["job_title"]
    pipedrive.wait(60)

    assert pipedrive.edit(1, job_title=title)["update_time"] == "2026-11-20T12:01:00Z"


@pytest.mark.parametrize(("reading", "shown"), [("empty", []), ("blank_item", [{"value": "", "primary": True}])])
def test_no_phones_look_either_way(reading: str, shown: list[object]) -> None:
    assert Pipedrive(empty_phones=reading).create()["phones"] == shown


@pytest.mark.parametrize(("reading", "found"), [("combined", 1), ("ignores_delta", 2)])
def test_a_filter_with_a_delta(reading: str, found: int) -> None:
    pipedrive = Pipedrive(filter_id_with_updated_since=reading)
    pipedrive.create(name="Old")
    pipedrive.wait(10)
    pipedrive.create(name="New")

    assert len(pipedrive.listed(filter_id=3, updated_since="2026-11-20T12:00:10Z")) == found


@pytest.mark.parametrize(("costs", "tokens"), [(True, 1), (False, 0)])
def test_failed_calls_cost_or_not(costs: bool, tokens: int) -> None:
    assert Pipedrive(failed_calls_cost=costs).call("GET", "/api/v2/persons/99").cost == tokens


@pytest.mark.parametrize(("reading", "status"), [("accept", 200), ("reject", 400)])
def test_giving_a_person_to_a_deactivated_user(reading: str, status: int) -> None:
    answer = Pipedrive(1, owner_inactive=reading).call("PATCH", "/api/v2/persons/1", {"owner_id": HUGO})

    assert answer.status == status


@pytest.mark.parametrize("clears", [True, False])
def test_an_empty_list_clears_emails_or_not(clears: bool) -> None:
    pipedrive = Pipedrive(empty_list_clears_emails=clears)
    person = pipedrive.create(emails=[mail("a@x.example")])

    assert (pipedrive.edit(person["id"], emails=[])["emails"] == []) is clears


def test_the_daily_headers_may_be_missing() -> None:
    answer = Pipedrive(daily_headers=False).call("GET", "/api/v2/persons")

    assert "x-ratelimit-remaining" in answer.headers
    assert not any(name.startswith("x-daily") for name in answer.headers)


def test_the_place_of_v1_paging_differs() -> None:
    flat = Pipedrive(v1_pagination="flat").call("GET", "/v1/personFields", limit=5).json()["additional_data"]
    nested = Pipedrive(v1_pagination="nested").call("GET", "/v1/personFields", limit=5).json()["additional_data"]

    assert nested == {"pagination": flat}
    assert flat == {"start": 0, "limit": 5, "more_items_in_collection": True, "next_start": 5}
