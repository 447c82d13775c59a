"""How all connections are doing, for the first page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from integrations.models import (
    ACTIVE_STATES,
    Account,
    Connection,
    Heartbeat,
    PersonLink,
    Run,
    RunEntry,
    RunKind,
    RunStage,
    RunState,
)

from .budgets import account_budgets
from .timetable import Pause, next_run_at, pause_of
from .workers import silent_after

CHART_DAYS = 14
LATEST_RUNS = 8


class Light(StrEnum):
    """A connection's state at a glance."""

    OFF = "idle"
    OK = "ok"
    RUNNING = "busy"
    HELD = "warn"
    ATTENTION = "bad"


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of an account's longest limit is spent. `spent`, `capacity` and `usable` in the limit's unit.

    `usable` is what syncs may spend: the capacity without the reserve.
    """

    account: Account
    window: str
    spent: int
    capacity: int
    usable: int
    calls_today: int
    blocked_until: datetime | None = None

    @property
    def percent(self) -> int:
        """0 to 100."""
        return min(100, round(100 * self.spent / self.capacity)) if self.capacity else 0


@dataclass(slots=True)
class ConnectionState:
    """One connection, with all that its block shows."""

    connection: Connection
    light: Light
    words: str
    links: int
    steps: int
    last_run: Run | None = None
    active_run: Run | None = None
    next_run_at: datetime | None = None
    pause: Pause | None = None
    budgets: list[Budget] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Day:
    """People of one day's runs. `scale` is the greatest day's total, for drawing."""

    day: date
    synced: int
    skipped: int
    failed: int
    scale: int

    @property
    def total(self) -> int:
        """All three together."""
        return self.synced + self.skipped + self.failed


def connection_states() -> list[ConnectionState]:
    """All connections, in a constant number of queries."""
    newest = Run.objects.filter(connection=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    last_sync = Run.objects.of_the_schedule().filter(connection=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    connections: list[Any] = list(
        Connection.objects.select_related("crm_account", "outreach_account").annotate(
            step_count=Count("steps", distinct=True), newest=Subquery(newest), last_sync=Subquery(last_sync)
        )
    )
    runs = {
        run.pk: run
        for run in Run.objects.filter(
            Q(pk__in=[pk for each in connections for pk in (each.newest, each.last_sync) if pk])
            | Q(state__in=ACTIVE_STATES)
        )
    }
    active = {run.connection_id: run for run in runs.values() if run.is_active}
    links = dict(PersonLink.objects.order_by().values_list("connection").annotate(Count("pk")))
    budgets = budgets_by_account()
    states = []
    for connection in connections:
        last = runs.get(connection.newest or 0)
        light, words = _light(connection, active.get(connection.pk), last)
        state = ConnectionState(
            connection,
            light,
            words,
            links.get(connection.pk, 0),
            connection.step_count,
            last,
            active.get(connection.pk),
            next_run_at(connection, runs.get(connection.last_sync or 0)),
            pause_of(connection, active.get(connection.pk)),
        )
        for account in (connection.outreach_account, connection.crm_account):
            if account.pk in budgets:
                state.budgets.append(budgets[account.pk])
        states.append(state)
    return states


def _light(connection: Connection, active: Run | None, last: Run | None) -> tuple[Light, str]:
    unwell = [account for account in (connection.outreach_account, connection.crm_account) if not account.is_healthy]
    if unwell:
        return Light.ATTENTION, f"{unwell[0].name} needs attention"
    if active is not None:
        if active.state == RunState.HELD:
            return Light.HELD, "Held: waits for approval"
        return Light.RUNNING, "Running"
    if not connection.enabled:
        return Light.OFF, "Disabled"
    if last is not None and last.state == RunState.FAILED:
        return Light.ATTENTION, "The last run failed"
    return Light.OK, "Enabled"


def budgets_by_account() -> dict[int, Budget]:
    """The longest window of each account: the one that a day's work can use up."""
    found: dict[int, Budget] = {}
    for budget in account_budgets(list(Account.objects.all())):
        if budget.windows:
            longest = budget.windows[-1]
            found[budget.account.pk] = Budget(
                budget.account,
                longest.name,
                longest.spent,
                longest.capacity,
                longest.usable,
                budget.calls_today,
                longest.blocked_until,
            )
    return found


def chart(days: int = CHART_DAYS) -> list[Day]:
    """People synced, skipped and failed by day, the oldest first. Previews do not count."""
    first = timezone.localdate() - timedelta(days=days - 1)
    rows = (
        RunStage.objects.filter(closed_at__date__gte=first)
        .exclude(run__kind=RunKind.PREVIEW)
        .order_by()
        .values("closed_at__date")
        .annotate(
            synced=Sum("created") + Sum("updated") + Sum("unchanged"),
            skipped_people=Sum("skipped"),
            failed_people=Sum("failed") + Sum("conflicts"),
        )
    )
    by_day: dict[date, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for row in rows:
        by_day[row["closed_at__date"]] = (row["synced"], row["skipped_people"], row["failed_people"])
    scale = max((sum(counts) for counts in by_day.values()), default=0) or 1
    return [Day(day, *by_day[day], scale) for day in (first + timedelta(days=number) for number in range(days))]


def latest_runs() -> list[Run]:
    """The newest runs of all connections, with their books in `seen`, `written`, `skipped_people`, `failed_people`."""
    return latest(Run.objects.all())


def with_books(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs, newest first, with the sums of their stages and what their names need."""
    return (
        runs.select_related(
            "connection", "step__connection__crm_account", "step__connection__outreach_account", "requested_by"
        )
        .annotate(
            seen=Sum("stages__seen"),
            written=Sum("stages__created") + Sum("stages__updated"),
            unchanged_people=Sum("stages__unchanged"),
            skipped_people=Sum("stages__skipped") + Sum("stages__conflicts"),
            failed_people=Sum("stages__failed"),
        )
        .order_by("-pk")
    )


def latest(runs: QuerySet[Run]) -> list[Any]:
    """The newest of the runs with their books, without small ones that found nothing to do: our own writes bring about
    many of those."""
    something = Exists(RunEntry.objects.filter(run=OuterRef("pk")))
    return list(with_books(runs.exclude(Q(hinted=True, state=RunState.SUCCEEDED) & ~something))[:LATEST_RUNS])


def workers_are_silent() -> bool:
    """Whether no worker has given a sign of life lately, so that nothing that is asked for would happen."""
    last = Heartbeat.objects.aggregate(last=Max("beat_at"))["last"]
    return last is None or last < timezone.now() - silent_after()
