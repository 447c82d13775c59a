from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.replyio.client import INBOUND, MEMBER_KEY, OUTBOUND, Reply


@pytest.fixture
def reply() -> Reply:
    reply = Reply()
    reply.create("ann@acme.example", firstName="Ann", lastName="Berg", title="Head of Sales")
    reply.create("joann@acme.example", firstName="Joann", title="Sales Rep", company="Granite")
    reply.create("cy@acme.example", firstName="Cy")
    return reply


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, ["ann", "joann", "cy"]),
        ({"searchTerm": "ANN@"}, ["ann", "joann"]),
        ({"searchTerm": "n berg"}, ["ann"]),
        ({"searchTerm": "gran"}, ["joann"]),
        ({"rules": [{"property": "email", "condition": "equals", "value": "Ann@acme.example"}]}, ["ann"]),
        ({"rules": [{"property": "title", "condition": "contains", "value": "sales"}]}, ["ann", "joann"]),
        ({"rules": [{"property": "title", "condition": "isNotSet"}]}, ["cy"]),
        ({"rules": [{"property": each, "condition": "isSet"} for each in ("title", "company")]}, ["joann"]),
        ({"rules": [{"property": "addingDate", "condition": "after", "value": "2030"}]}, ["ann", "joann", "cy"]),
        ({"sortBy": "firstName", "sortDirection": "desc"}, ["joann", "cy", "ann"]),
        ({"sortBy": "email"}, ["ann", "cy", "joann"]),
    ],
)  # fmt: skip
def test_rules_and_terms_choose_and_time_rules_are_ignored_silently(reply: Reply, body: Any, names: list[str]) -> None:
    found = [item["email"].partition("@")[0] for item in reply.post("/v3/contacts/filter", body)["items"]]
    assert found == names
    assert reply.post("/v3/contacts/filter/count", body) == {"count": len(names)}


def test_filtered_contacts_come_in_pages(reply: Reply) -> None:
    page = reply.post("/v3/contacts/filter?top=2&skip=0", {})
    assert (len(page["items"]), page["hasMore"]) == (2, True)


def test_a_rule_needs_a_property(reply: Reply) -> None:
    body = {"rules": [{"condition": "is"}]}
    assert reply.pointers("POST", "/v3/contacts/filter", body) == ["/rules/0/property"]


def test_members_of_a_list_can_be_chosen_private_lists_included(reply: Reply) -> None:
    contact_id = reply.get("/v3/contacts")["items"][1]["id"]
    made = reply.post("/v3/contact-lists", {"name": "Mine"})
    reply.post(f"/v3/contact-lists/{made['id']}/add-contacts", {"contactIds": [contact_id]})
    assert [item["id"] for item in reply.post("/v3/contacts/filter", {"listId": made["id"]})["items"]] == [contact_id]
    assert reply.post("/v3/contacts/filter", {"listId": made["id"]}, key=MEMBER_KEY)["items"] == []


def test_participants_of_a_sequence_and_of_a_step_can_be_chosen(reply: Reply) -> None:
    ids = [item["id"] for item in reply.get("/v3/contacts")["items"]]
    steps = reply.steps(INBOUND)
    reply.post(f"/v3/sequences/{INBOUND}/contact-links/bulk", {"contactIds": ids[:1]})
    reply.post(f"/v3/sequences/{INBOUND}/contact-links/bulk", {"contactIds": ids[1:2], "startStepId": steps[2]})
    chosen = [item["id"] for item in reply.post("/v3/contacts/filter", {"sequenceId": INBOUND})["items"]]
    assert chosen == ids[:2]
    assert reply.post("/v3/contacts/filter", {"sequenceId": OUTBOUND})["items"] == []
    at_step = reply.post("/v3/contacts/filter", {"sequenceId": INBOUND, "sequenceStepId": steps[2]})["items"]
    assert [item["id"] for item in at_step] == ids[1:2]
