from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.core import Json
from tests.sandbox.pipedrive.client import (
    ANNA,
    BEN,
    EMPLOYEES,
    INTERESTS,
    LAST_MET,
    LEAD_SOURCE,
    LINKEDIN,
    Pipedrive,
    mail,
    user_token,
)


def numbers(pipedrive: Pipedrive) -> dict[str, int]:
    return {field["key"]: field["id"] for field in pipedrive.data("GET", "/v1/personFields")}


def conditions(all_of: list[Json], any_of: list[Json]) -> Json:
    groups = [{"glue": "and", "conditions": all_of}, {"glue": "or", "conditions": any_of}]
    return {"glue": "and", "conditions": groups}


def condition(field_id: int, operator: str, value: Any = None) -> Json:
    return {"object": "person", "field_id": str(field_id), "operator": operator, "value": value, "extra_value": None}


def make(pipedrive: Pipedrive, all_of: list[Json], any_of: list[Json] | None = None) -> Any:
    body = {"name": "Made", "type": "people", "conditions": conditions(all_of, any_of or [])}
    return pipedrive.data("POST", "/v1/filters", body)


@pytest.fixture
def pipedrive() -> Pipedrive:
    """Ada (1) has everything, Bo (2) little, and Cy (3) has other values."""
    made = Pipedrive()
    made.create(
        name="Ada Lovelace", job_title="CTO",
        emails=[mail("ada@engine.example"), mail("ada@home.example", primary=False)],
        custom_fields={
            LEAD_SOURCE: 51, EMPLOYEES: 100, LAST_MET: "2026-10-15", INTERESTS: [57, 58], LINKEDIN: "in/ada",
        },
    )  # fmt: skip
    made.create(name="Bo", owner_id=BEN)
    made.create(
        name="Cy Young", emails=[mail("cy@field.example")], owner_id=BEN,
        custom_fields={LEAD_SOURCE: 52, EMPLOYEES: 7.5, LAST_MET: "2026-11-20", INTERESTS: [57]},
    )  # fmt: skip
    return made


CASES: list[tuple[str, str, Any, list[int]]] = [
    ("name", "=", "ada lovelace", [1]),
    ("name", "!=", "ada lovelace", [2, 3]),
    ("name", "LIKE '%$%'", "LOVE", [1]),
    ("name", "LIKE '$%'", "c", [3]),
    ("name", "NOT LIKE '$%'", "c", [1, 2]),
    ("email", "IS NULL", None, [2]),
    ("email", "IS NOT NULL", None, [1, 3]),
    ("email", "=", "ADA@home.example", [1]),
    ("email", "LIKE '%$%'", "example", [1, 3]),
    ("owner_id", "=", str(ANNA), [1]),
    ("owner_id", "!=", str(ANNA), [2, 3]),
    ("job_title", "=", "CTO", [1]),
    ("add_time", "=", "2026-11-20", [1, 2, 3]),
    ("add_time", "=", "yesterday", []),
    (LEAD_SOURCE, "=", "51", [1]),
    (LEAD_SOURCE, "!=", "51", [2, 3]),
    (LEAD_SOURCE, "IS NULL", None, [2]),
    (EMPLOYEES, ">", "7.5", [1]),
    (EMPLOYEES, ">=", 7.5, [1, 3]),
    (EMPLOYEES, "<", "100", [3]),
    (INTERESTS, "contains", "58", [1]),
    (INTERESTS, "not_contains", "58", [2, 3]),
    (LAST_MET, "<", "2026-11-01", [1]),
    (LAST_MET, "=", "today", [3]),
    (LAST_MET, "=", "last_month", [1]),
    (LAST_MET, "=", "this_month", [3]),
    (LAST_MET, ">=", "1_months_ago", [3]),
    (LAST_MET, "<", "in_2_weeks", [1, 3]),
    (LAST_MET, "=", "this_quarter", [1, 3]),
    (LAST_MET, "=", "last_quarter", []),
    (LAST_MET, "=", "this_week", [3]),
    (LAST_MET, "=", "before_today", [1]),
    (LAST_MET, "=", "later_or_today", [3]),
    (LINKEDIN, "LIKE '$%'", "in/", [1]),
]


@pytest.mark.parametrize(("code", "operator", "value", "passing"), CASES)
def test_a_condition_lets_the_right_people_through(
    pipedrive: Pipedrive, code: str, operator: str, value: Any, passing: list[int]
) -> None:
    made = make(pipedrive, [condition(numbers(pipedrive)[code], operator, value)])

    assert pipedrive.listed_ids(filter_id=made["id"]) == passing


