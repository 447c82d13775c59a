"""Pipedrive's side of the contract suite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from integrations.connectors.ports import Credentials
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Request, Sandbox
from integrations.sandbox.options import SandboxOptions
from tests.connectors.harness import Held
from tests.openapi.check import validate_request, validate_response

TOKEN = "sandbox-pipedrive-token"


class PipedriveHarness:
    """`options` are of the sandbox's Pipedrive, by their names."""

    product = "pipedrive"
    mount = "pipedrive"
    creates = ("POST", "/persons$")
    updates = ("PATCH", r"/persons/\d+$")

    def __init__(self, **options: object) -> None:
        self._options = {f"pipedrive.{name}": value for name, value in options.items()}

    def check(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        """Pipedrive's OpenAPI files know the call and its answer."""
        url = urlsplit(request.path_url)
        body = json.loads(request.body) if request.body else None
        validate_request(request.method or "", url.path, parse_qsl(url.query, keep_blank_values=True), body)
        if "json" in response.headers.get("Content-Type", ""):
            validate_response(request.method or "", url.path, response.status_code, response.json())

    def sandbox(self, people: int) -> Sandbox:
        """A company with exactly so many people."""
        options = SandboxOptions().without_limits().with_values(self._options)
        return build_sandbox(options, people, deliver=lambda delivery: None)

    def credentials(self, sandbox: Sandbox, root: str) -> Credentials:
        """The administrator's token."""
        return Credentials(f"{root}/pipedrive", {"api_token": TOKEN}, may_be_private=True)

    def wrong_credentials(self, sandbox: Sandbox, root: str) -> Credentials:
        """A token that was never given out."""
        secrets = {"api_token": "0123456789abcdef0123456789abcdef01234567"}
        return Credentials(f"{root}/pipedrive", secrets, may_be_private=True)

    def people(self, sandbox: Sandbox) -> Mapping[str, Held]:
        """The persons that are not deleted."""
        return {str(row["id"]): _held(row) for row in persons(sandbox).values() if not row["is_deleted"]}

    def rename(self, sandbox: Sandbox, person_id: str, last_name: str) -> None:
        """The whole name is what the page edits."""
        first = persons(sandbox)[person_id]["first_name"]
        change(sandbox, {"id": int(person_id), "fields": {"name": f"{first} {last_name}"}})

    def delete(self, sandbox: Sandbox, person_id: str) -> None:
        """It stays for 30 days as a deleted one."""
        change(sandbox, {"delete": int(person_id)})

    def saved_filter_members(self, sandbox: Sandbox, saved_filter_id: str) -> frozenset[str]:
        """Asked of the sandbox in one page that holds everybody."""
        url = f"/pipedrive/api/v2/persons?limit=500&filter_id={saved_filter_id}"
        answer = sandbox.handle(Request.from_url("GET", url, headers={"x-api-token": TOKEN})).json()
        sandbox.log.clear()
        return frozenset(str(row["id"]) for row in answer["data"] if not row["is_deleted"])

    def participants(self, sandbox: Sandbox, sequence_id: str) -> Mapping[str, str]:
        """Nobody."""
        return {}


def persons(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """All persons of the state by id, deleted ones too."""
    return {str(row["id"]): row for row in sandbox.products["pipedrive"].dump()["persons"]}


def change(sandbox: Sandbox, command: Mapping[str, Any]) -> Any:
    """A human does something in Pipedrive's own pages."""
    with sandbox.lock:
        return sandbox.products["pipedrive"].change(command)


def _held(row: Mapping[str, Any]) -> Held:
    return Held(
        _primary_first(row["emails"]),
        row["first_name"] or "",
        row["last_name"] or "",
        str(row["owner_id"]),
        _primary_first(row["phones"]),
    )


def _primary_first(items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(item["value"] for item in sorted(items, key=lambda item: not item["primary"]))
