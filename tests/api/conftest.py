from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from integrations.services.api_tokens import create_token
from tests.admin.office import Office, make_office, user_in

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any
    headers: Any

    @property
    def problem(self) -> str:
        """The last word of the problem's type."""
        assert self.headers["Content-Type"] == PROBLEM, (self.status, self.headers, self.body)
        assert self.body["status"] == self.status
        assert self.body["title"]
        assert self.body["detail"]
        return str(self.body["type"]).removeprefix("urn:syncadmin:problem:")

    @property
    def places(self) -> dict[str, str]:
        """Every error by its place."""
        return {
            next(value for name, value in error.items() if name != "detail"): error["detail"]
            for error in self.body["errors"]
        }


class Api:
    """A program with a token."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.client = Client()
        self.headers: dict[str, str] = {}
        if user is not None:
            _, text = create_token(user=user, name="tests")
            self.headers = {"Authorization": f"Bearer {text}"}

    def ask(self, method: str, path: str, body: Any = None, /, **headers: str) -> Answer:
        """Call /api/v1/<path>; a body that is no bytes is sent as JSON."""
        data = body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else ""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = named.pop("Content-Type", JSON)
        address = path if path.startswith("/") or "://" in path else f"/api/v1/{path}"
        response = self.client.generic(
            method, address, data, content_type=content_type, headers={**self.headers, **named}
        )
        content = getattr(response, "content", b"")
        return Answer(response.status_code, json.loads(content) if content else None, response.headers)

    def get(self, path: str, **headers: str) -> Answer:
        """Read."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Do."""
        return self.ask("POST", path, body, **headers)


@pytest.fixture(autouse=True)
def _nobody_has_called_yet() -> None:
    cache.clear()  # throttles count there


@pytest.fixture
def office(db: None) -> Office:
    """A Pipedrive company and a Reply workspace, connected, with a step towards Reply."""
    return make_office()


@pytest.fixture
def api(office: Office) -> Api:
    """An administrator's program."""
    return Api(user_in("Administrator"))
