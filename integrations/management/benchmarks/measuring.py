"""One measured run: what it took, and the least that it could have taken."""

from __future__ import annotations

import math
import multiprocessing
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from typing import Any

from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Count

from integrations.domain.costs import Need, Writes, cost_of, time_of
from integrations.domain.rates import Window
from integrations.engine import flow, work
from integrations.engine.connect import spec_of
from integrations.engine.limiter import allowed
from integrations.models import Account, Action, ApiBudget, Part, Person, Phase, Run, RunChunk, RunState, SyncStep
from integrations.services import runs
from integrations.services.forecast import prices_of

from .surroundings import PRODUCTS, RemoteSandbox

POLL = 0.2
PAGE_TOKENS = {"pipedrive": 10, "replyio": 1}


@dataclass(slots=True)
class Effort:
    """What a worker spent. `seconds` by phase; the rest of the whole process; memory is its peak in MB."""

    cpu_seconds: float = 0.0
    queries: int = 0
    peak_megabytes: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run. `least_*` is the arithmetic minimum of calls and tokens; `limit_seconds` the time that the products'
    limits alone make of what was called, with our reserve left alone. `plan_apply_seconds` leaves the reading out."""

    scenario: str
    people: int
    seen: int
    written: int
    pipedrive_tokens: int
    least_pipedrive_tokens: int
    reply_calls: int
    least_reply_calls: int
    violations: int
    seconds: float
    limit_seconds: float
    plan_seconds: float
    plan_apply_seconds: float
    cpu_seconds: float
    queries: int
    peak_megabytes: float


def measure(sandbox: RemoteSandbox, scenario: str, people: int, step: SyncStep, *, by_clusters: bool) -> Measurement:
    """Carry the step's sync out and measure it: in a process of its own, or by whichever clusters are running."""
    sandbox.ask("DELETE", "/log")
    run = runs.request_run(connection=step.connection, step=step)
    began = time.perf_counter()
    effort = _wait_for(run) if by_clusters else _in_a_process(run.pk)
    seconds = time.perf_counter() - began
    run.refresh_from_db()
    if run.state not in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS):
        raise CommandError(f"{scenario} ended as {run.get_state_display()}: {run.failure} {run.held_because}")
    stage = run.stages.get()
    accounts = (step.source_account, step.target_account)
    called = {account.product: _called(sandbox, account) for account in accounts}
    least = {account.product: _least(run, step, account) for account in accounts}
    return Measurement(
        scenario=scenario,
        people=people,
        seen=stage.seen,
        written=stage.created + stage.updated,
        pipedrive_tokens=called["pipedrive"].tokens,
        least_pipedrive_tokens=least["pipedrive"].tokens,
        reply_calls=called["replyio"].calls,
        least_reply_calls=least["replyio"].calls,
        violations=sum(each["violations"] for each in sandbox.ask("GET", "/summary").values()),
        seconds=round(seconds, 2),
        limit_seconds=round(max(_limit_bound(step, called)), 2),
        plan_seconds=round(effort.seconds.get(Phase.PLAN, 0), 2),
        plan_apply_seconds=round(sum(spent for phase, spent in effort.seconds.items() if phase != Phase.READ), 2),
        cpu_seconds=round(effort.cpu_seconds, 2),
        queries=effort.queries,
        peak_megabytes=round(effort.peak_megabytes, 1),
    )


def _called(sandbox: RemoteSandbox, account: Account) -> Need:
    counts = sandbox.ask("GET", "/summary")[PRODUCTS[account.product]]
    return Need(counts["calls"], counts["cost"])


def _least(run: Run, step: SyncStep, account: Account) -> Need:
    """The arithmetic minimum: full pages of everybody, or of who changed, and the fewest writes of what was done."""
    spec = spec_of(account)
    writes = _done(run, account) if account == step.target_account else Writes()
    [reading] = run.chunks.filter(phase=Phase.READ, payload__what="people", account=account)
    read, scan = reading.progress["read"], reading.payload["scan"]
    if scan is not None:
        # Whoever the run created itself counts as seen by the scan.
        read = Person.objects.present().filter(account=account, scan=scan).count() - writes.creates
    pages = max(math.ceil(read / spec.page_size), 1)
    cost = cost_of(writes, prices_of(spec))
    return Need(pages + cost.calls, pages * PAGE_TOKENS[account.product] + cost.tokens)


def _done(run: Run, account: Account) -> Writes:
    entries = run.entries.order_by()
    done = entries.filter(write_part=Part.DONE)
    owners = entries.filter(owner_part=Part.DONE).exclude(action=Action.CREATE, owner_after=account.user_external_id)
    enrolled = entries.filter(enrol_part=Part.DONE)
    groups = enrolled.values_list("sequence_external_id", "step_external_id", "ignore_step_delay")
    newcomers = [count for *_, count in groups.annotate(Count("pk"))]
    return Writes(
        creates=done.filter(action=Action.CREATE).count(),
        updates=done.filter(action=Action.UPDATE).count(),
        owners=[count for _, count in owners.values_list("owner_after").annotate(Count("pk"))],
        newcomers=newcomers,
        others=[0] * len(newcomers),
    )


def _limit_bound(step: SyncStep, called: dict[str, Need]) -> list[float]:
    """Seconds by account. Both sides' limits run at the same time."""
    return [
        time_of(
            called[account.product],
            [
                (Window(row.window, row.seconds, allowed(row)), row.window == "daily")
                for row in ApiBudget.objects.filter(account=account).exclude(window="search")
            ],
            0.0,
        )
        for account in (step.source_account, step.target_account)
    ]


def _wait_for(run: Run) -> Effort:
    while run.is_active:
        time.sleep(POLL)
        run.refresh_from_db()
    return Effort()


def _in_a_process(run_id: int) -> Effort:
    """Work on the run in a forked process, as a cluster's worker is one, and answer what it took."""
    connection.close()
    # A pool's threads would not live on in the fork. SQLite has no pool.
    getattr(connection, "close_pool", lambda: None)()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(target=_work, args=(run_id, theirs))
    worker.start()
    theirs.close()
    try:
        effort: Effort = ours.recv()
    except EOFError:
        raise CommandError("The worker's process died.") from None
    worker.join()
    return effort


def _work(run_id: int, answer: Pipe) -> None:
    effort, spent = Effort(), defaultdict[str, float](float)

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        effort.queries += 1
        return execute(*arguments)

    cpu = time.process_time()
    with connection.execute_wrapper(count):
        ready = flow.begin(run_id)
        while True:
            for chunk_id in ready:
                phase, began = RunChunk.objects.values_list("phase", flat=True).get(pk=chunk_id), time.perf_counter()
                work.work(chunk_id)
                spent[phase] += time.perf_counter() - began
            flow.advance(run_id)
            chunks = RunChunk.objects.open().filter(run=run_id)
            ready = list(chunks.values_list("pk", flat=True))
            if not ready:
                break
            until = chunks.order_by("not_before").values_list("not_before", flat=True)[0]
            time.sleep(max(until.timestamp() - time.time(), 0))
    effort.cpu_seconds, effort.seconds = time.process_time() - cpu, dict(spent)
    effort.peak_megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send(effort)
    connection.close()
