from __future__ import annotations

import pytest

from integrations.connectors.errors import OutcomeUnknown, RateLimited
from integrations.connectors.ports import EnrolmentBatch, EnrolmentResult
from integrations.connectors.replyio.adapter import ReplyConnector
from integrations.domain.reasons import Reason
from tests.connectors.replyio.workspace import Workspace, make_workspace


def running(work: Workspace) -> tuple[str, str]:
    """A running sequence and its third step."""
    sequence = next(each for each in work.state.sequences.values() if each.name == "Inbound demo requests")
    return str(sequence.id), str(min(step.id for step in sequence.steps) + 2)


def enrol(
    connector: ReplyConnector, sequence: str, step: str, *people: str, ignore_delay: bool = False
) -> dict[str, EnrolmentResult]:
    results = list(connector.enrol(EnrolmentBatch(sequence, step, ignore_delay, people)))
    found = {result.person_id: result for result in results}
    assert len(found) == len(results)
    return found


@pytest.mark.parametrize("ignore_delay", [True, False])
def test_people_are_put_at_the_step_with_the_delay_as_asked(ignore_delay: bool) -> None:
    work = make_workspace()
    sequence, step = running(work)
    ids = work.add_many(3)
    results = enrol(work.connect(), sequence, step, *ids, ignore_delay=ignore_delay)
    assert all(result.enrolled and result.reason is None for result in results.values())
    links = work.state.links[int(sequence)]
    assert {str(links[int(each)].step_id) for each in ids} == {step}
    assert {links[int(each)].ignore_step_delay for each in ids} == {ignore_delay}
    assert work.calls() == {"POST /v3/sequences/{id}/contact-links/bulk": 1}


def test_nobody_is_taken_out_of_another_sequence() -> None:
    work = make_workspace()
    sequence, step = running(work)
    other = next(each for each in work.state.sequences.values() if each.name != "Inbound demo requests" and each.steps
                 and not each.is_archived)  # fmt: skip
    (ann,) = work.add_many(1)
    connector = work.connect()
    enrol(connector, str(other.id), str(next(each.id for each in other.steps if each.parent_id is None)), ann)
    enrol(connector, sequence, step, ann)
    assert set(work.state.links_of_contact[int(ann)]) == {other.id, int(sequence)}


@pytest.mark.parametrize("codes", ["slug", "number"])
def test_whoever_has_opted_out_is_said_to_have(codes: str) -> None:
    work = make_workspace(failure_codes=codes)
    sequence, step = running(work)
    ann, bob = work.add_many(2)
    work.contact(ann).is_opted_out = True
    results = enrol(work.connect(), sequence, step, ann, bob)
    assert (results[ann].enrolled, results[ann].reason) == (False, Reason.OPTED_OUT)
    assert results[bob].enrolled


@pytest.mark.parametrize("codes", ["slug", "number"])
@pytest.mark.parametrize("reading", ["forward_move", "already_in_sequence"])
def test_whoever_is_in_it_already_is_said_to_be(reading: str, codes: str) -> None:
    work = make_workspace(bulk_already_in=reading, failure_codes=codes)
    sequence, step = running(work)
    (ann,) = work.add_many(1)
    connector = work.connect()
    enrol(connector, sequence, step, ann)
    assert enrol(connector, sequence, step, ann)[ann].reason is Reason.ALREADY_ENROLLED


def test_a_refusal_that_reply_does_not_explain_is_told_with_what_is_known() -> None:
    work = make_workspace(blacklisted_enrolment="invalidInput")
    sequence, step = running(work)
    blacklisted = work.add("Spy", "spy@competitor.example")
    result = enrol(work.connect(), sequence, step, blacklisted)[blacklisted]
    assert result.reason is Reason.ENROLMENT_REFUSED
    assert "Not opted out: blacklisted" in result.detail
    assert "invalidInput" in result.detail


def test_only_a_few_refusals_are_looked_into() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ids = work.add_many(50)
    for each in ids:
        work.contact(each).is_opted_out = True
    results = enrol(work.connect(), sequence, step, *ids)
    reasons = [result.reason for result in results.values()]
    assert reasons.count(Reason.OPTED_OUT) == 5
    assert reasons.count(Reason.ENROLMENT_REFUSED) == 45
    assert sum("opted out, blacklisted" in result.detail for result in results.values()) == 45
    assert sum(work.calls().values()) == 6


def test_whoever_is_gone_is_not_found() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ann, bob = work.add_many(2)
    work.delete(ann)
    results = enrol(work.connect(), sequence, step, ann, bob)
    assert (results[ann].enrolled, results[ann].reason) == (False, Reason.NOT_FOUND)
    assert results[bob].enrolled


