from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.door import control, knock, make_sandbox

PERSON = "/pipedrive/api/v2/persons/1"


def test_a_reset_undoes_writes_faults_and_the_log() -> None:
    sandbox = make_sandbox()
    before = control(sandbox, "GET", "/state")
    knock(sandbox, "PATCH", PERSON, {"name": "Changed"})
    control(sandbox, "POST", "/faults", [{"kind": "status_500", "times": None}])

    control(sandbox, "POST", "/reset")

    assert control(sandbox, "GET", "/state") == before
    assert control(sandbox, "GET", "/faults") == []
    assert control(sandbox, "GET", "/log") == []
    assert knock(sandbox, "GET", PERSON).status == 200


def test_seeding_makes_as_many_people_as_asked() -> None:
    sandbox = make_sandbox(0)

    control(sandbox, "POST", "/seed", {"people": 60, "seed": 3, "reply_overlap": 20})

    state = control(sandbox, "GET", "/state")
    assert len(state["pipedrive"]["persons"]) == 60
    assert len(state["reply"]["contacts"]) == 21
    control(sandbox, "POST", "/reset")
    assert len(control(sandbox, "GET", "/state")["pipedrive"]["persons"]) == 60


def test_the_clock_goes_forward_only() -> None:
    sandbox = make_sandbox()

    assert control(sandbox, "GET", "/clock") == {"now": "2026-11-20T12:00:00+00:00"}
    assert control(sandbox, "POST", "/clock", {"advance": 90}) == {"now": "2026-11-20T12:01:30+00:00"}
    assert knock(sandbox, "POST", "/_sandbox/clock", {"advance": -1}).status == 400


def test_the_log_tells_every_call_with_its_cost() -> None:
    sandbox = make_sandbox()
    knock(sandbox, "GET", "/pipedrive/api/v2/persons?limit=1")
    knock(sandbox, "PATCH", PERSON, {"name": "Changed"})
    knock(sandbox, "GET", "/reply/v3/whoami")

    first, second, third = control(sandbox, "GET", "/log")

    assert (first["product"], first["path"], first["query"]) == ("pipedrive", "/api/v2/persons", [["limit", "1"]])
    assert (first["cost"], first["wrote"], second["cost"], second["wrote"]) == (10, False, 5, True)
    assert (third["product"], third["status"]) == ("reply", 200)
    assert control(sandbox, "GET", "/log?product=reply") == [third]
    assert control(sandbox, "GET", "/log?wrote=true") == [second]
    assert control(sandbox, "GET", f"/log?since={first['number']}") == [second, third]
    control(sandbox, "DELETE", "/log")
    assert control(sandbox, "GET", "/log") == []


def test_the_summary_counts_exactly_even_when_the_log_is_short() -> None:
    sandbox = make_sandbox(log_limit=3)
    for number in range(1, 11):
        knock(sandbox, "GET", f"/pipedrive/api/v2/persons/{number}")
    knock(sandbox, "PATCH", PERSON, {"name": "Changed"})

    summary = control(sandbox, "GET", "/summary")["pipedrive"]

    assert len(control(sandbox, "GET", "/log")) == 3
    assert (summary["calls"], summary["writes"], summary["cost"], summary["violations"]) == (11, 1, 15, 0)
    assert summary["routes"] == {"GET /api/v2/persons/{id}": 10, "PATCH /api/v2/persons/{id}": 1}
    assert summary["statuses"] == {"200": 11}


def test_the_summary_counts_broken_limits() -> None:
    sandbox = make_sandbox(pipedrive__limits=True, pipedrive__plan="lite")
    for _ in range(22):
        knock(sandbox, "GET", "/pipedrive/v1/users/me")

    summary = control(sandbox, "GET", "/summary")["pipedrive"]

    assert (summary["violations"], summary["violations_by_limit"]) == (2, {"burst": 2})


