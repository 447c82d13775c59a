from __future__ import annotations

import json
import re
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from integrations.models import PersonLink, Run, RunKind, SyncStep
from integrations.services.runs import drive, request_run
from tests.services.conftest import Vendors

pytestmark = pytest.mark.browser


def change(vendors: Vendors, product: str, external_id: str, **fields: object) -> None:
    """What a colleague does in the product."""
    body = json.dumps({"product": product, "id": int(external_id), "fields": fields}).encode()
    urlopen(Request(f"{vendors.url}/_sandbox/change", body, {"Content-Type": "application/json"}, method="POST"))


def phone(number: str) -> list[dict[str, object]]:
    return [{"value": number, "primary": True}]


def test_a_plan_is_shown_applied_and_undone_and_says_whom_it_left_alone(
    page: Page, vendors: Vendors, step: SyncStep
) -> None:
    SyncStep.objects.filter(pk=step.pk).update(unmapped_owners="leave")
    drive(request_run(connection=step.connection))
    links = list(PersonLink.objects.select_related("crm_person", "outreach_person")[:3])
    for at, link in enumerate(links):
        change(vendors, "pipedrive", link.crm_person.external_id, phones=phone(f"+44 20 7946 000{at}"))

    page.goto(f"/admin/integrations/syncstep/{step.pk}/change/")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url(re.compile("/run/"))
    drive(Run.objects.get(kind=RunKind.PREVIEW))
    expect(page.get_by_text("This is a preview.")).to_be_visible()
    expect(page.locator(".sa-tile", has_text="To update")).to_contain_text("3")

    # Somebody is changed between the plan and its application, which leaves them alone.
    change(vendors, "pipedrive", links[0].crm_person.external_id, phones=phone("+44 20 7946 0999"))
    page.get_by_role("button", name="Apply this plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Applied plan"))
    drive(Run.objects.get(kind=RunKind.APPLY))
    expect(page.locator(".sa-pill").first).to_have_text("Succeeded")
    expect(page.locator(".sa-tile", has_text="Updated")).to_contain_text("2")
    expect(page.get_by_text("Changed since it was planned; left alone")).to_be_visible()

    # Somebody whom it did update is touched again before the undo.
    change(vendors, "reply", links[1].outreach_person.external_id, phone="+1 555 0100")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Fields and owners of 2 updated people are put back")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Undo"))
    drive(Run.objects.get(kind=RunKind.UNDO))
    expect(page.locator(".sa-pill").first).to_have_text("Succeeded")
    expect(page.locator(".sa-tile", has_text="Put back")).to_contain_text("1")
    page.get_by_role("link", name="Changed again after the run").click()
    expect(page.get_by_text(links[1].crm_person.email)).to_be_visible()
