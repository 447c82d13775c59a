from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import FieldMapping, FilterCondition, Member, OwnerMapping, Sequence, SequenceMapping, SyncStep
from tests.admin.office import Office

PREFIXES = ("field_mappings", "filter_conditions", "owner_mappings", "sequence_mappings")


class StepPage:
    """The page as a person uses it: open it, change what it holds, press a button."""

    def __init__(self, client: Client, step: SyncStep) -> None:
        self.client = client
        self.url = reverse("admin:integrations_syncstep_change", args=[step.pk])
        context: Any = self.client.get(self.url).context
        self.data: dict[str, Any] = {}
        for form in [context["adminform"].form, *self._row_forms(context)]:
            for bound in form:
                value = bound.value()
                if value not in (None, "", False):
                    self.data[bound.html_name] = "on" if value is True else value
        for section in context["sections"]:
            if section.rows:
                formset = section.rows.formset
                self.data[f"{formset.prefix}-TOTAL_FORMS"] = len(formset.forms)
                self.data[f"{formset.prefix}-INITIAL_FORMS"] = formset.initial_form_count()

    @staticmethod
    def _row_forms(context: Any) -> list[Any]:
        return [form for section in context["sections"] if section.rows for form in section.rows.formset.forms]

    def add(self, prefix: str, **values: Any) -> None:
        number = self.data[f"{prefix}-TOTAL_FORMS"]
        self.data[f"{prefix}-TOTAL_FORMS"] = number + 1
        self.data |= {f"{prefix}-{number}-{name}": value for name, value in values.items()}

    def add_owner(self, left: Member, right: Member) -> None:
        self.add("owner_mappings", source_member=left.pk, target_member=right.pk)

    def save(self, **more: Any) -> str:
        """Press Save; gives what the page says, without tags' noise in messages."""
        answer = self.client.post(self.url, {**self.data, "_continue": "1", **more}, follow=True)
        self.was_saved = bool(answer.redirect_chain)
        return answer.content.decode()


@pytest.fixture
def page(boss: Client, office: Office) -> StepPage:
    return StepPage(boss, office.step)


def pairs(step: SyncStep) -> list[tuple[str, str]]:
    return [(row.source_member.name, row.target_member.name) for row in step.owner_mappings.all()]


def test_saving_the_page_as_it_is_changes_nothing(page: StepPage, office: Office) -> None:
    before = (list(FieldMapping.objects.values()), list(OwnerMapping.objects.values()))
    page.save()
    assert page.was_saved
    assert (list(FieldMapping.objects.values()), list(OwnerMapping.objects.values())) == before


