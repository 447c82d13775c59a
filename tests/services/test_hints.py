from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.connectors.webhooks import Notice
from integrations.engine.hints import hinted_steps
from integrations.models import (
    ChangeHint,
    Connection,
    FilterCondition,
    ReadCheckpoint,
    Run,
    RunState,
    SavedFilter,
    StepCheckpoint,
    Trigger,
    Webhook,
)
from integrations.services import hints
from tests.admin.office import Office, make_office


@pytest.fixture
def office(db: None) -> Office:
    """In step: everybody was read, and the step has been through an ordinary run."""
    made = make_office()
    for account in (made.pipedrive, made.reply):
        ReadCheckpoint.objects.create(account=account, full_read_at=timezone.now())
    StepCheckpoint.objects.create(step=made.step)
    Webhook.objects.create(account=made.pipedrive, state="on", secret_hash="x")
    return made


def told(people: int = 1, *, ago: timedelta = timedelta(minutes=1)) -> None:
    """That so many people changed was told so long ago."""
    hints.note(Webhook.objects.get(), Notice(frozenset(str(number) for number in range(people))))
    ChangeHint.objects.update(seen_at=timezone.now() - ago)


def ran(office: Office, *, ago: timedelta, state: RunState = RunState.SUCCEEDED, hinted: bool = True) -> None:
    run = Run.objects.create(connection=office.connection, trigger=Trigger.WEBHOOK, state=state, hinted=hinted)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - ago)


@pytest.mark.parametrize(("people", "hinted"), [(1, True), (100, True), (101, False)])
def test_up_to_a_hundred_people_make_a_small_run(office: Office, people: int, hinted: bool) -> None:
    told(people)
    assert [(run.hinted, run.trigger) for run in hints.start_hinted_runs()] == [(hinted, Trigger.WEBHOOK)]


def test_fresh_hints_wait_for_others(office: Office) -> None:
    told(ago=timedelta(seconds=5))
    assert hints.start_hinted_runs() == []


def test_two_workers_at_once_start_one_run(office: Office) -> None:
    told()
    assert len(hints.start_hinted_runs()) == 1
    assert hints.start_hinted_runs() == []


@pytest.mark.parametrize(
    ("ago", "state", "started"),
    [
        (timedelta(seconds=30), RunState.SUCCEEDED, 0),
        (timedelta(seconds=70), RunState.SUCCEEDED, 1),
        (timedelta(seconds=70), RunState.FAILED, 0),
        (timedelta(minutes=6), RunState.FAILED, 1),
    ],
)
def test_small_runs_keep_a_distance_and_a_longer_one_after_a_failure(
    office: Office, ago: timedelta, state: RunState, started: int
) -> None:
    ran(office, ago=ago, state=state)
    told()
    assert len(hints.start_hinted_runs()) == started


@pytest.mark.parametrize(("minutes", "started"), [(2, 0), (6, 1)])
def test_ordinary_runs_by_webhooks_are_minutes_apart(office: Office, minutes: int, started: int) -> None:
    ran(office, ago=timedelta(minutes=minutes), hinted=False)
    told(101)
    assert len(hints.start_hinted_runs()) == started


def test_hints_whose_run_failed_before_it_read_them_wait_for_the_next_run(office: Office) -> None:
    told()
    (run,) = hints.start_hinted_runs()
    ChangeHint.objects.update(run=run)
    Run.objects.filter(pk=run.pk).update(state=RunState.FAILED, created_at=timezone.now() - timedelta(hours=1))

    assert hints.start_hinted_runs() == [], "nobody has told anything new"
    assert ChangeHint.objects.count() == 1


def test_a_disabled_connection_starts_nothing(office: Office) -> None:
    told()
    Connection.objects.update(enabled=False)
    assert hints.start_hinted_runs() == []


def test_every_connection_of_the_account_has_hints_of_its_own(office: Office) -> None:
    other = make_other_connection(office)
    told(2)
    assert ChangeHint.objects.filter(connection=other).count() == 2
    assert ChangeHint.objects.filter(connection=office.connection).count() == 2


def test_a_step_with_a_saved_filter_waits_for_the_schedule(office: Office) -> None:
    assert hinted_steps(office.connection) == [office.step]
    FilterCondition.objects.create(
        step=office.step, subject="saved_filter", saved_filter=SavedFilter.objects.get(), operator="in_list"
    )
    told()
    assert hinted_steps(office.connection) == []
    assert hints.start_hinted_runs() == []


def make_other_connection(office: Office) -> Connection:
    reply = office.reply
    reply.pk, reply.external_id = None, "replyio-2"
    reply._state.adding = True
    reply.save()
    return Connection.objects.create(name="Other", crm_account=office.pipedrive, outreach_account=reply, enabled=True)
