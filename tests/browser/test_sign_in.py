from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from integrations.models import Account
from tests.services.conftest import Vendors

pytestmark = pytest.mark.browser


def test_signing_in_goes_to_the_product_and_comes_back_connected(
    page: Page, vendors: Vendors, settings: Settings
) -> None:
    app = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "url": f"{vendors.url}/pipedrive"}
    settings.OAUTH_APPS = {"pipedrive": app}
    page.goto(f"/admin/connect/?outreach={vendors.reply().pk}")
    page.get_by_role("link", name="Connect with Pipedrive").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("You did not let this installation in at Pipedrive")).to_be_visible()
    page.get_by_role("link", name="Connect with Pipedrive").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Connected to “Lumen Works”")).to_be_visible()
    expect(page.get_by_role("heading", name="Make the connection")).to_be_visible()
    assert Account.objects.get(product="pipedrive").is_healthy
