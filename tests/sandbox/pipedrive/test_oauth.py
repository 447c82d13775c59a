from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from integrations.sandbox.core import Request, Response
from integrations.sandbox.pipedrive.records import App
from tests.sandbox.pipedrive.client import BEN, CHLOE, Pipedrive

CALLBACK = "https://sync.example/oauth/callback"
BASIC = "Basic " + base64.b64encode(b"sandbox-client:sandbox-secret").decode()


def post(pipedrive: Pipedrive, path: str, headers: dict[str, str] | None = None, **form: Any) -> Response:
    request = Request.from_url(
        "POST", path, headers={"Host": "127.0.0.1:8900", **(headers or {})}, body=urlencode(form).encode()
    )
    return pipedrive.product.handle(request)


def consent(pipedrive: Pipedrive, decision: str = "allow", user_id: int = BEN) -> dict[str, str]:
    answer = post(
        pipedrive, "/oauth/authorize", client_id="sandbox-client", redirect_uri=CALLBACK, state="s1", user_id=user_id,
        decision=decision,
    )  # fmt: skip
    assert answer.status == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def tokens(pipedrive: Pipedrive, user_id: int = BEN) -> Any:
    code = consent(pipedrive, user_id=user_id)["code"]
    answer = post(
        pipedrive, "/oauth/token", {"Authorization": BASIC}, grant_type="authorization_code", code=code,
        redirect_uri=CALLBACK,
    )  # fmt: skip
    assert answer.status == 200, answer.body
    return answer.json()


def call(pipedrive: Pipedrive, access_token: str, method: str = "GET", path: str = "/v1/users/me") -> Response:
    return pipedrive.product.handle(Request.from_url(method, path, headers={"Authorization": f"Bearer {access_token}"}))


def refresh(pipedrive: Pipedrive, refresh_token: str) -> Response:
    return post(
        pipedrive, "/oauth/token", grant_type="refresh_token", refresh_token=refresh_token, client_id="sandbox-client",
        client_secret="sandbox-secret",
    )  # fmt: skip


def test_the_consent_page_offers_allow_and_deny() -> None:
    page = Pipedrive().product.handle(
        Request.from_url("GET", f"/oauth/authorize?client_id=sandbox-client&redirect_uri={CALLBACK}&state=%3Cs%3E")
    )

    assert page.status == 200
    assert b"Allow" in page.body
    assert b"Deny" in page.body
    assert b'value="&lt;s&gt;"' in page.body


@pytest.mark.parametrize("query", ["client_id=other&redirect_uri=x", "client_id=sandbox-client", ""])
def test_the_consent_page_needs_a_known_app_and_an_address(query: str) -> None:
    assert Pipedrive().product.handle(Request.from_url("GET", f"/oauth/authorize?{query}")).status == 400


def test_denying_goes_back_with_an_error() -> None:
    assert consent(Pipedrive(), "deny") == {"error": "user_denied", "state": "s1"}


def test_a_code_becomes_tokens_that_act_as_the_consenting_user() -> None:
    pipedrive = Pipedrive()

    granted = tokens(pipedrive)

    assert granted["api_domain"] == "http://127.0.0.1:8900/pipedrive"
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 3599
    assert granted["scope"].split(",")[0] == "base"
    assert call(pipedrive, granted["access_token"]).json()["data"]["id"] == BEN


def test_a_code_works_once_and_for_five_minutes() -> None:
    pipedrive = Pipedrive()
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    used, late = consent(pipedrive)["code"], consent(pipedrive)["code"]
    assert post(pipedrive, "/oauth/token", {"Authorization": BASIC}, code=used, **form).status == 200
    pipedrive.wait(301)

    for code in (used, late, "never"):
        answer = post(pipedrive, "/oauth/token", {"Authorization": BASIC}, code=code, **form)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_bound_to_its_address() -> None:
    pipedrive = Pipedrive()
    answer = post(
        pipedrive, "/oauth/token", {"Authorization": BASIC}, grant_type="authorization_code",
        code=consent(pipedrive)["code"], redirect_uri="https://elsewhere.example",
    )  # fmt: skip

    assert answer.status == 400


