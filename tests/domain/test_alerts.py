from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations.domain.alerts import (
    AccountFacts,
    AlertKind,
    ConnectionFacts,
    LastRun,
    OpenAlert,
    Thresholds,
    in_words,
    open_alerts,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
THRESHOLDS = Thresholds(failed_people=10, budget_percent=90)
FINE = LastRun(7, failed=False, held=False, failed_people=0)
CONNECTION = ConnectionFacts(
    1, "Main", True, timedelta(hours=2), NOW - timedelta(minutes=30), last_run=FINE, is_running=False
)
ACCOUNT = AccountFacts(5, "Pipedrive", needs_attention=False, window="day", spent=100, usable=1000)


def found(
    connection: ConnectionFacts = CONNECTION, account: AccountFacts = ACCOUNT, thresholds: Thresholds = THRESHOLDS
) -> list[OpenAlert]:
    return open_alerts([connection], [account], thresholds, NOW)


def kinds(*args: object, **kwargs: object) -> list[AlertKind]:
    return [alert.kind for alert in found(*args, **kwargs)]  # type: ignore[arg-type]


def test_nothing_is_wrong_where_nothing_is() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (replace(FINE, failed=True), AlertKind.RUN_FAILED),
        (replace(FINE, held=True), AlertKind.RUN_HELD),
        (replace(FINE, failed_people=10), AlertKind.FAILURES),
    ],
)
def test_what_a_run_came_to_is_told_with_its_number(run: LastRun, kind: AlertKind) -> None:
    (alert,) = found(replace(CONNECTION, last_run=run))
    assert (alert.kind, alert.run_id, alert.connection_id) == (kind, 7, 1)
    assert "7" in alert.title
    assert "“Main”" in alert.title


def test_fewer_failures_than_the_threshold_are_no_news_and_zero_switches_them_off() -> None:
    assert kinds(replace(CONNECTION, last_run=replace(FINE, failed_people=9))) == []
    many = replace(CONNECTION, last_run=replace(FINE, failed_people=500))
    assert kinds(many, thresholds=Thresholds(0, 90)) == []


@pytest.mark.parametrize(("minutes", "silent"), [(239, False), (240, False), (241, True)])
def test_silence_begins_after_twice_the_interval(minutes: int, silent: bool) -> None:
    quiet = replace(CONNECTION, quiet_since=NOW - timedelta(minutes=minutes))
    assert kinds(quiet) == ([AlertKind.SILENCE] if silent else [])


def test_a_connection_that_is_switched_off_may_be_silent() -> None:
    assert kinds(replace(CONNECTION, enabled=False, quiet_since=NOW - timedelta(days=9))) == []


@pytest.mark.parametrize(("spent", "nearly"), [(899, False), (900, True), (1200, True)])
def test_a_limit_is_nearly_spent_at_the_threshold_of_what_syncs_may_use(spent: int, nearly: bool) -> None:
    assert kinds(account=replace(ACCOUNT, spent=spent)) == ([AlertKind.BUDGET] if nearly else [])


def test_an_account_that_was_never_called_has_nothing_to_spend() -> None:
    assert kinds(account=AccountFacts(5, "New", needs_attention=False)) == []


def test_an_account_that_was_refused_is_told_once_and_apart_from_its_budget() -> None:
    alerts = found(account=replace(ACCOUNT, needs_attention=True, spent=1000))
    assert [alert.kind for alert in alerts] == [AlertKind.ACCOUNT, AlertKind.BUDGET]
    assert len({alert.key for alert in alerts}) == 2


def test_the_same_trouble_of_a_later_run_is_the_same_alert() -> None:
    first, later = (
        found(replace(CONNECTION, last_run=LastRun(number, failed=True, held=False, failed_people=0)))[0]
        for number in (7, 8)
    )
    assert first.key == later.key
    assert first.title != later.title


@pytest.mark.parametrize(
    ("minutes", "words"), [(90, "90 minutes"), (60, "1 hour"), (240, "4 hours"), (2880, "2 days"), (10, "10 minutes")]
)
def test_spans_read_as_people_say_them(minutes: int, words: str) -> None:
    assert in_words(timedelta(minutes=minutes)) == words
