from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from integrations.connectors.oauth import OAuthApp, OAuthClient, OAuthTokens, Uninstalled, expiry, is_by_oauth
from integrations.connectors.ports import Credentials, Unlimited
from integrations.connectors.registry import connector
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.transport import SandboxAdapter
from tests.connectors.scripted import Scripted, ScriptedTransport

CALLBACK = "https://sync.example.com/oauth/pipedrive/callback"
APP = OAuthApp("sandbox-client", "sandbox-secret", "http://sandbox/pipedrive")
TOKENS = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 3599, "api_domain": "https://a.b/"}


@pytest.fixture
def sandbox() -> Sandbox:
    return build_sandbox(SandboxOptions().without_limits(), people=3)


@pytest.fixture
def transport(sandbox: Sandbox) -> requests.Session:
    session = requests.Session()
    session.mount("http://", SandboxAdapter(sandbox))
    return session


def client(transport: requests.Session, app: OAuthApp = APP) -> OAuthClient:
    opener = connector("pipedrive").oauth
    assert opener is not None
    return opener(app, transport=transport, clock=lambda: 1_700_000_000.0)


def consent(transport: requests.Session, decision: str = "allow") -> str:
    """The code of somebody who signed in; the consent page posts back where it came from."""
    url = client(transport).authorize_url(redirect_uri=CALLBACK, state="s")
    assert transport.get(url).status_code == 200
    form = {"client_id": APP.client_id, "redirect_uri": CALLBACK, "state": "s", "decision": decision}
    answer = transport.post(f"{APP.url}/oauth/authorize", data=form, allow_redirects=False)
    found = re.search(r"code=([^&]+)", answer.headers["Location"])
    assert found
    return found[1]


def test_signing_in_gives_tokens_that_open_the_account(transport: requests.Session) -> None:
    tokens = client(transport).exchange(code=consent(transport), redirect_uri=CALLBACK)
    credentials = Credentials(tokens.api_url, tokens.as_credentials())
    assert connector("pipedrive").open(credentials, Unlimited(), transport=transport).identity().name == "Lumen Works"
    assert tokens.expires_at == datetime.fromtimestamp(1_700_000_000, UTC) + timedelta(seconds=3599)


def test_a_code_is_good_once(transport: requests.Session) -> None:
    code = consent(transport)
    client(transport).exchange(code=code, redirect_uri=CALLBACK)
    with pytest.raises(AuthenticationFailed) as caught:
        client(transport).exchange(code=code, redirect_uri=CALLBACK)
    assert caught.value.code == "invalid_grant"


def test_a_code_is_good_for_five_minutes(transport: requests.Session, sandbox: Sandbox) -> None:
    code = consent(transport)
    sandbox.clock.advance(301)
    with pytest.raises(AuthenticationFailed, match="too old"):
        client(transport).exchange(code=code, redirect_uri=CALLBACK)


def test_a_refresh_gives_another_access_token(transport: requests.Session) -> None:
    first = client(transport).exchange(code=consent(transport), redirect_uri=CALLBACK)
    second = client(transport).refresh(first.refresh_token)
    assert second.access_token != first.access_token
    assert second.refresh_token == first.refresh_token


def test_a_revoked_installation_is_not_refreshed(transport: requests.Session) -> None:
    tokens = client(transport).exchange(code=consent(transport), redirect_uri=CALLBACK)
    client(transport).revoke(tokens.refresh_token)
    with pytest.raises(AuthenticationFailed, match="Connect the account again") as caught:
        client(transport).refresh(tokens.refresh_token)
    assert caught.value.code == "invalid_grant"


