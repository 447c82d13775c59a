"""A sandbox at which one can sign in, and somebody who does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pytest_django import Settings

from integrations.models import Account
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from integrations.services.oauth import connect_by_oauth

CALLBACK = "http://testserver/oauth/pipedrive/callback"


@dataclass(frozen=True)
class SignIn:
    """The imitated Pipedrive with its sign-in, over real HTTP."""

    url: str
    sandbox: Sandbox

    def answer(self, state: str = "s", decision: str = "allow", user_id: int = 101) -> dict[str, str]:
        """What the call-back is told by somebody who allows or denies."""
        form = {
            "client_id": "sandbox-client", "redirect_uri": CALLBACK, "state": state, "decision": decision,
            "user_id": str(user_id),
        }  # fmt: skip
        page = requests.post(f"{self.url}/pipedrive/oauth/authorize", data=form, allow_redirects=False, timeout=5)
        query = parse_qs(urlsplit(page.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def code(self, user_id: int = 101) -> str:
        """The code of somebody who allowed."""
        return self.answer(user_id=user_id)["code"]

    def account(self) -> Account:
        """A connected account."""
        return connect_by_oauth(product="pipedrive", code=self.code(), redirect_uri=CALLBACK, by=None)

    def revoke(self, token: str) -> None:
        """Somebody ends a token in Pipedrive."""
        basic = ("sandbox-client", "sandbox-secret")
        requests.post(f"{self.url}/pipedrive/oauth/revoke", data={"token": token}, auth=basic, timeout=5)

    def token_calls(self) -> int:
        """How often tokens were asked for."""
        return sum(record.path.endswith("/oauth/token") for record in self.sandbox.log)


@pytest.fixture
def sign_in(transactional_db: None, settings: Settings) -> Iterator[SignIn]:
    """A sandbox of ten people, without limits on calls, whose app is this installation's."""
    sandbox = build_sandbox(SandboxOptions().without_limits(), people=10)
    with ThreadedSandboxServer(sandbox) as server:
        app = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "url": f"{server.url}/pipedrive"}
        settings.OAUTH_APPS = {"pipedrive": app}
        yield SignIn(server.url, sandbox)
