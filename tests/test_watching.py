"""What machines ask of an installation."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from integrations.models import Account, ChunkState, Connection, Heartbeat, Run, RunChunk, RunStage, RunState
from integrations.services import metrics, readiness
from tests.admin.office import Office, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    """An installation with a worker."""
    Heartbeat.objects.create(worker="one-1-1", beat_at=timezone.now())
    return make_office()


def ready(client: Client) -> tuple[int, list[str]]:
    """The status, and what is not well."""
    answer = client.get("/readyz")
    assert set(answer.json()) == {"ready", "checks"}
    assert answer.json()["ready"] is (answer.status_code == 200)
    return answer.status_code, [name for name, is_well in answer.json()["checks"].items() if not is_well]


def waiting_chunk(office: Office, minutes: float) -> RunChunk:
    run = Run.objects.create(connection=office.connection, state=RunState.PLANNING)
    since = timezone.now() - timedelta(minutes=minutes)
    return RunChunk.objects.create(run=run, phase="plan", offered_until=since, not_before=since)


def test_an_installation_with_a_worker_is_ready(client: Client, office: Office) -> None:
    assert ready(client) == (200, [])


def test_without_a_workers_beat_it_is_not(client: Client, office: Office) -> None:
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=4))
    assert ready(client) == (503, ["worker"])


def test_workers_that_are_all_at_long_chunks_are_not_taken_for_gone(
    client: Client, office: Office, settings: Settings
) -> None:
    settings.SYNC_CHUNK_SECONDS = 600
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=11))
    assert ready(client) == (200, [])
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=12))
    assert ready(client) == (503, ["worker"])


def test_a_database_that_does_not_answer_is_asked_once_and_nothing_of_its_error_is_told(
    client: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fail() -> bool:
        asked.append(1)
        raise DatabaseError("host=db.internal password=hunter2")

    monkeypatch.setattr(readiness, "_database_answers", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == dict.fromkeys(("database", "migrations", "worker", "queue"), False)
    assert b"internal" not in answer.content
    assert len(asked) == 1


def test_a_pending_migration_is_seen(client: Client, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness._Migrations, "is_done", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'auth' OR app = 'integrations'")
    assert ready(client) == (503, ["migrations"])


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 503)])
def test_work_that_nobody_begins_is_a_stuck_queue(client: Client, office: Office, minutes: float, status: int) -> None:
    waiting_chunk(office, minutes)
    assert ready(client) == (status, [] if status == 200 else ["queue"])


def test_a_long_queue_that_moves_is_not_stuck(client: Client, office: Office) -> None:
    waiting = waiting_chunk(office, 60)
    RunChunk.objects.create(
        run=waiting.run,
        phase="plan",
        state=ChunkState.RUNNING,
        leased_until=timezone.now() + timedelta(seconds=30),
        offered_until=timezone.now(),
        not_before=timezone.now(),
    )
    assert ready(client) == (200, [])


def test_a_run_that_no_worker_opens_is_a_stuck_queue(client: Client, office: Office) -> None:
    run = Run.objects.create(connection=office.connection)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(minutes=6))
    assert ready(client) == (503, ["queue"])


def test_the_command_says_the_same_and_fails_when_something_is_not_well(office: Office) -> None:
    said = StringIO()
    call_command("ready", stdout=said)
    assert said.getvalue().splitlines() == ["database: well", "migrations: well", "worker: well", "queue: well"]
    Heartbeat.objects.all().delete()
    with pytest.raises(CommandError, match="Not ready"):
        call_command("ready", stdout=said)
    assert "worker: NOT WELL" in said.getvalue()


def test_metrics_are_for_this_machine_only_unless_there_is_a_token(client: Client, office: Office) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 401
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 401
    assert client.get("/metrics", headers={"x-forwarded-for": "10.0.0.7"}).status_code == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer a-token-of-some-length", 200),
        ("bearer a-token-of-some-length", 200),
        ("Bearer a-token-of-some-lengt", 401),
        ("Bearer ", 401),
        ("Basic a-token-of-some-length", 401),
        ("", 401),
        ("Bearer Ä", 401),
    ],
)
def test_with_a_token_it_is_what_counts(
    client: Client, office: Office, settings: Settings, header: str, status: int
) -> None:
    settings.METRICS_TOKEN = "a-token-of-some-length"
    assert client.get("/metrics", HTTP_AUTHORIZATION=header).status_code == status


def samples() -> dict[tuple[str, frozenset[str]], float]:
    """Every series by its name and the values of its labels."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    rows = [row for family in families for row in family.samples]
    found = {(row.name, frozenset(row.labels.values())): row.value for row in rows}
    assert len(found) == len(rows), "a series is there twice"
    return found


