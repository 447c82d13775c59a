"""Speaks to a Pipedrive sandbox in process; every call and answer is checked against Pipedrive's OpenAPI."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.core import Clock, Request, Response
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.pipedrive.options import PipedriveOptions
from integrations.sandbox.pipedrive.product import PipedriveSandbox
from integrations.sandbox.pipedrive.seed import field_code, token_of_user, user_id_of
from integrations.sandbox.webhooks import RecordedDeliveries
from integrations.sandbox.world import World, make_world
from tests.openapi.check import validate_request, validate_response

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADMIN_TOKEN = "sandbox-pipedrive-token"
ANNA, BEN, CHLOE, DMYTRO, ELIF, FRANK, GRETA, HUGO = (user_id_of(number) for number in range(1, 9))
LEAD_SOURCE, LINKEDIN, EMPLOYEES = (field_code(name) for name in ("Lead source", "LinkedIn", "Employees"))
LAST_MET, INTERESTS, SECOND_PHONE = (field_code(name) for name in ("Last met", "Interests", "Secondary phone"))
ACCOUNT_MANAGER = field_code("Account manager")


class Pipedrive:
    """A seeded company with a frozen clock and no limits, unless the options say otherwise."""

    def __init__(self, people: int = 0, *, world: World | None = None, **options: Any) -> None:
        self.clock = Clock(NOON)
        self.sent = RecordedDeliveries()
        chosen = PipedriveOptions(**{"limits": False, **options})
        self.product = PipedriveSandbox(self.clock, SandboxOptions(pipedrive=chosen), self.sent.deliver)
        self.product.seed(world or make_world(people))

    def use(self, **options: Any) -> None:
        """Change options from now on."""
        pipedrive = replace(self.product.options.pipedrive, **options)
        self.product.options = replace(self.product.options, pipedrive=pipedrive)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str = ADMIN_TOKEN, valid: bool = True, **query: Any
    ) -> Response:
        """Make a call, as `token`'s user. `valid=False` makes one that breaks the schema on purpose."""
        sent = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()}
        if valid:
            validate_request(method, path, sent.items(), body)
        response = self.product.handle(
            Request.from_url(
                method,
                f"{path}?{urlencode(sent)}" if sent else path,
                headers={"x-api-token": token},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )
        if response.headers["Content-Type"] == "application/json" and response.status not in (401, 429):
            validate_response(method, path, response.status, response.json())
        return response

    def data(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The data of a call that succeeds."""
        response = self.call(method, path, body, **more)
        assert response.status in (200, 201), response.body
        return response.json()["data"]

    def create(self, **fields: Any) -> Any:
        """A new person."""
        return self.data("POST", "/api/v2/persons", {"name": "Ada Lovelace", **fields})

    def edit(self, person_id: int, **fields: Any) -> Any:
        """A person after an edit."""
        return self.data("PATCH", f"/api/v2/persons/{person_id}", fields)

    def person(self, person_id: int) -> Any:
        """A person as it is now."""
        return self.data("GET", f"/api/v2/persons/{person_id}")

    def listed(self, **query: Any) -> list[Any]:
        """All persons that a list gives, page by page."""
        found: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            answer = self.call("GET", "/api/v2/persons", **query, **cursor).json()
            found += answer["data"]
            if answer["additional_data"]["next_cursor"] is None:
                return found
            cursor = {"cursor": answer["additional_data"]["next_cursor"]}

    def listed_ids(self, **query: Any) -> list[int]:
        """Their ids."""
        return [person["id"] for person in self.listed(**query)]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)


def user_token(user_id: int) -> str:
    """The API token of a user."""
    return token_of_user(user_id)


def mail(value: str, *, primary: bool = True, label: str = "work") -> dict[str, Any]:
    """An item of emails or phones."""
    return {"value": value, "primary": primary, "label": label}
