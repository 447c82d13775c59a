"""The main queries go by an index at size: no table that grows with people is read from end to end."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from integrations.engine.candidates import whom_to_plan
from integrations.engine.situations import Gatherer
from integrations.models import (
    Account,
    Action,
    Connection,
    Outcome,
    Part,
    Person,
    PersonEmail,
    PersonLink,
    Run,
    RunChunk,
    RunEntry,
    RunStage,
    RunState,
    SyncStep,
)
from integrations.models.bulk import insert

SIZE = 3_000
OTHERS = 20
"""Runs, and accounts' shares of the people, that a query is not about."""

pytestmark = pytest.mark.django_db


@pytest.fixture
def step() -> SyncStep:
    """A step whose tables have a history: people on both sides, links, and entries of many runs."""
    crm = Account.objects.create(product="pipedrive", role="crm", name="P")
    outreach = Account.objects.create(product="replyio", role="outreach", name="R")
    pair = Connection.objects.create(name="C", crm_account=crm, outreach_account=outreach)
    step = SyncStep.objects.create(connection=pair, direction="to_outreach", position=1)
    for account in (crm, outreach):
        people = (
            Person(account=account, external_id=str(n), name=f"P{n}", email=f"{n}@example.com", change=n)
            for n in range(SIZE)
        )
        insert(Person, people)
        rows = Person.objects.filter(account=account)
        insert(PersonEmail, (PersonEmail(account=account, person=row, address=row.email) for row in rows))
    sides = zip(*(Person.objects.filter(account=each).order_by("pk") for each in (crm, outreach)), strict=True)
    insert(PersonLink, (PersonLink(connection=pair, crm_person=left, outreach_person=right) for left, right in sides))
    sources = list(Person.objects.filter(account=crm).order_by("pk"))
    for number in range(OTHERS):
        run = Run.objects.create(connection=pair, state=RunState.SUCCEEDED)
        stage = RunStage.objects.create(run=run, step=step)
        insert(RunEntry, (_entry(stage, person) for person in sources[number::OTHERS]))
        due = {"offered_until": timezone.now(), "not_before": timezone.now()}
        chunks = (RunChunk(run=run, stage=stage, phase="plan", state="done", **due) for _ in range(20))
        insert(RunChunk, chunks)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return SyncStep.objects.with_accounts().get(pk=step.pk)


def _entry(stage: RunStage, person: Person) -> RunEntry:
    return RunEntry(
        run_id=stage.run_id, stage=stage, source_person=person, source_external_id=person.external_id, name=person.name,
        email=person.email, action=Action.CREATE, outcome=Outcome.CREATED, write_part=Part.DONE,
    )  # fmt: skip


def scanned(query: QuerySet[Any]) -> set[str]:
    """The tables that the database reads from end to end for the query."""
    plan = query.explain()
    words = ("SCAN", "Seq Scan on")
    return {
        line.split(word)[1].split()[0]
        for line in plan.splitlines()
        for word in words
        if word in line and "USING" not in line and "CONSTANT ROW" not in line
    }


def test_the_entries_page_reads_only_the_runs_own(step: SyncStep) -> None:
    run = Run.objects.latest("pk")
    entries = RunEntry.objects.filter(run=run)
    assert scanned(entries.order_by("-pk")[:100]) == set()
    assert scanned(entries.filter(outcome=Outcome.FAILED).order_by("pk")[:20]) == set()
    assert scanned(entries.filter(email="5@example.com")) == set()


def test_whoever_changed_is_found_without_looking_at_everybody(step: SyncStep) -> None:
    stage = RunStage(run=Run.objects.latest("pk"), step=step, since_source=SIZE - 10, since_target=SIZE - 10)
    changed = Person.objects.filter(account=step.source_account).changed_after(stage.since_source)
    assert scanned(changed) == set()
    assert scanned(PersonLink.objects.filter(outreach_person__in=[1, 2, 3])) == set()
    assert whom_to_plan(stage, step).count() == 9


def test_a_batch_is_gathered_by_index(step: SyncStep) -> None:
    rows = list(Person.objects.filter(account=step.source_account)[:20])
    addresses = [row.email for row in rows]
    held = PersonEmail.objects.filter(account=step.target_account, address__in=addresses)
    assert scanned(held.select_related("person")) == set()
    assert scanned(Person.objects.filter(account=step.target_account, external_id__in=["1", "2"])) == set()
    assert sum(case.link is not None for case in Gatherer(step, frozenset()).gather(rows)) == 20


def test_a_chunk_is_claimed_and_its_entries_found_by_index(step: SyncStep) -> None:
    stage = RunStage.objects.latest("pk")
    assert scanned(RunChunk.objects.open().filter(run=stage.run)) == set()
    entries = RunEntry.objects.filter(stage=stage, action=Action.CREATE, pk__gte=10, pk__lte=1_000)
    assert scanned(entries.filter(write_part__in=[Part.PLANNED, Part.SENDING]).order_by("pk")) == set()


def test_a_persons_history_is_found_by_index(step: SyncStep) -> None:
    assert scanned(RunEntry.objects.filter(source_person=Person.objects.earliest("pk")).order_by("-pk")[:10]) == set()


def test_old_entries_are_found_a_batch_at_a_time(step: SyncStep) -> None:
    old = Run.objects.order_by("pk")[:3]
    assert scanned(RunEntry.objects.filter(run__in=list(old)).order_by()[:500]) == set()
