from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.models import SyncStep
from integrations.services.roles import VIEWER
from tests.admin.office import Office, user_in
from tests.admin.test_step_form import StepPage


def sent_too_late(client: Client, office: Office) -> StepPage:
    """A pair that was typed in a session that had ended when it was sent."""
    page = StepPage(client, office.step)
    page.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    client.logout()
    answer = client.post(page.url, page.data, follow=True)
    assert "you will find it as you typed it" in answer.content.decode()
    return page


def test_what_was_sent_too_late_is_shown_as_typed_once_and_not_saved(boss: Client, office: Office) -> None:
    user: Any = boss.get("/admin/").wsgi_request.user
    page = sent_too_late(boss, office)
    boss.force_login(user)
    shown = boss.get(page.url)
    assert "This is what you typed before your session ended" in shown.content.decode()
    rows = next(section.rows for section in shown.context["sections"] if section.key == "owners")
    assert len(rows.formset.forms) == 2
    assert office.step.owner_mappings.count() == 1
    assert "before your session ended" not in boss.get(page.url).content.decode()


def test_somebody_else_who_may_not_change_the_step_sees_it_as_it_is(boss: Client, office: Office) -> None:
    page = sent_too_late(boss, office)
    boss.force_login(user_in(VIEWER))
    assert "before your session ended" not in boss.get(page.url).content.decode()


def test_what_may_hold_secrets_is_not_kept(client: Client, office: Office) -> None:
    client.post(reverse("admin:integrations_account_add"), {"secret_api_key": "hush"})
    assert "unsent" not in client.session
    assert SyncStep.objects.count() == 1


def test_what_was_sent_to_a_step_that_was_deleted_meanwhile_is_shown_in_words(boss: Client, office: Office) -> None:
    page = StepPage(boss, office.step)
    page.data["name"] = "Everybody at once"
    page.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    SyncStep.objects.all().delete()
    answer = boss.post(page.url, page.data)
    said = answer.content.decode()
    assert "what you sent was not saved" in said
    assert "Everybody at once" in said
    assert any("Ben Pipe" in line and "Ben Reply" in line for _, lines in answer.context["typed"] for line in lines)
    assert reverse("admin:integrations_connection_change", args=[office.connection.pk]) in said
    assert not SyncStep.objects.exists()


def test_what_was_sent_to_a_step_is_not_told_to_somebody_who_may_only_look(boss: Client, office: Office) -> None:
    page = StepPage(boss, office.step)
    SyncStep.objects.all().delete()
    boss.force_login(user_in(VIEWER))
    answer = boss.post(page.url, page.data, follow=True)
    assert "What you sent" not in answer.content.decode()


def test_deleting_a_step_says_first_which_rows_go_along(boss: Client, office: Office) -> None:
    said = boss.get(reverse("admin:integrations_syncstep_delete", args=[office.step.pk])).content.decode()
    assert f"Owner mappings: {office.step.owner_mappings.count()}" in said
    assert f"Field mappings: {office.step.field_mappings.count()}" in said
