from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.domain.enums import Role
from integrations.engine.connect import mark_needs_attention
from integrations.models import (
    Account,
    AccountStatus,
    ChangeHint,
    Connection,
    Run,
    RunEntry,
    RunKind,
    RunStage,
    RunState,
    StepCheckpoint,
    SyncStep,
    Trigger,
)
from integrations.services import retention, schedules, timetable
from integrations.services.timetable import full_check_is_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    """An enabled connection that is due after two hours, with one step."""
    crm, outreach = (
        Account.objects.create(
            product=product, role=role, name=product, people_label=product, status=AccountStatus.HEALTHY
        )
        for product, role in (("pipedrive", Role.CRM), ("replyio", Role.OUTREACH))
    )
    made = Connection.objects.create(
        name="Main", crm_account=crm, outreach_account=outreach, enabled=True, enabled_at=timezone.now()
    )
    SyncStep.objects.create(connection=made, direction="to_outreach")
    return made


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def ran(connection: Connection, ago: timedelta, **more: Any) -> Run:
    """A run that ended that long ago."""
    run = Run.objects.create(connection=connection, state=RunState.SUCCEEDED, finished_at=timezone.now() - ago, **more)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - ago)
    return run


def test_a_connection_is_run_once_its_interval_has_passed_since_it_was_enabled(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert schedules.start_due_runs() == []
    at(monkeypatch, timezone.now() + timedelta(minutes=127))
    assert [run.trigger for run in schedules.start_due_runs()] == [Trigger.SCHEDULE]


@pytest.mark.parametrize(("minutes", "started"), [(113, 0), (127, 1)])
def test_the_interval_counts_from_the_last_run(connection: Connection, minutes: int, started: int) -> None:
    ran(connection, timedelta(minutes=minutes))
    assert len(schedules.start_due_runs()) == started


@pytest.mark.parametrize("more", [{"kind": RunKind.PREVIEW}, {"hinted": True}])
def test_a_preview_or_a_small_run_puts_nothing_off(connection: Connection, more: dict[str, Any]) -> None:
    ran(connection, timedelta(hours=3))
    ran(connection, timedelta(minutes=1), **more)
    assert len(schedules.start_due_runs()) == 1


def test_connections_that_are_due_together_run_minutes_apart(connection: Connection) -> None:
    run = ran(connection, timedelta(hours=1))
    due = []
    for pk in range(1, 201):
        run.pk = pk
        at_ = timetable.next_run_at(connection, run)
        assert at_ is not None
        due.append((at_ - run.created_at).total_seconds() / 60)
    assert min(due) >= 115
    assert max(due) <= 125
    assert max(due) - min(due) > 9
    assert len({round(minute) for minute in due}) > 9


def test_the_same_run_is_always_due_at_the_same_moment(connection: Connection) -> None:
    run = ran(connection, timedelta(hours=1))
    assert timetable.next_run_at(connection, run) == timetable.next_run_at(connection, run)


@pytest.mark.parametrize(("lasted", "turns"), [(10, 1), (119, 1), (121, 2), (241, 3)])
def test_turns_that_come_while_a_run_is_active_are_left_out(connection: Connection, lasted: int, turns: int) -> None:
    run = ran(connection, timedelta(hours=20))
    began = run.created_at = timezone.now() - timedelta(hours=20)
    run.finished_at = began + timedelta(minutes=lasted)
    due = timetable.next_run_at(connection, run)
    assert due is not None
    assert round((due - began) / timedelta(minutes=120)) == turns


def test_nothing_is_queued_up_behind_an_active_run(connection: Connection) -> None:
    run = ran(connection, timedelta(hours=9))
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLYING)
    for _ in range(3):
        assert schedules.start_due_runs() == []
    assert Run.objects.count() == 1


@pytest.mark.parametrize("state", [RunState.HELD, RunState.READING])
def test_only_a_held_run_pauses_the_schedule(connection: Connection, state: RunState) -> None:
    run = ran(connection, timedelta(hours=9))
    run.state, run.held_at = state, timezone.now()
    pause = timetable.pause_of(connection, run)
    assert (pause is not None) == (state == RunState.HELD)
    if pause is not None:
        assert (pause.run, pause.since) == (run, run.held_at)


