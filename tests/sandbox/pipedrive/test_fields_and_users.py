from __future__ import annotations

from tests.sandbox.pipedrive.client import ANNA, BEN, EMPLOYEES, HUGO, LEAD_SOURCE, Pipedrive, user_token


def test_v2_fields_come_by_code_in_pages() -> None:
    pipedrive = Pipedrive()
    first = pipedrive.call("GET", "/api/v2/personFields", limit=30).json()
    cursor = first["additional_data"]["next_cursor"]
    second = pipedrive.call("GET", "/api/v2/personFields", limit=30, cursor=cursor).json()

    fields = {field["field_code"]: field for page in (first, second) for field in page["data"]}
    assert second["additional_data"]["next_cursor"] is None
    assert {"name", "email", "phone", "owner_id", "job_title"} <= set(fields)
    assert fields[LEAD_SOURCE]["is_custom_field"] is True
    assert [option["label"] for option in fields[LEAD_SOURCE]["options"]][:2] == ["Website", "Referral"]
    assert fields["open_deals_count"]["is_optional_response_field"] is True


def test_v1_fields_carry_the_numbers_that_filters_need() -> None:
    pipedrive = Pipedrive()
    fields, start = [], 0
    while True:
        page = pipedrive.call("GET", "/v1/personFields", start=start, limit=10).json()
        fields += page["data"]
        if not page["additional_data"]["pagination"]["more_items_in_collection"]:
            break
        start = page["additional_data"]["pagination"]["next_start"]

    assert len({field["id"] for field in fields}) == len(fields) > 30
    (employees,) = (field for field in fields if field["key"] == EMPLOYEES)
    assert (employees["name"], employees["field_type"], employees["edit_flag"]) == ("Employees", "double", True)
    assert pipedrive.data("GET", f"/v1/personFields/{employees['id']}")["key"] == EMPLOYEES


def test_both_forms_of_v1_answer_alike() -> None:
    pipedrive = Pipedrive()

    assert pipedrive.data("GET", "/v1/personFields") == pipedrive.data("GET", "/api/v1/personFields")


def test_one_field_can_be_read() -> None:
    pipedrive = Pipedrive()

    assert pipedrive.data("GET", f"/api/v2/personFields/{LEAD_SOURCE}")["field_name"] == "Lead source"
    assert pipedrive.call("GET", "/api/v2/personFields/nothing").status == 404
    assert pipedrive.call("GET", "/v1/personFields/1").status == 404


def test_contact_sync_fields_are_listed_only_with_contact_sync() -> None:
    codes = {field["field_code"] for field in Pipedrive(contact_sync=False).data("GET", "/api/v2/personFields")}

    assert "job_title" not in codes


def test_the_whole_team_is_listed_with_who_is_active_and_who_administers() -> None:
    users = {user["id"]: user for user in Pipedrive().data("GET", "/v1/users")}

    assert len(users) == 8
    assert [user["id"] for user in users.values() if not user["active_flag"]] == [HUGO]
    assert users[ANNA]["is_you"]
    assert any(access["admin"] for access in users[BEN]["access"])


def test_the_caller_learns_its_company() -> None:
    me = Pipedrive().data("GET", "/api/v1/users/me", token=user_token(BEN))

    assert (me["id"], me["company_name"], me["company_domain"]) == (BEN, "Lumen Works", "lumenworks")


def test_a_user_is_found_by_name_or_address() -> None:
    pipedrive = Pipedrive()

    by_name = pipedrive.data("GET", "/v1/users/find", term="adeyemi")
    by_email = pipedrive.data("GET", "/v1/users/find", term="ben.adeyemi@lumenworks.example", search_by_email=1)

    assert [user["id"] for user in by_name] == [user["id"] for user in by_email] == [BEN]
    assert pipedrive.data("GET", "/v1/users/find", term="adeyemi", search_by_email=0) == by_name
    assert pipedrive.call("GET", "/v1/users/find", term="a").status == 400


def test_one_user_and_their_permissions_can_be_read() -> None:
    pipedrive = Pipedrive(no_owner_change=True)

    assert pipedrive.data("GET", f"/v1/users/{BEN}")["id"] == BEN
    assert pipedrive.call("GET", "/v1/users/5").status == 404
    assert pipedrive.data("GET", f"/v1/users/{BEN}/permissions")["can_change_people_owner"] is True
    assert pipedrive.call("GET", "/v1/users/5/permissions").status == 404


def test_what_v1_had_and_lost_is_unknown() -> None:
    from integrations.sandbox.core import Request

    pipedrive = Pipedrive(1)
    for path in ("/v1/persons", "/v1/persons/1", "/api/v2/users", "/v2/persons", "/"):
        request = Request.from_url("GET", f"{path}?api_token=sandbox-pipedrive-token")
        assert pipedrive.product.handle(request).status == 404
