from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Account,
    AccountStatus,
    Action,
    Connection,
    Outcome,
    Part,
    Phase,
    Run,
    RunChunk,
    RunEntry,
    RunKind,
    RunStage,
    RunState,
    Sequence,
)
from integrations.services.progress import progress
from tests.admin.office import Office


@pytest.fixture
def run(office: Office) -> Run:
    """A run in the middle of writing."""
    run = Run.objects.create(
        connection=office.connection, state=RunState.APPLYING, phase=Phase.WRITE, started_at=timezone.now()
    )
    stage = RunStage.objects.create(run=run, step=office.step, label=str(office.step))
    now = timezone.now()
    chunk = {"run": run, "offered_until": now, "not_before": now}
    RunChunk.objects.create(
        account=office.pipedrive, phase=Phase.READ, state="done", progress={"read": 5}, calls=2, tokens=20, **chunk
    )
    RunChunk.objects.create(stage=stage, phase=Phase.PLAN, state="done", seen=5, unchanged=1, **chunk)
    entry(run, "Ada", Action.CREATE, Outcome.CREATED, write_part=Part.DONE)
    entry(run, "Ben", Action.CREATE, Outcome.PLANNED, write_part=Part.PLANNED)
    entry(run, "Cy", Action.SKIP, Outcome.SKIPPED, reason="owner_not_mapped", detail="Owner 2")
    entry(run, "Di", Action.UPDATE, Outcome.FAILED, reason="rejected", detail="E-mail is taken", write_part=Part.FAILED)
    return run


def entry(run: Run, name: str, action: Action, outcome: Outcome, **more: Any) -> RunEntry:
    return RunEntry.objects.create(
        run=run,
        stage=run.stages.get(),
        source_external_id=name,
        name=name,
        email=f"{name.lower()}@example.com",
        action=action,
        outcome=outcome,
        **more,
    )


def page(client: Client, run: Run) -> str:
    return client.get(reverse("admin:integrations_run_change", args=[run.pk])).content.decode()


def entries_page(client: Client, **query: Any) -> str:
    return client.get(reverse("admin:integrations_runentry_changelist"), query).content.decode()


def test_progress_counts_what_is_done_and_what_is_open(run: Run) -> None:
    now = progress(run)
    counts = now.counts
    assert (counts.seen, counts.created, counts.unchanged, counts.skipped, counts.failed, counts.open) == (
        5,
        1,
        1,
        1,
        1,
        1,
    )
    assert (now.calls, now.tokens, now.read) == (2, 20, 5)
    assert 40 < now.percent < 100
    assert [error.words for error in now.errors] == ["The product rejected the values: E-mail is taken"]


def test_progress_never_says_it_is_over_before_it_is(run: Run) -> None:
    RunEntry.objects.filter(outcome=Outcome.PLANNED).update(outcome=Outcome.CREATED, write_part=Part.DONE)
    assert progress(run).percent < 100
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED)
    run.refresh_from_db()
    assert progress(run).percent == 100


def test_a_waiting_run_says_what_for(boss: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(
        waiting_until=timezone.now() + timezone.timedelta(minutes=1),  # type: ignore[attr-defined]
        waiting_for="The hour limit of Reply is used up.",
    )
    assert "The hour limit of Reply is used up." in page(boss, run)


def test_the_page_of_a_run_that_goes_on_asks_for_its_progress(boss: Client, run: Run) -> None:
    address = reverse("admin:integrations_run_progress", args=[run.pk])
    assert f'hx-get="{address}"' in page(boss, run)
    answer = boss.get(address)
    assert "HX-Refresh" not in answer.headers
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED)
    answer = boss.get(address)
    assert answer.headers["HX-Refresh"] == "true"
    assert "hx-get" not in answer.content.decode()


