from __future__ import annotations

import pytest

from tests.sandbox.pipedrive.client import ANNA, BEN, CHLOE, DMYTRO, HUGO, Pipedrive, user_token


def test_a_hidden_person_exists_only_for_its_owner_and_administrators() -> None:
    pipedrive = Pipedrive()
    hidden = pipedrive.create(owner_id=CHLOE, visible_to=1)["id"]

    for user, status in ((ANNA, 200), (BEN, 200), (CHLOE, 200), (DMYTRO, 404)):
        assert pipedrive.call("GET", f"/api/v2/persons/{hidden}", token=user_token(user)).status == status
    assert pipedrive.listed(token=user_token(DMYTRO)) == []
    assert len(pipedrive.listed(token=user_token(CHLOE))) == 1
    assert pipedrive.call("DELETE", f"/api/v2/persons/{hidden}", token=user_token(DMYTRO)).status == 404
    assert ANNA in pipedrive.data("GET", f"/v1/persons/{hidden}/permittedUsers")
    assert DMYTRO not in pipedrive.data("GET", f"/v1/persons/{hidden}/permittedUsers")


def test_giving_a_hidden_person_away_loses_it() -> None:
    pipedrive = Pipedrive()
    person = pipedrive.create(owner_id=CHLOE, visible_to=1)["id"]

    pipedrive.data("PATCH", f"/api/v2/persons/{person}", {"owner_id": DMYTRO}, token=user_token(CHLOE))

    assert pipedrive.call("GET", f"/api/v2/persons/{person}", token=user_token(CHLOE)).status == 404


def test_a_permission_set_can_forbid_giving_away_the_people_of_others() -> None:
    pipedrive = Pipedrive(no_owner_change=True)
    bens, chloes = pipedrive.create(owner_id=BEN)["id"], pipedrive.create(owner_id=CHLOE)["id"]
    body = {"owner_id": DMYTRO}

    refused = pipedrive.call("PATCH", f"/api/v2/persons/{bens}", body, token=user_token(CHLOE))
    assert (refused.status, refused.json()["error"]) == (403, "You do not have permission to change the owner.")
    assert pipedrive.person(bens)["owner_id"] == BEN

    assert pipedrive.call("PATCH", f"/api/v2/persons/{chloes}", body, token=user_token(CHLOE)).status == 200
    assert pipedrive.call("PATCH", f"/api/v2/persons/{bens}", body, token=user_token(ANNA)).status == 200


def test_a_sent_owner_that_is_no_change_is_not_refused() -> None:
    pipedrive = Pipedrive(no_owner_change=True)
    person = pipedrive.create(owner_id=BEN)["id"]

    body = {"owner_id": BEN, "job_title": "X"}
    assert pipedrive.call("PATCH", f"/api/v2/persons/{person}", body, token=user_token(CHLOE)).status == 200


@pytest.mark.parametrize(
    ("plan", "visible_to", "status"), [("growth", 3, 200), ("growth", 7, 403), ("premium", 7, 200), ("lite", 5, 403)]
)
def test_a_visibility_must_be_the_plans(plan: str, visible_to: int, status: int) -> None:
    answer = Pipedrive(plan=plan).call("POST", "/api/v2/persons", {"name": "Ada", "visible_to": visible_to})

    assert answer.status == status


def test_a_deactivated_users_token_is_dead() -> None:
    pipedrive = Pipedrive()

    assert pipedrive.call("GET", "/v1/users/me", token=user_token(HUGO)).status == 401
    pipedrive.product.change({"user": BEN, "fields": {"active": False}})
    assert pipedrive.call("GET", "/v1/users/me", token=user_token(BEN)).status == 401
