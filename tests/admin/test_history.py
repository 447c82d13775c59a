"""Who changed the configuration, when, and from what to what: wherever the change was made."""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.domain.enums import Direction
from integrations.engine.connect import mark_needs_attention
from integrations.models import Account, OwnerMapping, SyncStep
from integrations.models.history import noting
from integrations.services import changes
from integrations.services.changes import Change, changes_of
from integrations.services.connections import set_enabled
from integrations.services.propagation import apply_for_all, version_of_all
from integrations.services.step_warnings import Section
from integrations.services.steps import add_step, move_step
from tests.admin.office import Office
from tests.admin.test_step_form import StepPage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def long_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one author does in a test is told as one go, however slow the machine."""
    monkeypatch.setattr(changes, "ONE_GO", timedelta(days=1))


def told(all_changes: list[Change]) -> list[str]:
    """The changes as the page tells them."""
    return [
        f"{change.who}: "
        + "; ".join(
            f"{line.verb} {line.title}"
            + (f" of {line.step}" if line.step else "")
            + (f" ({line.content})" if line.content else "")
            + "".join(f", {value.label} {value.before} → {value.after}" for value in line.values)
            for line in change.lines
        )
        + (f" [{change.why}]" if change.why else "")
        for change in all_changes
    ]


def test_a_changed_owner_mapping_is_told_by_names_and_who_did_it(boss: Client, office: Office) -> None:
    page = StepPage(boss, office.step)
    page.save(**{"owner_mappings-0-target_member": office.member("Ben Reply").pk})
    assert told(changes_of(office.step))[0] == (
        "Bo: changed owner mapping 1 (Ada Pipe → Ada Reply), right side Ada Reply → Ben Reply"
    )
    shown = boss.get(reverse("admin:integrations_syncstep_history", args=[office.step.pk])).content.decode()
    assert "<strong>Bo</strong>" in shown
    assert "right side: <del>Ada Reply</del> → <ins>Ben Reply</ins>" in shown


def test_what_is_added_and_removed_is_told_with_what_it_said(boss: Client, office: Office) -> None:
    OwnerMapping.objects.create(
        step=office.step, position=1, source_member=office.member("Ben Pipe"), target_member=office.member("Ben Reply")
    )
    OwnerMapping.objects.filter(step=office.step, position=0).delete()
    first, *_ = told(changes_of(office.step))
    assert "added owner mapping 2 (Ben Pipe → Ben Reply); removed owner mapping 1 (Ada Pipe → Ada Reply)" in first


def test_a_steps_own_settings_are_told_in_words(office: Office) -> None:
    step = office.step
    step.unmapped_owners, step.fallback_member = "fallback", office.member("Cy Reply")
    with noting(by=User.objects.create_user("ann", first_name="Ann")):
        step.save()
    assert told(changes_of(step))[0] == (
        "Ann: changed step “People in Pipedrive → People in Reply”, people with an unmapped owner are not synced "
        "→ are given to the member chosen here, member for unmapped owners nobody → Cy Reply"
    )


def test_a_connections_page_tells_its_steps_changes_too_also_of_a_deleted_step(office: Office) -> None:
    back = add_step(connection=office.connection, direction=Direction.TO_CRM, by=None, name="Back")
    back.delete()
    set_enabled(connection=office.connection, enabled=False, by=None)
    lines = "\n".join(told(changes_of(office.connection)))
    assert "changed connection “Northwind”, enabled yes → no" in lines
    assert "added step “Back”" in lines
    assert "removed step “Back”" in lines
    assert re.search(r"added field mapping 1 of Back \(Email → Email\)", lines)
    assert re.search(r"removed owner mapping 1 of Back", lines)


def test_apply_for_all_notes_every_step_that_it_changes_with_where_it_came_from(office: Office) -> None:
    other = SyncStep.objects.create(connection=office.connection, direction=Direction.TO_OUTREACH, name="Other")
    apply_for_all(step=office.step, sections=[Section.OWNERS], version=version_of_all(office.step), by=None)
    assert "added owner mapping 1 (Ada Pipe → Ada Reply) [Applied from “" in told(changes_of(other))[0]


def test_moving_a_step_is_told(office: Office) -> None:
    back = add_step(connection=office.connection, direction=Direction.TO_CRM, by=None, name="Back")
    move_step(step=back, place=1, by=None)
    assert "changed step “Back”, order 2 → 1" in told(changes_of(back))[0]


def test_a_command_is_named_where_there_is_no_user(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/srv/sync/manage.py", "import_configuration", "file"])
    office.step.name = "New"
    office.step.save()
    assert told(changes_of(office.step))[0].startswith("A command: changed step “New”")
    assert told(changes_of(office.step))[0].endswith("[manage.py import_configuration]")


def test_an_accounts_history_has_its_settings_and_never_its_credentials(office: Office) -> None:
    account = office.reply
    account.credentials = {"api_key": "a-secret-that-nobody-may-read"}
    account.save()
    mark_needs_attention(account, "The key was refused.")
    account.phone_region = "GB"
    account.save()
    assert told(changes_of(account)) == [
        "System: added account “Reply”; changed account “Reply”, country of phone numbers (empty) → GB"
    ]
    columns = {field.name for field in Account.history.model._meta.get_fields()}
    assert not columns & {"credentials", "status_detail"}


def test_reconnecting_leaves_a_line_though_nothing_of_it_may_be_shown(office: Office) -> None:
    with noting("Reconnected with new credentials."):
        office.reply.save()
    assert told(changes_of(office.reply))[0] == "System:  [Reconnected with new credentials.]"


def test_a_save_that_changes_nothing_leaves_nothing(office: Office) -> None:
    before = SyncStep.history.count(), OwnerMapping.history.count()
    office.step.save()
    OwnerMapping.objects.get().save()
    assert (SyncStep.history.count(), OwnerMapping.history.count()) == before


def test_rows_that_only_move_up_are_no_change_of_theirs(office: Office) -> None:
    row = OwnerMapping.objects.get()
    row.position = 5
    row.save()
    assert "owner mapping" not in told(changes_of(office.step))[0] or "changed" not in told(changes_of(office.step))[0]


@pytest.mark.parametrize("name", ["syncstep", "connection", "account"])
def test_the_page_takes_few_queries_however_much_was_changed(boss: Client, office: Office, name: str) -> None:
    step: Any = office.step
    for number in range(30):
        step.name = f"Step {number}"
        step.save()
        row = OwnerMapping.objects.get()
        row.target_member = office.member("Ben Reply" if number % 2 else "Cy Reply")
        row.save()
    record = {"syncstep": step, "connection": office.connection, "account": office.reply}[name]
    with CaptureQueriesContext(database) as queries:
        answer = boss.get(reverse(f"admin:integrations_{name}_history", args=[record.pk]))
    assert answer.status_code == 200
    assert len(queries) <= 20


def test_the_pages_lead_to_their_history(boss: Client, office: Office) -> None:
    for record, name in ((office.step, "syncstep"), (office.connection, "connection"), (office.reply, "account")):
        page = boss.get(reverse(f"admin:integrations_{name}_change", args=[record.pk])).content.decode()
        assert reverse(f"admin:integrations_{name}_history", args=[record.pk]) in page


def test_history_begins_with_what_was_there(office: Office) -> None:
    """What an installation had before history was kept is noted by the migration, so that its first change is told."""
    OwnerMapping.history.all().delete()
    importlib.import_module("integrations.migrations.0007_history_of_configuration").begin(apps, None)
    row = OwnerMapping.objects.get()
    row.target_member = office.member("Ben Reply")
    row.save()
    assert "right side Ada Reply → Ben Reply" in told(changes_of(office.step))[0]


def test_the_connections_history_names_a_deleted_step_by_its_products(boss: Client, office: Office) -> None:
    arrow = office.step.arrow
    office.step.delete()
    url = reverse("admin:integrations_connection_history", args=[office.connection.pk])
    said = boss.get(url).content.decode()
    assert f"Removed step “{arrow}”" in said
