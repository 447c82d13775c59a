"""Which alerts are open, decided from facts. Texts hold names that administrators gave, numbers, and nothing of people.

An alert is open as long as its facts stand. What is done about it (messages, reminders, the word that it is solved) is
for the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class AlertKind(StrEnum):
    """What an alert is about."""

    RUN_FAILED = "run_failed"
    RUN_HELD = "run_held"
    ACCOUNT = "account"
    FAILURES = "failures"
    BUDGET = "budget"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a number is too high. Zero switches that alert off."""

    failed_people: int
    """A run in which at least so many people failed."""
    budget_percent: int
    """So much of what syncs may use of a limit is spent."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run that wrote and is over, or the one that is held now."""

    id: int
    failed: bool
    held: bool
    failed_people: int


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """One connection. `quiet_since` is its last successful run, or when it was enabled, whichever is later."""

    id: int
    name: str
    enabled: bool
    interval: timedelta
    quiet_since: datetime | None
    last_run: LastRun | None
    is_running: bool


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account that an enabled connection uses. `spent` and `usable` are of its longest limit, in its own unit."""

    id: int
    name: str
    needs_attention: bool
    window: str = ""
    spent: int = 0
    usable: int = 0


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert as it stands. `key` is the same for as long as it is the same trouble."""

    kind: AlertKind
    title: str
    advice: str
    connection_id: int | None = None
    account_id: int | None = None
    run_id: int | None = None

    @property
    def key(self) -> str:
        """What makes two of them one."""
        subject = f"account:{self.account_id}" if self.account_id else f"connection:{self.connection_id}"
        return f"{self.kind.value}:{subject}"


def open_alerts(
    connections: Iterable[ConnectionFacts], accounts: Iterable[AccountFacts], thresholds: Thresholds, now: datetime
) -> list[OpenAlert]:
    """Every alert that is open now, at most one of each kind for each connection or account."""
    found: list[OpenAlert] = []
    for connection in connections:
        found += _of_connection(connection, thresholds, now)
    for account in accounts:
        found += _of_account(account, thresholds)
    return found


def _of_connection(connection: ConnectionFacts, thresholds: Thresholds, now: datetime) -> list[OpenAlert]:
    found = []
    run = connection.last_run
    if run is not None:
        alert = _of_run(connection, run, thresholds)
        if alert is not None:
            found.append(replace(alert, connection_id=connection.id, run_id=run.id))
    silent = connection.quiet_since is not None and now - connection.quiet_since > 2 * connection.interval
    if connection.enabled and silent:
        found.append(
            OpenAlert(
                AlertKind.SILENCE,
                f"“{connection.name}” has had no successful run for more than {in_words(2 * connection.interval)}",
                "A run is under way; look whether it moves."
                if connection.is_running
                else "Look at its latest runs, and whether a worker is running.",
                connection_id=connection.id,
            )
        )
    return found


def _of_run(connection: ConnectionFacts, run: LastRun, thresholds: Thresholds) -> OpenAlert | None:
    if run.held:
        return OpenAlert(
            AlertKind.RUN_HELD,
            f"Run {run.id} of “{connection.name}” is held",
            "It would change more than the brakes allow. Look through its entries, then approve or discard it.",
        )
    if run.failed:
        return OpenAlert(
            AlertKind.RUN_FAILED, f"Run {run.id} of “{connection.name}” failed", "Its page says why and what to do."
        )
    if thresholds.failed_people and run.failed_people >= thresholds.failed_people:
        return OpenAlert(
            AlertKind.FAILURES,
            f"{run.failed_people:,} people failed in run {run.id} of “{connection.name}”",
            "Its entries give the reason for each. They are tried again by the next run.",
        )
    return None


def _of_account(account: AccountFacts, thresholds: Thresholds) -> list[OpenAlert]:
    found = []
    if account.needs_attention:
        found.append(
            OpenAlert(
                AlertKind.ACCOUNT,
                f"“{account.name}” needs to be connected again",
                "The product refused its credentials, so nothing that needs this account is synced.",
                account_id=account.id,
            )
        )
    limit = thresholds.budget_percent
    if limit and account.usable and account.spent * 100 >= account.usable * limit:
        found.append(
            OpenAlert(
                AlertKind.BUDGET,
                f"The {account.window} limit of “{account.name}” is nearly spent: "
                f"{account.spent:,} of the {account.usable:,} that syncs may use",
                "Runs wait until the limit allows more. The reserve is left for your other tools.",
                account_id=account.id,
            )
        )
    return found


def in_words(span: timedelta) -> str:
    """“4 hours”, “90 minutes”, “2 days”."""
    minutes = round(span.total_seconds() / 60)
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes % size == 0:
            count = minutes // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{minutes} minutes"
