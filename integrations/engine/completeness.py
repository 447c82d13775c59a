"""Whether a full read gave everybody, and who is gone: absence from one reading alone proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.ports import Connector
from integrations.domain.person import Person as PersonValue
from integrations.models import Account, Person, ReadCheckpoint

from .claim import Lease
from .hints import forget_hints, gone_by_hint
from .mirror import mark_missing, store, unseen_by

ASKED_FOR = 50
"""So many unseen people are asked for by id; each may cost a call."""
NOTHING_READ: Mapping[str, Any] = {
    "cursor": None, "newest": None, "read": 0, "changed": 0, "unread": 0, "unreadable": [], "said": None
}  # fmt: skip
"""A reading's progress. `unread` rows could not be understood, of which `unreadable` says for some why. `said`: how
many people the product said that it has when a first reading had given too few; None in a first reading."""


def is_short(lease: Lease, connector: Connector, account: Account, scan: int, progress: Mapping[str, Any]) -> bool:
    """Compare a full read with what the product says that there is; answers whether it has to be read once more.

    People come and go meanwhile, so a second reading must have given the smaller of two counts, before it and after.
    Raises UnexpectedResponse when it did not: whoever is absent would pass for deleted. Nothing is compared for an
    account of which somebody has said that the product counts more people than it shows, nor, between nightly checks,
    when everybody is there who was there before: the call would tell nothing that could do harm.
    """
    if not account.counts_everybody or (progress["said"] is None and _has_all_it_had(lease, account, scan)):
        return False
    said, before = connector.count_people(), progress["said"]
    given = Person.objects.present().filter(account=account, scan=scan).count() + progress["unread"]
    if said is None or given >= said or (before is not None and given >= before):
        return False
    if before is not None:
        raise UnexpectedResponse(
            f"The product says that it has {min(said, before):,} people, and gave {given:,} in two readings. "
            "Nothing was planned, since the others would pass for deleted. Try again later. If it stays so because the "
            f"product also counts people whom {account.user_name or 'its user'} cannot see, switch off “Stop when "
            f"people are missing” on the page of the account {account.name}."
        )
    with transaction.atomic():
        lease.save_progress({**NOTHING_READ, "said": said})
    return True


def _has_all_it_had(lease: Lease, account: Account, scan: int) -> bool:
    had_been_read = ReadCheckpoint.objects.filter(account=account, full_read_at__isnull=False).exists()
    return not lease.chunk.run.full and had_been_read and not unseen_by(account, scan).exists()


def look_for_unseen(lease: Lease, connector: Connector, account: Account, scan: int, *, is_whole: bool) -> None:
    """Whoever a full read did not see may be gone, or was missed while rows moved between pages.

    A few are asked for one by one. Where many are unseen, those are gone whom the full read before did not see either.
    A read with rows that could not be understood proves nobody's absence.
    """
    if not is_whole:
        return
    unseen = list(unseen_by(account, scan).values_list("external_id", flat=True)[: ASKED_FOR + 1])
    if len(unseen) > ASKED_FOR:
        unseen = list(unseen_by(account, scan - 1).values_list("external_id", flat=True))
        found: Mapping[str, PersonValue] = {}
    else:
        found = connector.get_people(unseen) if unseen else {}
    with transaction.atomic():
        lease.prove()
        store(account, found.values(), scan=scan)
        gone = [person_id for person_id in unseen if person_id not in found]
        for start in range(0, len(gone), 500):
            mark_missing(account, gone[start : start + 500])


def look_for_the_gone(lease: Lease, connector: Connector, account: Account) -> None:
    """Whoever a webhook said was deleted is looked up, since only a full read sees who is absent."""
    said = gone_by_hint(lease.chunk.run, account)
    found = connector.get_people(said) if said else {}
    with transaction.atomic():
        lease.prove()
        store(account, found.values())
        if gone := [person for person in said if person not in found]:
            mark_missing(account, gone)
        forget_hints(lease.chunk.run, account)
