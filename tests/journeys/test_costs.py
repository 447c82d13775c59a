"""What a plan is said to cost is what applying it costs, call by call; and no call is made that need not be."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from integrations.domain.enums import Direction
from integrations.models import Phase, Run, RunState
from integrations.services.forecast import forecast
from integrations.services.runs import apply_plan
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, carry_out

READING_BOTH = {
    "pipedrive GET /api/v2/persons": 1,
    "reply GET /v3/contacts": 1,
}
"""The calls of a run of few people that finds nothing to write."""


def spent(run: Run) -> tuple[int, int]:
    writing = run.chunks.filter(phase__in=[Phase.WRITE, Phase.ASSIGN, Phase.ENROL])
    total = writing.aggregate(calls=Sum("calls"), tokens=Sum("tokens"))
    return total["calls"] or 0, total["tokens"] or 0


def rename_some(app: Installation, product: str, count: int) -> None:
    field = "name" if product == "pipedrive" else "firstName"
    people = app.people() if product == "pipedrive" else list(app.contacts().values())
    for person in people[:count]:
        app.change(product, id=person["id"], fields={field: f"New{person['id']} Name"})


def prepare(app: Installation, work: str) -> Direction:
    """Bring the installation to where the next plan is of that kind of work."""
    to_reply, to_crm = app.step(Direction.TO_OUTREACH), app.step(Direction.TO_CRM)
    app.map_owners(to_reply)
    app.map_owners(to_crm)
    match work:
        case "creates, owners and enrolments to Reply":
            app.enrol(to_reply, "48101")
            return Direction.TO_OUTREACH
        case "a few updates to Reply":
            app.sync(to_reply)
            rename_some(app, "pipedrive", 5)
            return Direction.TO_OUTREACH
        case "many updates to Reply":
            app.sync(to_reply)
            rename_some(app, "pipedrive", 60)
            return Direction.TO_OUTREACH
        case "owners reassigned in Reply":
            app.sync(to_reply)
            people = app.people()
            owners = sorted({person["owner_id"] for person in people})
            for person in people[:30]:
                following = owners[(owners.index(person["owner_id"]) + 1) % len(owners)]
                app.change("pipedrive", id=person["id"], fields={"owner_id": following})
            return Direction.TO_OUTREACH
        case "creates in Pipedrive":
            for number in range(12):
                app.change("reply", create={"email": f"new{number}@example.com", "firstName": f"New{number}"})
            return Direction.TO_CRM
        case _:
            app.sync(to_reply)
            app.sync(to_crm)
            rename_some(app, "reply", 15)
            return Direction.TO_CRM


@pytest.mark.parametrize(
    "work",
    [
        "creates, owners and enrolments to Reply",
        "a few updates to Reply",
        "many updates to Reply",
        "owners reassigned in Reply",
        "creates in Pipedrive",
        "updates in Pipedrive",
    ],
)
def test_the_forecast_of_a_preview_is_what_applying_it_costs(install: Install, work: str) -> None:
    app = install(people=80)
    step = app.step(prepare(app, work))
    preview = app.preview(step)
    [expected] = forecast(preview).accounts
    app.forget_calls()

    run = carry_out(apply_plan(preview=preview))

    assert run.state == RunState.SUCCEEDED, run.failure
    assert (expected.calls, expected.tokens) == spent(run)
    assert len(app.writes()) == expected.calls
    assert forecast(run).words == ""


def test_writing_to_reply_asks_reply_nothing_that_is_known_already(install: Install) -> None:
    app = install(people=80)
    prepare(app, "creates, owners and enrolments to Reply")
    app.forget_calls()

    app.sync(app.step(Direction.TO_OUTREACH))

    owners = len({contact["ownerUserId"] for contact in app.contacts().values()} - {48101})
    assert app.calls() == Counter(
        {
            "pipedrive GET /api/v2/persons": 1,
            "reply GET /v3/contacts": 1,
            "reply POST /v3/contacts/filter/count": 1,
            "reply POST /v3/contacts/import": 1,
            "reply PUT /v3/contacts/owner": owners,
            **{name: 1 for name in app.calls() if name.endswith("/contact-links/bulk")},
        }
    )


def test_a_person_in_pipedrive_takes_one_call_owner_and_all(install: Install) -> None:
    app = install(people=20)
    to_crm = app.step(prepare(app, "updates in Pipedrive"))
    some = list(app.contacts().values())[:15]
    for contact in some:
        app.change(
            "reply", id=contact["id"], fields={"ownerUserId": 48101 if contact["ownerUserId"] != 48101 else 48102}
        )
    app.forget_calls()

    run = app.sync(to_crm)

    assert run.state == RunState.SUCCEEDED, run.failure
    patched = Counter(call["path"] for call in app.writes())
    assert len(patched) == run.stages.get().updated
    assert set(patched.values()) == {1}
    reads = {name: count for name, count in app.calls().items() if " GET " in name}
    assert reads == {"pipedrive GET /api/v2/persons": 1, "reply GET /v3/contacts": 1}


def test_a_run_without_changes_reads_one_page_on_each_side(install: Install) -> None:
    app = install(people=80)
    step = app.step(prepare(app, "a few updates to Reply"))
    app.sync(step)
    app.forget_calls()

    app.sync(step)

    assert app.calls() == READING_BOTH


def test_somebody_who_is_missing_and_the_nightly_check_make_the_product_count(install: Install) -> None:
    app = install(people=80)
    step = app.step(prepare(app, "a few updates to Reply"))
    app.sync(step)
    app.change("reply", delete=next(iter(app.contacts().values()))["id"])
    app.forget_calls()

    app.sync(step)
    once = app.calls()["reply POST /v3/contacts/filter/count"]
    app.sync(step, full=True)

    assert (once, app.calls()["reply POST /v3/contacts/filter/count"]) == (1, 2)


def test_the_page_of_a_preview_says_what_applying_it_costs(install: Install, admin_client: Client) -> None:
    app = install(people=30)
    preview = app.preview(app.step(prepare(app, "creates in Pipedrive")))

    page = admin_client.get(reverse("admin:integrations_run_change", args=[preview.pk])).content.decode()

    assert (
        f"Applying this plan costs {forecast(preview).accounts[0].tokens} Pipedrive tokens, less than a minute." in page
    )
