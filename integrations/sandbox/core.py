"""What every part of the sandbox speaks: requests, responses, the clock, and the one door `Sandbox.handle`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from integrations.sandbox.call_log import CallLog
    from integrations.sandbox.options import SandboxOptions
    from integrations.sandbox.post_room import PostRoom
    from integrations.sandbox.world import World

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `path` is without the query; header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def from_url(cls, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        """Build a request from a URL (absolute or path only), as both the server and the transport do."""
        parts = urlsplit(url)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method.upper(), parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)), lowered, body)

    def first(self, name: str) -> str | None:
        """The first value of a query parameter, or None when it was not sent."""
        return next((value for key, value in self.query if key == name), None)


@dataclass(slots=True)
class Response:
    """One HTTP response. `cost` is in the product's own unit (Pipedrive tokens, Reply calls).

    `violation` names the limit that this call broke, if any: the log counts them, and tests assert none.
    `wrote` is true for a write that was accepted, even when it changed nothing.
    `delay` (seconds) is slept by the door, outside the lock.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cost: int = 0
    violation: str = ""
    wrote: bool = False
    delay: float = 0.0

    @classmethod
    def of_json(cls, data: Json, status: int = 200, *, media_type: str = "application/json") -> Response:
        """A JSON answer."""
        return cls(status, {"Content-Type": media_type}, json.dumps(data, separators=(",", ":")).encode())

    def json(self) -> Json:
        """The body as JSON (for tests and the in-process transport)."""
        return json.loads(self.body)


class Clock:
    """The sandbox's time: real time plus what control has advanced. Rate windows and stamps follow it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._frozen = start
        self._offset = timedelta()

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return (self._frozen or datetime.now(UTC)) + self._offset

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._offset += timedelta(seconds=seconds)


class Product(Protocol):
    """One imitated product, mounted below `/<name>`. All methods run under the sandbox's lock.

    Built as `Product(clock, options, deliver)`. `options` may be replaced between calls: read it anew at each call.
    """

    name: str
    options: SandboxOptions

    def handle(self, request: Request) -> Response:
        """Answer a request whose path no longer has the mount prefix. Unknown paths get the product's own 404."""

    def error(self, status: int) -> Response:
        """The product's own answer for 401, 429, 500 and 503 with its headers, for the faults to give."""

    def change(self, command: Mapping[str, Json]) -> Json:
        """A human edits a record in the product's own pages; the record as its API shows it comes back.

        `{"id": n, "fields": {...}}` edits, `{"create": {...}}` makes, `{"delete": n}` deletes; fields as in the
        product's own bodies, without permissions, cost or limits; stamps and webhooks as for any edit.
        Raises ValueError with a sentence when there is no such record or field.
        """

    def seed(self, world: World) -> None:
        """Add the world's records to an empty product."""

    def reset(self) -> None:
        """Empty the product: records, windows, budgets, webhooks."""

    def dump(self) -> dict[str, Json]:
        """The whole state as JSON, for tests that compare final states. Secrets included: it is a sandbox."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook to send by POST. A 2xx within 10 seconds is success; else it is tried again after each delay in turn.

    `retry_delays` are seconds of real time. `body_for` gives the body of an attempt (1-based) where it differs from
    `body`. `attempted` is told each attempt's number and its status, None when nothing answered, under the lock.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    retry_delays: tuple[float, ...] = ()
    body_for: Callable[[int], bytes] | None = None
    attempted: Callable[[int, int | None], None] | None = None

    def body_of_attempt(self, attempt: int) -> bytes:
        """What is sent at this attempt."""
        return self.body if self.body_for is None else self.body_for(attempt)


Deliver: TypeAlias = Callable[[Delivery], None]


class Effect(Protocol):
    """One thing that goes wrong with one call (see faults.py)."""

    @property
    def kind(self) -> str:
        """Its name in the log."""

    def before(self, product: Product, request: Request) -> Response | None:
        """An answer given instead of the product's, or None. Raises ConnectionLost."""

    def after(self, response: Response) -> Response:
        """The product's answer as it reaches the client: truncated, delayed. Raises ConnectionLost."""


class Faults(Protocol):
    """Decides what goes wrong with a call."""

    def choose(self, product: str, request: Request) -> Effect | None:
        """The effect that this call meets, if any; its rule is used up by one."""

    def clear(self) -> None:
        """From now on nothing goes wrong."""


class ConnectionLost(Exception):  # noqa: N818
    """The server must drop the connection without an answer. The write, if any, has taken place or not, as raised."""


@dataclass(slots=True)
class Sandbox:
    """Both products, their clock, the faults and the log behind one door."""

    clock: Clock
    options: SandboxOptions
    products: Mapping[str, Product]
    faults: Faults
    control: Callable[[Sandbox, Request], Response]
    log: CallLog
    world: World
    lock: threading.RLock
    post_room: PostRoom
    # Counts the calls that may have changed something, for whoever keeps the records.
    changes: int = 0

    def handle(self, request: Request) -> Response:
        """Answer any request. Raises ConnectionLost when a fault says that no answer is to be given."""
        mount, _, rest = request.path.removeprefix("/").partition("/")
        inner = Request(request.method, "/" + rest, request.query, request.headers, request.body)
        with self.lock:
            self.changes += request.method not in ("GET", "HEAD")
            if mount in ("", "_sandbox"):
                return self.control(self, inner)
            product = self.products.get(mount)
            if product is None:
                return Response.of_json({"error": f"Nothing is mounted at /{mount}."}, 404)
            return self._answer(product, inner)

    def seed(self, world: World) -> None:
        """Empty both products and fill them from the world, which a later `reset` comes back to."""
        with self.lock:
            self.world = world
            for product in self.products.values():
                product.reset()
                product.seed(world)

    def reset(self) -> None:
        """Back to the seeded state, without faults and with an empty log. The clock keeps its time."""
        with self.lock:
            self.faults.clear()
            self.post_room.clear()
            self.seed(self.world)
            self.log.clear()

    def use_options(self, options: SandboxOptions) -> None:
        """Both products follow these options from now on; records stay."""
        with self.lock:
            self.options = options
            self.log.limit = options.log_limit
            for product in self.products.values():
                product.options = options

    def _answer(self, product: Product, request: Request) -> Response:
        effect = self.faults.choose(product.name, request)
        response: Response | None = None
        try:
            if effect is not None:
                response = effect.before(product, request)
            if response is None:
                response = product.handle(request)
        finally:
            self.log.record(self.clock.now(), product.name, request, response, effect.kind if effect else "")
        return response if effect is None else effect.after(response)


def query_ints(values: Sequence[str]) -> list[int]:
    """Comma-separated integers, as several list parameters take them. Raises ValueError on anything else."""
    return [int(part) for value in values for part in value.split(",") if part.strip()]
