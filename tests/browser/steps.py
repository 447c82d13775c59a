"""A step's page, used the way people do."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

from integrations.models import SyncStep
from integrations.services.connections import create_connection, set_enabled
from tests.services.conftest import Vendors


def first_step(vendors: Vendors) -> SyncStep:
    """The first step of an enabled connection."""
    connection = create_connection(
        name="Main", crm_account=vendors.pipedrive(), outreach_account=vendors.reply(), by=None
    )
    set_enabled(connection=connection, enabled=True, by=None)
    return connection.steps.get()


def address(step: SyncStep) -> str:
    """Of the step's page."""
    return f"/admin/integrations/syncstep/{step.pk}/change/"


def open_step(page: Page, step: SyncStep) -> Locator:
    """The ownership mappings of the opened page."""
    page.goto(address(step))
    return page.locator("#section-owners")


def choose(row: Locator, number: int, words: str) -> None:
    """Pick from a searchable select: open, type, take the first."""
    row.locator(".select2-selection").nth(number).click()
    search = row.page.locator(".select2-search__field")
    search.fill(words)
    row.page.locator(".select2-results__option", has_text=words).first.click()


def offered(row: Locator, number: int) -> list[str]:
    """What a searchable select offers."""
    row.locator(".select2-selection").nth(number).click()
    found = row.page.locator(".select2-results__option").all_inner_texts()
    row.page.keyboard.press("Escape")
    return [text.split("\n")[0] for text in found]


def add_owner(section: Locator, left: str, right: str) -> Locator:
    """A new row of the ownership mappings."""
    section.get_by_role("button", name="+ Add owner mapping").click()
    row = section.locator("[data-row]").last
    choose(row, 0, left)
    choose(row, 1, right)
    return row
