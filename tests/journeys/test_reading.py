"""Reading: people who move between two pages are neither lost nor doubled, and what is not read is not passed over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from integrations.connectors.pipedrive import client as pipedrive_client
from integrations.connectors.replyio import client as reply_client
from integrations.connectors.replyio import scan
from integrations.domain.enums import Direction
from integrations.models import Account, Person, Run, RunState
from integrations.sandbox.core import Request, Response, Sandbox
from integrations.sandbox.replyio.routes import contacts as contact_routes
from integrations.sandbox.replyio.wire import contact_json
from tests.journeys.conftest import Install


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few people fill several pages. Reply's overlap by ten rows as long ones do."""
    monkeypatch.setattr(reply_client, "TOP", 40)
    monkeypatch.setattr(scan, "TOP", 40)
    monkeypatch.setattr(pipedrive_client, "PAGE_SIZE", 40)


def after_first_page(monkeypatch: pytest.MonkeyPatch, path: str, change: Callable[[], None]) -> None:
    """Once somebody has read a page there, and before the next, humans change something."""
    handle, pages = Sandbox.handle, [0]

    def handled(sandbox: Sandbox, request: Request) -> Response:
        if request.method == "GET" and request.path.endswith(path):
            pages[0] += 1
            if pages[0] == 2:
                change()
        return handle(sandbox, request)

    monkeypatch.setattr(Sandbox, "handle", handled)


def mirrored(account: Account) -> list[str]:
    return sorted(Person.objects.present().filter(account=account).values_list("external_id", flat=True))


@pytest.mark.parametrize("order", ["by_id", "recent_first"])
def test_contacts_who_shift_while_reply_is_paged_are_neither_lost_nor_doubled(
    install: Install, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    app = install(people=130, overlap=130, limits=False, replyio__list_order=order)
    first, *others = [c["id"] for c in app.control("GET", "/state")["reply"]["contacts"]]

    def meanwhile() -> None:
        app.change("reply", delete=first)
        app.change("reply", delete=others[-1])
        for number in range(3):
            app.change("reply", create={"email": f"late{number}@example.com", "firstName": "Late"})

    after_first_page(monkeypatch, "/v3/contacts", meanwhile)
    run = app.preview(app.step(Direction.TO_CRM))

    assert run.state == RunState.SUCCEEDED, run.failure
    stayed = {str(each) for each in others[:-1]}
    assert stayed <= set(mirrored(app.outreach))
    assert len(mirrored(app.outreach)) == len(set(mirrored(app.outreach)))
    assert run.stages.get().seen == len(mirrored(app.outreach))


def test_persons_who_shift_while_pipedrive_is_paged_are_neither_lost_nor_doubled(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=130, limits=False)
    people = [person["id"] for person in app.people()]

    def meanwhile() -> None:
        app.change("pipedrive", delete=people[0])
        app.change("pipedrive", delete=people[60])
        app.change("pipedrive", create={"name": "Late", "emails": [{"value": "late@example.com", "primary": True}]})

    after_first_page(monkeypatch, "/persons", meanwhile)
    run = app.preview(app.step(Direction.TO_OUTREACH))

    assert run.state == RunState.SUCCEEDED, run.failure
    there = {str(person["id"]) for person in app.people()}
    assert there <= set(mirrored(app.crm)) <= there | {str(people[0])}
    assert run.stages.get().seen == len(mirrored(app.crm))


def withheld(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Reply's list leaves out its last ten contacts, the first so many times that it is read."""
    in_order, reads = contact_routes.in_order, [0]

    def shortened(call: Any) -> Any:
        found = list(in_order(call))
        reads[0] += call.request.first("skip") in (None, "0")
        return found[:-10] if reads[0] <= times else found

    monkeypatch.setattr(contact_routes, "in_order", shortened)


def test_a_full_read_that_gives_fewer_than_the_product_says_is_made_once_more(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=60, overlap=60, limits=False)
    withheld(monkeypatch, times=1)

    run = app.preview(app.step(Direction.TO_CRM))

    assert run.state == RunState.SUCCEEDED, run.failure
    assert len(mirrored(app.outreach)) == len(app.control("GET", "/state")["reply"]["contacts"])


def test_a_full_read_that_stays_short_fails_the_run_and_takes_nobody_for_deleted(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=60, overlap=60, limits=False)
    step = app.step(Direction.TO_CRM)
    app.preview(step)
    before = mirrored(app.outreach)
    withheld(monkeypatch, times=99)

    run = app.sync(step)

    assert run.state == RunState.FAILED
    assert "says that it has" in run.failure
    assert "in two readings" in run.failure
    assert mirrored(app.outreach) == before
    assert not app.writes()


def test_an_account_whose_product_counts_people_whom_nobody_sees_is_synced_with_those_whom_it_shows(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=60, overlap=60, limits=False)
    withheld(monkeypatch, times=99)
    Account.objects.filter(pk=app.outreach.pk).update(counts_everybody=False)

    run = app.preview(app.step(Direction.TO_CRM))

    assert run.state == RunState.SUCCEEDED, run.failure
    assert len(mirrored(app.outreach)) == len(app.control("GET", "/state")["reply"]["contacts"]) - 10


def test_where_the_product_gives_no_count_the_read_counts_as_whole(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=20, overlap=20, limits=False, replyio__contact_counts="not_found")

    assert app.preview(app.step(Direction.TO_CRM)).state == RunState.SUCCEEDED


def page_of(run: Run) -> str:
    """The run's page as an administrator sees it."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client.get(reverse("admin:integrations_run_change", args=[run.pk])).content.decode()


def test_rows_that_cannot_be_read_are_shown_on_the_runs_page_and_nobody_is_taken_for_deleted(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = install(people=30, overlap=30, limits=False)
    step = app.step(Direction.TO_CRM)
    app.preview(step)
    before = mirrored(app.outreach)
    gone = app.control("GET", "/state")["reply"]["contacts"][0]["id"]
    app.change("reply", delete=gone)

    def garbled(contact: Any, options: Any) -> Any:
        return {**contact_json(contact, options), **({"id": None} if str(contact.id) == before[3] else {})}

    monkeypatch.setattr(contact_routes, "contact_json", garbled)

    run = app.preview(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert mirrored(app.outreach) == before
    shown = page_of(run)
    assert "1 row of Reply could not be read." in shown
    assert "cannot be read" in shown
