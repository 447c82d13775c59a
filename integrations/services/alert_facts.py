"""What alerts are decided from, gathered in a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery, Sum

from integrations.domain.alerts import AccountFacts, ConnectionFacts, LastRun
from integrations.models import Account, AccountStatus, Connection, Run, RunKind, RunState

from .overview import budgets_by_account

SUCCESS = (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS)
TELLING = (*SUCCESS, RunState.FAILED, RunState.HELD)
"""States that say how a connection is doing. A cancelled run says nothing."""


def connection_facts() -> list[ConnectionFacts]:
    """Enabled connections, and those with a run that is held."""
    # A small run that succeeds says nothing of the whole.
    telling = Run.objects.filter(connection=OuterRef("pk"), state__in=TELLING).exclude(hinted=True, state__in=SUCCESS)
    newest = telling.exclude(kind=RunKind.PREVIEW).order_by("-pk")
    held = Run.objects.filter(connection=OuterRef("pk"), state=RunState.HELD)
    successes = Run.objects.of_the_schedule().filter(connection=OuterRef("pk"), state__in=SUCCESS)
    connections: list[Any] = list(
        Connection.objects.filter(Q(enabled=True) | Exists(held)).annotate(
            newest=Subquery(newest.values("pk")[:1]),
            last_success=Subquery(successes.order_by("-finished_at").values("finished_at")[:1]),
            is_running=Exists(Run.objects.active().filter(connection=OuterRef("pk")).exclude(state=RunState.HELD)),
        )
    )
    runs: dict[int, Any] = {
        run.pk: run
        for run in Run.objects.filter(pk__in=[connection.newest for connection in connections]).annotate(
            failed_people=Sum("stages__failed")
        )
    }
    return [
        ConnectionFacts(
            id=connection.pk,
            name=connection.name,
            enabled=connection.enabled,
            interval=timedelta(minutes=connection.interval_minutes),
            quiet_since=max(filter(None, [connection.last_success, connection.enabled_at]), default=None),
            last_run=_last_run(connection, runs.get(connection.newest or 0)),
            is_running=connection.is_running,
        )
        for connection in connections
    ]


def account_facts() -> list[AccountFacts]:
    """The accounts of enabled connections, with what is spent of their longest limits."""
    in_use = Q(crm_connections__enabled=True) | Q(outreach_connections__enabled=True)
    budgets = budgets_by_account()
    found = []
    for account in Account.objects.filter(in_use).distinct():
        budget = budgets.get(account.pk)
        found.append(
            AccountFacts(
                account.pk,
                account.name,
                account.status == AccountStatus.NEEDS_ATTENTION,
                *((budget.window, budget.spent, budget.usable) if budget else ()),
            )
        )
    return found


def _last_run(connection: Connection, run: Any) -> LastRun | None:
    if run is None or (not connection.enabled and run.state != RunState.HELD):
        return None
    return LastRun(run.pk, run.state == RunState.FAILED, run.state == RunState.HELD, run.failed_people or 0)
