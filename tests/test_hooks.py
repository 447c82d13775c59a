from __future__ import annotations

import base64
import json
import logging
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import ChangeHint, Webhook
from integrations.services.webhooks import Secrets
from tests.admin.office import Office, make_office

SECRETS = Secrets("the-secret-of-the-address", "user", "pass:word")
ADDRESS = f"/hooks/pipedrive/{SECRETS.path}/"
META = {"entity": "person", "entity_id": "123", "action": "change"}


def basic(user: str = SECRETS.user, password: str = SECRETS.password) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def delivery(**meta: Any) -> dict[str, Any]:
    return {"data": {"name": "Ada Lovelace", "emails": ["ada@x.example"]}, "meta": {**META, **meta}}


@pytest.fixture
def office(db: None) -> Office:
    made = make_office()
    Webhook.objects.create(account=made.pipedrive, state="on", **SECRETS.hashes())
    return made


def deliver(
    client: Client,
    body: Any = None,
    *,
    address: str = ADDRESS,
    authorization: str | None = None,
    method: str = "POST",
) -> int:
    data = body if isinstance(body, bytes) else json.dumps(delivery() if body is None else body).encode()
    login = basic() if authorization is None else authorization
    headers = {"Authorization": login} if login else {}
    return client.generic(method, address, data, "application/json", headers=headers).status_code


@pytest.mark.usefixtures("office")
def test_a_delivery_leaves_a_hint_and_nothing_of_the_person(client: Client, office: Office) -> None:
    assert deliver(client) == 204

    hint = ChangeHint.objects.get()
    assert (hint.account, hint.connection, hint.person_external_id) == (office.pipedrive, office.connection, "123")
    assert (hint.gone, hint.run) == (False, None)
    assert not any("Ada" in str(value) for value in ChangeHint.objects.values_list().get())
    assert Webhook.objects.get().delivered_at is not None


@pytest.mark.usefixtures("office")
def test_the_same_person_has_one_hint_and_a_deletion_is_remembered(client: Client) -> None:
    for meta in ({}, {"action": "delete"}, {"action": "change"}, {}):
        assert deliver(client, delivery(**meta)) == 204
    assert [hint.gone for hint in ChangeHint.objects.all()] == [True]


@pytest.mark.usefixtures("office")
def test_a_merge_leaves_hints_of_both(client: Client) -> None:
    deliver(client, delivery(action="delete", merged_to_id="7"))
    assert set(ChangeHint.objects.values_list("person_external_id", "gone")) == {("123", True), ("7", False)}


def test_a_disabled_connection_gathers_no_hints(client: Client, office: Office) -> None:
    office.connection.enabled = False
    office.connection.save()
    assert deliver(client) == 204
    assert not ChangeHint.objects.exists()


def test_a_delivery_costs_a_handful_of_queries_however_big_it_is(
    client: Client, office: Office, django_assert_max_num_queries: Any
) -> None:
    deliver(client)
    big = {**delivery(), "previous": {"notes": "x" * 200_000}}
    with django_assert_max_num_queries(5):
        assert deliver(client, big) == 204