def test_options_can_be_changed_while_it_runs() -> None:
    sandbox = make_sandbox()

    control(sandbox, "PATCH", "/options", {"pipedrive": {"persons_create_status": 201}, "replyio.edition": "private"})

    assert knock(sandbox, "POST", "/pipedrive/api/v2/persons", {"name": "Ada"}).status == 201
    assert control(sandbox, "GET", "/options")["replyio"]["edition"] == "private"
    assert knock(sandbox, "PATCH", "/_sandbox/options", {"pipedrive": {"plan": "free"}}).status == 400


def test_a_human_edits_makes_and_deletes_people_in_pipedrive() -> None:
    sandbox = make_sandbox(3)
    control(sandbox, "POST", "/clock", {"advance": 60})

    edited = control(sandbox, "POST", "/change", {"product": "pipedrive", "id": 1, "fields": {"owner_id": 106}})
    made = control(sandbox, "POST", "/change", {"product": "pipedrive", "create": {"name": "New Here"}})
    control(sandbox, "POST", "/change", [{"product": "pipedrive", "delete": 2}])
    control(sandbox, "POST", "/change", {"product": "pipedrive", "merge": 3, "into": 1})

    assert (edited["owner_id"], edited["update_time"]) == (106, "2026-11-20T12:01:00Z")
    listed = knock(sandbox, "GET", "/pipedrive/api/v2/persons").json()["data"]
    assert [person["id"] for person in listed] == [1, made["id"]]
    assert control(sandbox, "GET", "/summary")["pipedrive"]["writes"] == 0


def test_a_human_edits_contacts_in_reply() -> None:
    sandbox = make_sandbox(20, overlap=5)
    contact = control(sandbox, "GET", "/state")["reply"]["contacts"][0]["id"]

    control(sandbox, "POST", "/change", {"product": "reply", "id": contact, "fields": {"title": "Chair"}})

    assert knock(sandbox, "GET", f"/reply/v3/contacts/{contact}").json()["title"] == "Chair"


def test_an_administrator_renames_and_deactivates_colleagues() -> None:
    sandbox = make_sandbox()

    user = control(
        sandbox, "POST", "/change", {"product": "pipedrive", "user": 102, "fields": {"email": "b@new.example"}}
    )  # fmt: skip

    assert user["email"] == "b@new.example"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/change", {"id": 1, "fields": {}}),
        ("POST", "/change", {"product": "salesforce", "id": 1}),
        ("POST", "/change", {"product": "pipedrive", "id": 999, "fields": {"name": "X"}}),
        ("POST", "/change", {"product": "pipedrive", "id": 1, "fields": {"shoe_size": 43}}),
        ("POST", "/change", {"product": "pipedrive", "user": 5, "fields": {}}),
        ("POST", "/change", "text"),
        ("POST", "/seed", {"people": "many"}),
        ("POST", "/seed", {"persons": 5}),
        ("POST", "/seed", [1]),
        ("POST", "/clock", {}),
        ("POST", "/faults", [{"kind": "earthquake"}]),
        ("POST", "/faults", [{"kind": "reset", "path": "("}]),
        ("POST", "/faults", [{"kind": "reset", "colour": "red"}]),
        ("POST", "/faults", ["reset"]),
        ("GET", "/log?since=yesterday", None),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused_with_a_sentence(method: str, path: str, body: Any) -> None:
    answer = knock(make_sandbox(), method, f"/_sandbox{path}", body)

    assert answer.status == 400
    assert " " in answer.json()["error"]


def test_unknown_addresses_and_methods() -> None:
    sandbox = make_sandbox(0)

    assert knock(sandbox, "GET", "/_sandbox/nothing").status == 404
    assert knock(sandbox, "PUT", "/_sandbox/seed").status == 405
    assert knock(sandbox, "GET", "/hubspot/contacts").status == 404


def test_the_front_page_says_what_this_is_and_where_things_are() -> None:
    page = knock(make_sandbox(7), "GET", "/")

    assert page.headers["Content-Type"].startswith("text/html")
    for expected in ("7 made-up people", "/pipedrive", "/reply", "sandbox-pipedrive-token", "sandbox-reply-key"):
        assert expected in page.body.decode()
