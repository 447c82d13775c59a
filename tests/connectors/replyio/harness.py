"""Reply's side of the contract suite."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from integrations.connectors.ports import Credentials
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.options import SandboxOptions
from tests.connectors.harness import Held

KEY = "sandbox-reply-key"

_CONTACT = frozenset({
    "email", "firstName", "lastName", "phone", "phone2", "title", "company", "companySize", "industry", "city",
    "state", "country", "timeZoneId", "linkedInUrl", "linkedInSalesNavigatorUrl", "linkedInRecruiterUrl", "notes",
    "isOptedOut", "callStatus", "meetingStatus", "ownerUserId", "accountId", "customFields",
})  # fmt: skip
_PAGED = frozenset({"top", "skip"})
_NONE: frozenset[str] = frozenset()
DOCUMENTED: tuple[tuple[str, str, frozenset[str], frozenset[str]], ...] = (
    ("GET", "/v3/whoami", _NONE, _NONE),
    ("GET", "/v3/whoami/team-users", _NONE, _NONE),
    ("GET", "/v3/custom-fields", _NONE, _NONE),
    ("GET", "/v3/contact-lists", _PAGED | {"search"}, _NONE),
    ("GET", "/v3/contacts", _PAGED | {"email", "linkedIn"}, _NONE),
    ("GET", r"/v3/contacts/\d+", _NONE, _NONE),
    ("GET", r"/v3/contacts/\d+/statuses", _NONE, _NONE),
    ("PATCH", r"/v3/contacts/\d+", _NONE, _CONTACT),
    ("POST", "/v3/contacts/filter", _PAGED, frozenset({"listId"})),
    ("POST", "/v3/contacts/import", _NONE, frozenset({"items", "options"})),
    ("PUT", "/v3/contacts/owner", _NONE, frozenset({"contactIds", "userId", "reassignTasks"})),
    ("GET", "/v3/sequences", _PAGED | {"sortBy", "sortDirection"}, _NONE),
    ("GET", r"/v3/sequences/\d+/steps", _NONE, _NONE),
    ("GET", r"/v3/sequences/\d+/contacts", _PAGED | {"sort_by", "sort_direction"}, _NONE),
    ("GET", r"/v3/sequences/\d+/contacts/\d+", _NONE, _NONE),
    (
        "POST", r"/v3/sequences/\d+/contact-links/bulk", _NONE,
        frozenset({"contactIds", "removeFromExisting", "startStepId", "ignoreStepDelay"}),
    ),
)  # fmt: skip
"""Method, path, query and body members of the calls that may be made. `POST /v3/contacts`, which may blank whom it
finds, is not among them."""


class ReplyHarness:
    """`readings` are of the sandbox's Reply, by their names."""

    product = "replyio"
    mount = "reply"
    creates = ("POST", "/contacts/import$")
    updates = ("PATCH", r"/contacts/\d+$")

    def __init__(self, **readings: object) -> None:
        self._readings = {f"replyio.{name}": value for name, value in readings.items()}

    def check(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        """The call is documented, with the members it has."""
        url = urlsplit(request.path_url)
        path = url.path.removeprefix("/reply")
        body = json.loads(request.body) if request.body else {}
        asked = (request.method, path, *sorted(parse_qs(url.query)), *sorted(body))
        assert any(
            request.method == method
            and re.fullmatch(pattern, path)
            and set(parse_qs(url.query)) <= query
            and set(body) <= members
            for method, pattern, query, members in DOCUMENTED
        ), asked
        for item in body.get("items", ()):
            assert set(item) <= _CONTACT, sorted(item)
            assert all(isinstance(each["value"], str | None) for each in item.get("customFields", ()))

    def sandbox(self, people: int) -> Sandbox:
        """A workspace with at least so many people."""
        options = SandboxOptions().without_limits().with_values(self._readings)
        return build_sandbox(options, people + people // 3, reply_overlap=people, deliver=lambda delivery: None)

    def credentials(self, sandbox: Sandbox, root: str) -> Credentials:
        """The team owner's key."""
        return Credentials(f"{root}/reply", {"api_key": KEY}, may_be_private=True)

    def wrong_credentials(self, sandbox: Sandbox, root: str) -> Credentials:
        """A key that was never given out."""
        return Credentials(f"{root}/reply", {"api_key": "0123456789abcdef0123456789abcdef"}, may_be_private=True)

    def people(self, sandbox: Sandbox) -> Mapping[str, Held]:
        """The contacts that are not deleted."""
        return {str(row["id"]): _held(row) for row in sandbox.products["reply"].dump()["contacts"]}

    def rename(self, sandbox: Sandbox, person_id: str, last_name: str) -> None:
        """The contact's page."""
        self._change(sandbox, {"id": int(person_id), "fields": {"lastName": last_name}})

    def delete(self, sandbox: Sandbox, person_id: str) -> None:
        """Reply remembers them."""
        self._change(sandbox, {"delete": int(person_id)})

    def saved_filter_members(self, sandbox: Sandbox, saved_filter_id: str) -> frozenset[str]:
        """Who is in a list."""
        list_id = int(saved_filter_id.removeprefix("list:"))
        rows = {row["id"]: row for row in sandbox.products["reply"].dump()["lists"]}
        return frozenset(str(each) for each in rows[list_id]["contactIds"])

    def participants(self, sandbox: Sandbox, sequence_id: str) -> Mapping[str, str]:
        """Who stands at which step."""
        links = sandbox.products["reply"].dump()["contactLinks"]
        return {str(link["contactId"]): str(link["stepId"]) for link in links if link["sequenceId"] == int(sequence_id)}

    def _change(self, sandbox: Sandbox, command: Mapping[str, Any]) -> None:
        with sandbox.lock:
            sandbox.products["reply"].change(command)


def _held(row: Mapping[str, Any]) -> Held:
    email, phone = row.get("email") or "", row.get("phone") or ""
    return Held(
        (email,) if email else (),
        row.get("firstName") or "",
        row.get("lastName") or "",
        str(row["ownerUserId"]),
        (phone,) if phone else (),
    )
