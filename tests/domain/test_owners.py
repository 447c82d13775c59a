from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.catalogue import Member
from integrations.domain.enums import UnmappedOwners
from integrations.domain.owners import Assign, LeaveAlone, OwnerAnswer, Refuse, owner_for
from integrations.domain.reasons import Reason
from integrations.domain.step_settings import OwnerPair
from tests.domain.builders import ANNA, BORIS, CLARA, RITA, SAM, TESS, crm_person, to_outreach

LEFT_THE_TEAM = replace(SAM, active=False)
U = UnmappedOwners


@pytest.mark.parametrize(
    ("owner", "unmapped", "fallback", "answer"),
    [
        ("1", U.SKIP, None, Assign(RITA, 1)),
        ("2", U.SKIP, None, Refuse(Reason.MEMBER_INACTIVE, "Sam")),
        ("2", U.FALLBACK, TESS, Refuse(Reason.MEMBER_INACTIVE, "Sam")),
        ("3", U.SKIP, None, Refuse(Reason.OWNER_NOT_MAPPED, "Owner 3")),
        (None, U.SKIP, TESS, Refuse(Reason.NO_OWNER)),
        ("3", U.FALLBACK, TESS, Assign(TESS)),
        (None, U.FALLBACK, TESS, Assign(TESS)),
        ("3", U.FALLBACK, LEFT_THE_TEAM, Refuse(Reason.MEMBER_INACTIVE, "Sam")),
        ("3", U.FALLBACK, None, Refuse(Reason.OWNER_NOT_MAPPED, "Owner 3")),
        ("3", U.LEAVE, None, LeaveAlone()),
        (None, U.LEAVE, TESS, LeaveAlone()),
        ("1", U.LEAVE, None, Assign(RITA, 1)),
    ],
)
def test_the_owner_follows_the_pairs_and_then_the_policy(
    owner: str | None, unmapped: UnmappedOwners, fallback: Member | None, answer: OwnerAnswer
) -> None:
    pairs = (OwnerPair(1, ANNA, RITA), OwnerPair(2, BORIS, LEFT_THE_TEAM))
    settings = to_outreach(owners=pairs, unmapped_owners=unmapped, fallback=fallback)
    assert owner_for(crm_person(owner_id=owner), settings) == answer


def test_a_leavers_people_go_to_the_successor() -> None:
    settings = to_outreach(owners=(OwnerPair(1, replace(CLARA, active=False), TESS),))
    assert owner_for(crm_person(owner_id="3"), settings) == Assign(TESS, 1)


def test_of_two_pairs_for_one_owner_the_first_counts() -> None:
    settings = to_outreach(owners=(OwnerPair(1, ANNA, RITA), OwnerPair(2, ANNA, SAM)))
    assert owner_for(crm_person(owner_id="1"), settings) == Assign(RITA, 1)
