from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from integrations.domain.enums import Direction
from integrations.models import (
    Account,
    AccountField,
    Connection,
    FilterCondition,
    Member,
    OwnerMapping,
    Sequence,
    SequenceMapping,
    SyncStep,
)
from integrations.services.connections import create_connection, set_enabled
from integrations.services.propagation import ChangedMeanwhile, apply_for_all, plan_for_all, version_of_all
from integrations.services.step_warnings import Section, step_warnings
from integrations.services.steps import (
    add_step,
    filter_words,
    move_step,
    step_summaries,
    step_version,
)
from tests.admin.office import Office, make_office


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


def fields_of(step: SyncStep) -> list[tuple[str, str]]:
    return [(row.source_field.key, row.target_field.key) for row in step.field_mappings.all()]


def pairs_of(step: SyncStep) -> list[tuple[str, str]]:
    return [(row.source_member.name, row.target_member.name) for row in step.owner_mappings.all()]


def pair(step: SyncStep, left: str, right: str, position: int = 5) -> OwnerMapping:
    return OwnerMapping.objects.create(
        step=step,
        position=position,
        source_member=Member.objects.get(name=left),
        target_member=Member.objects.get(name=right),
    )


def warnings_of(step: SyncStep) -> str:
    return " ".join(warning.text for warning in step_warnings(step))


def test_a_new_connection_is_disabled_and_has_its_first_step(office: Office) -> None:
    Connection.objects.all().delete()
    connection = create_connection(name="", crm_account=office.pipedrive, outreach_account=office.reply, by=None)
    step = connection.steps.get()
    assert (connection.enabled, step.direction, step.position) == (False, Direction.TO_OUTREACH, 1)
    assert connection.name == "Reply and Pipedrive"


def test_two_accounts_are_paired_once(office: Office) -> None:
    with pytest.raises(ValidationError, match="connected already"):
        create_connection(name="Again", crm_account=office.pipedrive, outreach_account=office.reply, by=None)


def test_a_connection_without_a_step_cannot_be_enabled(office: Office) -> None:
    office.connection.enabled = False
    office.connection.save()
    office.step.delete()
    with pytest.raises(ValidationError, match="Add a sync step first"):
        set_enabled(connection=office.connection, enabled=True, by=None)


@pytest.mark.parametrize("direction", Direction)
def test_a_new_step_starts_with_the_users_of_both_keys_on_the_sides_of_its_direction(
    office: Office, direction: Direction
) -> None:
    step = add_step(connection=office.connection, direction=direction, by=None)
    expected = ("Ada Pipe", "Ada Reply")
    assert pairs_of(step) == [expected if direction is Direction.TO_OUTREACH else expected[::-1]]


def test_a_user_who_is_not_among_the_members_leaves_the_step_without_a_pair(office: Office) -> None:
    Account.objects.filter(pk=office.reply.pk).update(user_external_id="unknown")
    step = add_step(connection=Connection.objects.get(), direction=Direction.TO_OUTREACH, by=None)
    assert pairs_of(step) == []


def test_default_fields_are_those_that_both_sides_have_and_the_target_takes(office: Office) -> None:
    step = add_step(connection=office.connection, direction=Direction.TO_OUTREACH, by=None)
    assert ("emails", "email") in fields_of(step)
    AccountField.objects.filter(account=office.reply, key="email").update(writable=False)
    again = add_step(connection=office.connection, direction=Direction.TO_OUTREACH, by=None)
    assert ("emails", "email") not in fields_of(again)
    assert again.position == step.position + 1


def test_steps_change_places(office: Office) -> None:
    second = add_step(connection=office.connection, direction=Direction.TO_CRM, by=None)
    move_step(step=second, place=1, by=None)
    assert list(office.connection.steps.all()) == [second, office.step]
    move_step(step=second, place=1, by=None)
    assert list(office.connection.steps.all()) == [second, office.step]
    move_step(step=second, place=99, by=None)
    assert list(office.connection.steps.all()) == [office.step, second]


def test_any_change_of_a_row_changes_the_steps_version(office: Office) -> None:
    before = step_version(office.step)
    pair(office.step, "Ben Pipe", "Ben Reply")
    assert step_version(office.step) != before


def test_a_sound_step_has_no_warnings(office: Office) -> None:
    assert step_warnings(office.step) == []


