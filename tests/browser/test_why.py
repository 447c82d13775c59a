from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.domain.enums import Operator
from integrations.models import FilterCondition, PersonLink, SyncStep
from integrations.services.runs import drive, request_run
from tests.browser.steps import first_step
from tests.services.conftest import Vendors

pytestmark = pytest.mark.browser


@pytest.fixture
def step(vendors: Vendors) -> SyncStep:
    """A step that has synced its first people, and has a filter since."""
    step = first_step(vendors)
    SyncStep.objects.filter(pk=step.pk).update(unmapped_owners="leave")
    drive(request_run(connection=step.connection))
    name = step.source_account.fields.get(key="name")
    for operator in (Operator.IS_NOT_EMPTY, Operator.NOT_CONTAINS):
        FilterCondition.objects.create(step=step, subject="field", field=name, operator=operator, value="Zz")
    return step


def test_asked_with_the_keyboard_the_page_answers_without_script_at_any_width(
    browser: Browser, page: Page, live_server: LiveServer, step: SyncStep
) -> None:
    email = PersonLink.objects.filter(connection=step.connection)[0].crm_person.email
    context = browser.new_context(
        base_url=live_server.url,
        java_script_enabled=False,
        storage_state=page.context.storage_state(),
        viewport={"width": 390, "height": 800},
    )
    bare = context.new_page()
    bare.goto("/admin/")
    bare.get_by_role("link", name="Why?").click()
    bare.get_by_label("E-mail address or id").press_sequentially(email.upper())
    bare.keyboard.press("Enter")
    expect(bare.get_by_text("linked since")).to_be_visible()
    expect(bare.get_by_role("heading", name="What the last runs did")).to_be_visible()
    bare.get_by_text("that stay").click()
    expect(bare.get_by_text("the same already").first).to_be_visible()
    widths = bare.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]
    context.close()
