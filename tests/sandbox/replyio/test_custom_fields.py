from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.replyio.client import Reply


def test_the_seeded_fields_come_in_one_bare_array() -> None:
    fields = Reply().get("/v3/custom-fields")
    assert [(each["title"], each["fieldType"]) for each in fields] == [
        ("Lead source", "text"),
        ("Employees", "number"),
        ("Pipedrive person", "text"),
    ]


def test_a_field_is_made_replaced_and_deleted_with_its_values() -> None:
    reply = Reply()
    made = reply.call("POST", "/v3/custom-fields", {"title": "Tier", "fieldType": "text"})
    assert (made.status, made.json()["orgWide"], made.json()["metadata"]) == (201, False, None)
    path = f"/v3/custom-fields/{made.json()['id']}"
    contact_id = reply.create("ada@acme.example", customFields=[{"name": "Tier", "value": "1"}])
    assert reply.call("PUT", path, {"title": "Level", "fieldType": "number"}).json()["title"] == "Level"
    assert reply.stored(contact_id)["customFields"] == {"Level": "1"}
    assert reply.call("DELETE", path).status == 204
    assert reply.stored(contact_id)["customFields"] == {}
    assert reply.code("GET", path) == (404, "customField.notFound")


def test_titles_are_unique_whatever_their_case() -> None:
    body = {"title": "lead SOURCE", "fieldType": "text"}
    assert Reply().code("POST", "/v3/custom-fields", body) == (409, "customField.duplicateName")


def test_there_is_a_limit_per_team() -> None:
    reply = Reply(limits=False)
    for number in range(97):
        reply.post("/v3/custom-fields", {"title": f"Field {number}", "fieldType": "text"})
    body = {"title": "One more", "fieldType": "text"}
    assert reply.code("POST", "/v3/custom-fields", body) == (409, "customField.limitExceeded")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/title", "/fieldType"]),
        ({"title": "x" * 91, "fieldType": "text"}, ["/title"]),
        ({"title": "Tier", "fieldType": "dropdown"}, ["/fieldType"]),
    ],
)
def test_a_definition_must_be_complete(body: Any, pointers: list[str]) -> None:
    assert Reply().pointers("POST", "/v3/custom-fields", body) == pointers