def test_a_step_without_owner_mappings_is_warned_of_unless_it_syncs_the_unmapped(office: Office) -> None:
    office.step.owner_mappings.all().delete()
    assert "nobody is synced" in warnings_of(office.step)
    office.step.unmapped_owners = "leave"
    assert warnings_of(office.step) == ""


def test_a_fallback_member_who_left_is_warned_of(office: Office) -> None:
    office.step.unmapped_owners, office.step.fallback_member = "fallback", Member.objects.get(name="Left Reply")
    assert "Left Reply, who is to get people with an unmapped owner, is deactivated" in warnings_of(office.step)


def test_a_sequence_row_of_somebody_on_no_right_side_is_warned_of_also_for_the_fallback_member(office: Office) -> None:
    sequence = Sequence.objects.get(name="Welcome")
    SequenceMapping.objects.create(
        step=office.step,
        owner=Member.objects.get(name="Ben Reply"),
        sequence=sequence,
        sequence_step=sequence.steps.all()[0],
    )
    assert "no right side" in warnings_of(office.step)
    office.step.unmapped_owners, office.step.fallback_member = "fallback", Member.objects.get(name="Ben Reply")
    assert "no right side" in warnings_of(office.step)


def test_what_is_gone_from_the_product_is_warned_of(office: Office) -> None:
    from django.utils import timezone

    field = office.field(office.pipedrive, "job_title")
    FilterCondition.objects.create(step=office.step, field=field, operator="is_empty")
    AccountField.objects.filter(pk=field.pk).update(missing_since=timezone.now())
    Member.objects.filter(name="Ada Pipe").update(missing_since=timezone.now())
    sequence = Sequence.objects.get(name="Old news")
    step = sequence.steps.all()[0]
    SequenceMapping.objects.create(
        step=office.step, owner=Member.objects.get(name="Ada Reply"), sequence=sequence, sequence_step=step
    )
    type(step).objects.filter(pk=step.pk).update(missing_since=timezone.now())
    said = warnings_of(office.step)
    for words in ("no longer exists", "Ada Pipe is gone", "is archived", "is gone"):
        assert words in said


def test_filters_are_said_in_words(office: Office) -> None:
    assert filter_words(office.step) == "Everybody"
    stage = office.field(office.pipedrive, "stage")
    FilterCondition.objects.create(step=office.step, field=stage, operator="is", value="2")
    assert "Stage is Customer" in filter_words(office.step)


def test_a_summary_counts_the_rows_of_each_step(office: Office) -> None:
    [summary] = step_summaries(office.connection)
    assert (summary.step, summary.fields, summary.owners, summary.sequences, summary.last) == (
        office.step,
        1,
        1,
        0,
        None,
    )


# Save and apply for all steps


def apply(step: SyncStep, *sections: Section) -> None:
    apply_for_all(step=step, sections=sections, version=version_of_all(step), by=None)


@pytest.fixture
def twin(office: Office) -> SyncStep:
    """A second step of the same direction, without rows."""
    return SyncStep.objects.create(connection=office.connection, direction=Direction.TO_OUTREACH, position=2)


@pytest.fixture
def back(office: Office) -> SyncStep:
    """A step of the opposite direction, without rows."""
    return SyncStep.objects.create(connection=office.connection, direction=Direction.TO_CRM, position=3)


def test_the_same_direction_gets_a_part_whole(office: Office, twin: SyncStep) -> None:
    pair(twin, "Cy Pipe", "Cy Reply")
    pair(office.step, "Ben Pipe", "Ben Reply")
    apply(office.step, Section.OWNERS)
    assert pairs_of(twin) == [("Ada Pipe", "Ada Reply"), ("Ben Pipe", "Ben Reply")]


def test_the_opposite_direction_gets_pairs_turned_round_and_is_told_what_was_dropped(
    office: Office, back: SyncStep
) -> None:
    pair(office.step, "Ben Pipe", "Ada Reply")
    [plan] = plan_for_all(office.step, [Section.OWNERS])
    dropped = [change for change in plan.parts[0].changes if change.kind == "dropped"]
    assert plan.is_opposite
    assert ["Ada Reply can be on the left side only once" in change.reason for change in dropped] == [True]
    apply(office.step, Section.OWNERS)
    assert pairs_of(back) == [("Ada Reply", "Ada Pipe")]


