"""What every connector must do when things go wrong on the way."""

from __future__ import annotations

import pytest

from integrations.connectors.errors import (
    AuthenticationFailed,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from integrations.connectors.ports import PersonUpdate, Written
from integrations.domain.reasons import Reason
from tests.connectors.bench import NEWCOMER, Bench, taken
from tests.connectors.harness import RecordingLimiter

TROUBLE = ["status_500", "status_503", "not_json", "reset", "answer_lost", "truncated", "timeout"]
TOOK_PLACE = ["answer_lost", "truncated", "timeout"]


class TroubleContract:
    """Faults of the network and of the product."""

    @pytest.mark.parametrize("kind", TROUBLE)
    def test_a_read_gets_over_what_passes(self, bench: Bench, kind: str) -> None:
        connector = bench.open()
        bench.fail(kind, times=2)
        assert connector.read_people(changed_since=None, cursor=None).people
        assert connector.identity().id
        assert len(bench.pauses) == 2

    @pytest.mark.parametrize("kind", TROUBLE)
    def test_a_read_gives_up_on_what_stays(self, bench: Bench, kind: str) -> None:
        connector = bench.open()
        bench.fail(kind, times=None)
        with bench.raises(Unavailable):
            connector.read_people(changed_since=None, cursor=None)

    def test_a_limit_is_waited_out_or_raised_with_nothing_written(self, bench: Bench) -> None:
        newcomer = bench.newcomer()
        connector = bench.open()
        bench.fail("status_429", *bench.harness.creates)
        given, error = taken(connector.create_people([newcomer]))
        if error is None:
            assert [result.written for result in given] == [Written.CREATED]
            assert [result.person_id for result in given] == bench.with_address(NEWCOMER)
            assert len(bench.pauses) == 1
        else:
            assert isinstance(error, RateLimited)
            assert error.retry_after > 0
            assert bench.with_address(NEWCOMER) == []

    def test_a_limit_that_stays_is_raised_with_the_time_to_wait(self, bench: Bench) -> None:
        connector = bench.open()
        bench.fail("status_429", times=None)
        with bench.raises(RateLimited) as caught:
            connector.read_people(changed_since=None, cursor=None)
        assert caught.value.retry_after > 0

    def test_a_limiter_that_refuses_keeps_the_call_from_being_made(self, bench: Bench) -> None:
        connector = bench.open(limiter=RecordingLimiter(refuse_after=0))
        with bench.raises(RateLimited):
            connector.identity()
        given, error = taken(bench.open(limiter=RecordingLimiter(refuse_after=0)).assign_owner("1", ["1"]))
        assert given == []
        assert isinstance(error, RateLimited)
        assert bench.calls() == []

    def test_a_key_revoked_midway_ends_the_batch_and_its_results_are_true(self, bench: Bench) -> None:
        newcomers = bench.newcomers(12)
        connector = bench.open()
        method, path = bench.harness.creates
        bench.fail("revoked_key", method, path, after=0 if bench.spec.create_batch > 1 else 5)
        given, error = taken(connector.create_people(newcomers))
        assert type(error) is AuthenticationFailed
        bench.assert_keeps_secrets(error)
        created = {newcomer.ref for newcomer in newcomers if bench.with_address(newcomer.address)}
        assert {result.ref for result in given if result.written is Written.CREATED} == created

    @pytest.mark.parametrize("kind", TROUBLE)
    def test_a_create_that_meets_trouble_makes_one_person_or_none_and_says_what_it_knows(
        self, bench: Bench, kind: str
    ) -> None:
        newcomer = bench.newcomer(ref=7)
        connector = bench.open()
        bench.fail(kind, *bench.harness.creates)
        [result] = connector.create_people([newcomer])
        held = bench.with_address(NEWCOMER)
        assert len(held) <= 1
        assert result.ref == 7
        if result.written is Written.REFUSED:
            assert result.reason is Reason.OUTCOME_UNKNOWN
            assert type(result.error) is OutcomeUnknown
            bench.assert_keeps_secrets(result.error)
        else:
            assert [result.person_id] == held
            assert bench.spec.creates_are_repeatable

    @pytest.mark.parametrize("kind", TOOK_PLACE)
    def test_a_create_whose_answer_was_lost_took_place_once(self, bench: Bench, kind: str) -> None:
        newcomer = bench.newcomer()
        connector = bench.open()
        bench.fail(kind, *bench.harness.creates)
        list(connector.create_people([newcomer]))
        assert len(bench.with_address(NEWCOMER)) == 1

    @pytest.mark.parametrize("kind", TROUBLE)
    def test_an_update_that_meets_trouble_is_done_or_in_doubt(self, bench: Bench, kind: str) -> None:
        connector = bench.open()
        first, second = bench.plain_people()[:2]
        people = connector.get_people([first, second])
        changes = {bench.key_of("last name"): "Changed"}
        bench.fail(kind, *bench.harness.updates)
        updates = [PersonUpdate(0, people[first], changes), PersonUpdate(1, people[second], changes)]
        results = {result.ref: result for result in connector.update_people(updates)}
        assert sorted(results) == [0, 1]
        for ref, person_id in enumerate((first, second)):
            result, name = results[ref], bench.people()[person_id].last_name
            if result.written is Written.REFUSED:
                assert type(result.error) is OutcomeUnknown
            else:
                assert name == "Changed"

    def test_creates_that_may_be_repeated_find_the_person_again(self, bench: Bench) -> None:
        if not bench.spec.creates_are_repeatable:
            return
        connector = bench.open()
        [first] = connector.create_people([bench.newcomer()])
        [second] = connector.create_people([bench.newcomer()])
        assert second.written in (Written.FOUND, Written.UPDATED)
        assert second.person_id == first.person_id
