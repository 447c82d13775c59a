"""Whatever goes wrong on the way to a product, a run ends with everybody there, and there once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import Settings

from integrations.domain.enums import Direction
from integrations.models import RunState
from integrations.services.accounts import test_account as check_account
from tests.chaos.cases import CASES, PEOPLE, READ_TIMEOUT, REVOKED, Case
from tests.chaos.tally import Tally, carry_out, struck, tally_pipedrive, tally_reply, without_an_outcome
from tests.journeys.conftest import Install
from tests.journeys.installation import Installation, assert_books_balance

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

Report = Callable[[str, object], None]
ENROLLED = "48101"


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    settings.SYNC_HTTP_TIMEOUT = (5.0, READ_TIMEOUT)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_gets_over_a_fault(install: Install, case: Case, record_property: Report) -> None:
    _meet(install, case, record_property)


@pytest.mark.parametrize("case", REVOKED, ids=str)
def test_a_key_that_is_revoked_in_mid_run_stops_it_and_the_next_run_makes_up_for_it(
    install: Install, case: Case, record_property: Report
) -> None:
    _meet(install, case, record_property)


def _meet(install: Install, case: Case, record_property: Report) -> None:
    if case.direction is Direction.TO_OUTREACH:
        app = install(people=PEOPLE, limits=False)
        step = app.step(Direction.TO_OUTREACH)
        owners = app.map_owners(step)
        app.enrol(step, ENROLLED)
        times, seconds = _run(app, case)
        tally = tally_reply(app, owners, ENROLLED)
    else:
        app = install(people=1, limits=False)
        app.map_owners(app.step(Direction.TO_CRM))
        wanted = {f"p{number}@example.com": f"P{number} One" for number in range(PEOPLE)}
        for address, name in wanted.items():
            first, last = name.split()
            app.change("reply", create={"email": address, "firstName": first, "lastName": last})
        if case.place == "patch":
            carry_out(app, app.step(Direction.TO_CRM))
            for address, contact in app.contacts().items():
                if address in wanted:
                    wanted[address] = wanted[address].replace("One", "Two")
                    app.change("reply", id=contact["id"], fields={"lastName": "Two"})
        times, seconds = _run(app, case)
        tally = tally_pipedrive(app, wanted)
    record_property("chaos", [str(case), times, PEOPLE, *_columns(tally), round(seconds, 1)])
    assert times, "the fault never struck"
    assert tally == Tally(duplicates=0, lost=0, double_enrolments=0)


def _run(app: Installation, case: Case) -> tuple[int, float]:
    """Sync while the fault strikes; answers how often it did, and in how many seconds all was well again."""
    step = app.step(case.direction)
    app.control("POST", "/faults", case.rules())
    run, seconds = carry_out(app, step)
    times = 1 if case.kind == "revoked_key" else struck(app)
    app.control("DELETE", "/faults")
    if case.kind == "revoked_key":
        assert run.state == RunState.FAILED
        assert_books_balance(run)
        check_account(account=step.target_account)
        app.connection.refresh_from_db()
        app = Installation(app.sandbox, app.url, type(app.connection).objects.get(pk=app.connection.pk))
        run, more = carry_out(app, step)
        seconds += more
    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    assert without_an_outcome(run) == 0
    return times, seconds


def _columns(tally: Tally) -> tuple[int, int, int]:
    return tally.duplicates, tally.lost, tally.double_enrolments
