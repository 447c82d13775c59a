from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.pipedrive.client import LINKEDIN, Pipedrive, mail


def found(pipedrive: Pipedrive, term: str, **query: Any) -> list[int]:
    answer = pipedrive.data("GET", "/api/v2/persons/search", term=term, **query)
    return [hit["item"]["id"] for hit in answer["items"]]


def test_an_exact_match_compares_whole_addresses_whatever_their_case() -> None:
    pipedrive = Pipedrive()
    ann = pipedrive.create(emails=[mail("work@x.example"), mail("Ann@X.example", primary=False)])["id"]
    pipedrive.create(emails=[mail("joann@x.example")])

    assert found(pipedrive, "ann@x.EXAMPLE", fields="email", exact_match=True) == [ann]
    assert len(found(pipedrive, "ann@x.example", fields="email")) == 2


@pytest.mark.parametrize(
    ("fields", "term"),
    [
        ("name", "lovelace"),
        ("phone", "0301"),
        ("notes", "engine"),
        ("custom_fields", "linked.example"),
        ("", "lovelace"),
    ],
)
def test_each_kind_of_field_can_be_searched(fields: str, term: str) -> None:
    pipedrive = Pipedrive()
    person = pipedrive.create(
        phones=[mail("030123")], notes="Likes the Engine", custom_fields={LINKEDIN: "https://linked.example"}
    )
    pipedrive.create(name="Somebody Else")
    query = {"fields": fields} if fields else {}

    assert found(pipedrive, "0301" if term == "0301" else term, **query) == [person["id"]]


def test_hits_come_in_pages() -> None:
    pipedrive = Pipedrive()
    ids = [pipedrive.create(name=f"Same {number}")["id"] for number in range(5)]

    first = pipedrive.call("GET", "/api/v2/persons/search", term="same", limit=3).json()
    cursor = first["additional_data"]["next_cursor"]
    second = pipedrive.call("GET", "/api/v2/persons/search", term="same", limit=3, cursor=cursor).json()

    assert [hit["item"]["id"] for page in (first, second) for hit in page["data"]["items"]] == ids
    assert second["additional_data"]["next_cursor"] is None


def test_the_index_knows_writes_only_after_its_lag() -> None:
    pipedrive = Pipedrive(search_lag=30)
    person = pipedrive.create(emails=[mail("new@x.example")])
    assert found(pipedrive, "new@x.example", exact_match=True) == []

    pipedrive.wait(31)
    assert found(pipedrive, "new@x.example", exact_match=True) == [person["id"]]

    pipedrive.edit(person["id"], emails=[mail("newer@x.example")])
    assert found(pipedrive, "new@x.example", exact_match=True) == [person["id"]]

    pipedrive.wait(31)
    pipedrive.data("DELETE", f"/api/v2/persons/{person['id']}")
    assert found(pipedrive, "newer@x.example", exact_match=True) == [person["id"]]

    pipedrive.wait(31)
    assert found(pipedrive, "newer@x.example", exact_match=True) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"term": "a"}, 400),
        ({"term": "a", "exact_match": True}, 200),
        ({"term": "ab", "limit": 101}, 400),
        ({"term": "ab", "limit": 100}, 200),
    ],
)
def test_short_terms_and_large_pages_are_refused(query: dict[str, Any], status: int) -> None:
    assert Pipedrive(3).call("GET", "/api/v2/persons/search", **query).status == status


def test_a_hit_shows_owner_and_organization() -> None:
    pipedrive = Pipedrive(1)
    person = pipedrive.person(1)

    (hit,) = pipedrive.data("GET", "/api/v2/persons/search", term=person["name"], exact_match=True)["items"]

    assert hit["item"]["owner"] == {"id": person["owner_id"]}
    assert hit["item"]["organization"]["id"] == person["org_id"]
    assert hit["item"]["emails"] == [item["value"] for item in person["emails"]]