def test_an_account_that_needs_attention_pauses_the_schedule_since_the_first_refusal(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(connection, timedelta(hours=3))
    account = connection.crm_account
    first = timezone.now()
    at(monkeypatch, first)
    mark_needs_attention(account, "The key was revoked.")
    at(monkeypatch, first + timedelta(hours=1))
    mark_needs_attention(account, "The key was revoked.")

    assert schedules.start_due_runs() == []
    pause = timetable.pause_of(Connection.objects.get(), None)
    assert pause is not None
    assert (pause.why, pause.since) == ("“pipedrive” needs attention", first)

    account.note_status(AccountStatus.HEALTHY)
    account.save()
    assert timetable.pause_of(Connection.objects.get(), None) is None
    assert len(schedules.start_due_runs()) == 1


def test_two_clusters_that_fire_at_once_start_one_run(connection: Connection) -> None:
    ran(connection, timedelta(hours=3))
    assert len(schedules.start_due_runs()) == 1
    assert schedules.start_due_runs() == []


def test_a_disabled_connection_is_never_run(connection: Connection) -> None:
    ran(connection, timedelta(days=3))
    Connection.objects.update(enabled=False)
    assert schedules.start_due_runs() == []


@pytest.mark.parametrize(("hour", "last_full", "full"), [(4, 25, True), (4, 3, False), (14, 25, False)])
def test_once_a_night_everybody_is_looked_at_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, hour: int, last_full: int, full: bool
) -> None:
    night = timezone.localtime().replace(hour=hour, minute=0) + timedelta(days=1)
    at(monkeypatch, night)
    ran(connection, timedelta(hours=last_full), full=True)
    ran(connection, timedelta(hours=2, minutes=10))
    assert [run.full for run in schedules.start_due_runs()] == [full]


def test_the_full_check_does_not_wait_for_a_long_interval(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.update(interval_minutes=10_080)
    at(monkeypatch, timezone.localtime().replace(hour=4, minute=0) + timedelta(days=1))
    ran(connection, timedelta(hours=30), full=True)
    assert [run.full for run in schedules.start_due_runs()] == [True]
    assert schedules.start_due_runs() == []


def test_full_checks_of_many_connections_are_spread_over_the_night(connection: Connection) -> None:
    run = ran(connection, timedelta(hours=30))
    begins = set()
    for pk in range(1, 60):
        connection.pk = pk
        night = timezone.localtime().replace(hour=1, minute=0)
        begins.add(next(m for m in range(241) if full_check_is_due(connection, run, night + timedelta(minutes=m))))
    assert len(begins) > 30
    assert max(begins) < 180


def test_old_entries_are_forgotten_and_the_books_stay(connection: Connection) -> None:
    step = connection.steps.get()
    for days in (100, 95, 10):
        run = ran(connection, timedelta(days=days))
        stage = RunStage.objects.create(run=run, step=step, label="step", seen=1, skipped=1)
        RunEntry.objects.create(run=run, stage=stage, source_external_id="1", action="skip", outcome="skipped")
    StepCheckpoint.objects.create(step=step, stage=RunStage.objects.order_by("pk")[1])

    assert retention.forget_old_entries() == 1

    assert not RunEntry.objects.filter(stage=RunStage.objects.earliest("pk")).exists()
    assert RunEntry.objects.count() == 2
    assert RunStage.objects.filter(seen=1).count() == 3


def test_hints_that_no_run_comes_for_are_forgotten(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ran(connection, timedelta(hours=1))
    for person, belongs_to in (("1", None), ("2", run)):
        ChangeHint.objects.create(
            connection=connection,
            account=connection.crm_account,
            person_external_id=person,
            seen_at=timezone.now(),
            run=belongs_to,
        )
    at(monkeypatch, timezone.now() + timedelta(days=8))
    retention.forget()
    assert [hint.person_external_id for hint in ChangeHint.objects.all()] == ["2"]
