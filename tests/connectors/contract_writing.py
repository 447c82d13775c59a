"""What every connector must do when it writes."""

from __future__ import annotations

from dataclasses import replace

from integrations.connectors.ports import EnrolmentBatch, PersonUpdate, Written
from integrations.domain.enums import Role
from integrations.domain.reasons import Reason
from tests.connectors.bench import NEWCOMER, Bench


class WritingContract:
    """Creates, updates, owners and enrolments."""

    def test_a_new_person_is_in_the_product(self, bench: Bench) -> None:
        connector = bench.open()
        owner = connector.directory().members[2].id
        [result] = connector.create_people([bench.newcomer(ref=41, owner_id=owner)])
        [person_id] = bench.with_address(NEWCOMER)
        held = bench.people()[person_id]
        assert (result.ref, result.written, result.person_id) == (41, Written.CREATED, person_id)
        assert (held.emails, held.first_name, held.last_name) == ((NEWCOMER,), "Nora", "Quist")
        if bench.spec.owner_travels_with_writes:
            assert held.owner_id == owner
            assert result.owner_is_set

    def test_each_of_many_new_people_has_a_result_of_its_own(self, bench: Bench) -> None:
        newcomers = bench.newcomers(25)
        results = {result.ref: result for result in bench.open().create_people(newcomers)}
        assert sorted(results) == list(range(25))
        for newcomer in newcomers:
            assert bench.with_address(newcomer.address) == [results[newcomer.ref].person_id]

    def test_no_new_people_are_no_calls(self, bench: Bench) -> None:
        connector = bench.open()
        assert list(connector.create_people([])) == []
        assert list(connector.update_people([])) == []
        assert list(connector.assign_owner("1", [])) == []
        assert bench.calls() == []

    def test_a_change_leaves_everything_else_as_it_was(self, bench: Bench) -> None:
        connector = bench.open()
        before = bench.people()
        ids = bench.plain_people()
        people = connector.get_people(ids)
        updates = [
            PersonUpdate(ref, people[person_id], {bench.key_of("last name"): "Changed"})
            for ref, person_id in enumerate(ids)
        ]
        results = {result.ref: result for result in connector.update_people(updates)}
        assert {result.written for result in results.values()} == {Written.UPDATED}
        assert [results[ref].person_id for ref in range(len(ids))] == ids
        assert bench.people() == {
            person_id: replace(person, last_name="Changed") if person_id in ids else person
            for person_id, person in before.items()
        }

    def test_a_change_that_carries_the_owner_sets_it(self, bench: Bench) -> None:
        connector = bench.open()
        person_id = bench.plain_people()[0]
        person = connector.get_people([person_id])[person_id]
        owner = next(each.id for each in connector.directory().members if each.id != person.owner_id)
        changes = {bench.key_of("first name"): "Changed"}
        [result] = connector.update_people([PersonUpdate(3, person, changes, owner)])
        assert (result.ref, result.written) == (3, Written.UPDATED)
        assert bench.people()[person_id].first_name == "Changed"
        # Whoever cannot say that the owner was set has it assigned by a call of its own.
        assert bench.people()[person_id].owner_id == owner or not result.owner_is_set
        if bench.spec.owner_travels_with_writes:
            assert result.owner_is_set

    def test_a_cleared_value_is_gone(self, bench: Bench) -> None:
        connector = bench.open()
        person_id = next(each for each in bench.plain_people() if bench.people()[each].phones)
        person = connector.get_people([person_id])[person_id]
        [result] = connector.update_people([PersonUpdate(0, person, {bench.key_of("phone"): None})])
        assert result.written is Written.UPDATED
        assert bench.people()[person_id].phones == ()

    def test_a_person_who_is_gone_is_refused_and_the_others_are_not(self, bench: Bench) -> None:
        connector = bench.open()
        first, second, third = bench.plain_people()[:3]
        people = connector.get_people([first, second, third])
        bench.harness.delete(bench.sandbox, second)
        changes = {bench.key_of("last name"): "Changed"}
        updates = [PersonUpdate(ref, people[each], changes) for ref, each in enumerate((first, second, third))]
        results = {result.ref: result for result in connector.update_people(updates)}
        assert [results[ref].written for ref in range(3)] == [Written.UPDATED, Written.REFUSED, Written.UPDATED]
        assert results[1].reason is Reason.NOT_FOUND
        assert bench.people()[third].last_name == "Changed"

    def test_an_owner_is_assigned_and_assigning_twice_is_harmless(self, bench: Bench) -> None:
        connector = bench.open()
        ids = bench.plain_people()[:5]
        owner = connector.directory().members[1].id
        for _ in range(2):
            results = {result.ref: result for result in connector.assign_owner(owner, ids)}
            assert sorted(results) == list(range(5))
            assert all(result.owner_is_set for result in results.values())
            assert {bench.people()[each].owner_id for each in ids} == {owner}

    def test_owners_of_the_others_are_assigned_though_one_person_is_gone(self, bench: Bench) -> None:
        connector = bench.open()
        first, second, third = bench.plain_people()[:3]
        bench.harness.delete(bench.sandbox, second)
        owner = connector.directory().members[1].id
        results = {result.ref: result for result in connector.assign_owner(owner, [first, second, third])}
        assert [results[ref].owner_is_set for ref in range(3)] == [True, False, True]
        assert results[1].written is Written.REFUSED
        assert {bench.people()[each].owner_id for each in (first, third)} == {owner}

    def test_people_are_enrolled_at_the_step(self, bench: Bench) -> None:
        connector = bench.open()
        if bench.spec.role is not Role.OUTREACH:
            batch = EnrolmentBatch("1", "1", False, ("1",))
            assert list(connector.enrol(batch)) == []
            assert connector.participants("1", ["1"]) == frozenset()
            return
        sequence = next(each for each in connector.directory().sequences if each.status == "active" and each.steps)
        step = sequence.steps[-1].id
        already = bench.harness.participants(bench.sandbox, sequence.id)
        ids = tuple(each for each in bench.plain_people() if each not in already)[:4]
        results = {result.person_id: result for result in connector.enrol(EnrolmentBatch(sequence.id, step, True, ids))}
        now_in = bench.harness.participants(bench.sandbox, sequence.id)
        assert set(results) == set(ids)
        for person_id, result in results.items():
            assert result.enrolled == (now_in.get(person_id) == step)
            assert result.enrolled or result.reason
        assert any(result.enrolled for result in results.values())
        assert connector.participants(sequence.id, ids) == frozenset(now_in) & frozenset(ids)
