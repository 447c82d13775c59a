from __future__ import annotations

import pytest

from integrations.sandbox.core import Request
from tests.sandbox.replyio.client import MEMBER, MEMBER_KEY, ORG_KEY, OWNER, OWNER_KEY, TEAM_KEY, TEAMMATE, Reply


def whoami(reply: Reply, key: str, **headers: str) -> int:
    return int(reply.get("/v3/whoami", key=key, headers=headers)["userId"])


def test_a_personal_key_acts_as_its_owner() -> None:
    reply = Reply()
    assert reply.get("/v3/whoami", key=OWNER_KEY) == {
        "userId": OWNER,
        "username": "anna@lumen.example",
        "teamId": 20_417,
    }
    assert whoami(reply, MEMBER_KEY) == MEMBER


def test_a_personal_key_ignores_the_acting_user_headers() -> None:
    assert whoami(Reply(), MEMBER_KEY, **{"X-User-Id": str(TEAMMATE)}) == MEMBER


def test_a_team_key_acts_as_the_owner_unless_somebody_is_named() -> None:
    reply = Reply()
    assert whoami(reply, TEAM_KEY) == OWNER
    assert whoami(reply, TEAM_KEY, **{"X-User-Id": str(MEMBER)}) == MEMBER
    assert whoami(reply, TEAM_KEY, **{"X-User-Email": "Chloe@Lumen.example"}) == TEAMMATE


def test_an_organization_key_acts_as_whoever_is_named() -> None:
    reply = Reply()
    assert whoami(reply, ORG_KEY, **{"X-USER-ID": str(MEMBER)}) == MEMBER
    assert whoami(reply, ORG_KEY, **{"X-User-Email": "ben@lumen.example", "X-TEAM-ID": "20417"}) == MEMBER


@pytest.mark.parametrize(
    ("key", "headers", "expected"),
    [
        (ORG_KEY, {}, (403, "USER_REQUIRED")),
        (ORG_KEY, {"X-Team-Id": "20417"}, (403, "USER_REQUIRED")),
        (ORG_KEY, {"X-User-Email": "ben@lumen.example"}, (403, "TEAM_REQUIRED")),
        (ORG_KEY, {"X-User-Id": str(MEMBER), "X-Team-Id": "5"}, (403, "TEAM_NOT_ACCESSIBLE")),
        (TEAM_KEY, {"X-Team-Id": "5"}, (403, "TEAM_NOT_ACCESSIBLE")),
        (TEAM_KEY, {"X-User-Id": "1"}, (401, "USER_NOT_FOUND")),
        (TEAM_KEY, {"X-User-Id": "Ben"}, (401, "USER_NOT_FOUND")),
        (TEAM_KEY, {"X-User-Email": "greta@lumen.example"}, (401, "USER_NOT_FOUND")),
    ],
)
def test_an_acting_user_that_cannot_be_found_is_refused(
    key: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert Reply().code("GET", "/v3/whoami", key=key, headers=headers) == expected


def test_the_refusal_for_a_missing_team_lists_the_teams() -> None:
    answer = Reply().call("GET", "/v3/whoami", key=ORG_KEY, headers={"X-User-Email": "ben@lumen.example"})
    assert answer.json()["teams"] == [{"teamId": 20_417, "teamName": "Lumen Works"}]


def test_a_removed_user_cannot_be_acted_for_and_is_nobody_to_whoami() -> None:
    reply = Reply()
    reply.sandbox.state.users[MEMBER].removed = True
    assert reply.code("GET", "/v3/whoami", key=MEMBER_KEY) == (404, "whoami.notFound")
    assert reply.code("GET", "/v3/whoami", key=TEAM_KEY, headers={"X-User-Id": str(MEMBER)})[0] == 401
    assert MEMBER not in [row["userId"] for row in reply.get("/v3/whoami/team-users")]


@pytest.mark.parametrize("key", ["", "nonsense"])
@pytest.mark.parametrize("reading", ["problem", "empty"])
def test_a_wrong_key_is_a_401_with_or_without_a_body(key: str, reading: str) -> None:
    answer = Reply(unauthorized_body=reading).call("GET", "/v3/whoami", key=key)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert bool(answer.body) == (reading == "problem")


def test_a_call_without_the_header_or_with_another_scheme_is_a_401() -> None:
    sandbox = Reply().sandbox
    for headers in ({}, {"X-API-Key": OWNER_KEY}, {"Authorization": f"Basic {OWNER_KEY}"}):
        assert sandbox.handle(Request.from_url("GET", "/v3/whoami", headers=headers)).status == 401


def test_a_revoked_key_is_a_401_and_the_others_go_on() -> None:
    reply = Reply()
    reply.sandbox.revoke(MEMBER_KEY)
    assert reply.call("GET", "/v3/whoami", key=MEMBER_KEY).status == 401
    assert reply.call("GET", "/v3/whoami", key=OWNER_KEY).status == 200


@pytest.mark.parametrize(
    ("scopes", "method", "path", "granted"),
    [
        (("contacts:read",), "GET", "/v3/contacts", True),
        (("contacts:write",), "GET", "/v3/contacts", True),
        (("contacts:operate",), "GET", "/v3/contacts", True),
        (("contacts:read",), "POST", "/v3/contacts", False),
        (("contacts:operate",), "POST", "/v3/contacts", False),
        (("contacts:write",), "PUT", "/v3/contacts/owner", False),
        (("contacts:*",), "PUT", "/v3/contacts/owner", True),
        (("contacts:*",), "GET", "/v3/sequences", False),
        (("*:*",), "GET", "/v3/sequences", True),
        ((), "GET", "/v3/whoami", True),
        ((), "GET", "/v3/whoami/team-users", True),
    ],
)
def test_a_scope_grants_its_verb_and_reading(scopes: tuple[str, ...], method: str, path: str, granted: bool) -> None:
    reply = Reply()
    reply.sandbox.state.keys[MEMBER_KEY].scopes = scopes
    answer = reply.call(method, path, None if method == "GET" else {}, key=MEMBER_KEY)
    assert (answer.status != 403) == granted
    if not granted:
        assert answer.json()["code"] == "insufficient_scope"


def test_team_users_name_the_members_who_have_a_user_in_reply() -> None:
    rows = Reply().get("/v3/whoami/team-users")
    assert [row["userEmail"] for row in rows] == ["anna@lumen.example", "ben@lumen.example", "chloe@lumen.example"]
    assert {(row["teamId"], row["teamName"]) for row in rows} == {(20_417, "Lumen Works")}


def test_team_users_may_cover_other_teams_too() -> None:
    teams = {row["teamId"] for row in Reply(team_users="all_teams").get("/v3/whoami/team-users")}
    assert teams == {20_417, 20_418}


@pytest.mark.parametrize(
    ("reading", "code"),
    [("organization_required", "workspace.organizationRequired"), ("forbidden", "workspace.forbidden")],
)
def test_team_users_may_be_refused(reading: str, code: str) -> None:
    assert Reply(team_users=reading).code("GET", "/v3/whoami/team-users") == (403, code)
