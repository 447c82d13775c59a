from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.domain.enums import Direction
from integrations.models import OwnerMapping, Run, SyncStep
from tests.admin.office import Office


@pytest.fixture
def back(office: Office) -> SyncStep:
    return SyncStep.objects.create(connection=office.connection, direction=Direction.TO_CRM, position=2)


def url(step: SyncStep) -> str:
    return reverse("admin:integrations_syncstep_apply_all", args=[step.pk])


def version(answer: Any) -> str:
    return str(answer.context["version"])


def test_looking_at_the_page_changes_nothing(boss: Client, office: Office, back: SyncStep) -> None:
    said = boss.get(url(office.step)).content.decode()
    assert "Ada Reply" in said
    assert "opposite direction" in said
    assert not back.owner_mappings.exists()


def test_confirming_applies_what_was_ticked_and_starts_no_run(boss: Client, office: Office, back: SyncStep) -> None:
    shown = boss.get(url(office.step))
    answer = boss.post(url(office.step), {"version": version(shown), "part": ["owners"]}, follow=True)
    assert "Applied to 1 step" in answer.content.decode()
    assert back.owner_mappings.count() == 1
    assert not back.field_mappings.exists()
    assert not Run.objects.exists()
    history = reverse("admin:integrations_syncstep_history", args=[back.pk])
    told = boss.get(history).content.decode()
    assert f"Applied from “{office.step}”" in told
    assert "Added owner mapping 1" in told


def test_a_change_in_between_is_shown_instead_of_applied(boss: Client, office: Office, back: SyncStep) -> None:
    shown = boss.get(url(office.step))
    OwnerMapping.objects.create(
        step=office.step, source_member=office.member("Ben Pipe"), target_member=office.member("Ben Reply")
    )
    answer = boss.post(url(office.step), {"version": version(shown), "part": ["owners"]})
    assert "A step was changed meanwhile, and nothing has been applied" in answer.content.decode()
    assert not back.owner_mappings.exists()


def test_without_a_tick_nothing_is_applied(boss: Client, office: Office, back: SyncStep) -> None:
    shown = boss.get(url(office.step))
    assert "Nothing was ticked" in boss.post(url(office.step), {"version": version(shown)}).content.decode()


def test_the_button_beside_save_saves_first_and_then_shows(boss: Client, office: Office, back: SyncStep) -> None:
    from tests.admin.test_step_form import StepPage

    page = StepPage(boss, office.step)
    page.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    answer: Any = boss.post(page.url, {**page.data, "_apply_all": "1"})
    assert answer.url == url(office.step)
    assert office.step.owner_mappings.count() == 2
    assert not back.owner_mappings.exists()


def test_the_only_step_of_a_connection_has_nothing_to_apply_to(boss: Client, office: Office) -> None:
    assert "no other step" in boss.get(url(office.step), follow=True).content.decode()


def test_the_list_action_takes_one_step(boss: Client, office: Office, back: SyncStep) -> None:
    where = reverse("admin:integrations_syncstep_changelist")
    one: Any = boss.post(where, {"action": "apply_selected", "_selected_action": [office.step.pk]})
    assert one.url == url(office.step)
    two = boss.post(where, {"action": "apply_selected", "_selected_action": [office.step.pk, back.pk]}, follow=True)
    assert "Tick one step" in two.content.decode()
