from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from integrations.domain.enums import Direction
from integrations.models import Connection, Run, RunState, SyncStep
from integrations.services.runs import drive
from integrations.services.steps import add_step
from tests.browser.steps import add_owner, choose, offered, open_step
from tests.services.conftest import PIPEDRIVE_TOKEN, REPLY_KEY, Vendors

pytestmark = pytest.mark.browser

TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll("main *")]
        .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth)
        .map((one) => one.className || one.tagName)"""
"""What sticks out of a page that can be scrolled sideways."""


def test_from_nothing_to_a_read_run(page: Page, vendors: Vendors) -> None:
    page.get_by_role("link", name="Connect Pipedrive and Reply").click()
    page.get_by_label("API key").fill(REPLY_KEY)
    page.get_by_label("Address").fill(f"{vendors.url}/reply")
    page.get_by_role("button", name="Test and go on").click()
    page.get_by_label("API token").fill(PIPEDRIVE_TOKEN)
    page.get_by_label("Address").fill(f"{vendors.url}/pipedrive")
    page.get_by_role("button", name="Test and go on").click()
    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("People in Pipedrive → People in Reply")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Preview"))
    drive(Run.objects.get())
    expect(page.get_by_text("This is a preview.")).to_be_visible()

    page.get_by_role("link", name=Connection.objects.get().name).click()
    page.get_by_role("switch").click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    page.get_by_role("button", name="Sync Now").click()
    run = Run.objects.latest("pk")
    drive(run)
    expect(page.locator(".sa-pill").first).to_have_text("Succeeded")
    run.refresh_from_db()
    seen = run.stages.get().seen
    assert seen > 0
    expect(page.locator(".sa-tile", has_text="Seen")).to_contain_text(str(seen))


def test_a_left_member_is_offered_once_and_a_right_member_again(page: Page, step: SyncStep) -> None:
    section = open_step(page, step)
    section.get_by_role("button", name="+ Add owner mapping").click()
    row = section.locator("[data-row]").last
    taken = step.owner_mappings.get()
    assert taken.source_member.name not in offered(row, 0)
    assert taken.target_member.name in offered(row, 1)
    section.locator("[data-row]").first.get_by_role("button", name="Remove this row").click()
    assert taken.source_member.name in offered(row, 0), "a removed row frees its member"


def test_a_duplicate_that_gets_past_the_page_is_refused_beside_both_rows(page: Page, step: SyncStep) -> None:
    section = open_step(page, step)
    add_owner(section, "Ben", "Ben")
    page.evaluate(
        """() => {
            const [first, second] = document.querySelectorAll('#section-owners select[name$="source_member"]');
            second.replaceChildren(first.selectedOptions[0].cloneNode(true));
        }"""
    )
    page.get_by_role("button", name="Save and continue").click()
    expect(section.locator(".sa-cell .errorlist")).to_have_count(2)
    assert step.owner_mappings.count() == 1


def test_live_lines_follow_what_is_typed_and_unsaved_changes_are_marked(page: Page, step: SyncStep) -> None:
    page.goto(f"/admin/integrations/syncstep/{step.pk}/change/")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url(re.compile("/run/"))
    drive(Run.objects.get())
    section = open_step(page, step)
    line = section.locator(".sa-live-line").first
    expect(line).to_contain_text("1 of 7 active Pipedrive users are mapped")
    add_owner(section, "Ben", "Ben")
    expect(line).to_contain_text("2 of 7 active Pipedrive users are mapped")
    expect(page.locator("[data-unsaved]")).to_be_visible()
    assert step.owner_mappings.count() == 1


def test_a_filter_on_the_owner_offers_members_and_one_on_a_date_a_date(page: Page, step: SyncStep) -> None:
    page.goto(f"/admin/integrations/syncstep/{step.pk}/change/")
    section = page.locator("#section-filters")
    section.locator("summary").click()
    section.get_by_role("button", name="+ Add rule").click()
    row = section.locator("[data-row]").last
    choose(row, 0, "Owner")
    choose(row, 1, "Ben")
    page.get_by_role("button", name="Save and continue").click()
    rule = step.filter_conditions.get()
    assert rule.member is not None
    assert rule.member.name.startswith("Ben")


def test_choosing_a_sequence_narrows_the_steps_and_takes_the_first(page: Page, step: SyncStep) -> None:
    page.goto(f"/admin/integrations/syncstep/{step.pk}/change/")
    section = page.locator("#section-sequences")
    section.locator("summary").click()
    section.get_by_role("button", name="+ Add sequence").click()
    row = section.locator("[data-row]").last
    owner, sequence = step.owner_mappings.get().target_member, step.target_account.sequences.filter(status="active")[0]
    choose(row, 0, owner.name)
    choose(row, 1, sequence.name)
    steps = [str(each) for each in sequence.steps.all()]
    assert offered(row, 2) == steps
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert str(step.sequence_mappings.get().sequence_step) == steps[0]


def test_save_and_apply_for_all_steps_shows_first_and_changes_after_confirm(page: Page, step: SyncStep) -> None:
    back = add_step(connection=step.connection, direction=Direction.TO_CRM, by=None)
    section = open_step(page, step)
    add_owner(section, "Ben", "Ben")
    page.get_by_role("button", name="Save and apply for all steps").click()
    expect(page.get_by_text("opposite direction").first).to_be_visible()
    assert back.owner_mappings.count() == 1
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".messagelist")).to_contain_text("Applied to 1 step")
    assert back.owner_mappings.count() == 2


def test_progress_moves_without_reloading(page: Page, step: SyncStep) -> None:
    run = Run.objects.create(connection=step.connection, state=RunState.QUEUED)
    page.goto(f"/admin/integrations/run/{run.pk}/change/")
    page.evaluate("() => { window.isSamePage = true; }")
    expect(page.get_by_role("status")).to_have_text("Waiting for a worker")
    Run.objects.filter(pk=run.pk).update(state=RunState.READING)
    expect(page.get_by_role("status")).to_have_text("Reading people")
    expect(page.locator(".sa-pill").first).to_have_text("Reading")
    assert page.evaluate("() => window.isSamePage")
    Run.objects.filter(pk=run.pk).update(state=RunState.CANCELLED)
    expect(page.locator(".sa-pill").first).to_have_text("Cancelled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(page: Page, step: SyncStep, scheme: str) -> None:
    run = drive(Run.objects.create(connection=step.connection, kind="preview"))
    back = add_step(connection=step.connection, direction=Direction.TO_CRM, by=None)
    back.owner_mappings.all().delete()  # so that there is something to apply for all steps
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for address in (
        "",
        "connect/",
        "records/",
        f"integrations/connection/{step.connection_id}/change/",
        f"integrations/syncstep/{step.pk}/change/",
        f"integrations/syncstep/{step.pk}/apply-all/",
        f"integrations/run/{run.pk}/change/",
        f"integrations/runentry/?run__id__exact={run.pk}",
        f"integrations/runentry/{run.entries.first().pk}/change/",  # type: ignore[union-attr]
        f"integrations/account/{step.connection.crm_account_id}/change/",
    ):
        page.goto(f"/admin/{address}")
        assert page.evaluate(TOO_WIDE) == [], address
