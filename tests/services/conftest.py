from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from integrations.models import Account
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Request
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from integrations.services.accounts import connect_account

REPLY_KEY, PIPEDRIVE_TOKEN = "sandbox-reply-key", "sandbox-pipedrive-token"


@dataclass(frozen=True)
class Vendors:
    """Both products, imitated over real HTTP."""

    url: str
    handle: Callable[[Request], object]

    def fault(self, body: bytes) -> None:
        """Let something go wrong from now on: a JSON list of rules."""
        headers = {"content-type": "application/json"}
        self.handle(Request.from_url("POST", "/_sandbox/faults", headers=headers, body=body))

    def reply(self, key: str = REPLY_KEY) -> Account:
        """A connected Reply account."""
        return connect_account(
            product="replyio", name="Reply", base_url=f"{self.url}/reply", secrets={"api_key": key}, by=None
        )

    def pipedrive(self, token: str = PIPEDRIVE_TOKEN) -> Account:
        """A connected Pipedrive account."""
        return connect_account(
            product="pipedrive",
            name="Pipedrive",
            base_url=f"{self.url}/pipedrive",
            secrets={"api_token": token},
            by=None,
        )


@pytest.fixture
def vendors(transactional_db: None) -> Iterator[Vendors]:
    """A sandbox of ten people, without limits on calls."""
    sandbox = build_sandbox(SandboxOptions().without_limits(), people=10)
    with ThreadedSandboxServer(sandbox) as server:
        yield Vendors(server.url, sandbox.handle)
