"""An account of a product on a sandbox, with all that a test of the contract needs to act on it and to look at it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest
import requests

from integrations.connectors.errors import ConnectorError
from integrations.connectors.ports import (
    DEFAULT_MEANINGS,
    Connector,
    ConnectorSpec,
    Credentials,
    Limiter,
    NewPerson,
    PeoplePage,
    WriteResult,
)
from integrations.connectors.registry import connector
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Value
from integrations.sandbox.call_log import LogRecord
from integrations.sandbox.core import Sandbox
from integrations.sandbox.faults import FaultRules, Rule
from integrations.sandbox.transport import SandboxAdapter
from tests.connectors.harness import Harness, Held, RecordingLimiter

IN_PROCESS = "http://sandbox.test"
NEWCOMER = "nora.quist@newcomer.example"

Error = TypeVar("Error", bound=ConnectorError)


class CheckedAdapter(SandboxAdapter):
    """Serves from the sandbox, and holds every call to the product's own documents."""

    def __init__(self, sandbox: Sandbox, check: Callable[[requests.PreparedRequest, requests.Response], None]) -> None:
        super().__init__(sandbox, sleep=lambda seconds: None)
        self._check = check

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Answer and check."""
        response = super().send(request, *args, **options)
        self._check(request, response)
        return response


@dataclass
class Bench:
    """`limiter` and `pauses` tell what the connectors that were opened here asked for and how long they waited."""

    harness: Harness
    sandbox: Sandbox
    root: str
    transport: requests.Session | None
    limiter: RecordingLimiter = field(default_factory=RecordingLimiter)
    pauses: list[float] = field(default_factory=list)
    opened: list[Connector] = field(default_factory=list)

    @property
    def spec(self) -> ConnectorSpec:
        """The product's constants."""
        return connector(self.harness.product).spec

    @property
    def credentials(self) -> Credentials:
        """A key that may do everything."""
        return self.harness.credentials(self.sandbox, self.root)

    def open(self, credentials: Credentials | None = None, limiter: Limiter | None = None) -> Connector:
        """Open the account; it is closed at the end of the test."""
        opener = connector(self.harness.product).open
        opened = opener(
            credentials or self.credentials,
            limiter or self.limiter,
            transport=self.transport,
            sleep=self.pauses.append,
        )
        self.opened.append(opened)
        return opened

    def people(self) -> Mapping[str, Held]:
        """Everybody whom the product holds now."""
        return self.harness.people(self.sandbox)

    def plain_people(self) -> list[str]:
        """Ids of people with an address of their own and with a first and a last name of one word each."""
        held = self.people()
        addresses = [address.lower() for person in held.values() for address in person.emails]
        return [
            person_id
            for person_id, person in held.items()
            if person.emails
            and all(addresses.count(address.lower()) == 1 and address.count("@") == 1 for address in person.emails)
            and len(person.first_name.split()) == len(person.last_name.split()) == 1
        ]

    def with_address(self, address: str) -> list[str]:
        """Ids of those who have the address."""
        return [each for each, person in self.people().items() if address in person.emails]

    def fail(self, kind: str, method: str = "", path: str = "", times: int | None = 1, after: int = 0) -> None:
        """Let calls of the product go wrong in a way of `sandbox.faults`.

        Over HTTP an answer that would be waited for in real time is lost instead, which looks the same from here.
        """
        if kind == "timeout" and self.transport is None:
            kind = "answer_lost"
        rule = Rule(kind, product=self.harness.mount, method=method, path=path, times=times, after=after)
        cast(FaultRules, self.sandbox.faults).add([rule])

    def calls(self) -> list[LogRecord]:
        """The product's calls so far."""
        return list(self.sandbox.log.select(product=self.harness.mount))

    def key_of(self, meaning: str) -> str:
        """The product's field for one of `DEFAULT_MEANINGS`."""
        return self.spec.default_fields[DEFAULT_MEANINGS.index(meaning)]

    def newcomer(self, ref: int = 0, address: str = NEWCOMER, owner_id: str | None = None) -> NewPerson:
        """Somebody whom the product does not have."""
        kinds = {each.key: each.kind for each in self.open().directory().fields}
        key = self.key_of("email")
        email: Value = (ListItem(address, primary=True),) if kinds[key] is FieldKind.EMAILS else address
        values = {key: email, self.key_of("first name"): "Nora", self.key_of("last name"): "Quist"}
        return NewPerson(ref, address, values, owner_id if self.spec.owner_travels_with_writes else None)

    def newcomers(self, count: int) -> list[NewPerson]:
        """Several of them, by ref."""
        one = self.newcomer()
        key = self.key_of("email")
        listed = isinstance(one.values[key], tuple)
        made: list[NewPerson] = []
        for ref in range(count):
            address = f"nora.quist{ref}@newcomer.example"
            email: Value = (ListItem(address, primary=True),) if listed else address
            made.append(NewPerson(ref, address, {**one.values, key: email}))
        return made

    def secrets(self) -> list[str]:
        """What must never be said."""
        every = [self.credentials, self.harness.wrong_credentials(self.sandbox, self.root)]
        return [secret for each in every for secret in each.secrets.values() if len(secret) > 5]

    @contextmanager
    def raises(self, kind: type[Error]) -> Iterator[pytest.ExceptionInfo[Error]]:
        """Expect an error of exactly this kind, which keeps the secrets."""
        with pytest.raises(kind) as caught:
            yield caught
        assert type(caught.value) is kind
        self.assert_keeps_secrets(caught.value)

    def assert_keeps_secrets(self, error: ConnectorError) -> None:
        """Neither the error nor its traceback tells a key."""
        said = "".join([str(error), repr(error), error.sample, error.code, *traceback.format_exception(error)])
        assert not [secret for secret in self.secrets() if secret in said]


def every_page(connector: Connector) -> Iterator[PeoplePage]:
    """The pages of a full scan."""
    cursor: str | None = None
    while True:
        page = connector.read_people(changed_since=None, cursor=cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            return


def taken(results: Iterable[WriteResult]) -> tuple[list[WriteResult], ConnectorError | None]:
    """The results, and what ended them early, if anything did."""
    given: list[WriteResult] = []
    try:
        for result in results:
            given.append(result)
    except ConnectorError as error:
        return given, error
    return given, None
