"""What a connector must offer. The engine knows no more of a product than this.

All calls may raise `errors.ConnectorError`. An error that concerns one person of a batch is returned in that
person's result and never raised; what is raised (AuthenticationFailed, RateLimited, Unavailable, UnexpectedResponse)
concerns the whole batch, and results that were already yielded stand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from integrations.domain.catalogue import Field, Member, SavedFilter
from integrations.domain.catalogue import Sequence as OutreachSequence
from integrations.domain.enums import Role
from integrations.domain.person import Person, Value
from integrations.domain.reasons import Reason

from .errors import ConnectorError

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach an account. `secrets` by the names in `ConnectorSpec.credential_fields`; never shown by repr.

    `may_be_private`: the address may lead into this machine's own network, as the sandbox's does.
    `renew` gives fresh secrets when the product rejects these, from any thread; it raises ConnectorError when there
    are none. None: they cannot be renewed.
    """

    base_url: str
    secrets: Mapping[str, str] = field(repr=False)
    renew: Callable[[], Mapping[str, str]] | None = field(default=None, repr=False)
    may_be_private: bool = False


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One input of the connect form."""

    name: str
    label: str
    help_text: str
    secret: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class RateWindow:
    """At most `capacity` units in any `seconds`; 86,400 stands for the product's calendar day, which is UTC's.

    `scope`: calls of which kind count ("" all, "search" only searches). Capacities learned from an answer replace
    these. `counts_tokens`: the unit is the tokens of `Limiter.acquire`, otherwise a call.
    """

    name: str
    capacity: int
    seconds: float
    scope: str = ""
    counts_tokens: bool = False


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """The constants of a product that the engine and the forms need."""

    product: str
    label: str
    people_label: str
    role: Role
    default_base_url: str
    own_hosts: tuple[str, ...]
    """The product's own hosts; `*.` stands for one name below a domain."""
    credential_fields: tuple[CredentialField, ...]
    default_fields: tuple[str, ...]
    """Field keys, in the order of the shared meanings in `DEFAULT_MEANINGS`, "" where the product has none."""
    windows: tuple[RateWindow, ...]
    page_size: int
    create_batch: int
    """How many creates one call takes."""
    update_batch: int
    """How many updates one call takes at the most."""
    single_updates: int
    """Up to so many updates go one by one also where more of them would go together."""
    write_tokens: int
    """The price of a call that writes, in the unit of the windows that count tokens."""
    owner_batch: int
    enrol_batch: int
    reads_changes: bool
    """Whether `read_people` can be limited to what changed; otherwise every read is a full scan."""
    owner_travels_with_writes: bool
    """Whether create and update carry the owner; otherwise, or when in doubt, owners take calls of their own."""
    creates_are_repeatable: bool
    """Whether sending a create again finds the person instead of making a second one."""


DEFAULT_MEANINGS = ("email", "first name", "last name", "phone", "title", "company")
"""What `ConnectorSpec.default_fields` lists, in this order: a new step maps left to right where both sides have it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the credentials stand for. `id` identifies the company or workspace, never its changeable name."""

    id: str
    name: str
    user_id: str
    user_name: str
    base_url: str = ""
    """Where the product wants to be called, when it says so."""
    may_assign_owners: bool = True


