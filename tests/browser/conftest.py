from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from integrations.models import SyncStep
from tests.browser.steps import first_step
from tests.services.conftest import Vendors, vendors

__all__ = ["vendors"]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; browsers are not downloaded."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in this thread; the tests use the database between its calls, never inside.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
            yield browser
            browser.close()


def is_complaint(message: ConsoleMessage) -> bool:
    """Errors, but for a question that was still open when the page was left."""
    return message.type == "error" and not message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, vendors: Vendors) -> Iterator[Page]:
    """A page in which an administrator is logged in. Anything that the console complains of fails the test."""
    User.objects.create_superuser("boss", password="boss")
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/")
    page.fill("#id_username", "boss")
    page.fill("#id_password", "boss")
    page.click("input[type=submit]")
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def step(vendors: Vendors) -> SyncStep:
    """The first step of an enabled connection."""
    return first_step(vendors)
