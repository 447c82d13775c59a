"""Where in a run a fault strikes: at a call of one kind, before the product takes it or after it has."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from integrations.sandbox.core import ConnectionLost, Effect, Product, Request, Response
from integrations.sandbox.faults import EFFECTS, FaultRules, Instead, Rule
from integrations.sandbox.replyio.state import State

A_MOMENT = 0.02
"""Seconds: about when the worker, that has its answer, records it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One kind of call."""

    name: str
    product: str
    method: str
    path: str

    def meets(self, product: str, request: Request) -> bool:
        return (
            product == self.product
            and request.method == (self.method or request.method)
            and re.search(self.path, request.path) is not None
        )


READ = Place("read", "pipedrive", "GET", r"/v2/persons$")
READ_REPLY = Place("read of Reply", "reply", "GET", r"/v3/contacts$")
IMPORT = Place("import", "reply", "POST", r"/contacts/import$")
CHANGE = Place("change", "reply", "PATCH", r"/v3/contacts/\d+$")
OWNER = Place("owner", "reply", "PUT", r"/contacts/owner$")
ENROL = Place("enrol", "reply", "POST", r"/sequences/\d+/contact-links/bulk$")
CREATE = Place("create", "pipedrive", "POST", r"/v2/persons$")
PATCH = Place("patch", "pipedrive", "PATCH", r"/v2/persons/\d+$")
READS = (READ, READ_REPLY)
WRITES = (IMPORT, CHANGE, OWNER, ENROL, CREATE, PATCH)
PLACES = (*READS, *WRITES)


class When(Enum):
    """BEFORE: the product never sees the call. AFTER: it has carried it out, and nobody hears of it.

    AT: the call goes on, and so does the fault. SOON: the answer arrives, and a moment later it strikes.
    """

    BEFORE = "before"
    AFTER = "after"
    AT = "at"
    SOON = "soon"


@dataclass(slots=True)
class Strike:
    """One fault that waits for its call. `left_alone` calls of that kind pass before it; `struck_at` is monotonic."""

    place: Place
    effect: Effect | None = None
    left_alone: int = 0
    struck_at: float | None = None

    def meets(self, product: str, request: Request) -> bool:
        if self.struck_at is not None or not self.place.meets(product, request):
            return False
        if self.left_alone:
            self.left_alone -= 1
            return False
        return True


@dataclass(frozen=True, slots=True)
class Deed:
    """A fault that is no matter of the connection: something is done to processes or to the database."""

    kind: str
    do: Callable[[], None]
    when: When

    def before(self, product: Product, request: Request) -> Response | None:
        if self.when in (When.BEFORE, When.AT):
            self.do()
        if self.when is When.BEFORE:
            raise ConnectionLost
        return None

    def after(self, response: Response) -> Response:
        if self.when is When.AFTER:
            self.do()
            raise ConnectionLost
        if self.when is When.SOON:
            threading.Timer(A_MOMENT, self.do).start()
        return response


def failing(kind: str, *, seconds: float = 0.0) -> Effect:
    """A fault of the sandbox's own. A refusal for too many calls asks for one second, so that nobody waits a minute."""
    if kind == "status_429":
        return Instead(kind, _in_a_second)
    return EFFECTS[kind](Rule(kind, seconds=seconds))


def _in_a_second(product: Product) -> Response:
    answer = product.error(429)
    names = {name for name in answer.headers if name.lower() == "retry-after"}
    return replace(answer, headers={**answer.headers, **dict.fromkeys(names or {"Retry-After"}, "1")})


@dataclass(slots=True)
class Strikes(FaultRules):
    """The sandbox's faults with ours before them. Sees every call, so it also notes who is enrolled a second time."""

    armed: list[Strike] = field(default_factory=list)
    enrolled_again: list[int] = field(default_factory=list)
    reply: State | None = None

    def choose(self, product: str, request: Request) -> Effect | None:
        if ENROL.meets(product, request):
            self._note_enrolments(request)
        strike = next((strike for strike in self.armed if strike.meets(product, request)), None)
        if strike is None:
            return FaultRules.choose(self, product, request)
        strike.struck_at = time.monotonic()
        return strike.effect

    def clear(self) -> None:
        FaultRules.clear(self)
        self.armed.clear()

    def _note_enrolments(self, request: Request) -> None:
        sequence = int(request.path.split("/")[-3])
        ids = json.loads(request.body)["contactIds"]
        if self.reply is not None:
            self.enrolled_again += [contact for contact in ids if self.reply.link(sequence, contact) is not None]
