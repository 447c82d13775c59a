"""What goes wrong between a page and its server: nothing is lost silently."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from integrations.models import Run, SyncStep
from tests.browser.steps import add_owner, open_step

pytestmark = pytest.mark.browser


def message(page: Page, words: str) -> None:
    expect(page.locator("main, .messagelist").filter(has_text=words).first).to_be_visible()


def name_it(page: Page, name: str) -> None:
    page.locator("#section-settings summary").click()
    page.fill("#id_name", name)


def test_going_back_after_saving_doubles_nothing_and_loses_nothing(page: Page, step: SyncStep) -> None:
    add_owner(open_step(page, step), "Ben", "Ben")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    page.go_back()
    expect(page.locator("#section-owners [data-row]")).to_have_count(2)
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert step.owner_mappings.count() == 2


def test_the_second_of_two_tabs_is_told_and_keeps_what_was_typed(page: Page, step: SyncStep) -> None:
    other = page.context.new_page()
    add_owner(open_step(other, step), "Ben", "Ben")
    section = open_step(page, step)
    name_it(page, "First")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert section.locator("[data-row]").count() == 1

    other.get_by_role("button", name="Save and continue").click()
    message(other, "This step was changed meanwhile by boss")
    expect(other.locator("#section-owners [data-row]")).to_have_count(2)
    assert step.owner_mappings.count() == 1
    other.close()


def test_saving_a_step_that_was_deleted_in_another_tab_says_so(page: Page, step: SyncStep) -> None:
    add_owner(open_step(page, step), "Ben", "Ben")
    SyncStep.objects.filter(pk=step.pk).delete()
    page.get_by_role("button", name="Save and continue").click()
    message(page, "Somebody deleted this step meanwhile, so what you sent was not saved")
    expect(page.locator("main").get_by_text("Ben", exact=False).first).to_be_visible()


def test_two_presses_of_sync_now_make_one_run(page: Page, step: SyncStep) -> None:
    where = f"/admin/integrations/connection/{step.connection_id}/change/"
    other = page.context.new_page()
    page.goto(where)
    other.goto(where)
    page.get_by_role("button", name="Sync Now").dblclick()
    page.wait_for_url("**/run/**")
    run = Run.objects.get()

    other.get_by_role("button", name="Sync Now").click()
    message(other, f"See run {run.pk}")
    other.locator(".messagelist").get_by_role("link", name=f"See run {run.pk}").click()
    expect(other.get_by_role("heading", level=1)).to_have_text(f"Sync {run.pk}")
    assert Run.objects.count() == 1
    other.close()


def test_what_was_typed_when_the_session_ended_is_there_after_logging_in_again(page: Page, step: SyncStep) -> None:
    add_owner(open_step(page, step), "Ben", "Ben")
    name_it(page, "Typed in vain?")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save and continue").click()
    message(page, "Your session had ended")
    assert step.owner_mappings.count() == 1

    page.fill("#id_username", "boss")
    page.fill("#id_password", "boss")
    page.click("input[type=submit]")
    expect(page.locator("#id_name")).to_have_value("Typed in vain?")
    expect(page.locator("#section-owners [data-row]")).to_have_count(2)
    message(page, "This is what you typed before your session ended")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert step.owner_mappings.count() == 2
