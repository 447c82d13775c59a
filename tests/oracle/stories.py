"""What Hypothesis makes up: settings, people on both sides, what is edited, and which runs follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.oracle.model import LABELS, Human, Plan, Side

CRM_USERS = (101, 102, 103)
OUTREACH_USERS = (48_101, 48_102, 48_103)
INACTIVE = 108
USERS: dict[Side, tuple[int, ...]] = {"crm": CRM_USERS, "outreach": OUTREACH_USERS}

MAILBOXES = ("ann@x.example", "Ann@X.example", "bob@x.example", "cleo@x.example", "dora@y.example", "eve@y.example")
ODD = ("nobody", "ann@@x.example", "bob@x..example", "eve at y.example")
FIRST_NAMES, LAST_NAMES = ("Ann", "Bob", "Cleo"), ("", "Lee", "Ray")
PHONES = ("+1 555 0100", "+15550100", "+1 555 0101", "030-77", "0049 30 5")
TITLES = ("", "Boss", "Big boss", "Clerk")


@dataclass(frozen=True)
class Edit:
    """A change by a human: of the record at `index`, counted round, or a new record, or the end of one."""

    side: Side
    index: int
    values: dict[str, Any]
    """Attributes of Human; empty: the record is deleted."""
    is_new: bool = False


@dataclass(frozen=True)
class Round:
    """Edits, then runs: each the step's place, or None for all steps; and whether it checks everybody."""

    edits: tuple[Edit, ...]
    runs: tuple[tuple[int | None, bool], ...]


@dataclass(frozen=True)
class Story:
    """One example."""

    plans: tuple[Plan, ...]
    people: tuple[Edit, ...]
    rounds: tuple[Round, ...]
    readings: dict[str, Any] = field(default_factory=dict)


def _unique(addresses: list[str]) -> tuple[str, ...]:
    return tuple({each.lower(): each for each in addresses}.values())


ADDRESSES = st.one_of(
    st.lists(st.sampled_from(MAILBOXES), max_size=3).map(_unique),
    st.sampled_from(MAILBOXES).map(lambda one: (one,)),
    st.tuples(st.sampled_from(ODD)),
    st.tuples(st.sampled_from(ODD), st.sampled_from(MAILBOXES)),
)


@st.composite
def humans(draw: st.DrawFn, side: Side) -> Edit:
    """Somebody new."""
    values: dict[str, Any] = {
        "owner": draw(st.sampled_from(USERS[side])),
        "first": draw(st.sampled_from(FIRST_NAMES)),
        "last": draw(st.sampled_from(LAST_NAMES)),
        "phones": tuple(draw(st.lists(st.sampled_from(PHONES), max_size=1))),
        "title": draw(st.sampled_from(TITLES)),
        "source": draw(st.sampled_from(("", *LABELS[:2], *(("Fair",) if side == "outreach" else ())))),
    }
    if side == "crm":
        values["emails"] = draw(ADDRESSES)
    else:
        values["emails"] = tuple(draw(st.lists(st.sampled_from(MAILBOXES), min_size=0, max_size=1)))
        values["opted_out"] = draw(st.integers(0, 9)) == 0
        if draw(st.integers(0, 9)) == 0:
            values |= {"first": "", "last": ""}
    return Edit(side, 0, values, is_new=True)


@st.composite
def edits(draw: st.DrawFn, number: int) -> Edit:
    """A change of somebody, or somebody new, or somebody's end. Addresses that are put in are nobody else's."""
    side: Side = draw(st.sampled_from(("crm", "outreach")))
    what = draw(
        st.sampled_from(("owner", "name", "phones", "title", "source", "emails", "title", "owner", "new", "end"))
    )
    index = draw(st.integers(0, 5))
    if what == "new":
        return draw(humans(side))
    if what == "end":
        return Edit(side, index, {})
    if what == "name":
        return Edit(
            side, index, {"first": draw(st.sampled_from(FIRST_NAMES)), "last": draw(st.sampled_from(LAST_NAMES))}
        )
    if what == "phones":
        return Edit(side, index, {"phones": tuple(draw(st.lists(st.sampled_from(PHONES), max_size=1)))})
    if what == "emails":
        fresh = f"fresh{number}@z.example"
        # Reply keeps no contact that has neither an address nor, which these people lack, a LinkedIn page.
        kinds = ("only", "first", "last", "none", "odd") if side == "crm" else ("only",)
        return Edit(side, index, {"emails": (draw(st.sampled_from(kinds)), fresh)})
    choices: tuple[Any, ...] = {"owner": USERS[side], "title": TITLES, "source": ("", *LABELS[:2])}[what]
    return Edit(side, index, {what: draw(st.sampled_from(choices))})