@pytest.mark.parametrize("reading", ["invalidInput", "added_then_inactive"])
def test_being_blacklisted_is_an_outcome_under_either_reading(reading: str) -> None:
    work = make_workspace(blacklisted_enrolment=reading)
    sequence, step = running(work)
    spy = work.add("Spy", "spy@competitor.example")
    assert enrol(work.connect(), sequence, step, spy)[spy].enrolled is (reading == "added_then_inactive")


def test_an_archived_sequence_takes_nobody() -> None:
    work = make_workspace()
    archived = next(each for each in work.state.sequences.values() if each.is_archived and each.steps)
    ids = work.add_many(2)
    results = enrol(work.connect(), str(archived.id), str(archived.steps[0].id), *ids)
    assert {(result.enrolled, result.reason) for result in results.values()} == {(False, Reason.SEQUENCE_BLOCKED)}
    assert all("archived" in result.detail.lower() for result in results.values())


def test_a_sequence_that_is_gone_takes_nobody() -> None:
    work = make_workspace()
    (ann,) = work.add_many(1)
    result = enrol(work.connect(), "999", "1", ann)[ann]
    assert (result.enrolled, result.reason) == (False, Reason.SEQUENCE_BLOCKED)


def test_a_sequence_without_steps_takes_nobody() -> None:
    work = make_workspace()
    sequence, step = running(work)
    work.state.sequences[int(sequence)].steps.clear()
    (ann,) = work.add_many(1)
    assert enrol(work.connect(), sequence, step, ann)[ann].reason is Reason.SEQUENCE_BLOCKED


def test_a_key_without_the_scope_enrols_nobody_and_says_why() -> None:
    work = make_workspace()
    sequence, step = running(work)
    (ann,) = work.add_many(1)
    result = enrol(work.connect("sandbox-reply-read-key"), sequence, step, ann)[ann]
    assert result.reason is Reason.PERMISSION_DENIED
    assert "sequences:operate" in result.detail


def test_a_lost_answer_is_raised_and_participation_tells_who_is_in() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ids = work.add_many(3)
    work.fail("answer_lost", "contact-links/bulk")
    connector = work.connect()
    with pytest.raises(OutcomeUnknown):
        enrol(connector, sequence, step, *ids)
    assert connector.participants(sequence, ids) == frozenset(ids)
    assert work.calls()["POST /v3/sequences/{id}/contact-links/bulk"] == 1


def test_more_than_a_thousand_people_take_several_calls_and_what_was_yielded_stands() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ids = work.add_many(1500)
    work.fail("status_429", "contact-links/bulk", after=1, times=None)
    results = work.connect().enrol(EnrolmentBatch(sequence, step, False, tuple(ids)))
    assert all(next(results).enrolled for _ in range(1000))
    with pytest.raises(RateLimited):
        next(results)
    assert len(work.state.links[int(sequence)]) == 1000


def test_one_person_is_asked_for_alone() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ann, bob = work.add_many(2)
    connector = work.connect()
    enrol(connector, sequence, step, ann)
    work.forget_calls()
    assert connector.participants(sequence, [ann]) == {ann}
    assert connector.participants(sequence, [bob]) == frozenset()
    assert work.calls() == {"GET /v3/sequences/{id}/contacts/{id}": 2}


def test_many_people_are_looked_for_on_pages() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ids = work.add_many(2500)
    connector = work.connect()
    enrol(connector, sequence, step, *ids[:2200])
    work.forget_calls()
    assert connector.participants(sequence, ids) == frozenset(ids[:2200])
    assert work.calls() == {"GET /v3/sequences/{id}/contacts": 3}


def test_few_people_in_a_large_sequence_cost_no_more_than_twice_the_cheaper_way() -> None:
    work = make_workspace()
    sequence, step = running(work)
    ids = work.add_many(3500)
    connector = work.connect()
    enrol(connector, sequence, step, *ids[:3400])
    work.forget_calls()
    assert connector.participants(sequence, [ids[3399], ids[3400]]) == {ids[3399]}
    assert sum(work.calls().values()) == 4


def test_whoever_has_finished_was_in_the_sequence() -> None:
    work = make_workspace()
    sequence, step = running(work)
    (ann,) = work.add_many(1)
    connector = work.connect()
    enrol(connector, sequence, step, ann)
    work.state.links[int(sequence)][int(ann)].status = "finished"
    assert connector.participants(sequence, [ann, "1"]) == {ann}


@pytest.mark.parametrize("people", [[], ["1"], ["1", "2"]])
def test_nobody_is_in_a_sequence_that_does_not_exist(people: list[str]) -> None:
    assert make_workspace().connect().participants("999", people) == frozenset()
