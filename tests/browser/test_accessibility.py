from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

from integrations.models import Run, RunKind, SyncStep
from integrations.services.runs import drive
from tests.browser.steps import address

pytestmark = pytest.mark.browser

NOT_ALLOWED = Path(__file__).with_name("accessibility.js").read_text().partition("*/")[2]

RING = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
}"""


def test_the_check_finds_what_it_looks_for(page: Page) -> None:
    page.goto("about:blank")
    page.set_content("<html><body style='background: white'><h2 style='color: #aaa'>Pale</h2><input></body></html>")
    found = page.evaluate(NOT_ALLOWED)
    for fault in ("contrast 2.32", "no label", "h1:", "no header", "no main", "no language"):
        assert any(line.startswith(fault) for line in found), fault


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_has_contrast_names_and_structure(page: Page, step: SyncStep, scheme: str) -> None:
    preview = drive(Run.objects.create(connection=step.connection, kind=RunKind.PREVIEW))
    queued = Run.objects.create(connection=step.connection)
    entry = preview.entries.all()[0]
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    records = "/admin/integrations"
    found = {}
    for where in (
        "/admin/",
        "/admin/connect/",
        "/admin/records/",
        f"/admin/why/?q={entry.email}",
        "/admin/password_change/",
        f"{records}/connection/{step.connection_id}/change/",
        f"{records}/connection/{step.connection_id}/delete/",
        address(step),
        f"{records}/syncstep/{step.pk}/apply-all/",
        f"{records}/account/",
        f"{records}/account/{step.connection.crm_account_id}/change/",
        f"{records}/run/",
        f"{records}/run/{preview.pk}/change/",
        f"{records}/run/{queued.pk}/change/",
        f"{records}/runentry/?run__id__exact={preview.pk}",
        f"{records}/runentry/{entry.pk}/change/",
        f"{records}/person/",
    ):
        page.goto(where)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found[where] = page.evaluate(NOT_ALLOWED)
    assert {where: lines for where, lines in found.items() if lines} == {}


def test_the_keys_go_through_a_step_from_top_to_bottom_and_show_where_they_are(page: Page, step: SyncStep) -> None:
    page.goto(address(step))
    page.locator("#section-fields summary").focus()
    places = []
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(RING), page.evaluate("document.activeElement.outerHTML")
        places.append(page.evaluate("document.activeElement.getBoundingClientRect().top + scrollY"))
    jumps = [(before, after) for before, after in pairwise(places) if after < before - 40]
    assert jumps == []
