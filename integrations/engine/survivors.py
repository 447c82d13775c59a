"""Following merges: a linked person who is gone may live on in another, who took over the e-mail address."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction

from integrations.domain.enums import Role
from integrations.models import Connection, Person, PersonEmail, PersonLink

from .links import side_of


def follow_survivors(connection: Connection) -> int:
    """Turn links whose person is missing to the one person who now has that person's address and no link of their own.

    Products do not say by polling who was merged with whom; they only show that one is gone and that another has the
    address. Several candidates are left for a human: the person is then skipped as deleted. Answers how many links
    were turned.
    """
    return sum(_follow(connection, role) for role in Role)


def _follow(connection: Connection, role: Role) -> int:
    side = role.value
    orphans = list(
        PersonLink.objects.filter(
            **{"connection": connection, f"{side}_person__missing_since__isnull": False}
        ).select_related(f"{side}_person")
    )
    if not orphans:
        return 0
    heirs = _heirs(connection, role, [side_of(link, role) for link in orphans])
    taken: set[int] = set()
    with transaction.atomic():
        for link in orphans:
            candidates = heirs.get(side_of(link, role).pk, set()) - taken
            if len(candidates) == 1:
                (heir,) = candidates
                setattr(link, f"{side}_person_id", heir)
                link.save(update_fields=[f"{side}_person"])
                taken.add(heir)
    return len(taken)


def _heirs(connection: Connection, role: Role, missing: list[Person]) -> dict[int, set[int]]:
    """The rows of present, unlinked people by the missing person whose address they have."""
    side = role.value
    addresses: dict[str, set[int]] = defaultdict(set)
    for person_id, address in PersonEmail.objects.filter(person__in=missing).values_list("person_id", "address"):
        addresses[address].add(person_id)
    linked = PersonLink.objects.filter(connection=connection).values(f"{side}_person_id")
    holders = PersonEmail.objects.filter(
        account=connection.account(role), address__in=addresses, person__missing_since=None
    ).exclude(person__in=linked)
    heirs: dict[int, set[int]] = defaultdict(set)
    for holder, address in holders.values_list("person_id", "address"):
        for person_id in addresses[address]:
            heirs[person_id].add(holder)
    return heirs
