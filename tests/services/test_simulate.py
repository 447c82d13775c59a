from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.enums import Direction, Operator, UnmappedOwners
from integrations.domain.step_settings import Condition, Filter
from integrations.engine.settings_loader import condition_value, load
from integrations.models import (
    Account,
    FilterCondition,
    Member,
    OwnerMapping,
    Person,
    PersonEmail,
    PersonLink,
    SavedFilterPerson,
    SyncStep,
)
from integrations.services import simulate as module
from integrations.services.simulate import Move, OwnerCount, Simulation, simulate, unread_lists
from tests.admin.office import Office, make_office


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


def person(account: Account, number: int, owner: str = "", **values: object) -> Person:
    email = f"p{number}@example.com"
    row = Person.objects.create(
        account=account,
        external_id=str(number),
        name=f"Person {number}",
        email=email,
        emails=[email],
        owner_external_id=owner,
        values=values,
        content="x",
    )
    PersonEmail.objects.create(account=account, person=row, address=email)
    return row


def now(office: Office) -> Simulation:
    return simulate(office.step, load(SyncStep.objects.get(pk=office.step.pk)))


def test_people_of_mapped_owners_who_are_not_in_the_target_yet_are_new_there(office: Office) -> None:
    person(office.pipedrive, 1, "1")
    person(office.pipedrive, 2, "1")
    assert now(office).moves == (Move("", "Ada Reply", 2),)


def test_a_linked_person_moves_from_the_present_owner(office: Office) -> None:
    source, target = person(office.pipedrive, 1, "1"), person(office.reply, 50, "102")
    PersonLink.objects.create(connection=office.connection, crm_person=source, outreach_person=target)
    result = now(office)
    assert result.moves == (Move("Ben Reply", "Ada Reply", 1),)
    assert result.moving == 1


def test_a_person_who_is_found_by_address_counts_as_present(office: Office) -> None:
    person(office.pipedrive, 1, "1")
    person(office.reply, 1, "101")
    result = now(office)
    assert (result.moves, result.staying) == ((), 1)


def test_a_target_person_whom_nobody_owns_is_said_so(office: Office) -> None:
    person(office.pipedrive, 1, "1")
    person(office.reply, 1, "")
    assert now(office).moves == (Move("nobody", "Ada Reply", 1),)


def test_unmapped_owners_are_named_with_their_people_and_those_without_owner_counted(office: Office) -> None:
    for number, owner in enumerate(["2", "2", "3", ""], start=1):
        person(office.pipedrive, number, owner)
    result = now(office)
    assert result.unmapped == (OwnerCount("Ben Pipe", 2), OwnerCount("Cy Pipe", 1))
    assert (result.without_owner, result.unmapped_people) == (1, 4)
    assert (result.mapped, result.members) == (1, 3)


def test_the_step_may_leave_their_owners_alone_or_give_them_to_somebody(office: Office) -> None:
    person(office.pipedrive, 1, "2")
    settings = load(office.step)
    left = simulate(office.step, replace(settings, unmapped_owners=UnmappedOwners.LEAVE))
    assert (left.left_alone, left.unmapped_people) == (1, 0)
    ben = Member.objects.get(name="Ben Reply").as_value()
    given = simulate(office.step, replace(settings, unmapped_owners=UnmappedOwners.FALLBACK, fallback=ben))
    assert given.moves == (Move("", "Ben Reply", 1),)


def test_people_who_are_mapped_to_somebody_deactivated_are_named_apart(office: Office) -> None:
    person(office.pipedrive, 1, "2")
    OwnerMapping.objects.create(
        step=office.step, source_member=office.member("Ben Pipe"), target_member=office.member("Left Reply")
    )
    assert now(office).inactive == (OwnerCount("Ben Pipe", 1),)


def test_only_people_who_pass_the_filter_are_counted(office: Office) -> None:
    person(office.pipedrive, 1, "1", job_title="CEO")
    person(office.pipedrive, 2, "1", job_title="Clerk")
    field = office.field(office.pipedrive, "job_title")
    FilterCondition.objects.create(step=office.step, field=field, operator="contains", value="CEO")
    result = now(office)
    assert (result.people, result.passing, result.moves) == (2, 1, (Move("", "Ada Reply", 1),))