def test_all_of_one_group_and_any_of_the_other(pipedrive: Pipedrive) -> None:
    fields = numbers(pipedrive)
    made = make(
        pipedrive,
        [condition(fields["email"], "IS NOT NULL")],
        [condition(fields["owner_id"], "=", str(ANNA)), condition(fields[EMPLOYEES], "<", "50")],
    )

    assert pipedrive.listed_ids(filter_id=made["id"]) == [1, 3]


def test_no_condition_lets_everybody_through(pipedrive: Pipedrive) -> None:
    assert pipedrive.listed_ids(filter_id=make(pipedrive, [])["id"]) == [1, 2, 3]


def test_a_filter_is_read_with_its_conditions_and_on_request_their_codes(pipedrive: Pipedrive) -> None:
    made = make(pipedrive, [condition(numbers(pipedrive)["email"], "IS NOT NULL")])

    plain = pipedrive.data("GET", f"/v1/filters/{made['id']}")
    coded = pipedrive.data("GET", f"/v1/filters/{made['id']}", include_field_code=True)

    assert plain["conditions"]["conditions"][0]["conditions"][0]["json_value_flag"] is False
    assert coded["conditions"]["conditions"][0]["conditions"][0]["field_code"] == "email"


def test_three_filters_are_there_from_the_start() -> None:
    pipedrive = Pipedrive(300)
    filters = {one["name"]: one["id"] for one in pipedrive.data("GET", "/v1/filters", type="people")}

    assert list(filters) == ["Website leads", "Big companies with an email", "Anna's or Ben's people"]
    assert all(0 < len(pipedrive.listed(filter_id=one, limit=500)) < 300 for one in filters.values())
    assert pipedrive.data("GET", "/v1/filters", type="deals") == []


def test_a_filter_can_be_changed_and_deleted(pipedrive: Pipedrive) -> None:
    fields = numbers(pipedrive)
    made = make(pipedrive, [condition(fields["name"], "=", "Bo")])["id"]

    body = {"name": "Renamed", "conditions": conditions([condition(fields["name"], "=", "Cy Young")], [])}
    assert pipedrive.data("PUT", f"/v1/filters/{made}", body)["name"] == "Renamed"
    assert pipedrive.listed_ids(filter_id=made) == [3]

    assert pipedrive.data("DELETE", f"/v1/filters/{made}") == {"id": made}
    assert pipedrive.call("GET", "/api/v2/persons", filter_id=made).status == 404
    assert pipedrive.call("GET", f"/v1/filters/{made}").status == 404


def test_a_filter_shows_only_whom_the_caller_may_see(pipedrive: Pipedrive) -> None:
    pipedrive.edit(1, visible_to=1)
    made = make(pipedrive, [condition(numbers(pipedrive)["email"], "IS NOT NULL")])["id"]

    answer = pipedrive.call("GET", "/api/v2/persons", filter_id=made, token=user_token(103))

    assert [person["id"] for person in answer.json()["data"]] == [3]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"glue": "or", "conditions": []},
        {"glue": "and", "conditions": [{"glue": "xor", "conditions": []}]},
        {"glue": "and", "conditions": [{"glue": "and", "conditions": [condition(1, "=", "x")]}]},
        conditions([condition(9040, "matches", "x")], []),
        conditions([condition(9040, "=")], []),
        conditions([condition(9047, "=", "soon")], []),
        conditions([condition(9040, "=", "x")] * 17, []),
        conditions([{**condition(9040, "=", "x"), "object": "deal"}], []),
    ],
)
def test_conditions_that_make_no_sense_are_refused(broken: Json) -> None:
    body = {"name": "Broken", "type": "people", "conditions": broken}

    assert Pipedrive().call("POST", "/v1/filters", body).status == 400


def test_the_helpers_tell_the_operators_of_each_type() -> None:
    operators = Pipedrive().data("GET", "/v1/filters/helpers")["operators"]

    assert set(operators["user"]) == {"=", "!=", "IS NULL", "IS NOT NULL"}
    assert "contains" in operators["set"]


@pytest.mark.parametrize("body", [{}, {"name": "Made"}, {"name": "Made", "type": "deals", "conditions": {}}])
def test_a_filter_needs_a_name_a_type_and_people(body: dict[str, Any]) -> None:
    assert Pipedrive().call("POST", "/v1/filters", body, valid=False).status == 400
    assert Pipedrive().call("GET", "/v1/filters", type="ships", valid=False).status == 400


def test_a_private_filter_is_its_owners_alone(pipedrive: Pipedrive) -> None:
    made = make(pipedrive, [])["id"]
    pipedrive.product.state.filters[made].visible_to = "1"

    assert pipedrive.call("GET", f"/v1/filters/{made}", token=user_token(BEN)).status == 404
    assert pipedrive.call("GET", f"/v1/filters/{made}").status == 200
    listed = pipedrive.data("GET", "/v1/filters", token=user_token(BEN))
    assert made not in {one["id"] for one in listed}
