from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

from integrations.sandbox.core import Clock
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.replyio.product import ReplySandbox
from integrations.sandbox.world import make_world
from tests.sandbox.replyio.client import EVENT, MEMBER_KEY, OUTBOUND, Reply, known


def seeded(people: int, overlap: int) -> ReplySandbox:
    sandbox = ReplySandbox(Clock(datetime(2026, 9, 1, tzinfo=UTC)), SandboxOptions(), lambda delivery: None)
    sandbox.seed(make_world(people, 7, overlap))
    return sandbox


def test_a_workspace_without_overlap_is_empty_of_contacts_but_ready() -> None:
    dump = seeded(50, 0).dump()
    assert dump["contacts"] == []
    assert len(dump["sequences"]) == 6
    assert {each["ownerUserId"] for each in dump["sequences"]} <= {each["id"] for each in dump["users"]}
    assert len({each["ownerUserId"] for each in dump["sequences"]}) == 6
    assert {each["status"] for each in dump["sequences"]} == {"active", "paused", "new"}
    assert [each["isShared"] for each in dump["lists"]] == [True, True, False]
    assert sum(each["isOwner"] for each in dump["users"]) == 1


def test_the_same_world_gives_the_same_workspace() -> None:
    assert seeded(200, 60).dump() == seeded(200, 60).dump()


def test_only_contacts_whom_reply_has_are_there() -> None:
    world = make_world(200, 7, 60)
    expected = [contact for contact in world.contacts if contact.in_reply]
    dump = seeded(200, 60).dump()
    assert len(dump["contacts"]) == len(expected) > 0
    assert all(each.get("email") or each.get("linkedInUrl") for each in dump["contacts"])
    assert dump["contactLinks"] != []


def test_a_seeded_contact_has_its_fields_and_owner() -> None:
    reply = Reply(known(1, "one@acme.example", 2))
    (contact,) = reply.sandbox.dump()["contacts"]
    assert (contact["firstName"], contact["companySize"], contact["ownerUserId"]) == ("First1", "Fifty", 48_102)
    assert contact["customFields"] == {"Lead source": "Referral", "Employees": "12"}


def test_the_keys_of_all_kinds_are_there() -> None:
    keys = {each["token"]: each["kind"] for each in Reply().sandbox.dump()["keys"]}
    assert keys["sandbox-reply-key"] == "personal"
    assert keys[MEMBER_KEY] == "personal"
    assert keys["sandbox-reply-team-key"] == "team"
    assert keys["sandbox-reply-org-key"] == "organization"
    assert keys["sandbox-reply-read-key"] == "personal"


def test_some_sequences_branch() -> None:
    dump = seeded(10, 0).dump()
    branching = {each["id"] for each in dump["sequences"] if any(step["type"] == "condition" for step in each["steps"])}
    assert branching == {OUTBOUND, EVENT}


def test_a_hundred_thousand_contacts_are_served_quickly() -> None:
    reply = Reply(limits=False)
    for number in range(100_000):
        reply.sandbox.state.add_contact(48_101, {"email": f"p{number}@bulk.example", "firstName": "P"}, {7102: "5"})
    started = perf_counter()
    assert len(reply.get("/v3/contacts?top=1000&skip=99000")["items"]) == 1000
    items = [{"email": f"p{number}@bulk.example", "firstName": "P", "city": "Odense"} for number in range(1000)]
    assert reply.import_items(*items)["updated"] == 1000
    assert reply.emails("/v3/contacts?email=P99999@bulk.example") == ["p99999@bulk.example"]
    assert perf_counter() - started < 10