def test_a_right_member_can_be_chosen_again_and_again(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Ben Pipe"), office.member("Ada Reply"))
    page.add_owner(office.member("Cy Pipe"), office.member("Ada Reply"))
    page.save()
    assert pairs(office.step) == [("Ada Pipe", "Ada Reply"), ("Ben Pipe", "Ada Reply"), ("Cy Pipe", "Ada Reply")]


def test_a_left_member_in_two_rows_is_refused_with_the_name_and_both_rows(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    page.add_owner(office.member("Ada Pipe"), office.member("Cy Reply"))
    said = page.save()
    assert not page.was_saved
    assert "Ada Pipe" in said
    assert "is on the left side of rows 1 and 3" in said
    assert pairs(office.step) == [("Ada Pipe", "Ada Reply")]


def test_two_new_rows_with_one_left_member_are_refused_by_the_form_and_not_by_the_database(
    page: StepPage, office: Office
) -> None:
    for _ in range(2):
        page.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    assert "rows 2 and 3" in page.save()


def test_two_rows_may_trade_their_left_members(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    page.save()
    ada, ben = office.member("Ada Pipe"), office.member("Ben Pipe")
    again = StepPage(page.client, office.step)
    again.data |= {"owner_mappings-0-source_member": ben.pk, "owner_mappings-1-source_member": ada.pk}
    again.save()
    assert again.was_saved
    assert pairs(office.step) == [("Ben Pipe", "Ada Reply"), ("Ada Pipe", "Ben Reply")]


def test_a_removed_row_frees_its_left_member_at_once(page: StepPage, office: Office) -> None:
    page.data["owner_mappings-0-DELETE"] = "on"
    page.add_owner(office.member("Ada Pipe"), office.member("Cy Reply"))
    page.save()
    assert pairs(office.step) == [("Ada Pipe", "Cy Reply")]


def test_a_member_of_the_wrong_side_is_refused(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Ben Reply"), office.member("Ben Pipe"))
    assert "no longer on offer" in page.save()


def test_a_deactivated_member_cannot_be_given_people(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Ben Pipe"), office.member("Left Reply"))
    assert "Left Reply is deactivated and cannot be given people" in page.save()


def test_a_deactivated_member_on_the_left_is_saved_and_warned_of(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Gone Pipe"), office.member("Ben Reply"))
    assert "Gone Pipe is deactivated. The pair stays, and its people are skipped." in page.save()
    assert ("Gone Pipe", "Ben Reply") in pairs(office.step)


@pytest.mark.parametrize("leaver", ["Ada Reply", "Ada Pipe"])
def test_a_pair_of_which_a_member_left_later_stays_and_is_warned_of(
    page: StepPage, office: Office, leaver: str
) -> None:
    Member.objects.filter(name=leaver).update(is_active=False)
    said = page.save()
    assert page.was_saved
    assert f"{leaver} is deactivated. The pair stays, and its people are skipped." in said
    assert pairs(office.step) == [("Ada Pipe", "Ada Reply")]


def test_the_fallback_member_goes_with_its_policy(page: StepPage, office: Office) -> None:
    said = page.save(unmapped_owners="fallback")
    assert "Choose who gets the people with an unmapped owner" in said
    again = StepPage(page.client, office.step)
    again.save(unmapped_owners="fallback", fallback_member=office.member("Ben Reply").pk)
    office.step.refresh_from_db()
    assert office.step.fallback_member == office.member("Ben Reply")
    third = StepPage(page.client, office.step)
    third.save(unmapped_owners="leave")
    office.step.refresh_from_db()
    assert office.step.fallback_member is None


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("stage", "birthday", "cannot become"),
        ("first_name", "optedOut", "cannot be written"),
        ("org", "title", "cannot be mapped"),
    ],
)
def test_a_mapping_that_cannot_be_converted_is_refused_in_words(
    page: StepPage, office: Office, source: str, target: str, words: str
) -> None:
    page.add(
        "field_mappings",
        source_field=office.field(office.pipedrive, source).pk,
        target_field=office.field(office.reply, target).pk,
        mode="always",
        when_blank="keep",
    )
    assert words in page.save()
    assert not page.was_saved


def test_one_target_field_cannot_take_two_values(page: StepPage, office: Office) -> None:
    for source in ("first_name", "last_name"):
        page.add(
            "field_mappings",
            source_field=office.field(office.pipedrive, source).pk,
            target_field=office.field(office.reply, "title").pk,
            mode="always",
            when_blank="keep",
        )
    assert "one field cannot take two values" in page.save()


def sequence_row(office: Office, owner: str, sequence: str, step_of: str | None = None) -> dict[str, Any]:
    steps = Sequence.objects.get(name=step_of or sequence).steps
    return {
        "owner": office.member(owner).pk,
        "sequence": Sequence.objects.get(name=sequence).pk,
        "sequence_step": steps.order_by("position")[1].pk,
    }


def test_a_sequence_row_keeps_its_step_and_options(page: StepPage, office: Office) -> None:
    page.add("sequence_mappings", **sequence_row(office, "Ada Reply", "Welcome"), only_for_new="on")
    page.save()
    row = SequenceMapping.objects.get()
    assert (row.sequence.name, row.sequence_step.number, row.only_for_new, row.ignore_step_delay) == (
        "Welcome",
        "2",
        True,
        False,
    )


def test_a_step_of_another_sequence_is_refused(page: StepPage, office: Office) -> None:
    page.add("sequence_mappings", **sequence_row(office, "Ada Reply", "Welcome", step_of="Later"))
    assert "This is not a step of “Welcome”" in page.save()


def test_an_archived_sequence_is_refused(page: StepPage, office: Office) -> None:
    page.add("sequence_mappings", **sequence_row(office, "Ada Reply", "Old news"))
    assert "“Old news” is archived" in page.save()


def test_a_paused_sequence_is_warned_of(page: StepPage, office: Office) -> None:
    page.add("sequence_mappings", **sequence_row(office, "Ada Reply", "Later"))
    assert "“Later” is paused" in page.save()
    assert page.was_saved


def test_an_owner_on_no_right_side_is_warned_of_on_saving(page: StepPage, office: Office) -> None:
    page.add("sequence_mappings", **sequence_row(office, "Cy Reply", "Welcome"))
    assert "Cy Reply is on no right side of the ownership mappings" in page.save()
    assert page.was_saved


def test_an_owner_has_one_sequence_row(page: StepPage, office: Office) -> None:
    for sequence in ("Welcome", "Later"):
        page.add("sequence_mappings", **sequence_row(office, "Ada Reply", sequence))
    assert "Each owner can have only one" in page.save()


def filter_row(about: str, operator: str, value: str = "") -> dict[str, str]:
    return {"about": about, "operator": operator, "value": value}


def test_a_filter_on_a_field_is_kept(page: StepPage, office: Office) -> None:
    field = office.field(office.pipedrive, "score")
    page.add("filter_conditions", **filter_row(f"field-{field.pk}", "greater", "10"))
    page.save()
    rule = FilterCondition.objects.get()
    assert (rule.field, rule.operator, rule.value) == (field, "greater", "10")


@pytest.mark.parametrize(
    ("key", "operator", "value", "words"),
    [
        ("score", "greater", "many", "is not a number"),
        ("met", "before", "soon", "is not a date"),
        ("stage", "is", "99", "is not an option of Stage"),
        ("score", "starts_with", "1", "cannot be asked of Score"),
        ("job_title", "contains", "", "Give a value"),
    ],
)
def test_a_filter_that_cannot_be_tested_is_refused_in_words(
    page: StepPage, office: Office, key: str, operator: str, value: str, words: str
) -> None:
    field = office.field(office.pipedrive, key)
    page.add("filter_conditions", **filter_row(f"field-{field.pk}", operator, value))
    assert words in page.save()
    assert not page.was_saved


def test_a_filter_on_the_owner_is_warned_of_beside_ownership_mappings(page: StepPage, office: Office) -> None:
    page.add("filter_conditions", **filter_row("owner", "is", str(office.member("Ben Pipe").pk)))
    assert "This rule looks at the owner" in page.save()
    rule = FilterCondition.objects.get()
    assert (rule.subject, rule.member, rule.value) == ("owner", office.member("Ben Pipe"), "")
    again = StepPage(page.client, office.step)
    again.save()
    assert FilterCondition.objects.get() == rule


def test_a_filter_on_a_list_of_the_product_needs_no_value(page: StepPage, office: Office) -> None:
    saved = office.pipedrive.saved_filters.get()
    page.add("filter_conditions", **filter_row(f"list-{saved.pk}", "in_list"))
    page.save()
    assert FilterCondition.objects.get().saved_filter == saved


def test_the_second_of_two_tabs_is_told_and_loses_nothing(page: StepPage, office: Office) -> None:
    other = StepPage(page.client, office.step)
    other.add_owner(office.member("Ben Pipe"), office.member("Ben Reply"))
    other.save()
    page.add_owner(office.member("Cy Pipe"), office.member("Cy Reply"))
    said = page.save()
    assert not page.was_saved
    assert "This step was changed meanwhile by Bo" in said
    assert ("Ben Pipe", "Ben Reply") in pairs(office.step)


def test_saving_again_puts_the_second_tab_in_place(page: StepPage, office: Office) -> None:
    other = StepPage(page.client, office.step)
    other.data["owner_mappings-0-DELETE"] = "on"
    other.save()
    page.add_owner(office.member("Cy Pipe"), office.member("Cy Reply"))
    refused: Any = page.client.post(page.url, {**page.data, "_continue": "1"})
    page.save(version=refused.context["adminform"].form["version"].value())
    assert pairs(office.step) == [("Ada Pipe", "Ada Reply"), ("Cy Pipe", "Cy Reply")]


@pytest.mark.parametrize("count", [1, 60])
def test_the_page_opens_in_thirty_queries_whatever_the_number_of_rows(
    boss: Client, office: Office, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(200):
        Member.objects.create(account=office.pipedrive, external_id=f"m{number}", name=f"Member {number:03}")
        Member.objects.create(account=office.reply, external_id=f"m{number}", name=f"Colleague {number:03}")
    lefts, rights = office.pipedrive.members.all()[10:], list(office.reply.members.all()[10:])
    for left, right in list(zip(lefts, rights, strict=False))[:count]:
        OwnerMapping.objects.create(step=office.step, source_member=left, target_member=right)
        SequenceMapping.objects.create(
            step=office.step,
            owner=right,
            sequence=Sequence.objects.get(name="Welcome"),
            sequence_step=Sequence.objects.get(name="Welcome").steps.all()[0],
        )
    url = reverse("admin:integrations_syncstep_change", args=[office.step.pk])
    boss.get(url)
    with django_assert_max_num_queries(30):
        assert boss.get(url).status_code == 200


@pytest.mark.parametrize("count", [1, 60])
def test_saving_rows_that_did_not_change_costs_the_same_whatever_their_number(
    boss: Client, office: Office, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        left = Member.objects.create(account=office.pipedrive, external_id=f"m{number}", name=f"Member {number:03}")
        OwnerMapping.objects.create(step=office.step, source_member=left, target_member=office.member("Ben Reply"))
    StepPage(boss, office.step).save()
    page = StepPage(boss, office.step)
    with django_assert_max_num_queries(90):
        page.client.post(page.url, {**page.data, "_save": "1"})


def test_rows_are_kept_in_the_order_of_their_places(page: StepPage, office: Office) -> None:
    for name in ("Ben", "Cy"):
        page.add_owner(office.member(f"{name} Pipe"), office.member(f"{name} Reply"))
    page.save()
    again = StepPage(page.client, office.step)
    again.data |= {f"owner_mappings-{row}-place": place for row, place in enumerate((3, 1, 2))}
    again.save()
    assert [left for left, _ in pairs(office.step)] == ["Ben Pipe", "Cy Pipe", "Ada Pipe"]


def test_a_page_that_is_shown_again_because_of_an_error_keeps_the_order(page: StepPage, office: Office) -> None:
    page.add_owner(office.member("Ben Pipe"), office.member("Left Reply"))
    page.data |= {"owner_mappings-0-place": 2, "owner_mappings-1-place": 1}
    said = page.save()
    assert not page.was_saved
    assert said.index("owner_mappings-1-source_member") < said.index("owner_mappings-0-source_member")
