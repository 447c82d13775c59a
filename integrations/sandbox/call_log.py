"""Every call the sandbox has seen: the last ones in full, all of them in the counters."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from integrations.sandbox.core import Json, Request, Response

_NUMBER = re.compile(r"/\d+(?=/|$)")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One call as it was seen. `status` is 0 when the connection was dropped before the call took place."""

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

    @property
    def route(self) -> str:
        """The path with its ids taken out, so that calls of one kind can be counted."""
        return _NUMBER.sub("/{id}", self.path)

    def as_json(self) -> Json:
        """The record as `/_sandbox/log` shows it."""
        return {
            "number": self.number, "at": self.at.isoformat(), "product": self.product, "method": self.method,
            "path": self.path, "query": [list(pair) for pair in self.query], "status": self.status, "cost": self.cost,
            "violation": self.violation, "wrote": self.wrote, "fault": self.fault,
        }  # fmt: skip


@dataclass(slots=True)
class ProductCounts:
    """What one product has seen since the log was cleared. `cost` is in the product's unit."""

    calls: int = 0
    writes: int = 0
    cost: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)

    def as_json(self) -> Json:
        """The counts as `/_sandbox/summary` shows them."""
        return {
            "calls": self.calls, "writes": self.writes, "cost": self.cost, "violations": self.violations.total(),
            "violations_by_limit": dict(self.violations), "routes": dict(sorted(self.routes.items())),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
        }  # fmt: skip


class CallLog:
    """The last `limit` calls and exact counts of all. Iterating gives records, oldest first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._records: deque[LogRecord] = deque()
        self._counts: dict[str, ProductCounts] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LogRecord]:
        return iter(self._records)

    def record(self, at: datetime, product: str, request: Request, response: Response | None, fault: str) -> None:
        """Note a call; `response` is None when none was made."""
        self._number += 1
        seen = response or Response(0)
        record = LogRecord(
            self._number, at, product, request.method, request.path, request.query,
            seen.status, seen.cost, seen.violation, seen.wrote, fault,
        )  # fmt: skip
        self._records.append(record)
        while len(self._records) > self.limit:
            self._records.popleft()
        counts = self._counts.setdefault(product, ProductCounts())
        counts.calls += 1
        counts.writes += seen.wrote
        counts.cost += seen.cost
        counts.routes[f"{request.method} {record.route}"] += 1
        counts.statuses[seen.status] += 1
        if seen.violation:
            counts.violations[seen.violation] += 1

    def select(self, *, product: str | None = None, wrote: bool | None = None, since: int = 0) -> Iterable[LogRecord]:
        """Records of a product, of writes or not, with a number greater than `since`."""
        return (
            record for record in self._records
            if record.number > since and product in (None, record.product) and wrote in (None, record.wrote)
        )  # fmt: skip

    def counts(self, product: str) -> ProductCounts:
        """A product's counts; empty ones when it has not been called."""
        return self._counts.get(product, ProductCounts())

    def clear(self) -> None:
        """Forget all calls and counts. Numbers go on, so that `since` stays meaningful."""
        self._records.clear()
        self._counts.clear()