@st.composite
def plans(draw: st.DrawFn, to: Side, *, alone: bool) -> Plan:
    """A step's settings. Where both directions are on, their modes are `always`, which the opposite step knows of."""
    source: Side = "crm" if to == "outreach" else "outreach"
    left = draw(st.lists(st.sampled_from(USERS[source]), min_size=1, max_size=3, unique=True))
    right = (*USERS[to], *((INACTIVE,) if to == "crm" and draw(st.integers(0, 4)) == 0 else ()))
    owners = tuple((one, draw(st.sampled_from(right))) for one in left)
    policy = draw(st.sampled_from(("source_wins", "target_wins", "hold")))
    special = ("always", "clear", "only_if_empty", "only_for_new") if policy == "source_wins" else ("always", "clear")
    modes = {"emails": "always", "name": "always"}
    for unit in ("phones", "title", "source"):
        mode = draw(st.sampled_from((*(special if alone else ("always", "clear")), "")))
        if mode:
            modes[unit] = mode
    operator = draw(st.sampled_from(("", "", "", "is", "is_not", "is_empty", "is_not_empty", "contains")))
    unmapped = draw(st.sampled_from(("skip", "skip", "fallback", "leave")))
    return Plan(
        to=to,
        owners=owners,
        modes=modes,
        unmapped=unmapped,
        fallback=USERS[to][0] if unmapped == "fallback" else 0,
        on_conflict=policy,
        title_filter=(operator, "Boss" if operator in ("is", "is_not", "contains") else ""),
        owner_filter=draw(st.sampled_from((0, 0, 0, USERS[source][0]))),
        enrol=draw(st.dictionaries(st.sampled_from(OUTREACH_USERS), st.booleans())) if to == "outreach" else {},
    )


Ways = tuple[Side, ...]
"""The target of each step, in order."""
WAYS: dict[str, Ways] = {"to Reply": ("outreach",), "to Pipedrive": ("crm",), "both": ("outreach", "crm")}


@st.composite
def stories(draw: st.DrawFn, ways: Ways, readings: Mapping[str, tuple[Any, ...]] | None = None) -> Story:
    """Settings, people, and up to two rounds of edits and runs after the first run."""
    ordered = draw(st.permutations(ways))
    steps = tuple(draw(plans(way, alone=len(ways) == 1)) for way in ordered)
    people = (
        *draw(st.lists(humans("crm"), max_size=5)),
        *draw(st.lists(humans("outreach"), max_size=4)),
    )
    run = st.tuples(st.sampled_from((None, *range(len(steps)))), st.booleans())
    runs = st.one_of(st.tuples(run), st.tuples(run), st.tuples(run, run))
    rounds = [Round((), draw(runs))]
    for place in range(draw(st.integers(0, 2))):
        made = tuple(draw(edits(10 * place + number)) for number in range(draw(st.integers(1, 3))))
        rounds.append(Round(made, draw(runs)))
    chosen = {name: draw(st.sampled_from(values)) for name, values in (readings or {}).items()}
    return Story(steps, people, tuple(rounds), chosen)


def edited(human: Human, values: dict[str, Any]) -> dict[str, Any]:
    """The values of an edit in full: how addresses change depends on those that are there."""
    if "emails" not in values or values["emails"][0] not in ("only", "first", "last", "none", "odd"):
        return values
    how, fresh = values["emails"]
    emails = {
        "only": (fresh,),
        "first": (fresh, *human.emails),
        "last": (*human.emails, fresh),
        "none": (),
        "odd": (ODD[0],),
    }[how]
    return {**values, "emails": emails}
