"""What a fault did to people, told from the state of both products and never from what the program believes."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from integrations.models import Run, RunChunk, SyncStep
from integrations.services import runs
from tests.journeys.installation import Installation

PLAIN = re.compile(r"[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of people."""

    duplicates: int
    lost: int
    double_enrolments: int


def carry_out(app: Installation, step: SyncStep) -> tuple[Run, float]:
    """Run to the end; answers the run and its seconds, those pauses included that nobody need wait for here."""
    started, pauses = time.monotonic(), 0.0
    run = runs.drive(runs.request_run(connection=app.connection, step=step))
    for _ in range(80):
        waiting = RunChunk.objects.open().filter(run=run)
        due = [chunk.not_before for chunk in waiting]
        if not due or not run.is_active:
            break
        pauses += max(0.0, (max(due) - timezone.now()).total_seconds())
        waiting.update(not_before=timezone.now())
        run = runs.drive(run)
    return run, time.monotonic() - started + pauses


def tally_reply(app: Installation, owners: Mapping[str, str], enrolled_owner: str) -> Tally:
    """Whoever has a mapped owner and a plain address in Pipedrive belongs in Reply, with the owner that is mapped."""
    everybody = app.control("GET", "/state")["reply"]["contacts"]
    held = {contact["email"].lower(): contact for contact in everybody if contact.get("email")}
    wanted: dict[str, set[str]] = {}
    for person in app.people():
        owner = owners.get(str(person["owner_id"]))
        address = next((email["value"].lower() for email in person["emails"]), "")
        if owner and PLAIN.fullmatch(address):
            wanted.setdefault(address, set()).add(owner)
    lost = sum(
        address not in held or str(held[address]["ownerUserId"]) not in whose for address, whose in wanted.items()
    )
    links = Counter((link["contactId"], link["sequenceId"]) for link in app.enrolments())
    enrolled = {contact for contact, _ in links}
    lost += sum(
        held[address]["id"] not in enrolled
        for address, whose in wanted.items()
        if whose == {enrolled_owner} and address in held
    )
    addresses = Counter(contact["email"].lower() for contact in everybody if contact.get("email"))
    return Tally(_extra(addresses), lost, _extra(links))


def tally_pipedrive(app: Installation, wanted: Mapping[str, str]) -> Tally:
    """Every address of `wanted` belongs in Pipedrive once, to somebody of that name."""
    people = app.people()
    addresses = Counter(email["value"].lower() for person in people for email in person["emails"])
    names = {email["value"].lower(): person["name"] for person in people for email in person["emails"]}
    lost = sum(names.get(address) != name for address, name in wanted.items())
    return Tally(_extra(Counter({address: addresses[address] for address in wanted})), lost, 0)


def struck(app: Installation) -> int:
    """How many of the once-only faults in force have struck."""
    rules: list[dict[str, Any]] = app.control("GET", "/faults")
    return sum(rule["times"] == 0 for rule in rules)


def without_an_outcome(run: Run) -> int:
    """Entries that still wait for one, or that say a fault instead."""
    return run.entries.filter(outcome__in=["planned", "failed"]).count()


def _extra(counts: Counter[Any]) -> int:
    return sum(count - 1 for count in counts.values() if count > 1)
