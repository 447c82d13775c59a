from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.domain.enums import Role
from integrations.models import (
    Account,
    AccountStatus,
    Connection,
    Run,
    RunEntry,
    RunStage,
    RunState,
    StepCheckpoint,
    SyncStep,
    Trigger,
)
from integrations.services import retention, schedules

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
    at(monkeypatch, timezone.now() + timedelta(minutes=121))
    assert [run.trigger for run in schedules.start_due_runs()] == [Trigger.SCHEDULE]


@pytest.mark.parametrize(("minutes", "started"), [(119, 0), (121, 1)])
def test_the_interval_counts_from_the_last_run(connection: Connection, minutes: int, started: int) -> None:
    ran(connection, timedelta(minutes=minutes))
    assert len(schedules.start_due_runs()) == started


def test_two_clusters_that_fire_at_once_start_one_run(connection: Connection) -> None:
    ran(connection, timedelta(hours=3))
    assert len(schedules.start_due_runs()) == 1
    assert schedules.start_due_runs() == []


def test_a_disabled_connection_is_never_run(connection: Connection) -> None:
    ran(connection, timedelta(days=3))
    Connection.objects.update(enabled=False)
    assert schedules.start_due_runs() == []


@pytest.mark.parametrize(("hour", "last_full", "full"), [(2, 25, True), (2, 3, False), (14, 25, False)])
def test_once_a_night_everybody_is_looked_at_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, hour: int, last_full: int, full: bool
) -> None:
    night = timezone.localtime().replace(hour=hour, minute=0) + timedelta(days=1)
    at(monkeypatch, night)
    ran(connection, timedelta(hours=last_full), full=True)
    ran(connection, timedelta(hours=2, minutes=1))
    assert [run.full for run in schedules.start_due_runs()] == [full]


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
