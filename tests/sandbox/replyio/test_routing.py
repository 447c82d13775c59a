from __future__ import annotations

import pytest

from integrations.sandbox.core import Request
from tests.sandbox.replyio.client import OWNER_KEY, Reply


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v3/nothing", 404),
        ("GET", "/v1/people", 404),
        ("GET", "/v3/contacts/", 404),
        ("PUT", "/v3/contacts/5", 405),
        ("POST", "/v3/contacts/owner", 405),
        ("GET", "/v3/contacts/import", 405),
        ("PATCH", "/v3/custom-fields/5", 405),
        ("DELETE", "/v3/whoami", 405),
    ],
)
def test_an_unknown_path_or_a_wrong_verb_is_a_problem_without_a_code(method: str, path: str, status: int) -> None:
    assert Reply().code(method, path) == (status, "")


def test_a_wrong_verb_is_told_the_right_ones() -> None:
    assert Reply().call("PUT", "/v3/contacts/5").headers["Allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize("text", ["abc", "0", "-1", "2147483648", "1.5"])
def test_an_id_that_is_none_is_a_validation_refusal_with_the_bare_name(text: str) -> None:
    assert Reply().pointers("GET", f"/v3/contacts/{text}", None) == ["id"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b""])
def test_a_body_that_is_no_object_points_at_the_whole_body(body: bytes) -> None:
    headers = {"Authorization": f"Bearer {OWNER_KEY}", "Content-Type": "application/json"}
    answer = Reply().sandbox.handle(Request.from_url("POST", "/v3/contacts", headers=headers, body=body))
    assert (answer.status, [error["pointer"] for error in answer.json()["errors"]]) == (400, [""])


def test_a_body_of_another_media_type_is_a_415() -> None:
    answer = Reply().call("POST", "/v3/contacts", {"firstName": "Ada"}, headers={"Content-Type": "text/plain"})
    assert answer.status == 415


def test_several_faults_of_a_body_come_together() -> None:
    body = {"firstName": 5, "phone": ["1"], "ownerUserId": "x", "isOptedOut": "yes", "companySize": "Huge"}
    reply = Reply()
    contact_id = reply.create("ada@acme.example")
    assert set(reply.pointers("PATCH", f"/v3/contacts/{contact_id}", body)) == {
        "/firstName", "/phone", "/ownerUserId", "/isOptedOut", "/companySize",
    }  # fmt: skip


@pytest.mark.parametrize("query", ["top=0", "top=1001", "top=x", "skip=-1"])
@pytest.mark.parametrize(
    ("path", "resource"),
    [("/v3/contacts", "contact"), ("/v3/contact-lists", "contactsList"), ("/v3/sequences", "sequence")],
)
def test_a_page_out_of_range_is_a_business_refusal(path: str, resource: str, query: str) -> None:
    assert Reply().code("GET", f"{path}?{query}") == (400, f"{resource}.invalidPagination")


def test_no_background_job_is_ever_there() -> None:
    reply = Reply()
    assert reply.get("/v3/background-jobs") == {"items": [], "hasMore": False}
    job = "/v3/background-jobs/9a7d53be-b7d6-4a9d-9f1a-77ab7f4c5f1a"
    assert reply.code("GET", job) == (404, "backgroundJob.notFound")
    assert reply.pointers("GET", "/v3/background-jobs/17", None) == ["jobId"]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_the_faults_get_replys_own_answers(status: int) -> None:
    answer = Reply().sandbox.error(status)
    assert answer.status == status
    assert answer.json()["status"] == status
    assert ("Retry-After" in answer.headers) == (status == 429)
