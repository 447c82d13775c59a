"""A Reply workspace in the sandbox, reached in process, and a connector that talks to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from integrations.connectors.ports import Credentials, NewPerson, PersonUpdate, Unlimited, WriteResult
from integrations.connectors.replyio.adapter import ReplyConnector, open_account
from integrations.domain.person import Person, Value
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Clock, Sandbox
from integrations.sandbox.faults import FaultRules, Rule
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.replyio.product import ReplySandbox
from integrations.sandbox.replyio.records import Contact
from integrations.sandbox.replyio.state import State
from integrations.sandbox.transport import SandboxAdapter

ROOT = "http://sandbox.test"
OWNER_KEY = "sandbox-reply-key"
ANNA, BEN, CHLOE, ELIF = "48101", "48102", "48103", "48105"
LEAD_SOURCE, EMPLOYEES = "cf:7101", "cf:7102"


@dataclass
class Workspace:
    """The sandbox, its Reply product, and a session that reaches it."""

    sandbox: Sandbox
    product: ReplySandbox
    session: requests.Session
    naps: list[float] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The workspace's records."""
        return self.product.state

    def connect(self, key: str = OWNER_KEY, **secrets: str) -> ReplyConnector:
        """A connector with this key, its pauses noted and not slept."""
        return self.connect_with_limit(20, key, **secrets)

    def connect_with_limit(self, patch_limit: int, key: str = OWNER_KEY, **secrets: str) -> ReplyConnector:
        """The same with a limit of its own for single updates."""
        credentials = Credentials(f"{ROOT}/reply", {"api_key": key, **secrets})
        return open_account(
            credentials, Unlimited(), transport=self.session, sleep=self.naps.append, patch_limit=patch_limit
        )

    def add(self, first_name: str, email: str, owner: str = ANNA, **texts: str) -> str:
        """A contact; its id as the ports have it."""
        shown = {"firstName": first_name, "email": email, **texts}
        return str(self.state.add_contact(int(owner), shown, {}).id)

    def add_many(self, count: int, owner: str = ANNA) -> list[str]:
        """Numbered contacts."""
        return [self.add(f"Person{number}", f"person{number}@many.example", owner) for number in range(count)]

    def contact(self, person_id: str) -> Contact:
        """A contact's record."""
        return self.state.contacts[int(person_id)]

    def custom_of(self, person_id: str) -> dict[int, str]:
        """A contact's custom values."""
        return dict(self.contact(person_id).custom)

    def change(self, person_id: str, **fields: Any) -> None:
        """A human edits a contact."""
        self.product.change({"id": int(person_id), "fields": fields})

    def delete(self, person_id: str) -> None:
        """A human deletes a contact."""
        self.product.change({"delete": int(person_id)})

    def fail(self, kind: str, path: str, **details: Any) -> None:
        """Let something go wrong with calls to a path."""
        faults = self.sandbox.faults
        assert isinstance(faults, FaultRules)
        faults.add([Rule(kind, product="reply", path=path, **details)])

    def calls(self) -> dict[str, int]:
        """How often each route was called since `forget_calls`."""
        return dict(self.sandbox.log.counts("reply").routes)

    def forget_calls(self) -> None:
        """Count from here."""
        self.sandbox.log.clear()


def make_workspace(people: int = 0, **readings: Any) -> Workspace:
    """A workspace under these readings, without limits unless they ask for them."""
    values = {"limits": False, **readings}
    options = SandboxOptions().with_values({f"replyio.{name}": value for name, value in values.items()})
    sandbox = build_sandbox(options, people, clock=Clock(), reply_overlap=people, deliver=lambda delivery: None)
    product = sandbox.products["reply"]
    assert isinstance(product, ReplySandbox)
    session = requests.Session()
    session.mount(ROOT, SandboxAdapter(sandbox))
    return Workspace(sandbox, product, session)


def new(ref: int, email: str, owner: str | None = None, **values: Value) -> NewPerson:
    """A person to create, with a first name."""
    return NewPerson(ref, email, {"email": email, "firstName": f"First{ref}", **values}, owner)


def change_of(ref: int, current: Person, owner: str | None = None, **changes: Value) -> PersonUpdate:
    """A change to a person."""
    return PersonUpdate(ref, current, changes, owner)


def changes_of(ref: int, current: Person, changes: Mapping[str, Value]) -> PersonUpdate:
    """The same for keys that are no names."""
    return PersonUpdate(ref, current, changes)


def by_ref(results: Iterable[WriteResult]) -> dict[int, WriteResult]:
    """Results by their refs; each came once."""
    listed = list(results)
    found = {result.ref: result for result in listed}
    assert len(found) == len(listed)
    return found


def everybody(connector: ReplyConnector) -> dict[str, Person]:
    """All people of a whole walk."""
    found: dict[str, Person] = {}
    cursor: str | None = None
    while True:
        page = connector.read_people(changed_since=None, cursor=cursor)
        assert page.unreadable == ()
        found |= {person.id: person for person in page.people}
        cursor = page.next_cursor
        if cursor is None:
            return found
