from __future__ import annotations

from collections import Counter

import pytest
from email_validator import EmailNotValidError, validate_email

from integrations.sandbox.world import World, is_usable_address, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(2_000)


def test_the_same_arguments_make_the_same_world() -> None:
    assert make_world(300, 7, 50) == make_world(300, 7, 50)


def test_another_seed_makes_other_people() -> None:
    assert make_world(50, 7).contacts != make_world(50, 8).contacts


def test_six_of_eight_colleagues_are_active_in_both_products(world: World) -> None:
    team = world.team

    assert len(team) == 8
    assert sum(member.in_pipedrive and member.in_reply and member.active for member in team) == 6
    assert sum(not member.in_reply for member in team) == 1
    assert sum(not member.active for member in team) == 1
    assert any(member.is_admin for member in team)


def test_everybody_is_owned_by_a_colleague_and_every_colleague_owns_somebody(world: World) -> None:
    assert {contact.owner for contact in world.contacts} == {member.number for member in world.team}


def test_the_flaws_of_a_real_address_book_are_there_in_small_numbers(world: World) -> None:
    contacts = world.contacts
    count = len(contacts)
    primaries = Counter(contact.emails[0] for contact in contacts if contact.emails)

    assert 0.01 < sum(not contact.emails for contact in contacts) / count < 0.03
    assert 0.005 < sum(not is_usable_address(email) for email in primaries) / count < 0.02
    assert 0.05 < sum(len(contact.emails) == 2 for contact in contacts) / count < 0.15
    assert 0 < sum(shared > 1 for shared in primaries.values()) / count < 0.02
    assert 0 < sum(not contact.last_name for contact in contacts) / count < 0.06
    assert any(phone.startswith("+") for contact in contacts for phone in contact.phones)
    assert any(not phone.startswith("+") for contact in contacts for phone in contact.phones)


def test_an_address_is_usable_exactly_when_a_validator_says_so(world: World) -> None:
    for email in {email for contact in world.contacts for email in contact.emails}:
        try:
            validate_email(email, check_deliverability=False)
            valid = True
        except EmailNotValidError:
            valid = False
        assert is_usable_address(email) is valid, email


def test_no_address_can_belong_to_a_living_person(world: World) -> None:
    usable = [email for contact in world.contacts for email in contact.emails if is_usable_address(email)]

    assert all(email.endswith(".example") for email in usable)


def test_reply_knows_as_many_as_asked_and_a_few_whom_pipedrive_does_not() -> None:
    contacts = make_world(500, 7, 100).contacts

    both = [contact for contact in contacts if contact.in_pipedrive and contact.in_reply]
    only_reply = [contact for contact in contacts if not contact.in_pipedrive]
    assert len(both) == 100
    assert len({contact.emails[0] for contact in both}) == 100
    assert len(only_reply) == 5
    assert all(contact.in_reply for contact in only_reply)
    assert sum(contact.in_pipedrive for contact in contacts) == 500


def test_reply_knows_nobody_without_an_overlap(world: World) -> None:
    assert not any(contact.in_reply for contact in world.contacts)
