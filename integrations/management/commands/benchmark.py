from __future__ import annotations

import json
import resource
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.domain.enums import Direction
from integrations.models import Run, RunState, SyncStep
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from integrations.services import demo, runs

PRODUCTS = ("pipedrive", "reply")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run. Seconds are wall and CPU of this process, the sandbox's threads included; memory is its peak in MB."""

    scenario: str
    people: int
    seen: int
    written: int
    pipedrive_calls: int
    pipedrive_tokens: int
    reply_calls: int
    writes: int
    seconds: float
    cpu_seconds: float
    queries: int
    peak_megabytes: float


class Command(BaseCommand):
    help = "Measures syncs against a sandbox of its own, in a database of its own, and prints a table or JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, nargs="+", default=[1000], help="sizes (default: 1000)")
        parser.add_argument("--limits", action="store_true", help="with the products' limits, which then set the pace")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        found: list[Measurement] = []
        for people in options["people"]:
            with _database_of_its_own(), _served(people, limits=options["limits"]) as (sandbox, url):
                found += list(_scenarios(sandbox, url, people))
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], indent=2))
        else:
            self._print(found)

    def _print(self, found: list[Measurement]) -> None:
        names = list(asdict(found[0]))
        rows = [names, *([str(value) for value in asdict(each).values()] for each in found)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(names))]
        for row in rows:
            self.stdout.write("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def _scenarios(sandbox: Sandbox, url: str, people: int) -> Iterator[Measurement]:
    connection_ = demo.prepare(url)
    connection_.enrolment_cap = connection_.brake_owner_changes = people * 2
    connection_.brake_percent = 100
    connection_.save()
    to_reply = connection_.steps.get(direction=Direction.TO_OUTREACH)
    to_pipedrive = connection_.steps.get(direction=Direction.TO_CRM)
    yield _measure(sandbox, "first sync to Reply", people, to_reply)
    _measure(sandbox, "", people, to_reply)
    yield _measure(sandbox, "no change, to Reply", people, to_reply)
    yield _measure(sandbox, "first sync to Pipedrive", people, to_pipedrive)
    _measure(sandbox, "", people, to_pipedrive)
    yield _measure(sandbox, "no change, to Pipedrive", people, to_pipedrive)
    _edit(sandbox, "pipedrive", people // 100 or 1)
    yield _measure(sandbox, "1 % changed in Pipedrive", people, to_reply)
    _edit(sandbox, "reply", people // 100 or 1)
    yield _measure(sandbox, "1 % changed in Reply", people, to_pipedrive)


def _measure(sandbox: Sandbox, scenario: str, people: int, step: SyncStep) -> Measurement:
    sandbox.log.clear()
    began, cpu = time.perf_counter(), time.process_time()
    with CaptureQueriesContext(connection) as queries:
        run = _carried_out(step)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    stage = run.stages.get()
    counts = {product: sandbox.log.counts(product) for product in PRODUCTS}
    if any(counts[product].violations for product in PRODUCTS):
        raise CommandError(f"{scenario}: a product's limit was exceeded.")
    return Measurement(
        scenario=scenario,
        people=people,
        seen=stage.seen,
        written=stage.created + stage.updated,
        pipedrive_calls=counts["pipedrive"].calls,
        pipedrive_tokens=counts["pipedrive"].cost,
        reply_calls=counts["reply"].calls,
        writes=sum(counts[product].writes for product in PRODUCTS),
        seconds=round(seconds, 2),
        cpu_seconds=round(cpu, 2),
        queries=len(queries),
        peak_megabytes=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _carried_out(step: SyncStep) -> Run:
    run = runs.drive(runs.request_run(connection=step.connection, step=step))
    while run.is_active and run.waiting_until is not None:
        time.sleep(1)
        run = runs.drive(run)
    if run.state not in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS):
        raise CommandError(f"A run ended as {run.get_state_display()}: {run.failure} {' '.join(run.held_because)}")
    return run


def _edit(sandbox: Sandbox, product: str, count: int) -> None:
    """Change the phone of the first people who are on both sides."""
    state = sandbox.products[product].dump()
    people = state["persons"] if product == "pipedrive" else state["contacts"]
    for number, person in enumerate(people[:count]):
        phone = f"+1 555 {number:07}"
        value = {"phones": [{"value": phone, "primary": True}]} if product == "pipedrive" else {"phone": phone}
        sandbox.products[product].change({"id": person["id"], "fields": value})


@contextmanager
def _database_of_its_own() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def _served(people: int, *, limits: bool) -> Iterator[tuple[Sandbox, str]]:
    options = SandboxOptions() if limits else SandboxOptions().without_limits()
    sandbox = build_sandbox(options, people=people)
    with ThreadedSandboxServer(sandbox) as server:
        yield sandbox, server.url