def test_a_wrong_client_secret_is_told_from_a_wrong_grant(transport: requests.Session) -> None:
    with pytest.raises(AuthenticationFailed, match="client secret is wrong") as caught:
        client(transport, OAuthApp("sandbox-client", "other", APP.url)).refresh("r")
    assert caught.value.code == "invalid_client"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Scripted(500, "oops"), Unavailable),
        (Scripted(429, {}, {"Retry-After": "7"}), RateLimited),
        (Scripted(302, "", {"Location": "https://elsewhere.example/"}), UnexpectedResponse),
        (Scripted(404, {"error": "no"}), UnexpectedResponse),
        (Scripted(200, "<html>"), UnexpectedResponse),
        (Scripted(200, {"access_token": "only-this-one"}), UnexpectedResponse),
        (Scripted(200, {**TOKENS, "expires_in": "soon"}), UnexpectedResponse),
        (Scripted(400, {"message": "Invalid grant: refresh token is invalid"}), AuthenticationFailed),
        (Scripted(401, {"error": "invalid_grant"}), AuthenticationFailed),
        (requests.ConnectionError("gone"), Unavailable),
    ],
)
def test_answers_mean_what_they_mean_and_say_no_secret(answer: Any, kind: type[ConnectorError]) -> None:
    echoing = answer
    if isinstance(answer, Scripted) and isinstance(answer.body, dict):
        echoing = Scripted(answer.status, {**answer.body, "echo": "the-refresh-token sandbox-secret"}, answer.headers)
    with pytest.raises(kind) as caught:
        client(ScriptedTransport(echoing).session()).refresh("the-refresh-token")
    said = f"{caught.value!r} {caught.value.message} {caught.value.sample} {caught.value.__cause__!r}"
    assert not any(secret in said for secret in ("the-refresh-token", "sandbox-secret", "access-1", "only-this-one"))


def test_tokens_and_the_apps_secret_are_not_shown_by_repr(transport: requests.Session) -> None:
    tokens = OAuthTokens("access-1", "refresh-1", datetime.now(UTC), "")
    credentials = Credentials("https://x", tokens.as_credentials(), dict)
    shown = f"{tokens!r} {APP!r} {client(transport)!r} {credentials!r}"
    assert not any(secret in shown for secret in ("access-1", "refresh-1", "sandbox-secret"))


def test_a_token_without_a_known_end_is_taken_for_an_old_one() -> None:
    assert expiry({"expires_at": "tomorrow"}).year == 1970
    assert expiry({}).year == 1970
    assert not is_by_oauth({"api_token": "x"})


def notice(**members: object) -> bytes:
    return json.dumps(
        {"client_id": "sandbox-client", "company_id": 5, "user_id": 7, "timestamp": "x"} | members
    ).encode()


def test_a_notice_with_the_apps_credentials_says_who_left(transport: requests.Session) -> None:
    authorization = "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ="
    left = client(transport).uninstalled(authorization=authorization, body=notice())
    assert left == Uninstalled("5", "7")
    assert client(transport).uninstalled(authorization=authorization, body=notice(client_id="other")) is None
    with pytest.raises(UnexpectedResponse):
        client(transport).uninstalled(authorization=authorization, body=b"{}")


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic eDp5", "Bearer x", "Basic é"])
def test_a_notice_without_them_is_not_believed(transport: requests.Session, authorization: str) -> None:
    assert client(transport).uninstalled(authorization=authorization, body=notice()) is None


def test_a_rejected_access_token_is_renewed_once_and_the_call_repeated(transport: requests.Session) -> None:
    tokens = client(transport).exchange(code=consent(transport), redirect_uri=CALLBACK)
    asked: list[int] = []

    def renew() -> dict[str, str]:
        asked.append(1)
        return client(transport).refresh(tokens.refresh_token).as_credentials()

    client(transport).revoke(tokens.access_token)
    opened = connector("pipedrive").open(
        Credentials(tokens.api_url, tokens.as_credentials(), renew), Unlimited(), transport=transport
    )
    assert opened.identity().name == "Lumen Works"
    assert len(asked) == 1


def test_a_token_that_is_rejected_after_its_renewal_too_is_given_up() -> None:
    scripted = ScriptedTransport(Scripted(401, {"error": "unauthorized access"}))
    credentials = Credentials("https://x.test", {"access_token": "old-token"}, lambda: {"access_token": "new-token"})
    opened = connector("pipedrive").open(credentials, Unlimited(), transport=scripted.session())
    for _ in range(2):
        with pytest.raises(AuthenticationFailed):
            opened.identity()
    sent = [request.headers["Authorization"] for request in scripted.requests]
    assert sent == ["Bearer old-token", "Bearer new-token", "Bearer new-token"]