def test_cancel_asks_the_run_to_stop(boss: Client, run: Run) -> None:
    RunChunk.objects.create(
        run=run,
        stage=run.stages.get(),
        phase=Phase.WRITE,
        state="running",
        offered_until=timezone.now(),
        not_before=timezone.now(),
    )
    boss.post(reverse("admin:integrations_run_cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    assert "Stopping" in page(boss, run)


def test_a_held_run_says_why_and_can_be_discarded_or_approved(boss: Client, office: Office) -> None:
    run = Run.objects.create(
        connection=office.connection, state=RunState.HELD, held_because=["It would change 60 % of linked people."]
    )
    said = page(boss, run)
    assert "It would change 60 % of linked people." in said
    assert ">Approve</button>" in said
    boss.post(reverse("admin:integrations_run_discard", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert (
        "not held any more"
        in boss.post(reverse("admin:integrations_run_approve", args=[run.pk]), follow=True).content.decode()
    )


def test_failures_can_be_retried_once_the_run_is_over(boss: Client, run: Run) -> None:
    assert "Retry failed" not in page(boss, run)
    Run.objects.filter(pk=run.pk).update(state=RunState.SUCCEEDED_WITH_ERRORS)
    assert "Retry failed" in page(boss, run)
    boss.post(reverse("admin:integrations_run_retry", args=[run.pk]))
    follower = Run.objects.get(kind=RunKind.RETRY)
    assert follower.of_run == run


def test_a_preview_says_that_nothing_was_written(boss: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(kind=RunKind.PREVIEW, state=RunState.SUCCEEDED)
    said = page(boss, run)
    assert "Nothing was written to either product" in said
    assert "To create" in said


def test_entries_are_filtered_by_run_outcome_and_reason(boss: Client, run: Run) -> None:
    assert all(name in entries_page(boss, run__id__exact=run.pk) for name in ("Ada", "Ben", "Cy", "Di"))
    failed = entries_page(boss, run__id__exact=run.pk, outcome__exact="failed")
    assert "di@example.com" in failed
    assert "ada@example.com" not in failed
    unmapped = entries_page(boss, run__id__exact=run.pk, reason="owner_not_mapped")
    assert "cy@example.com" in unmapped
    assert "di@example.com" not in unmapped
    found = entries_page(boss, run__id__exact=run.pk, q="ben@")
    assert "ben@example.com" in found
    assert "ada@example.com" not in found


def test_an_unmapped_owner_is_shown_by_name(boss: Client, run: Run) -> None:
    assert "ownership mappings: Ben Pipe" in entries_page(boss, run__id__exact=run.pk)


def test_an_entry_shows_before_and_after_owner_and_sequence_by_name(boss: Client, office: Office, run: Run) -> None:
    mapping = office.step.field_mappings.get()
    sequence = Sequence.objects.get(name="Welcome")
    row = entry(
        run,
        "Eve",
        Action.UPDATE,
        Outcome.UPDATED,
        changes=[{"key": "title", "label": "Title", "before": None, "after": "CEO", "rule": mapping.pk}],
        owner_before="101",
        owner_after="102",
        sequence_external_id=sequence.external_id,
        notes=[{"reason": "shortened", "field": "title", "detail": "From 90 to 50 characters"}],
    )
    said = boss.get(reverse("admin:integrations_runentry_change", args=[row.pk])).content.decode()
    for words in ("(empty)", "CEO", f"mapping {mapping}", "Ada Reply → Ben Reply", "“Welcome”", "From 90 to 50"):
        assert words in said


def test_an_enrolment_that_did_not_come_about_says_why(boss: Client, run: Run) -> None:
    entry(run, "Flo", Action.UPDATE, Outcome.UPDATED, enrolment_reason="opted_out")
    assert "Not added: Has opted out" in entries_page(boss, run__id__exact=run.pk)


def test_the_download_has_what_the_list_shows_and_no_formulas(boss: Client, run: Run) -> None:
    entry(run, "=cmd()", Action.SKIP, Outcome.SKIPPED, reason="no_email")
    query: dict[str, Any] = {"run__id__exact": run.pk, "outcome__exact": "skipped"}
    answer: Any = boss.get(reverse("admin:integrations_runentry_csv"), query)
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].lstrip("\ufeff").startswith("name,email,decision")
    assert [line.split(",")[0] for line in lines[1:]] == ["Cy", "'=cmd()"]


@pytest.mark.parametrize("count", [5, 60])
def test_the_list_of_entries_costs_the_same_whatever_their_number(
    boss: Client, run: Run, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        entry(run, f"P{number}", Action.UPDATE, Outcome.UPDATED, owner_before="101", owner_after="102")
    with django_assert_max_num_queries(14):
        entries_page(boss, run__id__exact=run.pk)


def test_the_list_does_not_count_further_than_pages_are_turned(
    boss: Client, run: Run, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14) as captured:
        entries_page(boss, run__id__exact=run.pk)
    counting = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
    assert all("LIMIT" in sql for sql in counting)


def ended(run: Run, kind: RunKind = RunKind.SYNC) -> Run:
    """The run as a finished one."""
    run.kind, run.state, run.finished_at = kind, RunState.SUCCEEDED, timezone.now()
    run.save()
    return run


def test_an_ended_run_offers_undo_and_says_first_what_it_does(boss: Client, run: Run) -> None:
    ended(run)
    entry(run, "Flo", Action.UPDATE, Outcome.UPDATED, write_part=Part.DONE)
    assert 'data-action="undo"' in page(boss, run)
    url = reverse("admin:integrations_run_undo", args=[run.pk])

    question = boss.post(url).content.decode()
    assert "Fields and owners of 1 updated person are put back" in question
    assert "1 created person is listed and stays" in question
    assert f">Sync {run.pk}</a>" in question, "the run is above its question"
    assert f">{run.connection}</a>" in question
    assert not Run.objects.filter(kind=RunKind.UNDO).exists()

    answer = boss.post(url, {"confirmed": "yes"})
    follower = Run.objects.get(kind=RunKind.UNDO)
    assert (follower.of_run, answer["Location"]) == (run, reverse("admin:integrations_run_change", args=[follower.pk]))


def test_a_run_that_wrote_nothing_offers_no_undo(boss: Client, run: Run) -> None:
    ended(run)
    run.entries.filter(outcome__in=[Outcome.CREATED, Outcome.UPDATED]).delete()
    assert 'data-action="undo"' not in page(boss, run)


def test_a_finished_preview_offers_to_apply_its_plan(boss: Client, run: Run) -> None:
    assert "Apply this plan" not in page(boss, run)
    ended(run, RunKind.PREVIEW)
    assert "Apply this plan" in page(boss, run)

    answer = boss.post(reverse("admin:integrations_run_apply", args=[run.pk]), follow=True)

    assert "have changed since this preview" in answer.content.decode()
    assert not Run.objects.filter(kind=RunKind.APPLY).exists()


def test_a_plan_of_a_connection_that_is_not_enabled_says_so_and_offers_to_enable_it(boss: Client, run: Run) -> None:
    Connection.objects.update(enabled=False)
    said = page(boss, ended(run, RunKind.PREVIEW))
    assert "is not enabled,</strong> so the plan cannot be applied yet" in said

    switch = reverse("admin:integrations_connection_switch", args=[run.connection_id])
    answer = boss.post(switch, {"enabled": "on", "run": run.pk})

    assert Connection.objects.get().enabled
    assert answer["Location"] == reverse("admin:integrations_run_change", args=[run.pk])
    assert "is not enabled" not in page(boss, run)


def test_a_failed_run_says_why_and_leads_to_the_account(boss: Client, run: Run) -> None:
    Account.objects.filter(pk=run.connection.crm_account_id).update(status=AccountStatus.NEEDS_ATTENTION)
    Run.objects.filter(pk=run.pk).update(
        state=RunState.FAILED, failure="Pipedrive does not accept the API token.", finished_at=timezone.now()
    )
    said = page(boss, run)
    assert "<strong>The run failed.</strong> Pipedrive does not accept the API token." in said
    assert f"Look at {run.connection.crm_account}</a>" in said


def test_entries_are_found_by_part_of_an_address_in_any_case(boss: Client, run: Run) -> None:
    said = entries_page(boss, run__id__exact=run.pk, q="DI@EXAMPLE")
    assert "di@example.com" in said
    assert "ada@example.com" not in said
    nobody = entries_page(boss, run__id__exact=run.pk, q="zoe@example.com")
    assert "Nothing matches. Search for something else" in nobody


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (RunKind.APPLY, "applies <a"),
        (RunKind.RETRY, "retries the failures of <a"),
        (RunKind.UNDO, "undoes <a"),
    ],
)
def test_a_run_says_in_words_which_run_it_follows(boss: Client, run: Run, kind: RunKind, words: str) -> None:
    ended(run)
    follower = ended(Run.objects.create(connection=run.connection, of_run=run), kind)
    said = page(boss, follower)
    assert words in said
    assert f">sync {run.pk}</a>" in said


def test_a_run_that_only_created_people_says_that_there_is_nothing_to_put_back(boss: Client, run: Run) -> None:
    ended(run)
    said = page(boss, run)
    assert 'data-action="undo"' not in said
    assert "Nothing to put back: this run only created people" in said
