"""What a product must offer to tell us by itself that somebody changed. Optional: `registry.Registered.read_notice`.

A notice is a hint and no more. Nothing of its content is used but whom it is about; the person is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What is asked of a product: every event of people to `address`, with this basic authentication.

    The address holds a secret too, so neither is shown by repr.
    """

    name: str
    address: str = field(repr=False)
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook as the product has it. `trouble` says why it does not deliver, or may not; empty: all is well."""

    id: str
    address: str = field(repr=False)
    trouble: str = ""
    delivered_at: datetime | None = None


@runtime_checkable
class Subscriber(Protocol):
    """A connector of a product that sends webhooks. All calls may raise `errors.ConnectorError`."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Those that the account's user may see, also ones that are not ours."""

    def subscribe(self, wanted: NewSubscription) -> Subscription:
        """Make one. Not repeatable: whoever lost the answer looks for the address among `subscriptions`."""

    def unsubscribe(self, subscription_id: str) -> None:
        """Delete one. One that is gone already is no error."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Whom a delivery is about; nobody when it is about something else. `gone`: those who were deleted or merged."""

    people: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


NoticeReader: TypeAlias = Callable[[bytes], Notice]
"""Reads the body of a delivery. Raises errors.UnexpectedResponse when it is none of this product's."""
