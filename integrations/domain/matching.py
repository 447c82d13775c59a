"""Which target person a source person is: by link first, then by e-mail, and never by a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .normalise import is_usable_email, normal_email
from .person import Person
from .situation import Ambiguous, DuplicateOf, Found, Linked, Match, NoMatch, TakenBy, TargetGone


def usable_addresses(person: Person) -> tuple[str, ...]:
    """The normal forms of the person's well-formed addresses, primary first, each once."""
    return tuple(dict.fromkeys(normal_email(address) for address in person.emails if is_usable_email(address)))


def id_order(person_id: str) -> tuple[int, int, str]:
    """A sort key that puts the oldest id first: numeric ids as numbers, before all others."""
    return (0, int(person_id), "") if person_id.isdecimal() else (1, 0, person_id)


def match(
    source: Person,
    linked: Linked | TargetGone | None,
    targets_by_address: Mapping[str, Sequence[Person]],
    linked_sources: Mapping[str, str],
    rivals: Mapping[str, Sequence[str]],
) -> Match:
    """Find the source person's counterpart.

    `targets_by_address`: target people by `normal_email` of each of their addresses; deleted ones are ignored.
    `linked_sources`: target id to the id of the source person whom it is linked to. `rivals`: normal address to the
    ids of the source people, not deleted, who hold it anywhere; the source person may be among them.
    """
    if isinstance(linked, Linked) and linked.target.is_deleted:
        return TargetGone(linked.target.id)
    if linked is not None:
        return linked
    addresses = usable_addresses(source)
    for address in addresses:
        found = {person.id: person for person in targets_by_address.get(address, ()) if not person.is_deleted}
        if len(found) > 1:
            return Ambiguous(address, tuple(sorted(found, key=id_order)))
        for target in found.values():
            return _claim(source, target, address, linked_sources, rivals.get(address, ()))
    # Any address counts, as for finding: or a shared second one would make a new person before the older one's
    # counterpart has it, and a duplicate afterwards.
    for address in addresses:
        older = _older(source, rivals.get(address, ()))
        if older is not None:
            return DuplicateOf(older, address)
    return NoMatch()


def _claim(
    source: Person, target: Person, address: str, linked_sources: Mapping[str, str], rivals: Sequence[str]
) -> Match:
    holder = linked_sources.get(target.id, source.id)
    if holder != source.id:
        return DuplicateOf(holder, address) if holder in rivals else TakenBy(target.id, holder)
    older = _older(source, rivals)
    return Found(target, address) if older is None else DuplicateOf(older, address)


def _older(source: Person, rivals: Iterable[str]) -> str | None:
    oldest = min((source.id, *rivals), key=id_order)
    return None if oldest == source.id else oldest
