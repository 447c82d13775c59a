"""Speaks to a Reply sandbox in process, the way that tests read best."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.core import Clock, Delivery, Request, Response
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.replyio.options import ReplyOptions
from integrations.sandbox.replyio.product import ReplySandbox
from integrations.sandbox.world import Contact, TeamMember, World

OWNER, MEMBER, TEAMMATE = 48_101, 48_102, 48_103
OWNER_KEY, TEAM_KEY, ORG_KEY = "sandbox-reply-key", "sandbox-reply-team-key", "sandbox-reply-org-key"
MEMBER_KEY, TEAMMATE_KEY = f"sandbox-reply-key-{MEMBER}", f"sandbox-reply-key-{TEAMMATE}"
INBOUND, OUTBOUND, EVENT, QUIET, PARTNERS, SPRING = (315_040 + 7 * place for place in range(6))
TEAM = (
    TeamMember(1, "Anna", "Kovács", "anna@lumen.example", is_admin=True),
    TeamMember(2, "Ben", "Adeyemi", "ben@lumen.example"),
    TeamMember(3, "Chloé", "Martin", "chloe@lumen.example"),
    TeamMember(4, "Greta", "Holm", "greta@lumen.example", in_reply=False),
)


def known(number: int, email: str = "", owner: int = 1) -> Contact:
    """Somebody whom Reply already has."""
    emails = (email,) if email else ()
    return Contact(
        number, f"First{number}", f"Last{number}", emails, ("+4512345678",), "Acme", "Head of Sales", "Aarhus",
        "Denmark", owner, "Referral", 12, in_reply=True,
    )  # fmt: skip


class Reply:
    """A seeded workspace with a frozen clock. Answers are checked for their media type."""

    def __init__(self, *contacts: Contact, **options: Any) -> None:
        self.clock = Clock(datetime(2026, 9, 1, 12, tzinfo=UTC))
        self.deliveries: list[Delivery] = []
        chosen = SandboxOptions(replyio=replace(ReplyOptions(), **options))
        self.sandbox = ReplySandbox(self.clock, chosen, self.deliveries.append)
        self.sandbox.seed(World("Lumen Works", "lumen.example", TEAM, contacts))

    def call(
        self, method: str, path: str, body: Any = None, *, key: str = OWNER_KEY, headers: dict[str, str] | None = None
    ) -> Response:
        """One call with a bearer key."""
        sent = {"Authorization": f"Bearer {key}", **(headers or {})}
        content = b""
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            content = json.dumps(body).encode()
        answer = self.sandbox.handle(Request.from_url(method, path, headers=sent, body=content))
        if answer.body:
            media_type = "application/problem+json" if answer.status >= 400 else "application/json"
            assert answer.headers["Content-Type"] == media_type
        return answer

    def get(self, path: str, **more: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.call("GET", path, **more)
        assert answer.status == 200, answer.body
        return answer.json()

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON of a POST that must succeed; None when it has no content."""
        answer = self.call("POST", path, body, **more)
        assert answer.status in (200, 201, 204), answer.body
        return answer.json() if answer.body else None

    def create(self, email: str, **more: Any) -> int:
        """Make a contact and return its id."""
        key = more.pop("key", OWNER_KEY)
        body = {"email": email, "firstName": "Ada", **more}
        return int(self.post("/v3/contacts", body, key=key)["id"])

    def import_items(self, *items: Any, key: str = OWNER_KEY, **options: Any) -> Any:
        """Import items and return the whole answer."""
        return self.post("/v3/contacts/import", {"items": list(items), "options": options}, key=key)

    def code(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code of a refusal; the code is empty for a problem that has none."""
        answer = self.call(method, path, body, **more)
        assert answer.status >= 400, answer.body
        return answer.status, answer.json().get("code", "")

    def pointers(self, method: str, path: str, body: Any, **more: Any) -> list[str]:
        """The pointers of a validation refusal, which has no code."""
        answer = self.call(method, path, body, **more)
        assert answer.status == 400
        assert "code" not in answer.json()
        return [error["pointer"] for error in answer.json()["errors"]]

    def emails(self, path: str = "/v3/contacts", **more: Any) -> list[str]:
        """The addresses on a page of contacts."""
        return [item["email"] for item in self.get(path, **more)["items"]]

    def stored(self, contact_id: int) -> dict[str, Any]:
        """A live contact as the dump has it."""
        return next(each for each in self.sandbox.dump()["contacts"] if each["id"] == contact_id)

    def link(self, sequence_id: int, contact_id: int) -> dict[str, Any] | None:
        """A participation as the dump has it."""
        links = self.sandbox.dump()["contactLinks"]
        wanted = (sequence_id, contact_id)
        return next((each for each in links if (each["sequenceId"], each["contactId"]) == wanted), None)

    def steps(self, sequence_id: int) -> dict[int, int]:
        """Step ids of a seeded sequence by their number in the plan."""
        return {step["id"] % 50: step["id"] for step in self.get(f"/v3/sequences/{sequence_id}/steps")}
