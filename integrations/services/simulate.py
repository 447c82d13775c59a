"""What a step's ownership mappings and filtering rules would do to the people as they were last read.

Owners and addresses go by the planner's rules. What it only finds out field by field (both sides changed) is left out.
Works on settings that need not be saved: the step's page asks while people are still choosing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone

from integrations.domain import person as domain
from integrations.domain.filters import compile_filter
from integrations.domain.matching import usable_addresses
from integrations.domain.owners import Assign, LeaveAlone, OwnerTable, Refuse
from integrations.domain.reasons import Reason
from integrations.domain.situation import Ambiguous, DuplicateOf, Found, Linked, Match, TakenBy, TargetGone
from integrations.domain.step_settings import Condition, Filter, StepSettings
from integrations.models import Member, Person, SavedFilterPerson, SyncStep

from .counterparts import Counterparts

NEW = ""
"""The owner now of people who are not in the target yet."""
MOST_PEOPLE = 20_000
"""Beyond this many people the answer is for the first of them, and says so."""


@dataclass(frozen=True, slots=True)
class Move:
    """People who would change hands. `before` is empty for people who are not in the target yet."""

    before: str
    after: str
    people: int


@dataclass(frozen=True, slots=True)
class OwnerCount:
    """A source owner, and how many people of theirs it is about."""

    name: str
    people: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would happen. All counts are of people in the source, as last read; `checked` of `people` were looked at."""

    people: int
    checked: int
    passing: int
    members: int
    mapped: int
    moves: tuple[Move, ...]
    staying: int
    left_alone: int
    unmapped: tuple[OwnerCount, ...]
    inactive: tuple[OwnerCount, ...]
    without_owner: int
    without_address: int
    """Those who have no usable e-mail address, whoever owns them."""
    in_conflict: int = 0
    """Those who share an address: with an older person in the source, or with several in the target."""
    gone: int = 0
    """Those whose counterpart was deleted in the target, where the step does not create it again."""

    @property
    def is_sample(self) -> bool:
        """Whether there are more people than were looked at."""
        return self.checked < self.people

    @property
    def unmapped_people(self) -> int:
        """Those who are skipped because their owner is not mapped, or because they have none."""
        return sum(owner.people for owner in self.unmapped) + self.without_owner

    @property
    def moving(self) -> int:
        """Those in the target who would get another owner."""
        return sum(move.people for move in self.moves if move.before)


def simulate(step: SyncStep, settings: StepSettings) -> Simulation:
    """Count. A constant number of queries; at most MOST_PEOPLE people are held in memory."""
    source, target = step.source_account, step.target_account
    names = dict(Member.objects.filter(account=source).values_list("external_id", "name"))
    target_names = dict(Member.objects.filter(account=target).values_list("external_id", "name"))
    present = Person.objects.present().filter(account=source).order_by("pk")
    owners = OwnerTable(settings)
    passes, memberships = compile_filter(settings.filter), _memberships(source.pk, settings.filter)
    now = timezone.now()
    counterparts = Counterparts(step)
    moves: Counter[tuple[str, str]] = Counter()
    unmapped: Counter[str] = Counter()
    inactive: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    checked = passing = staying = left_alone = without_owner = 0
    for row in present[:MOST_PEOPLE]:
        checked += 1
        person = row.as_value()
        if not passes(person, memberships[row.external_id], now):
            continue
        passing += 1
        found = counterparts.of(person)
        obstacle = _obstacle(person, found, settings)
        if obstacle:
            left_out[obstacle] += 1
            continue
        before = found.target.owner_id or "" if isinstance(found, Linked | Found) else None
        match owners.answer(person.owner_id):
            case Assign(member=member) if before == member.id:
                staying += 1
            case Assign(member=member):
                shown = NEW if before is None else target_names.get(before, before) or "nobody"
                moves[(shown, member.name)] += 1
            case LeaveAlone():
                left_alone += 1
            case Refuse(reason=Reason.MEMBER_INACTIVE):
                inactive[row.owner_external_id] += 1
            case Refuse(reason=Reason.NO_OWNER):
                without_owner += 1
            case Refuse():
                unmapped[row.owner_external_id] += 1
    return Simulation(
        people=present.count(),
        checked=checked,
        passing=passing,
        members=Member.objects.present().filter(account=source, is_active=True).count(),
        mapped=len({pair.source.id for pair in settings.owners if pair.source.active}),
        moves=tuple(Move(before, after, people) for (before, after), people in moves.most_common()),
        staying=staying,
        left_alone=left_alone,
        unmapped=tuple(_named(unmapped, names)),
        inactive=tuple(_named(inactive, names)),
        without_owner=without_owner,
        without_address=left_out["without_address"],
        in_conflict=left_out["in_conflict"],
        gone=left_out["gone"],
    )


def _obstacle(person: domain.Person, found: Match, settings: StepSettings) -> str:
    """Why somebody is left out whoever owns them, by the name of the count; empty when nothing is in the way."""
    if not usable_addresses(person):
        return "without_address"
    if isinstance(found, Ambiguous | DuplicateOf | TakenBy):
        return "in_conflict"
    return "gone" if isinstance(found, TargetGone) and not settings.recreate_deleted else ""


def unread_lists(step: SyncStep, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """The names of the saved filters among the conditions whose people have not been read yet."""
    wanted = {condition.value: condition.value_label for condition in conditions if condition.field is None}
    read = set(
        SavedFilterPerson.objects.filter(
            saved_filter__account=step.source_account, saved_filter__external_id__in=wanted
        ).values_list("saved_filter__external_id", flat=True)
    )
    return tuple(label for value, label in wanted.items() if value not in read)


def _named(counts: Counter[str], names: dict[str, str]) -> Iterator[OwnerCount]:
    for owner, people in counts.most_common():
        yield OwnerCount(names.get(owner, owner), people)


def _memberships(account_id: int, rules: Filter) -> defaultdict[str, frozenset[str]]:
    """Which of the rules' saved filters each person is in."""
    wanted = [condition.value for condition in rules.conditions if condition.field is None]
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    if wanted:
        rows = SavedFilterPerson.objects.filter(
            saved_filter__account_id=account_id, saved_filter__external_id__in=wanted
        ).values_list("person_external_id", "saved_filter__external_id")
        for person, saved_filter in rows:
            found[person] |= {saved_filter}
    return found
