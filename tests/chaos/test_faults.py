"""Whatever goes wrong on the way, a run ends with everybody there, and there once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from integrations.models import Account, RunState
from integrations.sandbox.faults import Rule
from integrations.services.accounts import test_account as check_account
from integrations.services.runs import RunRefused, request_run

from .cases import CASES, REVOKED, THAWED, Case
from .strikes import CREATE, Place, Strike
from .tally import Tally
from .world import World

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

Report = Callable[[str, object], None]
NOBODY = Tally(duplicates=0, lost=0, double_enrolments=0)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_gets_over(world: World, case: Case, record_property: Report) -> None:
    if case.only_on not in ("", connection.vendor):
        pytest.skip(f"a fault of {case.only_on}")
    world.keep_workers(case.workers)
    with faults(world, case.kind, record_property) as struck:
        world.live_a_little(new=case.new)
        world.strikes.armed += case.arm(world)
        struck += world.strikes.armed
        run = world.run()
        world.assert_all_is_well(run)
        assert all(strike.struck_at for strike in struck), [s.place.name for s in struck if not s.struck_at]
    world.ground.let_go()


@pytest.mark.parametrize("place", THAWED, ids=lambda place: place.name)
def test_a_cluster_that_thaws_after_another_has_taken_over_its_work_does_no_harm(
    world: World, place: Place, record_property: Report
) -> None:
    world.keep_workers(1)
    with faults(world, f"frozen and thawed at {place.name}", record_property) as struck:
        world.live_a_little()
        struck += world.freeze_at(place)
        run = world.run(meanwhile=world.thaw_once_taken_over)
        world.wait_for_the_thawed()
        world.assert_all_is_well(run)
        assert struck[0].struck_at


@pytest.mark.parametrize("place", REVOKED, ids=lambda place: place.name)
def test_a_key_that_is_revoked_in_mid_run_stops_it_and_the_next_run_makes_up_for_it(
    world: World, place: Place, record_property: Report
) -> None:
    world.keep_workers(1)
    account = Account.objects.get(product="pipedrive" if place is CREATE else "replyio")
    with faults(world, f"key revoked at {place.name}", record_property) as struck:
        world.live_a_little()
        world.strikes.add([Rule("revoked_key", place.product, place.method, place.path)])
        run = world.run()
        assert run.state == RunState.FAILED
        assert account.name in run.failure
        account.refresh_from_db()
        assert not account.is_healthy
        world.take_up_connection_anew()
        with pytest.raises(RunRefused, match="needs attention"):
            request_run(connection=world.app.connection)

        world.strikes.clear()
        struck.append(Strike(place, struck_at=time.monotonic()))
        check_account(account=account)
        world.take_up_connection_anew()
        world.assert_all_is_well(world.run())


@contextmanager
def faults(world: World, kind: str, record_property: Report) -> Iterator[list[Strike]]:
    """Gathers the strikes, tells the table what came of them, and fails when anybody came to harm."""
    struck: list[Strike] = []
    before = world.tally()
    recovered: float | str = "not at all"
    try:
        yield struck
        recovered = round(world.over_at - max(strike.struck_at or 0 for strike in struck), 1)
    finally:
        world.strikes.clear()
        harm = world.tally().minus(before)
        times = sum(strike.struck_at is not None for strike in struck)
        columns = (harm.duplicates, harm.lost, harm.double_enrolments, recovered)
        record_property("chaos", [kind, times, world.people, *columns])
    assert harm == NOBODY
