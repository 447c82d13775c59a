"""Why? names everybody who is in the way of a match."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations.models import Account, Person, PersonLink, Sequence, SequenceMapping
from integrations.services.explain import AT_MOST, explain
from integrations.services.explanation import StepStory, Verdict
from tests.admin.office import Office, make_office


@pytest.fixture
def office(db: None) -> Office:
    """Two connected accounts with one step towards Reply."""
    return make_office()


def person(account: Account, number: str, email: str, owner: str = "1") -> Person:
    row = Person.objects.create(
        account=account,
        external_id=number,
        name=f"Person {number}",
        email=email,
        emails=[email],
        owner_external_id=owner,
        content="x",
    )
    row.addresses.create(account=account, address=email.lower())
    return row


def story(row: Person) -> StepStory:
    return next(story for story in explain(row.external_id).steps if story.person.pk == row.pk)


def test_who_is_ambiguous_is_named(office: Office) -> None:
    ada = person(office.pipedrive, "1", "ada@example.com")
    for number in ("901", "902"):
        person(office.reply, number, "Ada@example.com")
    told = story(ada)
    assert told.verdict is Verdict.CONFLICT
    assert "Person 901" in told.match.words
    assert "Person 902" in told.match.words
    assert "ada@example.com" in told.match.cause


def test_the_older_person_with_the_same_address_is_named(office: Office) -> None:
    person(office.pipedrive, "1", "ada@example.com")
    told = story(person(office.pipedrive, "2", "ada@example.com"))
    assert told.verdict is Verdict.CONFLICT
    assert told.match.words.startswith("Person 1 ")


def test_a_match_that_belongs_to_somebody_else_names_both(office: Office) -> None:
    holder = person(office.pipedrive, "1", "other@example.com")
    contact = person(office.reply, "901", "ada@example.com", "101")
    PersonLink.objects.create(connection=office.connection, crm_person=holder, outreach_person=contact)
    told = story(person(office.pipedrive, "2", "ada@example.com"))
    assert told.verdict is Verdict.CONFLICT
    assert "Person 901" in told.match.words
    assert "Person 1 " in told.match.cause


def test_a_deleted_target_is_named_with_the_day_it_was_missed(office: Office) -> None:
    ada = person(office.pipedrive, "1", "ada@example.com")
    contact = person(office.reply, "901", "ada@example.com", "101")
    Person.objects.filter(pk=contact.pk).update(missing_since=timezone.now())
    PersonLink.objects.create(connection=office.connection, crm_person=ada, outreach_person=contact)
    told = story(ada)
    assert told.verdict is Verdict.SKIP
    assert "Person 901" in told.detail
    assert "deleted" in told.match.words
    assert explain("ada@example.com").accounts[1].people[0].missing_since is not None


@pytest.mark.parametrize(
    ("name", "only_for_new", "words"),
    [
        ("Welcome", False, "Put into “Welcome” at step 2. E-mail 2"),
        ("Welcome", True, "Not put into any sequence"),
        ("Old news", False, "Not put into the sequence: the sequence cannot take people now"),
    ],
)
def test_the_sequence_row_says_what_it_does_or_why_not(
    office: Office, name: str, only_for_new: bool, words: str
) -> None:
    sequence = Sequence.objects.get(name=name)
    SequenceMapping.objects.create(
        step=office.step,
        owner=office.reply.members.get(external_id="101"),
        sequence=sequence,
        sequence_step=sequence.steps.get(external_id="2"),
        only_for_new=only_for_new,
    )
    ada = person(office.pipedrive, "1", "ada@example.com")
    person(office.reply, "901", "ada@example.com", "101")
    told = story(ada)
    assert told.sequence is not None
    assert told.sequence.words == words
    assert "Ada Reply" in told.sequence.cause


def test_a_shared_mailbox_is_explained_up_to_a_bound_and_the_rest_counted(office: Office) -> None:
    for number in range(AT_MOST + 5):
        person(office.pipedrive, str(number + 1), "info@example.com")
    told = explain("info@example.com")
    assert (len(told.people), told.left_out) == (AT_MOST, 5)


def test_a_malformed_address_is_found_as_it_was_typed(office: Office) -> None:
    broken = person(office.pipedrive, "1", "ada@nowhere")
    broken.addresses.all().delete()
    told = explain("ADA@nowhere")
    assert told.steps[0].verdict is Verdict.SKIP
    assert told.steps[0].reason == "Has no well-formed e-mail address"
