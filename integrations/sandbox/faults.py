"""What can go wrong with a call, on request: each kind is one entry of `EFFECTS`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from integrations.sandbox.core import ConnectionLost, Effect, Json, Product, Request, Response

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_TIMEOUT_SECONDS = 120.0


@dataclass(slots=True)
class Rule:
    """Which calls a fault meets, and how.

    `product`, `method` and `path` (a regular expression searched for in the path below the product's mount) narrow the
    calls down; the first `after` matching calls are left alone; then `times` calls are met, None being all of them.
    `seconds` is for latency and timeout, `status` for not_json.
    """

    kind: str
    product: str = ""
    method: str = ""
    path: str = ""
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    status: int = 502

    def __post_init__(self) -> None:
        if self.kind not in EFFECTS:
            raise ValueError(f"There is no fault kind {self.kind!r}; there are {', '.join(EFFECTS)}.")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"{self.path!r} is not a regular expression.") from error

    def meets(self, product: str, request: Request) -> bool:
        """Whether this call is the rule's; counts it off if so."""
        if self.times == 0 or self.product not in ("", product) or self.method.upper() not in ("", request.method):
            return False
        if not re.search(self.path, request.path):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    @classmethod
    def from_json(cls, data: Json) -> Rule:
        """A rule as control takes it. Raises ValueError with a sentence when it is none."""
        if not isinstance(data, Mapping) or "kind" not in data:
            raise ValueError("A fault rule is an object with a kind.")
        unknown = set(data) - {one.name for one in fields(cls)}
        if unknown:
            raise ValueError(f"A fault rule has no {', '.join(sorted(unknown))}.")
        return cls(**data)

    def as_json(self) -> Json:
        """The rule with what is left of it."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class Instead:
    """The product is not reached; something else answers."""

    kind: str
    answer: Callable[[Product], Response]

    def before(self, product: Product, request: Request) -> Response | None:
        """The other answer. It costs nothing and breaks no limit of ours."""
        return self.answer(product)

    def after(self, response: Response) -> Response:
        """Unchanged."""
        return response


@dataclass(frozen=True, slots=True)
class Afterwards:
    """The product answers, and something happens to the answer."""

    kind: str
    change: Callable[[Response], Response]

    def before(self, product: Product, request: Request) -> Response | None:
        """Nothing yet."""
        return None

    def after(self, response: Response) -> Response:
        """The changed answer. Raises ConnectionLost when it never arrives."""
        return self.change(response)


def _never(_: Product) -> Response:
    raise ConnectionLost


def _lost(_: Response) -> Response:
    raise ConnectionLost


def _late(seconds: float) -> Callable[[Response], Response]:
    return lambda response: replace(response, delay=response.delay + seconds)


def _cut(response: Response) -> Response:
    declared = {**response.headers, "Content-Length": str(len(response.body))}
    return replace(response, headers=declared, body=response.body[: len(response.body) // 2])


def _page(status: int) -> Callable[[Product], Response]:
    return lambda _: Response(status, {"Content-Type": "text/html"}, _HTML)


EFFECTS: Mapping[str, Callable[[Rule], Effect]] = {
    "status_500": lambda rule: Instead(rule.kind, lambda product: product.error(500)),
    "status_503": lambda rule: Instead(rule.kind, lambda product: product.error(503)),
    "status_429": lambda rule: Instead(rule.kind, lambda product: product.error(429)),
    "revoked_key": lambda rule: Instead(rule.kind, lambda product: product.error(401)),
    "not_json": lambda rule: Instead(rule.kind, _page(rule.status)),
    "reset": lambda rule: Instead(rule.kind, _never),
    "answer_lost": lambda rule: Afterwards(rule.kind, _lost),
    "truncated": lambda rule: Afterwards(rule.kind, _cut),
    "latency": lambda rule: Afterwards(rule.kind, _late(rule.seconds or 1.0)),
    "timeout": lambda rule: Afterwards(rule.kind, _late(rule.seconds or _TIMEOUT_SECONDS)),
}


@dataclass(slots=True)
class FaultRules:
    """The rules in force, tried in order, and the keys that a `revoked_key` rule has met."""

    rules: list[Rule] = field(default_factory=list)
    revoked: set[tuple[str, str]] = field(default_factory=set)

    def add(self, rules: Sequence[Rule]) -> None:
        """Put more rules in force, after those that are."""
        self.rules.extend(rules)

    def choose(self, product: str, request: Request) -> Effect | None:
        """The first rule that meets the call; a revoked key keeps failing until `clear`."""
        if not self.rules and not self.revoked:
            return None
        key = (product, credential(request))
        if key in self.revoked:
            return EFFECTS["revoked_key"](Rule("revoked_key"))
        rule = next((rule for rule in self.rules if rule.meets(product, request)), None)
        if rule is None:
            return None
        if rule.kind == "revoked_key":
            self.revoked.add(key)
        return EFFECTS[rule.kind](rule)

    def clear(self) -> None:
        """No rules, and every key is good again."""
        self.rules.clear()
        self.revoked.clear()


def credential(request: Request) -> str:
    """The key or token that a call carries, wherever it carries it; empty without one."""
    headers = request.headers
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    return headers.get("x-api-token") or headers.get("x-api-key") or bearer or request.first("api_token") or ""
