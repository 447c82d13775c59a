"""Whom every person of a step's source is in the target, by the planner's own rule, three queries for all."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Count

from integrations.domain import person as domain
from integrations.domain.matching import match
from integrations.domain.situation import Linked, Match, TargetGone
from integrations.models import PersonEmail, PersonLink, SyncStep


class Counterparts:
    """Matches with as much of the target's people as that takes: their ids, owners and addresses."""

    def __init__(self, step: SyncStep) -> None:
        source, target = step.way.source.value, step.way.target.value
        self._linked: dict[str, Linked | TargetGone] = {}
        self._sources: dict[str, str] = {}
        links = PersonLink.objects.filter(connection_id=step.connection_id).values_list(
            f"{source}_person__external_id",
            f"{target}_person__external_id",
            f"{target}_person__owner_external_id",
            f"{target}_person__missing_since",
        )
        for source_id, target_id, owner, missing in links:
            person = _standing(target_id, owner)
            self._linked[source_id] = Linked(person) if missing is None else TargetGone(target_id)
            self._sources[target_id] = source_id
        self._targets: dict[str, list[domain.Person]] = defaultdict(list)
        held = PersonEmail.objects.filter(account=step.target_account, person__missing_since=None)
        for address, target_id, owner in held.values_list(
            "address", "person__external_id", "person__owner_external_id"
        ):
            self._targets[address].append(_standing(target_id, owner))
        self._rivals: dict[str, list[str]] = defaultdict(list)
        of_source = PersonEmail.objects.filter(account=step.source_account, person__missing_since=None)
        shared = of_source.values("address").annotate(holders=Count("pk")).filter(holders__gt=1).values("address")
        for address, source_id in of_source.filter(address__in=shared).values_list("address", "person__external_id"):
            self._rivals[address].append(source_id)

    def of(self, source: domain.Person) -> Match:
        """See `domain.matching.match`."""
        return match(source, self._linked.get(source.id), self._targets, self._sources, self._rivals)


def _standing(person_id: str, owner: str) -> domain.Person:
    return domain.Person(person_id, "", owner or None, ())