def test_a_list_of_the_product_filters_by_who_was_in_it_when_it_was_read(office: Office) -> None:
    saved = office.pipedrive.saved_filters.get()
    person(office.pipedrive, 1, "1")
    person(office.pipedrive, 2, "1")
    rule = FilterCondition.objects.create(
        step=office.step, subject="saved_filter", saved_filter=saved, operator="in_list"
    )
    assert unread_lists(office.step, [condition_value(rule)]) == ("filter: Warm leads",)
    SavedFilterPerson.objects.create(saved_filter=saved, person_external_id="2")
    assert unread_lists(office.step, [condition_value(rule)]) == ()
    assert now(office).passing == 1


def test_settings_need_not_be_saved(office: Office) -> None:
    person(office.pipedrive, 1, "1", job_title="CEO")
    field = office.field(office.pipedrive, "job_title").as_value()
    rules = Filter(conditions=(Condition(0, Operator.IS_EMPTY, field=field),))
    assert simulate(office.step, replace(load(office.step), filter=rules)).passing == 0


def test_the_deleted_are_not_counted(office: Office) -> None:
    row = person(office.pipedrive, 1, "1")
    Person.objects.filter(pk=row.pk).update(missing_since="2026-01-01T00:00:00Z")
    assert now(office).people == 0


def test_beyond_the_limit_the_answer_is_for_a_sample_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PEOPLE", 2)
    for number in range(3):
        person(office.pipedrive, number, "1")
    result = now(office)
    assert (result.people, result.checked, result.is_sample) == (3, 2, True)


def test_the_opposite_direction_looks_from_the_other_side(office: Office) -> None:
    back = SyncStep.objects.create(connection=office.connection, direction=Direction.TO_CRM)
    OwnerMapping.objects.create(
        step=back, source_member=office.member("Ada Reply"), target_member=office.member("Ben Pipe")
    )
    source, target = person(office.reply, 50, "101"), person(office.pipedrive, 1, "1")
    PersonLink.objects.create(connection=office.connection, crm_person=target, outreach_person=source)
    assert simulate(back, load(back)).moves == (Move("Ada Pipe", "Ben Pipe", 1),)


def test_counting_costs_the_same_number_of_queries_whatever_the_people(
    office: Office, django_assert_max_num_queries: object
) -> None:
    for number in range(30):
        person(office.pipedrive, number, "1")
    settings, step = load(office.step), SyncStep.objects.with_accounts().get(pk=office.step.pk)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        simulate(step, settings)


def test_people_who_share_an_address_are_in_conflict_as_the_planner_has_it(office: Office) -> None:
    oldest, younger = person(office.pipedrive, 1, "1"), person(office.pipedrive, 2, "1")
    PersonEmail.objects.create(account=office.pipedrive, person=younger, address=oldest.email)
    Person.objects.filter(pk=younger.pk).update(emails=[oldest.email])
    result = now(office)
    assert (result.moves, result.in_conflict) == ((Move("", "Ada Reply", 1),), 1)


def test_a_counterpart_is_found_by_any_address_and_two_of_them_are_a_conflict(office: Office) -> None:
    source = person(office.pipedrive, 1, "1")
    Person.objects.filter(pk=source.pk).update(emails=["new@example.com", source.email])
    person(office.reply, 1, "101")
    assert now(office).staying == 1
    double = person(office.reply, 2, "101")
    PersonEmail.objects.create(account=office.reply, person=double, address=source.email)
    assert (now(office).staying, now(office).in_conflict) == (0, 1)


def test_somebody_whose_counterpart_was_deleted_is_counted_apart_unless_created_again(office: Office) -> None:
    source, target = person(office.pipedrive, 1, "1"), person(office.reply, 50, "101")
    PersonLink.objects.create(connection=office.connection, crm_person=source, outreach_person=target)
    Person.objects.filter(pk=target.pk).update(missing_since="2026-01-01T00:00:00Z")
    assert (now(office).gone, now(office).moves) == (1, ())
    again = simulate(office.step, replace(load(office.step), recreate_deleted=True))
    assert (again.gone, again.moves) == (0, (Move("", "Ada Reply", 1),))


def test_people_without_a_usable_address_are_not_counted_as_gained(office: Office) -> None:
    owner = office.step.owner_mappings.select_related("source_member").get().source_member.external_id
    before = simulate(office.step, load(office.step))
    Person.objects.create(account=office.pipedrive, external_id="9001", name="No Mail", owner_external_id=owner)
    after = simulate(office.step, load(office.step))
    assert (after.moves, after.without_address) == (before.moves, before.without_address + 1)