def test_an_access_token_lasts_an_hour_and_is_refreshed_by_the_same_refresh_token() -> None:
    pipedrive = Pipedrive()
    granted = tokens(pipedrive)
    pipedrive.wait(3601)
    assert call(pipedrive, granted["access_token"]).status == 401

    renewed = refresh(pipedrive, granted["refresh_token"]).json()

    assert renewed["refresh_token"] == granted["refresh_token"]
    assert renewed["access_token"] != granted["access_token"]
    assert call(pipedrive, renewed["access_token"]).status == 200


def test_a_refresh_token_lasts_sixty_days_from_its_last_use() -> None:
    pipedrive = Pipedrive()
    token = tokens(pipedrive)["refresh_token"]
    pipedrive.wait(50 * 86_400)
    assert refresh(pipedrive, token).status == 200
    pipedrive.wait(50 * 86_400)
    assert refresh(pipedrive, token).status == 200

    pipedrive.wait(61 * 86_400)

    assert refresh(pipedrive, token).status == 400


@pytest.mark.parametrize(
    ("headers", "form", "error"),
    [
        ({"Authorization": "Basic !!!"}, {"grant_type": "refresh_token"}, "invalid_client"),
        ({}, {"grant_type": "refresh_token", "client_id": "sandbox-client", "client_secret": "no"}, "invalid_client"),
        ({"Authorization": BASIC}, {}, "invalid_request"),
        ({"Authorization": BASIC}, {"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_token_call_that_makes_no_sense_is_refused(headers: dict[str, str], form: dict[str, str], error: str) -> None:
    answer = post(Pipedrive(), "/oauth/token", headers, **form)

    assert (answer.status, answer.json()["error"]) == (400, error)


def test_revoking_an_access_token_ends_only_that_one() -> None:
    pipedrive = Pipedrive()
    granted = tokens(pipedrive)

    assert post(pipedrive, "/oauth/revoke", {"Authorization": BASIC}, token=granted["access_token"]).status == 200

    assert call(pipedrive, granted["access_token"]).status == 401
    assert refresh(pipedrive, granted["refresh_token"]).status == 200


def test_revoking_the_refresh_token_uninstalls_the_app_with_its_webhooks() -> None:
    pipedrive = Pipedrive()
    granted = tokens(pipedrive)
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    body = b'{"subscription_url":"https://sync.example","event_action":"*","event_object":"person","name":"Sync"}'
    made = pipedrive.product.handle(Request.from_url("POST", "/v1/webhooks", headers=headers, body=body))
    assert made.json()["data"]["type"] == "application"
    assert pipedrive.data("GET", "/v1/webhooks") == []

    post(pipedrive, "/oauth/revoke", {"Authorization": BASIC}, token=granted["refresh_token"])

    assert call(pipedrive, granted["access_token"]).status == 401
    assert refresh(pipedrive, granted["refresh_token"]).status == 400
    assert pipedrive.product.state.webhooks == {}
    assert post(pipedrive, "/oauth/revoke", {"Authorization": BASIC}, token="unknown").status == 200


def test_an_app_reaches_only_what_its_scopes_cover() -> None:
    pipedrive = Pipedrive(1)
    app = App("narrow", "secret", "Narrow", frozenset(("base", "users:read")))
    pipedrive.product.state.apps["sandbox-client"] = App("sandbox-client", "sandbox-secret", "Narrow", app.scopes)
    access = tokens(pipedrive, CHLOE)["access_token"]

    assert call(pipedrive, access, path="/v1/users").status == 200
    answer = call(pipedrive, access, path="/api/v2/persons/1")
    assert (answer.status, answer.json()["error"]) == (403, "Scope and URL mismatch")


def test_an_unknown_address_of_the_oauth_host_is_not_found() -> None:
    assert post(Pipedrive(), "/oauth/elsewhere").status == 404
