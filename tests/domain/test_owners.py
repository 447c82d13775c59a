from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.catalogue import Member
from integrations.domain.enums import UnmappedOwners
from integrations.domain.owners import Assign, LeaveAlone, OwnerAnswer, OwnerTable, Refuse
from integrations.domain.reasons import Reason
from integrations.domain.step_settings import OwnerPair
from tests.domain.builders import ANNA, BORIS, CLARA, RITA, SAM, TESS, to_outreach

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
    assert OwnerTable(settings).answer(owner) == answer


@pytest.mark.parametrize("unmapped", UnmappedOwners)
def test_a_leavers_people_are_skipped_with_that_reason_whatever_is_done_about_unmapped_owners(
    unmapped: UnmappedOwners,
) -> None:
    pairs = (OwnerPair(1, replace(CLARA, active=False), TESS),)
    settings = to_outreach(owners=pairs, unmapped_owners=unmapped, fallback=RITA)
    assert OwnerTable(settings).answer("3") == Refuse(Reason.MEMBER_INACTIVE, "Clara")


def test_of_two_pairs_for_one_owner_the_first_counts() -> None:
    settings = to_outreach(owners=(OwnerPair(1, ANNA, RITA), OwnerPair(2, ANNA, SAM)))
    assert OwnerTable(settings).answer("1") == Assign(RITA, 1)
