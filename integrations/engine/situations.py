"""Gathering what the planner needs of a batch of source people, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from integrations.domain import person as domain
from integrations.domain.enums import Role
from integrations.domain.matching import match, usable_addresses
from integrations.domain.situation import Found, Linked, Memory, NoMatch, Situation, TargetGone
from integrations.models import Enrolment, EnrolmentState, Person, PersonEmail, PersonLink, SavedFilterPerson, SyncStep

from .links import memory_of, side_of


@dataclass(frozen=True, slots=True)
class Case:
    """A situation with the rows it was made from. `target` is the linked or found target's row."""

    row: Person
    situation: Situation
    link: PersonLink | None
    target: Person | None


class Gatherer:
    """Makes cases for one step. `filters` are the saved filters that its conditions ask for."""

    def __init__(self, step: SyncStep, filters: Collection[str]) -> None:
        self._step = step
        self._source, self._target = step.way.source, step.way.target
        self._source_account, self._target_account = step.source_account, step.target_account
        self._filters = filters

    def gather_decided(self, rows: Sequence[Person]) -> Iterator[Case]:
        """Cases of people who need no deciding any more: what their links know, and nobody is matched anew."""
        links = self._links(rows)
        for row in rows:
            link = links.get(row.pk)
            target = side_of(link, self._target) if link else None
            memory = memory_of(link, self._step) if link else Memory()
            yield Case(row, Situation(row.as_value(), _standing(target) or NoMatch(), memory), link, target)

    def gather(self, rows: Sequence[Person]) -> Iterator[Case]:
        """One case per source person, in the given order."""
        people = {row.pk: row.as_value() for row in rows}
        links = self._links(rows)
        wanted = {address for row in rows if row.pk not in links for address in usable_addresses(people[row.pk])}
        targets, target_rows = self._targets(wanted)
        linked_sources = self._linked_sources(target_rows)
        rivals = self._rivals(wanted)
        members = self._members(rows)
        ledger = self._ledger(links)
        for row in rows:
            source, link = people[row.pk], links.get(row.pk)
            target = side_of(link, self._target) if link else None
            found = match(source, _standing(target), targets, linked_sources, rivals)
            if isinstance(found, Found):
                target = target_rows[found.target.id]
            yield Case(
                row,
                Situation(
                    source=source,
                    match=found,
                    memory=memory_of(link, self._step) if link else Memory(),
                    saved_filters=members.get(row.external_id, frozenset()),
                    enrolled=frozenset(_sequences(ledger, link, is_settled=True)),
                    owed=frozenset(_sequences(ledger, link, is_settled=False)),
                ),
                link,
                target,
            )

    def _links(self, rows: Sequence[Person]) -> dict[int, PersonLink]:
        side, other = self._source.value, self._target.value
        links = PersonLink.objects.filter(
            **{"connection_id": self._step.connection_id, f"{side}_person__in": [row.pk for row in rows]}
        )
        return {link.person_id(self._source): link for link in links.select_related(f"{other}_person")}

    def _targets(self, addresses: Collection[str]) -> tuple[Mapping[str, list[domain.Person]], dict[str, Person]]:
        by_address: dict[str, list[domain.Person]] = defaultdict(list)
        rows: dict[str, Person] = {}
        found = PersonEmail.objects.filter(
            account=self._target_account, address__in=addresses, person__missing_since=None
        )
        for email in found.select_related("person"):
            by_address[email.address].append(email.person.as_value())
            rows[email.person.external_id] = email.person
        return by_address, rows

    def _linked_sources(self, targets: Mapping[str, Person]) -> dict[str, str]:
        side, other = self._source.value, self._target.value
        links = PersonLink.objects.filter(
            **{"connection_id": self._step.connection_id, f"{other}_person__in": [row.pk for row in targets.values()]}
        )
        return dict(links.values_list(f"{other}_person__external_id", f"{side}_person__external_id"))

    def _rivals(self, addresses: Collection[str]) -> Mapping[str, list[str]]:
        rivals: dict[str, list[str]] = defaultdict(list)
        holders = PersonEmail.objects.filter(
            account=self._source_account, address__in=addresses, person__missing_since=None
        )
        for address, person_id in holders.values_list("address", "person__external_id"):
            rivals[address].append(person_id)
        return rivals

    def _members(self, rows: Sequence[Person]) -> dict[str, frozenset[str]]:
        if not self._filters:
            return {}
        members: dict[str, set[str]] = defaultdict(set)
        for person_id, filter_id in SavedFilterPerson.objects.filter(
            saved_filter__account=self._source_account,
            saved_filter__external_id__in=self._filters,
            person_external_id__in=[row.external_id for row in rows],
        ).values_list("person_external_id", "saved_filter__external_id"):
            members[person_id].add(filter_id)
        return {person_id: frozenset(filters) for person_id, filters in members.items()}

    def _ledger(self, links: Mapping[int, PersonLink]) -> _Ledger:
        if self._target is not Role.OUTREACH or not self._step.sequence_mappings.exists():
            return {}
        ledger: dict[int, list[tuple[str, str]]] = defaultdict(list)
        rows = Enrolment.objects.filter(link__in=[link.pk for link in links.values()])
        for link_id, sequence_id, state in rows.values_list("link_id", "sequence__external_id", "state"):
            ledger[link_id].append((sequence_id, state))
        return ledger


_Ledger = Mapping[int, list[tuple[str, str]]]
"""Sequence and state of every enrolment, by link."""


def _sequences(ledger: _Ledger, link: PersonLink | None, *, is_settled: bool) -> Iterator[str]:
    for sequence_id, state in ledger.get(link.pk, ()) if link else ():
        if (state != EnrolmentState.SENDING) is is_settled:
            yield sequence_id


def _standing(target: Person | None) -> Linked | TargetGone | None:
    if target is None:
        return None
    return Linked(target.as_value()) if target.missing_since is None else TargetGone(target.external_id)
