"""How a path and a method find their handler, and what a handler is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from integrations.sandbox.core import Json, Request, Response
from integrations.sandbox.pipedrive.desk import Actor, Desk
from integrations.sandbox.pipedrive.errors import ApiError, invalid
from integrations.sandbox.pipedrive.records import Token, User

Version = Literal["v1", "v2"]


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call. `ids` are the numbers of the path, in order; `texts` its other variable parts."""

    desk: Desk
    user: User
    token: Token
    request: Request
    ids: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def actor(self) -> Actor:
        """The caller as an editor."""
        return Actor(self.user, "api")

    def first(self, name: str) -> str | None:
        """A query parameter, None when it was not sent."""
        return self.request.first(name)

    def integer(self, name: str) -> int | None:
        """A whole number from the query. Raises the schema refusal for anything else."""
        value = self.first(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError as error:
            raise invalid(f"{name} must be an integer") from error

    def flag(self, name: str) -> bool:
        """A true or false from the query. Raises the schema refusal for anything else."""
        value = self.first(name)
        if value not in (None, "true", "false", "1", "0"):
            raise invalid(f"{name} must be a boolean")
        return value in ("true", "1")

    def listed(self, name: str) -> list[str]:
        """A comma-separated list from the query; empty when it was not sent."""
        return [part for part in (self.first(name) or "").split(",") if part]

    def page_size(self, *, default: int = 100, most: int = 500) -> int:
        """`limit` from the query. Raises the schema refusal when it is below 1 or above `most`."""
        limit = self.integer("limit")
        if limit is None:
            return default
        if not 1 <= limit <= most:
            raise invalid(f"limit must be between 1 and {most}")
        return limit

    def body(self) -> dict[str, Json]:
        """The JSON object that was sent. Raises a 400 when it is none."""
        try:
            data = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise ApiError(400, "Request body is not valid JSON") from error
        if not isinstance(data, dict):
            raise invalid("body must be an object")
        return data


@dataclass(frozen=True, slots=True)
class Route:
    """An operation: its cost in tokens and scopes are those of the official OpenAPI files.

    `params` are the documented query parameters. `scopes` are alternatives; empty means any token will do.
    """

    version: Version
    method: str
    path: str
    cost: int
    handler: Callable[[Call], Response]
    scopes: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    search: bool = False
    writes: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "writes", self.method != "GET")


@dataclass(frozen=True, slots=True)
class Found:
    """A route with the variable parts of the path that led to it."""

    route: Route
    ids: tuple[int, ...]
    texts: tuple[str, ...]


class RouteTable:
    """Finds routes. `{id}` in a path takes digits only, `{code}` anything; fixed parts win over both."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_shape: dict[tuple[str, str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            parts = route.path.strip("/").split("/")
            self._by_shape.setdefault((route.version, route.method, len(parts)), []).append((parts, route))
        for candidates in self._by_shape.values():
            candidates.sort(key=lambda candidate: sum(part.startswith("{") for part in candidate[0]))

    def find(self, version: str, method: str, path: str) -> Found | None:
        """The route, or None when the product has no such operation."""
        parts = path.strip("/").split("/")
        for shape, route in self._by_shape.get((version, method, len(parts)), ()):
            if all(_fits(wanted, part) for wanted, part in zip(shape, parts, strict=True)):
                ids = tuple(int(part) for wanted, part in zip(shape, parts, strict=True) if wanted == "{id}")
                texts = tuple(part for wanted, part in zip(shape, parts, strict=True) if wanted == "{code}")
                return Found(route, ids, texts)
        return None


def _fits(wanted: str, part: str) -> bool:
    return part.isdigit() if wanted == "{id}" else wanted in ("{code}", part)
