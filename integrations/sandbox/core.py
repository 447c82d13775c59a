"""What every part of the sandbox speaks: requests, responses, the clock, and the one door `Sandbox.handle`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias
from urllib.parse import parse_qsl, urlsplit

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
    `wrote` is true when the call changed the product's state. `delay` (seconds) is slept by the door, outside the lock.
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
    """One imitated product, mounted below `/<name>`. All methods run under the sandbox's lock."""

    name: str

    def handle(self, request: Request) -> Response:
        """Answer a request whose path no longer has the mount prefix. Unknown paths get the product's own 404."""

    def dump(self) -> dict[str, Json]:
        """The whole state as JSON, for tests that compare final states. Secrets included: it is a sandbox."""


@dataclass(slots=True)
class LogRecord:
    """One call as it was seen, for `/_sandbox/log`."""

    number: int
    at: datetime
    product: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    cost: int
    violation: str
    wrote: bool
    fault: str = ""


class Faults(Protocol):
    """Decides what goes wrong with a call (see faults.py)."""

    def before(self, product: str, request: Request) -> Response | None:
        """An answer given instead of the product's, or None."""

    def after(self, product: str, request: Request, response: Response) -> Response:
        """The product's answer as it reaches the client: perhaps truncated, delayed or dropped."""


class ConnectionLost(Exception):
    """The server must drop the connection without an answer. The write, if any, has taken place or not, as raised."""


@dataclass(slots=True)
class Sandbox:
    """Both products, their clock, the faults and the log behind one door."""

    clock: Clock
    products: Mapping[str, Product]
    faults: Faults
    control: Callable[[Request], Response]
    log: list[LogRecord] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def handle(self, request: Request) -> Response:
        """Answer any request. Raises ConnectionLost when a fault says that no answer is to be given."""
        mount, _, rest = request.path.removeprefix("/").partition("/")
        inner = Request(request.method, "/" + rest, request.query, request.headers, request.body)
        with self.lock:
            if mount == "_sandbox":
                return self.control(inner)
            product = self.products.get(mount)
            if product is None:
                return Response.of_json({"error": f"Nothing is mounted at /{mount}."}, 404)
            return self._answer(product, inner)

    def _answer(self, product: Product, request: Request) -> Response:
        response = self.faults.before(product.name, request)
        fault = "instead" if response is not None else ""
        if response is None:
            response = product.handle(request)
        record = LogRecord(
            len(self.log) + 1, self.clock.now(), product.name, request.method, request.path, request.query,
            response.status, response.cost, response.violation, response.wrote, fault,
        )  # fmt: skip
        self.log.append(record)
        return self.faults.after(product.name, request, response)


def query_ints(values: Sequence[str]) -> list[int]:
    """Comma-separated integers, as several list parameters take them. Raises ValueError on anything else."""
    return [int(part) for value in values for part in value.split(",") if part.strip()]