def test_metrics_tell_what_the_database_holds(client: Client, office: Office) -> None:
    now = timezone.now()
    for state, seconds in ((RunState.SUCCEEDED, 10), (RunState.FAILED, 30), (RunState.SUCCEEDED, 20)):
        run = Run.objects.create(
            connection=office.connection, state=state, started_at=now - timedelta(seconds=seconds), finished_at=now
        )
        RunStage.objects.create(run=run, label="step", seen=5, created=3, failed=2, closed_at=now)
    office.pipedrive.budgets.create(window="daily", capacity=1000, seconds=86_400, spent=[[now.timestamp(), 300]])
    office.pipedrive.usage.create(day=now.date(), calls=7, tokens=300)
    office.connection.alerts.create(key="x", kind="silence", title="x", opened_at=now, told_at=now)
    waiting_chunk(office, 2)

    found = samples()

    def value(name: str, *labels: object) -> float:
        return found["syncadmin_" + name, frozenset(map(str, labels))]

    connection, account = (office.connection.pk, "Northwind"), (office.pipedrive.pk, "Pipedrive")
    assert value("runs_total", *connection, "sync", "succeeded") == 2
    assert value("runs_total", *connection, "sync", "failed") == 1
    assert value("runs_active", "planning") == 1
    assert value("run_duration_seconds_sum", *connection, "sync") == pytest.approx(60)
    assert value("run_duration_seconds_count", *connection, "sync") == 3
    assert value("last_success_timestamp_seconds", *connection) == pytest.approx(now.timestamp(), abs=1)
    assert value("people_total", *connection, "created") == 9
    assert value("people_total", *connection, "failed") == 6
    assert value("calls_total", *account) == 7
    assert value("tokens_total", *account) == 300
    assert value("budget_left", *account, "daily") == 500
    assert value("account_healthy", *account) == 1
    assert value("chunks", "due") == 1
    assert 119 < value("oldest_due_seconds") < 180
    assert value("queue_tasks") == 0
    assert value("workers_alive") == 1
    assert 0 <= value("worker_heartbeat_age_seconds") < 60
    assert value("alerts_open", "silence") == 1
    assert value("alerts_open", "run_failed") == 0


def test_metrics_take_as_many_queries_for_ten_connections_as_for_one(
    office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Run.objects.create(connection=office.connection, state=RunState.FAILED)
    with django_assert_num_queries(12) as few:
        metrics.exposition()
    for number in range(9):
        crm = Account.objects.create(product="pipedrive", role="crm", name=f"P{number}", people_label="p")
        made = Connection.objects.create(name="Northwind", crm_account=crm, outreach_account=office.reply)
        run = Run.objects.create(connection=made, state=RunState.FAILED)
        RunStage.objects.create(run=run, label="x", closed_at=timezone.now())
    with django_assert_num_queries(len(few)):
        metrics.exposition()


def test_every_answer_has_a_request_id_and_a_sound_one_of_the_proxys_is_kept(client: Client) -> None:
    assert len(client.get("/healthz")["X-Request-ID"]) == 32
    assert client.get("/healthz", headers={"x-request-id": "proxy-0123456789"})["X-Request-ID"] == "proxy-0123456789"
    odd = client.get("/healthz", headers={"x-request-id": 'x"}\\n{"level": "info"'})["X-Request-ID"]
    assert len(odd) == 32


def test_the_dashboard_asks_only_for_metrics_that_there_are_and_shows_each_of_them(office: Office) -> None:
    now = timezone.now()
    run = Run.objects.create(connection=office.connection, state=RunState.SUCCEEDED, started_at=now, finished_at=now)
    RunStage.objects.create(run=run, label="step", closed_at=now)
    office.pipedrive.budgets.create(window="daily", capacity=1000, seconds=86_400)
    office.pipedrive.usage.create(day=now.date(), calls=7, tokens=300)
    offered = {name for name, _ in samples()}

    dashboard = json.loads((settings.BASE_DIR / "deploy" / "grafana" / "syncadmin.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"syncadmin_\w+", query)}

    assert asked == offered
