"""What faults did to people, told from the state of both products and never from what the program believes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PLAIN = re.compile(r"[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of people. `lost`: absent on a side, with another name or owner than they must have, or not enrolled."""

    duplicates: int
    lost: int
    double_enrolments: int

    def minus(self, earlier: Tally) -> Tally:
        """What has come on top of an earlier one. What healed meanwhile does not count."""
        return Tally(
            max(0, self.duplicates - earlier.duplicates),
            max(0, self.lost - earlier.lost),
            max(0, self.double_enrolments - earlier.double_enrolments),
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of it all. `owners` leads from Pipedrive's members to Reply's; `names` are of whom we changed.

    `twins` are addresses that several people had from the start; `enrolled_owner` is a member of Reply. `newcomers`
    came from Reply in the last round: they are enrolled by the next run, the first that finds them in Pipedrive.
    """

    owners: Mapping[str, str]
    names: Mapping[str, str]
    twins: Mapping[str, int]
    enrolled_owner: str
    newcomers: Collection[str]


def tally(people: list[dict[str, Any]], reply: Mapping[str, Any], enrolled_again: int, expected: Expected) -> Tally:
    """Whoever has a mapped owner and a plain address belongs on both sides, once, the same, and owned as is mapped."""
    contacts = [contact for contact in reply["contacts"] if contact.get("email")]
    in_reply = Counter(contact["email"].lower() for contact in contacts)
    in_pipedrive = Counter(address for person in people for address in set(addresses_of(person)))
    duplicates = _extra(in_reply) + sum(
        max(0, count - expected.twins.get(address, 1)) for address, count in in_pipedrive.items()
    )
    by_address = {contact["email"].lower(): contact for contact in contacts}
    links = Counter((link["contactId"], link["sequenceId"]) for link in reply["contactLinks"])
    enrolled = {contact for contact, _ in links}
    lost = set(expected.names) - set(in_pipedrive) | set(expected.names) - set(in_reply)
    for person in people:
        address = next(iter(addresses_of(person)), "")
        owner = expected.owners.get(str(person["owner_id"]))
        if owner is None or not PLAIN.fullmatch(address) or expected.twins.get(address, 1) > 1:
            continue
        contact = by_address.get(address)
        is_due = owner == expected.enrolled_owner and address not in expected.newcomers
        name = expected.names.get(address, person["name"])
        if (
            contact is None
            or str(contact["ownerUserId"]) != owner
            or not person["name"] == name == _name(contact)
            or (is_due and contact["id"] not in enrolled)
        ):
            lost.add(address)
    return Tally(duplicates, len(lost), _extra(links) + enrolled_again)


def addresses_of(person: Mapping[str, Any]) -> list[str]:
    """Of a person in Pipedrive, the first one first."""
    return [email["value"].lower() for email in person["emails"]]


def twins_among(people: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Addresses that several people have."""
    counts = Counter(address for person in people for address in set(addresses_of(person)))
    return {address: count for address, count in counts.items() if count > 1}


def _name(contact: Mapping[str, Any]) -> str:
    return " ".join(part for part in (contact.get("firstName"), contact.get("lastName")) if part)


def _extra(counts: Counter[Any]) -> int:
    return sum(count - 1 for count in counts.values() if count > 1)
