"""What a product tells the contract suite about itself, so that no test of the suite knows a product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import requests

from integrations.connectors.errors import RateLimited
from integrations.connectors.ports import Credentials, ObservedLimit
from integrations.sandbox.core import Sandbox


@dataclass(frozen=True)
class Held:
    """A person as the sandbox's state has it, in words that both products share. `emails` primary first.

    `phones` as kept; blank texts are "". Ids are strings, as in the ports.
    """

    emails: tuple[str, ...]
    first_name: str
    last_name: str
    owner_id: str
    phones: tuple[str, ...] = ()


class Harness(Protocol):
    """One product's side of the suite. `root` is where the sandbox is reached, without a slash at the end."""

    product: str
    """The product's name in the registry."""

    mount: str
    """The product's name in the sandbox."""

    creates: tuple[str, str]
    """Method, and a regular expression for the path, of the call that makes new people."""

    updates: tuple[str, str]
    """The same of the call that changes people's fields."""

    def check(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        """Raises AssertionError when a call is not as the product's own documents say."""

    def sandbox(self, people: int) -> Sandbox:
        """A sandbox without limits and webhooks in which the product holds at least `people` people."""

    def credentials(self, sandbox: Sandbox, root: str) -> Credentials:
        """A key that may do everything."""

    def wrong_credentials(self, sandbox: Sandbox, root: str) -> Credentials:
        """The same with a key that does not exist."""

    def people(self, sandbox: Sandbox) -> Mapping[str, Held]:
        """Everybody in the product who is not deleted, by id, read from the sandbox's state."""

    def rename(self, sandbox: Sandbox, person_id: str, last_name: str) -> None:
        """A human changes a last name in the product's own pages."""

    def delete(self, sandbox: Sandbox, person_id: str) -> None:
        """A human deletes a person in the product's own pages."""

    def saved_filter_members(self, sandbox: Sandbox, saved_filter_id: str) -> frozenset[str]:
        """The ids of those who are in a saved filter, read from the sandbox's state."""

    def participants(self, sandbox: Sandbox, sequence_id: str) -> Mapping[str, str]:
        """Person id to step id of those who are in a sequence. Empty for a CRM."""


@dataclass
class RecordingLimiter:
    """Gives leave, and remembers for what. `refuse_after` acquires it says no."""

    refuse_after: int | None = None
    acquired: list[tuple[int, str]] = field(default_factory=list)
    observed: list[ObservedLimit] = field(default_factory=list)

    def acquire(self, tokens: int, scope: str) -> None:
        """Note the call, or refuse it."""
        if self.refuse_after is not None and len(self.acquired) >= self.refuse_after:
            raise RateLimited("The budget is used up.", retry_after=3600)
        self.acquired.append((tokens, scope))

    def learn(self, observed: Sequence[ObservedLimit]) -> None:
        """Note what was said."""
        self.observed.extend(observed)
