"""A whole sandbox, and short ways to knock at it in process."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Clock, Request, Response, Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.webhooks import RecordedDeliveries

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PIPEDRIVE_TOKEN, REPLY_KEY = "sandbox-pipedrive-token", "sandbox-reply-key"
HEADERS = {
    "pipedrive": {"x-api-token": PIPEDRIVE_TOKEN},
    "reply": {"Authorization": f"Bearer {REPLY_KEY}"},
    "_sandbox": {},
}


def make_sandbox(people: int = 10, *, overlap: int = 0, **values: Any) -> Sandbox:
    """A sandbox without limits and with a frozen clock; options by dotted names with `__` for the dot."""
    options = (
        SandboxOptions().without_limits().with_values({name.replace("__", "."): one for name, one in values.items()})
    )
    return build_sandbox(
        options, people, clock=Clock(NOON), reply_overlap=overlap, deliver=RecordedDeliveries().deliver
    )  # fmt: skip


def knock(sandbox: Sandbox, method: str, url: str, body: Any = None) -> Response:
    """Make a call with the administrator's credentials of whichever product the URL is below."""
    mount = url.split("/")[1]
    data = b"" if body is None else json.dumps(body).encode()
    return sandbox.handle(Request.from_url(method, url, headers=HEADERS.get(mount, {}), body=data))


def control(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    """The JSON of a control call that succeeds."""
    response = knock(sandbox, method, f"/_sandbox{path}", body)
    assert response.status < 300, response.body
    return response.json() if response.body else None
