"""The oracle: what both sides must look like after syncing, from the product's rules alone.

It knows people, settings and the order of runs, and shares no code with what it judges. Numbers in the text are those
of the product's rules. It leaves out what the generated stories leave out, and raises Unmodelled for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Side = Literal["crm", "outreach"]
LABELS = ("Website", "Referral", "Conference", "Outbound", "Partner", "LinkedIn")
"""The options of the CRM's lead source; the outreach product keeps a text."""


class Unmodelled(Exception):  # noqa: N818 -- says what happened
    """The story leads to where the rules say nothing that this model knows."""


@dataclass(frozen=True)
class Human:
    """A record of either side; the outreach product's has one address and one phone number at the most."""

    id: int
    owner: int
    emails: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    phones: tuple[str, ...] = ()
    title: str = ""
    source: str = ""
    opted_out: bool = False


@dataclass(frozen=True)
class Plan:
    """A step's settings. `modes` has the mapped units, with their overwrite mode, in `always`, `only_if_empty`,
    `only_for_new` and `clear` (always, and a blank clears)."""

    to: Side
    owners: tuple[tuple[int, int], ...]
    modes: Mapping[str, str]
    unmapped: str = "skip"
    fallback: int = 0
    on_conflict: str = "source_wins"
    title_filter: tuple[str, str] = ("", "")
    owner_filter: int = 0
    enrol: Mapping[int, bool] = field(default_factory=dict)
    """Owner to `only for new records`."""


@dataclass
class Link:
    """A pair, and per part of a unit what both sides were when a step last dealt with them."""

    crm: int
    outreach: int
    seen: dict[str, dict[Side, Any]] = field(default_factory=dict)
    was_enrolled: bool = False

    def of(self, side: Side) -> int:
        return self.crm if side == "crm" else self.outreach


@dataclass
class World:
    """Both products and what links them."""

    plans: Sequence[Plan]
    inactive: frozenset[int]
    """Members who own nobody new."""
    key_user: Mapping[Side, int]
    people: dict[Side, dict[int, Human]] = field(default_factory=lambda: {"crm": {}, "outreach": {}})
    gone: dict[Side, dict[int, Human]] = field(default_factory=lambda: {"crm": {}, "outreach": {}})
    links: list[Link] = field(default_factory=list)
    enrolled: set[int] = field(default_factory=set)
    _last: int = 0

    def run(self, plans: Iterable[Plan]) -> None:
        """One run of these steps."""
        self._follow_survivors("crm")
        self._follow_survivors("outreach")
        for plan in plans:
            _Step(self, plan).run()

    def snapshot(self) -> tuple[Any, ...]:
        """All that a reader of both products can see."""
        return {side: dict(people) for side, people in self.people.items()}, set(self.enrolled)

    def delete(self, side: Side, human: Human) -> None:
        """Somebody deletes a record."""
        self.gone[side][human.id] = self.people[side].pop(human.id)
        if side == "outreach":
            self.enrolled.discard(human.id)

    def put(self, side: Side, human: Human) -> None:
        """Somebody makes or edits a record."""
        self.people[side][human.id] = human

    def next_id(self) -> int:
        """A number below zero for a record that the product will number."""
        self._last -= 1
        return self._last

    def number(self, side: Side, born: Mapping[int, int]) -> None:
        """Take over the numbers that the product gave (mine to its)."""
        for mine, its in born.items():
            self.people[side][its] = replace(self.people[side].pop(mine), id=its)
            for link in self.links:
                if link.of(side) == mine:
                    setattr(link, side, its)
            if side == "outreach" and mine in self.enrolled:
                self.enrolled.remove(mine)
                self.enrolled.add(its)

    def _follow_survivors(self, side: Side) -> None:
        """17: a link follows the one unlinked person who has the address of one who is gone."""
        orphans = [link for link in self.links if link.of(side) in self.gone[side]]
        linked = {link.of(side) for link in self.links}
        free = [human for human in self.people[side].values() if human.id not in linked]
        heirs = {
            link.of(side): {h.id for h in free if set(usable(h)) & set(usable(self.gone[side][link.of(side)]))}
            for link in orphans
        }
        for link in orphans:
            if len(candidates := heirs[link.of(side)]) == 1:
                (heir,) = candidates
                setattr(link, side, heir)
                for others in heirs.values():
                    others.discard(heir)


def usable(human: Human) -> list[str]:
    """12, 13: the well-formed addresses, in lower case, the primary one first."""
    found = [e.strip().lower() for e in human.emails]
    return [e for e in found if e.count("@") == 1 and " " not in e and ".." not in e and "." in e.split("@")[1]]


def digits(number: str) -> str:
    """15: phone numbers without punctuation."""
    kept = "".join(each for each in number if each.isdigit() or each == "+")
    return f"+{kept[2:]}" if kept.startswith("00") else kept


def parts(unit: str) -> tuple[str, ...]:
    """The attributes of a unit: what is decided about together."""
    return ("first", "last") if unit == "name" else (unit,)