BAD_ADDRESSES = [
    "/hooks/pipedrive/wrong/", "/hooks/pipedrive/the-secret-of-the-addres/",
    "/hooks/replyio/the-secret-of-the-address/",
    "/hooks/hubspot/the-secret-of-the-address/", "/hooks/pipedrive/%00/", "/hooks/pipedrive/THE-SECRET-OF-THE-ADDRESS/",
    "/hooks/pipedrive/" + "x" * 5000 + "/",
    "/hooks/pipedrive/%F0%9F%98%80/", "/hooks/pipedrive//", "/hooks/pipedrive/",
    "/hooks/", "/hooks/pipedrive/the-secret-of-the-address/more/", "/hooks/../admin/",
]  # fmt: skip
BAD_LOGINS = [
    "", "Basic", "Basic ", "Basic !!!", "Basic dXNlcg==", basic("user", "wrong"), basic("wrong"), basic("", ""),
    basic("USER"), basic(password="pass"), "Bearer " + basic()[6:], basic() + "=", basic() + " more",
    "basic " + "A" * 9000,
    "Basic \x80\xff", "Digest username=user",
]  # fmt: skip
BAD_BODIES = [
    b"", b"null", b"[]", b"{}", b"{", b"<html></html>", b"\xff\xfe\x00", b"\x00" * 100, b"meta=person", b"[" * 100_000,
    b'{"meta": null}', b'{"meta": []}', b'{"meta": "person"}', b'{"meta": {"entity": {}}}',
    b'{"meta": {"entity": "person", "entity_id": {}}}', b'{"meta": {"entity": "person", "entity_id": [1]}}',
    b'{"meta": {"entity": "person", "entity_id": "1", "action": 5}} trailing', b'{"data": {"id": 1}}',
]  # fmt: skip
ABOUT_NOBODY: list[dict[str, Any]] = [
    {"entity": "deal"}, {"entity": "organization"}, {"entity_id": ""}, {"entity_id": "abc"},
    {"entity_id": "1; DROP TABLE"},
    {"entity_id": "9" * 500}, {"entity_id": "-1"}, {"entity_id": "\u0661\u0662"}, {"entity_id": 0},
    {"entity_id": "1.5"},
]  # fmt: skip


def refused(client: Client, expected: int, **request: Any) -> None:
    client.raise_request_exception = False
    assert deliver(client, **request) == expected
    assert not ChangeHint.objects.exists()
    assert Webhook.objects.get().delivered_at is None


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.usefixtures("office")
def test_an_address_that_is_nobodys_is_not_there(client: Client, address: str) -> None:
    refused(client, 404, address=address)


@pytest.mark.parametrize("login", BAD_LOGINS)
@pytest.mark.usefixtures("office")
def test_a_wrong_login_is_refused(client: Client, login: str) -> None:
    refused(client, 401, authorization=login)


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
@pytest.mark.usefixtures("office")
def test_what_is_no_delivery_is_refused(client: Client, body: bytes) -> None:
    refused(client, 400, body=body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.usefixtures("office")
def test_only_posts_are_taken(client: Client, method: str) -> None:
    refused(client, 405, method=method)


@pytest.mark.parametrize("size", [256 * 1024 + 1, 3_000_000])
@pytest.mark.usefixtures("office")
def test_a_body_that_is_too_big_is_refused(client: Client, size: int) -> None:
    refused(client, 413, body=b'{"meta": {"entity": "person", "entity_id": "1", "x": "'.ljust(size, b"x"))


@pytest.mark.parametrize("meta", ABOUT_NOBODY)
@pytest.mark.usefixtures("office")
def test_a_delivery_about_nobody_is_taken_and_leaves_nothing(client: Client, meta: dict[str, Any]) -> None:
    assert deliver(client, delivery(**meta)) == 204
    assert not ChangeHint.objects.exists()


@pytest.mark.usefixtures("office")
def test_members_that_nobody_knows_are_passed_over(client: Client) -> None:
    assert deliver(client, {**delivery(attempt=4, new=[1]), "more": {}}) == 204
    assert ChangeHint.objects.count() == 1


def test_the_secret_of_an_address_is_not_logged(
    caplog: pytest.LogCaptureFixture, client: Client, office: Office
) -> None:
    with caplog.at_level(logging.DEBUG):
        deliver(client, authorization="Basic x")
        deliver(client, method="GET")
        deliver(client, b"{")
        deliver(client)
    assert "/hooks/pipedrive/***/" in caplog.text
    assert SECRETS.path not in caplog.text
    assert SECRETS.password not in caplog.text


def test_a_hint_of_a_run_waits_again_when_it_is_given_again(client: Client, office: Office) -> None:
    deliver(client)
    run = office.connection.runs.create()
    ChangeHint.objects.update(run=run, seen_at=timezone.now())
    assert not ChangeHint.objects.waiting().exists()

    deliver(client)

    assert ChangeHint.objects.waiting().count() == 1