@dataclass(frozen=True, slots=True)
class Directory:
    """What the forms offer. `warnings` are for people: what could not be read, and what was done instead."""

    members: tuple[Member, ...]
    fields: tuple[Field, ...]
    saved_filters: tuple[SavedFilter, ...]
    sequences: tuple[OutreachSequence, ...]
    warnings: tuple[str, ...] = ()
    members_are_complete: bool = True


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of people. `next_cursor` None: that was the last. `unreadable`: rows without even an id, with why."""

    people: tuple[Person, ...]
    next_cursor: str | None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdPage:
    """One page of the ids of a saved filter's people."""

    ids: tuple[str, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to create. `ref` comes back in the result. `values` by target field key, blanks left out."""

    ref: int
    address: str
    values: Mapping[str, Value]
    owner_id: str | None = None
    restore_deleted: bool = False


@dataclass(frozen=True, slots=True)
class PersonUpdate:
    """A change to one person. `current` is the whole person as last read, for products that replace whole lists or
    records. `changes` by target field key, each the whole new value, lists too; None clears. `owner_id` None leaves the
    owner alone."""

    ref: int
    current: Person
    changes: Mapping[str, Value]
    owner_id: str | None = None


class Written(StrEnum):
    """What a write did."""

    CREATED = "created"
    UPDATED = "updated"
    FOUND = "found"
    """Already there and left as it was; `person_id` says who."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """One person's outcome. `person` when the product answered with the whole record. REFUSED has `reason` or `error`.

    `owner_is_set`: the write is known to have set the owner that was asked for.
    """

    ref: int
    written: Written
    person_id: str | None = None
    person: Person | None = None
    owner_is_set: bool = False
    reason: Reason | None = None
    error: ConnectorError | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentBatch:
    """People to put into one sequence at one step."""

    sequence_id: str
    step_id: str
    ignore_step_delay: bool
    person_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnrolmentResult:
    """One person's outcome. `enrolled` false has a reason; `detail` is the product's word."""

    person_id: str
    enrolled: bool
    reason: Reason | None = None
    detail: str = ""


class Connector(Protocol):
    """One account of a product. Opened by the registry, used by one worker, closed by its owner."""

    spec: ConnectorSpec

    def identity(self) -> Identity:
        """Test the credentials. Raises AuthenticationFailed, PermissionDenied, Unavailable, UnexpectedResponse."""

    def directory(self) -> Directory:
        """Everything the forms offer. A part that is refused becomes a warning, not an error."""

    def read_people(self, *, changed_since: datetime | None, cursor: str | None) -> PeoplePage:
        """One page of people in a stable order; `changed_since` is ignored where the spec says so.

        The cursor is opaque, and only good with the same `changed_since`. People who are in the account for the whole
        scan are given at least once, even when others come, go or change meanwhile; some may be given twice.
        """

    def count_people(self) -> int | None:
        """How many people the product says that a full read gives; None where it does not say."""

    def read_saved_filter(self, saved_filter_id: str, cursor: str | None) -> IdPage:
        """One page of the ids of a saved filter's people. Raises NotFound when the filter is gone."""

    def get_people(self, ids: Sequence[str]) -> Mapping[str, Person]:
        """People by id; those who are deleted or invisible are left out."""

    def create_people(self, people: Sequence[NewPerson]) -> Iterator[WriteResult]:
        """Create in the fewest calls, `spec.create_batch` each at most. Results come as calls return, in any order."""

    def update_people(self, updates: Sequence[PersonUpdate]) -> Iterator[WriteResult]:
        """Update in the fewest calls. Results come as calls return, in any order."""

    def assign_owner(self, owner_id: str, person_ids: Sequence[str]) -> Iterator[WriteResult]:
        """Make `owner_id` the owner; `ref` of a result is the index in `person_ids`. Doing it twice is harmless."""

    def participants(self, sequence_id: str, person_ids: Sequence[str]) -> frozenset[str]:
        """Which of the people are or were in the sequence. Outreach products only."""

    def enrol(self, batch: EnrolmentBatch) -> Iterator[EnrolmentResult]:
        """Put people into a sequence. The caller has excluded those in it. Outreach products only."""

    def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class ObservedLimit:
    """What an answer said of one of the spec's windows; None where it said nothing.

    `window` is a `RateWindow.name`. `remaining` is what is left of `capacity` in the window's unit; it may or may not
    count this call already. `reset_in` is in seconds from now until the window is fresh again.
    """

    window: str
    capacity: int | None = None
    remaining: int | None = None
    reset_in: float | None = None


class Limiter(Protocol):
    """Leave to make a call. The engine's is shared by all workers; `Unlimited` is for tests and one-off checks.

    Connectors call it from several threads at once.
    """

    def acquire(self, tokens: int, scope: str) -> None:
        """Wait until a call that costs `tokens` may be made. Raises RateLimited when the wait would be too long."""

    def learn(self, observed: Sequence[ObservedLimit]) -> None:
        """Correct the budget by what an answer said of the windows. Called after every answer that said anything."""


class Unlimited:
    """No limit at all."""

    def acquire(self, tokens: int, scope: str) -> None:
        """Never waits."""

    def learn(self, observed: Sequence[ObservedLimit]) -> None:
        """Nothing to correct."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account from earlier, so that a connector need not ask again. What is empty is asked for.

    `fields` by key, as the directory had them; `user_id` is the key's user.
    """

    fields: Mapping[str, Field] = field(default_factory=dict)
    user_id: str = ""


NOTHING_KNOWN = Known()

Sleep = Callable[[float], None]
Timeout = tuple[float, float]
"""Seconds to connect, and seconds without a byte of the answer."""
DEFAULT_TIMEOUT: Timeout = (5.0, 30.0)


class Opener(Protocol):
    """Opens an account of a product.

    `transport` is used instead of a session of the connector's own, and left open by its `close`. `sleep` is what
    pauses between attempts, and may raise to give up.
    """

    def __call__(
        self,
        credentials: Credentials,
        limiter: Limiter,
        *,
        transport: requests.Session | None = None,
        sleep: Sleep = time.sleep,
        timeout: Timeout = DEFAULT_TIMEOUT,
        known: Known = NOTHING_KNOWN,
    ) -> Connector:
        """A connector with nothing called yet."""
