from __future__ import annotations

import pytest

from tests.sandbox.replyio.client import (
    INBOUND,
    MEMBER,
    MEMBER_KEY,
    OUTBOUND,
    OWNER_KEY,
    QUIET,
    TEAM_KEY,
    TEAMMATE,
    TEAMMATE_KEY,
    Reply,
    known,
)


def team(**options: object) -> Reply:
    return Reply(
        known(1, "owner@acme.example", 1),
        known(2, "member@acme.example", 2),
        known(3, "mate@acme.example", 3),
        **options,
    )


@pytest.mark.parametrize(
    ("edition", "key", "seen"),
    [
        ("public", OWNER_KEY, ["owner", "member", "mate"]),
        ("public", MEMBER_KEY, ["owner", "member", "mate"]),
        ("private", OWNER_KEY, ["owner", "member", "mate"]),
        ("private", MEMBER_KEY, ["member"]),
        ("private", TEAMMATE_KEY, ["mate"]),
        ("private", TEAM_KEY, ["owner", "member", "mate"]),
    ],
)
def test_who_sees_whose_contacts(edition: str, key: str, seen: list[str]) -> None:
    reply = team(edition=edition)
    assert [email.partition("@")[0] for email in reply.emails(key=key)] == seen
    found = reply.post("/v3/contacts/filter", {}, key=key)["items"]
    assert [item["email"].partition("@")[0] for item in found] == seen
    assert bool(reply.emails("/v3/contacts?email=owner@acme.example", key=key)) == ("owner" in seen)


def test_a_team_key_sees_as_the_member_it_acts_for() -> None:
    reply = team(edition="private")
    assert reply.emails(key=TEAM_KEY, headers={"X-User-Id": str(MEMBER)}) == ["member@acme.example"]


@pytest.mark.parametrize(
    ("reading", "expected"),
    [("forbidden", (403, "contact.forbidden")), ("not_found", (404, "contact.notFound"))],
)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_teammates_contact_is_out_of_reach_in_private(method: str, reading: str, expected: tuple[int, str]) -> None:
    reply = team(edition="private", invisible_contact=reading)
    theirs = reply.get("/v3/contacts")["items"][0]["id"]
    assert reply.code(method, f"/v3/contacts/{theirs}", {"city": "X"}, key=MEMBER_KEY) == expected


def test_a_member_of_a_private_team_cannot_give_contacts_away() -> None:
    reply = team(edition="private")
    own = reply.get("/v3/contacts", key=MEMBER_KEY)["items"][0]["id"]
    for method, path, body in (
        ("PATCH", f"/v3/contacts/{own}", {"ownerUserId": TEAMMATE}),
        ("PUT", "/v3/contacts/owner", {"contactIds": [own], "userId": TEAMMATE}),
    ):
        assert reply.code(method, path, body, key=MEMBER_KEY) == (403, "contact.forbidden")
    assert reply.stored(own)["ownerUserId"] == MEMBER


def test_a_member_of_a_private_team_sees_and_fills_only_their_own_sequences() -> None:
    reply = team(edition="private")
    assert {row["ownerUserId"] for row in reply.get("/v3/sequences", key=MEMBER_KEY)["items"]} == {MEMBER}
    assert reply.code("GET", f"/v3/sequences/{INBOUND}", key=MEMBER_KEY) == (403, "sequence.forbidden")
    ids = [item["id"] for item in reply.get("/v3/contacts")["items"]]
    body = {"contactIds": ids}
    path = "/v3/sequences/{}/contact-links/bulk"
    assert reply.code("POST", path.format(INBOUND), body, key=MEMBER_KEY) == (403, "sequenceContact.forbidden")
    answer = reply.post(path.format(OUTBOUND), body, key=MEMBER_KEY)
    assert answer["added"] == [ids[1]]
    assert {failure["error"] for failure in answer["notProcessed"].values()} == {"forbidden"}


def test_in_public_contacts_of_different_members_may_be_in_one_sequence() -> None:
    reply = team()
    ids = [item["id"] for item in reply.get("/v3/contacts")["items"]]
    body = {"contactIds": ids}
    assert reply.post(f"/v3/sequences/{QUIET}/contact-links/bulk", body, key=MEMBER_KEY)["added"] == ids
