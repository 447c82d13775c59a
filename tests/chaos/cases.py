"""The faults that runs meet, by where they strike."""

from __future__ import annotations

import os
from dataclasses import dataclass

from integrations.domain.enums import Direction

LONG = os.environ.get("CHAOS") == "long"
PEOPLE = 2_000 if LONG else 40
TIMES = 4 if LONG else 1
"""How often each fault strikes in its run, where the run makes that many such calls."""
READ_TIMEOUT, LATER_THAN_THAT = 3.0, 4.0

IMPORT = ("reply", "POST", "/contacts/import$")
OWNER = ("reply", "PUT", "/contacts/owner$")
ENROL = ("reply", "POST", "/sequences/")
READ = ("pipedrive", "GET", "/v2/persons$")
READ_REPLY = ("reply", "", "/v3/contacts(/filter)?$")
CREATE = ("pipedrive", "POST", "/v2/persons$")
PATCH = ("pipedrive", "PATCH", "/v2/persons/")

KINDS = ("answer_lost", "reset", "truncated", "not_json", "status_429", "status_500", "status_503")


@dataclass(frozen=True, slots=True)
class Case:
    """One fault kind at one route, in a run of that direction."""

    kind: str
    place: str
    route: tuple[str, str, str]
    direction: Direction

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}"

    def rules(self) -> list[dict[str, object]]:
        """The sandbox's rules: each strikes once, and the later ones leave more calls alone first."""
        product, method, path = self.route
        rule = {"product": product, "method": method, "path": path, "kind": self.kind, "seconds": LATER_THAN_THAT}
        return [{**rule, "after": number % 2} for number in range(TIMES)]


TO_REPLY = (("read", READ), ("import", IMPORT), ("owner", OWNER), ("enrol", ENROL))
TO_PIPEDRIVE = (("read of Reply", READ_REPLY), ("create", CREATE), ("patch", PATCH))

EVERY_CASE = [
    *(Case(kind, place, route, Direction.TO_OUTREACH) for place, route in TO_REPLY for kind in KINDS),
    *(Case(kind, place, route, Direction.TO_CRM) for place, route in TO_PIPEDRIVE for kind in KINDS),
    Case("timeout", "import", IMPORT, Direction.TO_OUTREACH),
    Case("timeout", "create", CREATE, Direction.TO_CRM),
]
SHORT = (
    "reset at read",
    "answer_lost at import",
    "truncated at owner",
    "answer_lost at enrol",
    "answer_lost at create",
    "status_429 at create",
    "truncated at patch",
)
CASES = [case for case in EVERY_CASE if LONG or str(case) in SHORT]
REVOKED = [
    Case("revoked_key", place, route, direction)
    for place, route, direction in (
        ("import", IMPORT, Direction.TO_OUTREACH),
        ("owner", OWNER, Direction.TO_OUTREACH),
        ("create", CREATE, Direction.TO_CRM),
    )
]