def test_a_member_who_left_is_not_turned_to_the_right_side(office: Office, back: SyncStep) -> None:
    pair(office.step, "Gone Pipe", "Cy Reply")
    apply(office.step, Section.OWNERS)
    assert pairs_of(back) == [("Ada Reply", "Ada Pipe")]


def test_parts_that_are_not_ticked_stay(office: Office, twin: SyncStep) -> None:
    apply(office.step, Section.OWNERS)
    assert fields_of(twin) == []
    apply(office.step, Section.FIELDS)
    assert fields_of(twin) == [("emails", "email")]


def test_fields_are_turned_round_where_the_target_takes_them(office: Office, back: SyncStep) -> None:
    row = office.step.field_mappings.get()
    office.step.field_mappings.create(
        position=1,
        source_field=office.field(office.pipedrive, "open_deals"),
        target_field=office.field(office.reply, "title"),
    )
    [plan] = plan_for_all(office.step, [Section.FIELDS])
    assert [change.reason for change in plan.parts[0].changes if change.kind == "dropped"] == [
        "Open deals cannot be written."
    ]
    apply(office.step, Section.FIELDS)
    assert fields_of(back) == [("email", "emails")]
    assert back.field_mappings.get().mode == row.mode


def test_the_rule_for_unmapped_owners_goes_with_the_ownership_mappings(
    office: Office, twin: SyncStep, back: SyncStep
) -> None:
    office.step.unmapped_owners, office.step.fallback_member = "fallback", office.member("Ada Reply")
    office.step.save()
    apply(office.step, Section.OWNERS)
    twin.refresh_from_db()
    back.refresh_from_db()
    assert (twin.unmapped_owners, twin.fallback_member) == ("fallback", office.member("Ada Reply"))
    assert (back.unmapped_owners, back.fallback_member) == ("fallback", office.member("Ada Pipe"))


def test_a_fallback_member_without_a_counterpart_leaves_the_other_direction_its_rule(
    office: Office, back: SyncStep
) -> None:
    office.step.unmapped_owners, office.step.fallback_member = "fallback", office.member("Cy Reply")
    office.step.save()
    apply(office.step, Section.OWNERS)
    back.refresh_from_db()
    assert back.unmapped_owners == "skip"


def test_filters_and_sequences_go_to_the_same_direction_only(office: Office, twin: SyncStep, back: SyncStep) -> None:
    sequence = Sequence.objects.get(name="Welcome")
    SequenceMapping.objects.create(
        step=office.step,
        owner=office.member("Ada Reply"),
        sequence=sequence,
        sequence_step=sequence.steps.all()[1],
        only_for_new=True,
        ignore_step_delay=True,
    )
    field = office.field(office.pipedrive, "job_title")
    for _ in range(2):
        FilterCondition.objects.create(step=office.step, field=field, operator="contains", value="CEO")
    FilterCondition.objects.create(step=twin, field=field, operator="is_empty")
    SyncStep.objects.filter(pk=office.step.pk).update(filter_join="any")
    office.step.refresh_from_db()
    apply(office.step, Section.FILTERS, Section.SEQUENCES)
    twin.refresh_from_db()
    assert [(row.operator, row.value) for row in twin.filter_conditions.all()] == [("contains", "CEO")] * 2
    assert twin.filter_join == "any"
    assert twin.sequence_mappings.get().sequence_step == sequence.steps.all()[1]
    assert back.filter_conditions.count() == back.sequence_mappings.count() == 0
    assert not any(plan.changes_something for plan in plan_for_all(office.step, [Section.FILTERS, Section.SEQUENCES]))


def test_nothing_is_applied_when_a_step_changed_after_it_was_shown(office: Office, twin: SyncStep) -> None:
    shown = version_of_all(office.step)
    pair(twin, "Cy Pipe", "Cy Reply")
    with pytest.raises(ChangedMeanwhile):
        apply_for_all(step=office.step, sections=[Section.OWNERS], version=shown, by=None)
    assert pairs_of(twin) == [("Cy Pipe", "Cy Reply")]


def test_applying_twice_changes_nothing_the_second_time(office: Office, twin: SyncStep, back: SyncStep) -> None:
    apply(office.step, *Section)
    assert apply_for_all(step=office.step, sections=list(Section), version=version_of_all(office.step), by=None) == []
