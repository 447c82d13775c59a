from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from integrations.domain.enums import Direction
from integrations.models import SyncStep
from integrations.services.steps import add_step
from tests.browser.steps import add_owner, address, open_step

pytestmark = pytest.mark.browser


def lefts(step: SyncStep) -> list[str]:
    return [pair.source_member.name.split()[0] for pair in step.owner_mappings.all()]


def grip(section: Locator, number: int) -> Locator:
    return section.locator("[data-row]").nth(number).locator("[data-grip]")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_owner_rows_are_dragged_and_moved_by_the_arrow_keys(page: Page, step: SyncStep) -> None:
    section = open_step(page, step)
    add_owner(section, "Ben", "Ben")
    add_owner(section, "Chlo", "Ben")
    save(page)
    assert lefts(step) == ["Anna", "Ben", "Chloé"]

    grip(section, 2).drag_to(section.locator("[data-row]").nth(0), target_position={"x": 40, "y": 4})
    expect(page.locator("[data-unsaved]")).to_be_visible()
    save(page)
    assert lefts(step) == ["Chloé", "Anna", "Ben"]

    grip(section, 0).press("ArrowDown")
    expect(section.locator("[data-rows-status]")).to_have_text("Row 2 of 3")
    save(page)
    assert lefts(step) == ["Anna", "Chloé", "Ben"]


def test_steps_are_dragged_and_moved_by_their_arrows(page: Page, step: SyncStep) -> None:
    back = add_step(connection=step.connection, direction=Direction.TO_CRM, by=None)
    page.goto(f"/admin/integrations/connection/{step.connection_id}/change/")
    items = page.locator(".sa-step")
    items.nth(1).locator("[data-grip]").drag_to(items.nth(0), target_position={"x": 40, "y": 4})
    expect(items.nth(0).get_by_role("link").first).to_have_attribute("href", address(back))
    assert list(step.connection.steps.all()) == [back, step]

    page.get_by_role("button", name=f"Move {back} down").click()
    expect(items.nth(0).get_by_role("link").first).to_have_attribute("href", address(step))
    assert list(step.connection.steps.all()) == [step, back]
