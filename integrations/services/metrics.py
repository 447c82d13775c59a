"""What Prometheus may ask: numbers read from the database when they are asked for, in a constant number of queries.

Labels hold ids and the names that administrators gave, and nothing of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone
from django_q.brokers import get_broker
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from integrations.domain.alerts import AlertKind
from integrations.engine.limiter import allowed, spent
from integrations.models import (
    ACTIVE_STATES,
    Account,
    Alert,
    ApiBudget,
    ApiUsage,
    ChunkState,
    Heartbeat,
    Run,
    RunChunk,
    RunKind,
    RunStage,
)

from .alert_facts import SUCCESS
from .readiness import oldest_due
from .workers import silent_after

OUTCOMES = ("created", "updated", "unchanged", "skipped", "conflicts", "failed")
CONNECTION, ACCOUNT = ["connection", "name"], ["account", "name"]


class DatabaseCollector(Collector):
    """Reads everything anew at each scrape, so that it does not matter which process is asked."""

    def collect(self) -> Iterator[Metric]:
        """All families. Counters that follow the day begin again at midnight UTC, as a restarted program's would."""
        yield from _runs()
        yield _people()
        yield from _accounts()
        yield from _work()
        yield _alerts()


def exposition() -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector())
    return generate_latest(registry)


def _runs() -> Iterator[Metric]:
    by_state = CounterMetricFamily(
        "syncadmin_runs", "Runs that are over, by how they ended.", labels=[*CONNECTION, "kind", "state"]
    )
    took = SummaryMetricFamily("syncadmin_run_duration_seconds", "How long runs took.", labels=[*CONNECTION, "kind"])
    succeeded = GaugeMetricFamily(
        "syncadmin_last_success_timestamp_seconds", "When the last successful sync ended.", labels=CONNECTION
    )
    over = Run.objects.over().order_by().values("connection_id", "connection__name", "kind", "state")
    newest: dict[tuple[str, str], float] = {}
    totals: dict[tuple[str, str, str], tuple[int, float]] = {}
    rows: Any = over.annotate(
        count=Count("pk"),
        took=Sum(F("finished_at") - F("started_at")),
        timed=Count("started_at"),
        latest=Max("finished_at", filter=Q(state__in=SUCCESS, kind=RunKind.SYNC, step=None, hinted=False)),
    )
    for row in rows:
        names = (str(row["connection_id"]), row["connection__name"])
        by_state.add_metric([*names, row["kind"], row["state"]], row["count"])
        count, seconds = totals.get((*names, row["kind"]), (0, 0.0))
        more = row["took"].total_seconds() if row["took"] else 0.0
        totals[(*names, row["kind"])] = (count + row["timed"], seconds + more)
        if row["latest"]:
            newest[names] = max(newest.get(names, 0.0), row["latest"].timestamp())
    for labels, (count, seconds) in totals.items():
        took.add_metric(labels, count_value=count, sum_value=seconds)
    for names, moment in newest.items():
        succeeded.add_metric(names, moment)
    active = GaugeMetricFamily("syncadmin_runs_active", "Runs that are not over, by state.", labels=["state"])
    counts = dict(Run.objects.active().order_by().values_list("state").annotate(Count("pk")))
    for state in ACTIVE_STATES:
        active.add_metric([state.value], counts.get(state.value, 0))
    yield from (by_state, took, succeeded, active)


def _people() -> Metric:
    people = CounterMetricFamily(
        "syncadmin_people", "People by what became of them, previews aside.", labels=[*CONNECTION, "outcome"]
    )
    closed = RunStage.objects.filter(closed_at__isnull=False).exclude(run__kind=RunKind.PREVIEW).order_by()
    rows: Any = closed.values("run__connection_id", "run__connection__name").annotate(
        **{f"sum_{outcome}": Sum(outcome) for outcome in OUTCOMES}
    )
    for row in rows:
        names = [str(row["run__connection_id"]), row["run__connection__name"]]
        for outcome in OUTCOMES:
            people.add_metric([*names, outcome], row[f"sum_{outcome}"])
    return people


def _accounts() -> Iterator[Metric]:
    accounts = Account.objects.in_bulk()
    names = {pk: [str(pk), account.name] for pk, account in accounts.items()}
    healthy = GaugeMetricFamily("syncadmin_account_healthy", "1 when runs may use the account.", labels=ACCOUNT)
    for pk, account in accounts.items():
        healthy.add_metric(names[pk], int(account.is_healthy))
    calls = CounterMetricFamily("syncadmin_calls", "Calls to the product since midnight UTC.", labels=ACCOUNT)
    tokens = CounterMetricFamily("syncadmin_tokens", "Tokens spent since midnight UTC.", labels=ACCOUNT)
    for usage in ApiUsage.objects.filter(day=timezone.now().date()):
        calls.add_metric(names[usage.account_id], usage.calls)
        tokens.add_metric(names[usage.account_id], usage.tokens)
    labels = [*ACCOUNT, "window"]
    usable = GaugeMetricFamily("syncadmin_budget_usable", "What syncs may spend of a limit.", labels=labels)
    left = GaugeMetricFamily("syncadmin_budget_left", "What syncs may still spend of a limit.", labels=labels)
    now = timezone.now().timestamp()
    for row in ApiBudget.objects.order_by("account_id", "window"):
        usable.add_metric([*names[row.account_id], row.window], allowed(row))
        left.add_metric([*names[row.account_id], row.window], max(allowed(row) - spent(row, now), 0))
    yield from (healthy, calls, tokens, usable, left)


def _work() -> Iterator[Metric]:
    now = timezone.now()
    counts = RunChunk.objects.filter(run__in=Run.objects.active()).aggregate(
        due=Count("pk", filter=Q(state=ChunkState.QUEUED, not_before__lte=now)),
        later=Count("pk", filter=Q(state=ChunkState.QUEUED, not_before__gt=now)),
        running=Count("pk", filter=Q(state=ChunkState.RUNNING)),
    )
    chunks = GaugeMetricFamily("syncadmin_chunks", "Pieces of work of runs under way, by state.", labels=["state"])
    for state, count in counts.items():
        chunks.add_metric([state], count)
    oldest = oldest_due(now)
    yield chunks
    yield GaugeMetricFamily(
        "syncadmin_oldest_due_seconds",
        "How long the oldest piece of work has waited for a worker.",
        value=(now - oldest).total_seconds() if oldest else 0,
    )
    # Without Redis the number is missing, which says more than a wrong one.
    with suppress(RedisError):
        yield GaugeMetricFamily("syncadmin_queue_tasks", "Tasks on the queue.", value=get_broker().queue_size())
    beats = Heartbeat.objects.aggregate(
        latest=Max("beat_at"), alive=Count("pk", filter=Q(beat_at__gte=now - silent_after()))
    )
    yield GaugeMetricFamily("syncadmin_workers_alive", "Workers that gave a sign of life lately.", value=beats["alive"])
    if beats["latest"]:
        yield GaugeMetricFamily(
            "syncadmin_worker_heartbeat_age_seconds",
            "How long ago any worker gave a sign of life.",
            value=(now - beats["latest"]).total_seconds(),
        )


def _alerts() -> Metric:
    alerts = GaugeMetricFamily("syncadmin_alerts_open", "Open alerts, by kind.", labels=["kind"])
    counts = dict(Alert.objects.open().order_by().values_list("kind").annotate(Count("pk")))
    for kind in AlertKind:
        alerts.add_metric([kind.value], counts.get(kind.value, 0))
    return alerts