def meaning(part: str, human: Human, side: Side) -> Any:
    """15: the value by which a change is known. The CRM splits a name as it likes, so there the whole of it counts."""
    if part in ("first", "last") and side == "crm":
        return " ".join(filter(None, (human.first, human.last)))
    if part in ("emails", "phones"):
        entries = [digits(e) if part == "phones" else e.strip().lower() for e in getattr(human, part)]
        return (entries[0], frozenset(entries)) if entries else None
    return getattr(human, part)


def _with(human: Human, unit: str, value: Any) -> Human:
    changes: dict[str, Any] = {unit: value}
    return replace(human, **changes)


class _Step:
    """One step at work."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan = world, plan
        self.target: Side = plan.to
        self.source: Side = "crm" if plan.to == "outreach" else "outreach"
        self.owners = dict(plan.owners)
        # 16: what the opposite step carries back is that step's to carry.
        self.carried = {
            unit
            for other in world.plans
            if other.to != plan.to
            for unit in ("owner", *(u for u, mode in other.modes.items() if mode in ("always", "clear")))
        }
        self.links = {link.of(self.source): link for link in world.links}
        self.taken = {link.of(self.target): link.of(self.source) for link in world.links}

    def run(self) -> None:
        people = self.world.people
        before = dict(people[self.target])
        written: dict[int, Human] = {}
        for human in sorted(people[self.source].values(), key=lambda each: each.id):
            if not self.passes(human) or not usable(human):
                continue
            owner = self.owner(human)
            if owner is None:
                continue
            target = self.counterpart(human, before)
            if target == "new":
                written |= self.create(human, owner)
            elif isinstance(target, Human):
                written |= self.update(human, target, owner)
        people[self.target].update(written)

    def passes(self, human: Human) -> bool:
        """18, with one condition on the title and one on the owner."""
        (operator, value), title = self.plan.title_filter, human.title.casefold()
        value = value.casefold()
        passed = {"": True, "is": title == value, "is_not": title != value, "is_empty": not title,
                  "is_not_empty": bool(title), "contains": value in title}  # fmt: skip
        return passed[operator] and self.plan.owner_filter in (0, human.owner)

    def owner(self, human: Human) -> int | None:
        """4, 5, 6: the target's owner, 0 for "leave it alone", None for "not synced"."""
        wanted = self.owners.get(human.owner)
        if wanted is None:
            if self.plan.unmapped == "skip":
                return None
            if self.plan.unmapped == "leave":
                return 0
            wanted = self.plan.fallback
        return None if wanted in self.world.inactive else wanted

    def counterpart(self, human: Human, targets: Mapping[int, Human]) -> Human | Literal["new"] | None:
        """12, 17: by link, then by address; "new" for nobody, None for not synced."""
        link = self.links.get(human.id)
        if link is not None:
            return targets.get(link.of(self.target))
        for address in usable(human):
            found = [each for each in targets.values() if address in usable(each)]
            if len(found) > 1:
                return None
            if found:
                holder = self.taken.get(found[0].id)
                if holder is not None or self.is_younger(human, address):
                    return None
                self.taken[found[0].id] = human.id
                self.world.links.append(self.link(human.id, found[0].id))
                return found[0]
        is_double = any(self.is_younger(human, address) for address in usable(human))
        return None if is_double or self.is_remembered(human) else "new"

    def is_younger(self, human: Human, address: str) -> bool:
        return any(each.id < human.id and address in usable(each) for each in self.world.people[self.source].values())

    def is_remembered(self, human: Human) -> bool:
        """Who was deleted in the outreach product is not made again."""
        gone = self.world.gone[self.target].values()
        return self.target == "outreach" and any(usable(human)[0] in usable(each) for each in gone)

    def link(self, source: int, target: int) -> Link:
        return Link(source, target) if self.source == "crm" else Link(target, source)

    def create(self, human: Human, owner: int) -> dict[int, Human]:
        modes, address = self.plan.modes, usable(human)[0]
        made = Human(self.world.next_id(), owner or self.world.key_user[self.target], (address,))
        for unit in ("name", "phones", "title", "source"):
            if unit in modes:
                made = next(iter(self.wishes(unit, human, made)), made)
        if not made.first and not made.last:
            made = replace(made, first=address.partition("@")[0])
        link = self.link(human.id, made.id)
        self.world.links.append(link)
        # 16: what the new person lacks is as little news as what was written.
        for unit in (*modes, *(("owner",) if owner else ())):
            for part in parts(unit):
                self.see(link, part, human, made)
        self.enrol(link, made, is_new=True)
        return {made.id: made}

    def update(self, human: Human, target: Human, owner: int) -> dict[int, Human]:
        link = next(each for each in self.world.links if each.of(self.source) == human.id)
        after, seen, blank = target, set[str](), set[str]()
        for unit in (*self.plan.modes, *(("owner",) if owner else ())):
            kept = {part for part in parts(unit) if self.is_kept(unit, part, human, target)}
            asked = [part for part in parts(unit) if part not in kept]
            wished = list(self.wishes(unit, human, target, owner))
            act = self.act(link, unit, asked, human, target) if wished else ""
            if act == "hold":
                return {}
            if act == "write":
                after = replace(after, **{part: getattr(wished[0], part) for part in parts(unit)})
                seen |= {*asked, *(part for part in kept if part in link.seen)}
                continue
            blank |= kept
            if act == "keep" and unit not in self.carried:
                seen.update(asked)
            elif act in ("keep", "leave"):
                seen.update(part for part in asked if getattr(human, part) == getattr(target, part))
            elif not wished and self.agrees(unit, human, target):
                seen.update(asked)
        if self.target == "outreach" and usable(after) != usable(target):
            others = (each for each in self.world.people["outreach"].values() if each.id != target.id)
            if any(set(usable(after)) & set(usable(each)) for each in others):
                raise Unmodelled("two contacts would have one address")
        for part in blank:
            self.see_blank(link, part, human, target)
        for part in seen:
            self.see(link, part, human, after)
        self.enrol(link, after, is_new=False)
        return {target.id: after}

    def act(self, link: Link, unit: str, asked: Iterable[str], human: Human, target: Human) -> str:
        """16, and 14's `always`: what is done about a difference."""
        if any(part not in link.seen for part in asked):
            return "write"
        source_changed = any(link.seen[part][self.source] != meaning(part, human, self.source) for part in asked)
        target_changed = any(link.seen[part][self.target] != meaning(part, target, self.target) for part in asked)
        if source_changed and target_changed:
            return {"source_wins": "write", "target_wins": "keep", "hold": "hold"}[self.plan.on_conflict]
        if target_changed and not source_changed and unit in self.carried:
            return "leave"
        return "write" if source_changed or target_changed else "nothing"

    def see(self, link: Link, part: str, human: Human, target: Human) -> None:
        link.seen[part] = {
            self.source: meaning(part, human, self.source),
            self.target: meaning(part, target, self.target),
        }

    def see_blank(self, link: Link, part: str, human: Human, target: Human) -> None:
        """A blank that changes nothing is no news later, unless the target has news itself."""
        if part in link.seen and link.seen[part][self.target] == meaning(part, target, self.target):
            link.seen[part][self.source] = meaning(part, human, self.source)

    def is_kept(self, unit: str, part: str, human: Human, target: Human) -> bool:
        """14: a blank source leaves the target's value as it is."""
        mode = self.plan.modes.get(unit, "owner")
        return mode not in ("owner", "clear") and not getattr(human, part) and bool(getattr(target, part))

    def agrees(self, unit: str, human: Human, target: Human) -> bool:
        """Whether both sides mean the same: no wish, and none only because of something unconvertible."""
        if unit == "source" and self.target == "crm" and human.source and human.source not in LABELS:
            return False
        return self.plan.modes.get(unit) not in ("only_if_empty", "only_for_new") or meaning(
            unit, human, self.source
        ) == meaning(unit, target, self.target)

    def wishes(self, unit: str, human: Human, target: Human, owner: int = 0) -> Iterator[Human]:
        """4, 14: the target with the unit as it is wanted; nothing where it may stay."""
        if unit == "owner":
            if owner != target.owner:
                yield replace(target, owner=owner)
            return
        mode, is_new = self.plan.modes[unit], target.id < 0
        if not is_new and (mode == "only_for_new" or (mode == "only_if_empty" and getattr(target, unit))):
            return
        if unit == "name":
            wanted = replace(target, first=human.first or target.first, last=human.last or target.last)
        elif unit in ("emails", "phones"):
            wanted = _with(target, unit, self.entries(unit, human, target))
        else:
            value = getattr(human, unit)
            if unit == "source" and value and self.target == "crm" and value not in LABELS:
                return
            kept = "" if mode == "clear" else getattr(target, unit)
            wanted = _with(target, unit, value or kept)
        if wanted != target:
            yield wanted

    def entries(self, unit: str, human: Human, target: Human) -> tuple[str, ...]:
        """14: lists become one entry and the other way round; an entry that is there already stays where it is."""
        form = digits if unit == "phones" else str.lower
        wanted = [e for e in getattr(human, unit) if unit == "phones" or e.strip().lower() in usable(human)]
        present = getattr(target, unit)
        if not wanted and self.plan.modes[unit] == "clear":
            return ()
        if not wanted or {form(e) for e in present} & {form(e) for e in wanted}:
            return tuple(present)
        if self.target == "outreach":
            return (wanted[0],)
        return (wanted[0], *present)

    def enrol(self, link: Link, target: Human, *, is_new: bool) -> None:
        """8 to 11."""
        only_new = self.plan.enrol.get(target.owner)
        mapped = target.owner in self.owners.values()
        if only_new is None or (only_new and not is_new) or not mapped or target.opted_out:
            return
        if not link.was_enrolled:
            link.was_enrolled = True
            self.world.enrolled.add(target.id)
