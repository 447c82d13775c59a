from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_the_apis_page_shows_every_group_and_calls_one_within_the_content_security_policy(page: Page) -> None:
    answer = page.goto("/api/v1/docs/")
    assert answer is not None
    assert "unsafe" not in answer.headers["content-security-policy"]
    for group in ("accounts", "connections", "steps", "runs", "explain", "budgets", "me"):
        expect(page.locator(f"#operations-tag-{group}")).to_be_visible(timeout=30_000)  # once the document is made
    page.locator(".opblock-summary-control", has_text="Read who you are").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table")).to_contain_text('"username": "boss"', timeout=15_000)
    # The page's own fixture fails the test for whatever the console complains of, such as something that was blocked.
