from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.domain.enums import Direction
from integrations.models import Account, AccountStatus, Connection, Run, RunKind, RunState, SyncStep
from tests.admin.office import Office


def press(client: Client, action: str, office: Office, **data: Any) -> str:
    url = reverse(f"admin:integrations_connection_{action}", args=[office.connection.pk])
    return client.post(url, data, follow=True).content.decode()


def test_the_toggle_goes_to_the_state_that_was_asked_for(boss: Client, office: Office) -> None:
    press(boss, "switch", office)
    assert not Connection.objects.get().enabled
    press(boss, "switch", office)
    assert not Connection.objects.get().enabled, "a double click does not switch back"
    press(boss, "switch", office, enabled="on")
    assert Connection.objects.get().enabled


def test_a_connection_without_steps_says_why_it_cannot_be_enabled(boss: Client, office: Office) -> None:
    press(boss, "switch", office)
    office.step.delete()
    assert "Add a sync step first" in press(boss, "switch", office, enabled="on")


def test_sync_now_goes_to_the_page_of_its_run(boss: Client, office: Office) -> None:
    said = press(boss, "sync_now", office)
    run = Run.objects.get()
    assert (run.kind, run.step, run.requested_by.username) == (RunKind.SYNC, None, "boss")  # type: ignore[union-attr]
    assert f"<h1>Sync {run.pk}</h1>" in said


def test_a_second_request_names_and_links_the_run_in_the_way(boss: Client, office: Office) -> None:
    press(boss, "sync_now", office)
    said = press(boss, "sync_now", office)
    run = Run.objects.get()
    assert f"Run {run.pk} of “Northwind” is active already" in said
    assert reverse("admin:integrations_run_change", args=[run.pk]) in said


def test_a_disabled_connection_says_so_and_can_be_previewed(boss: Client, office: Office) -> None:
    press(boss, "switch", office)
    assert "is not enabled" in press(boss, "sync_now", office)
    press(boss, "preview", office)
    assert Run.objects.get().kind == RunKind.PREVIEW


def test_an_account_that_needs_attention_says_what_to_do(boss: Client, office: Office) -> None:
    Account.objects.filter(pk=office.reply.pk).update(
        status=AccountStatus.NEEDS_ATTENTION, status_detail="The key was revoked."
    )
    assert "The key was revoked." in press(boss, "sync_now", office)


def test_a_step_is_added_with_its_direction_and_opened(boss: Client, office: Office) -> None:
    said = press(boss, "add_step", office, direction="to_crm")
    step = SyncStep.objects.get(direction=Direction.TO_CRM)
    assert "Look through its sections" in said
    assert f"<h1>{step.arrow}</h1>" in said
    assert "People to sequence" not in said


def test_a_step_without_a_direction_is_refused(boss: Client, office: Office) -> None:
    assert "Choose the direction" in press(boss, "add_step", office, direction="sideways")
    assert SyncStep.objects.count() == 1


def test_the_page_lists_steps_with_filters_in_words(boss: Client, office: Office) -> None:
    page = boss.get(reverse("admin:integrations_connection_change", args=[office.connection.pk])).content.decode()
    for words in ("People in Pipedrive → People in Reply", "Everybody", "1 owner mapping", "Never run"):
        assert words in page


def test_a_list_action_syncs_what_is_ticked(boss: Client, office: Office) -> None:
    url = reverse("admin:integrations_connection_changelist")
    answer = boss.post(url, {"action": "sync_selected", "_selected_action": [office.connection.pk]}, follow=True)
    assert "Northwind is being synced" in answer.content.decode()
    assert Run.objects.count() == 1


def test_a_connection_with_a_history_can_be_deleted_without_listing_it(boss: Client, office: Office) -> None:
    Run.objects.create(connection=office.connection, state=RunState.SUCCEEDED)
    url = reverse("admin:integrations_connection_delete", args=[office.connection.pk])
    assert "Runs: 1" in boss.get(url).content.decode()
    boss.post(url, {"post": "yes"})
    assert not Connection.objects.exists()


def test_an_account_in_use_cannot_be_deleted(boss: Client, office: Office) -> None:
    answer = boss.get(reverse("admin:integrations_account_delete", args=[office.reply.pk]))
    assert "Northwind" in answer.content.decode()
    boss.post(reverse("admin:integrations_account_delete", args=[office.reply.pk]), {"post": "yes"})
    assert Account.objects.filter(pk=office.reply.pk).exists()


def test_deleting_a_step_goes_back_to_its_connection(boss: Client, office: Office) -> None:
    answer: Any = boss.post(reverse("admin:integrations_syncstep_delete", args=[office.step.pk]), {"post": "yes"})
    assert answer.url == reverse("admin:integrations_connection_change", args=[office.connection.pk])
    assert not SyncStep.objects.exists()


def test_the_first_page_says_what_to_do_where_nothing_is_connected(boss: Client, db: None) -> None:
    said = boss.get("/admin/").content.decode()
    assert "Connect both accounts" in said
    assert reverse("admin:connect") in said


def test_the_first_page_shows_state_and_the_missing_worker(boss: Client, office: Office) -> None:
    said = boss.get("/admin/").content.decode()
    for words in ("Pipedrive", "Enabled", "Configure", "No worker is running", "Never"):
        assert words in said


@pytest.mark.parametrize("count", [1, 12])
def test_the_first_page_costs_the_same_whatever_the_connections(
    boss: Client, office: Office, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        crm = Account.objects.create(
            product="pipedrive", role="crm", people_label="P", name=f"P{number}", external_id=f"x{number}"
        )
        connection = Connection.objects.create(
            name=f"C{number}", crm_account=crm, outreach_account=office.reply, enabled=True
        )
        Run.objects.create(connection=connection, state=RunState.SUCCEEDED)
    boss.get("/admin/")
    with django_assert_max_num_queries(18):
        boss.get("/admin/")
