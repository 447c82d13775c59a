"""Two opposite steps on one link: every edit arrives once, nothing comes back as an echo, and then there is quiet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.domain.catalogue import Member
from integrations.domain.decisions import Create, Unchanged, Update
from integrations.domain.enums import OnConflict, WhenBlank
from integrations.domain.person import OWNER, ListItem, Person, Value
from integrations.domain.planning import Planner
from integrations.domain.situation import Linked, Memory, NoMatch, Situation
from integrations.domain.step_settings import OwnerPair, StepSettings
from tests.domain.builders import NOW, crm_person, emails, outreach_person, to_crm, to_outreach

U1, U2, U3 = Member("u1", "U1"), Member("u2", "U2"), Member("u3", "U3")
R1, R2, R3 = Member("r1", "R1"), Member("r2", "R2"), Member("r3", "R3")

FORTH = (("emails", "email"), ("first_name", "firstName"), ("last_name", "lastName"), ("phones", "phone"))
FORTH_KEYS = frozenset({"email", "firstName", "lastName", "phone", "title", "level", "visits", OWNER})
BACK_KEYS = frozenset({"emails", "first_name", "last_name", "phones", "title", "level", "visits", OWNER})


def pairs(*members: tuple[Member, Member]) -> tuple[OwnerPair, ...]:
    return tuple(OwnerPair(number, left, right) for number, (left, right) in enumerate(members, 1))


def forth(**changes: object) -> StepSettings:
    """Two owners of the CRM share one in the outreach product; the title is shortened on the way."""
    mapped = (*FORTH, ("title", "title"), ("level", "level"), ("visits", "visits"))
    owners = pairs((U1, R1), (U2, R1), (U3, R3))
    return to_outreach(*mapped, **{"owners": owners, "carried_back": FORTH_KEYS, "fingerprint": "p", **changes})


def back(**changes: object) -> StepSettings:
    mapped = (*((right, left) for left, right in FORTH), ("title", "title"), ("level", "level"), ("visits", "visits"))
    owners = pairs((R1, U1), (R2, U1), (R3, U3))
    return to_crm(*mapped, **{"owners": owners, "carried_back": BACK_KEYS, "fingerprint": "r", **changes})


NOTHING = Memory()


@dataclass
class Pair:
    """A link between two records, and what the two steps do to it."""

    crm: Person
    outreach: Person
    forth: StepSettings
    back: StepSettings
    link: Memory = NOTHING
    """`source` is the CRM's side."""
    of_forth: Memory = NOTHING
    of_back: Memory = NOTHING
    split_anew: bool = False

    def run_forth(self) -> int:
        memory = replace(self.of_forth, source=self.link.source, target=self.link.target)
        self.outreach, memory, writes = self._run(self.forth, self.crm, self.outreach, memory)
        self.of_forth, self.link = memory, Memory(memory.source, memory.target)
        return writes

    def run_back(self) -> int:
        memory = replace(self.of_back, source=self.link.target, target=self.link.source)
        self.crm, memory, writes = self._run(self.back, self.outreach, self.crm, memory)
        self.of_back, self.link = memory, Memory(memory.target, memory.source)
        return writes

    def round(self) -> int:
        return self.run_forth() + self.run_back()

    def _run(self, step: StepSettings, source: Person, target: Person, memory: Memory) -> tuple[Person, Memory, int]:
        planner = Planner(step)
        case = Situation(source, Linked(target), memory)
        decision = planner.plan(case, NOW)
        after, writes = target, 0
        if isinstance(decision, Update):
            values = {**target.values, **{change.key: change.after for change in decision.fields}}
            owner = decision.owner.after if decision.owner else target.owner_id
            after, writes = replace(target, values=self._stored(values), owner_id=owner), 1
        return after, planner.memory_after(decision, case, after), writes

    def _stored(self, values: dict[str, Value]) -> dict[str, Value]:
        """What the CRM makes of a name: the whole of the parts, and, as some do, the first word as the first name."""
        if "first_name" in values:
            whole = " ".join(str(values.get(key) or "") for key in ("first_name", "last_name")).strip()
            values["name"] = whole
            if self.split_anew:
                first, _, last = whole.partition(" ")
                values["first_name"], values["last_name"] = first or None, last or None
        return values


def linked(**changes: object) -> Pair:
    crm = crm_person({"phones": (), "level": None, "visits": None}, owner_id="u1")
    outreach = outreach_person(owner_id="r1")
    pair = Pair(crm, outreach, forth(), back())
    return replace(pair, **changes)  # type: ignore[arg-type]


def edit_crm(pair: Pair, key: str, value: Value) -> None:
    if key == OWNER:
        pair.crm = replace(pair.crm, owner_id=str(value))
    elif key == "emails" and isinstance(value, tuple):
        addresses = tuple(item.value for item in value if isinstance(item, ListItem))
        pair.crm = replace(pair.crm, values={**pair.crm.values, key: value}, emails=addresses)
    else:
        pair.crm = replace(pair.crm, values={**pair.crm.values, key: value})


def edit_outreach(pair: Pair, key: str, value: Value) -> None:
    if key == OWNER:
        pair.outreach = replace(pair.outreach, owner_id=str(value))
    elif key == "email":
        pair.outreach = replace(pair.outreach, values={**pair.outreach.values, key: value}, emails=(str(value),))
    else:
        pair.outreach = replace(pair.outreach, values={**pair.outreach.values, key: value})


NAMES = st.sampled_from(["Ann", "Anna Maria", "van der Berg", "O Neil", "Lee", None])
TEXTS = st.sampled_from(["Boss", "A very very very long title indeed", "boss", None])
ADDRESSES = st.sampled_from(["ann@x.org", "Ann@X.org", "b@x.org", "c@y.org"])
NUMBERS = st.sampled_from(["+49 30 1", "0049301", "+44 20 2", "030-3"])

CRM_EDITS = st.one_of(
    st.tuples(st.just(OWNER), st.sampled_from(["u1", "u2", "u3"])),
    st.tuples(st.just("emails"), st.lists(ADDRESSES, min_size=1, max_size=3).map(lambda given: emails(*given))),
    st.tuples(st.just("phones"), st.lists(NUMBERS, max_size=3).map(lambda given: emails(*given))),
    st.tuples(st.sampled_from(["first_name", "last_name"]), NAMES),
    st.tuples(st.just("title"), TEXTS),
    st.tuples(st.just("level"), st.sampled_from(["1", "2", None])),
    st.tuples(st.just("visits"), st.sampled_from([1, 2.5, None])),
)
OUTREACH_EDITS = st.one_of(
    st.tuples(st.just(OWNER), st.sampled_from(["r1", "r2", "r3"])),
    st.tuples(st.just("email"), ADDRESSES),
    st.tuples(st.just("phone"), st.one_of(NUMBERS, st.just("call me"))),
    st.tuples(st.sampled_from(["firstName", "lastName"]), NAMES),
    st.tuples(st.just("title"), TEXTS),
    st.tuples(st.just("level"), st.sampled_from(["Gold", "silver", "Bronze", None])),
    st.tuples(st.just("visits"), st.sampled_from([1, 3, None])),
)
ACTIONS = st.one_of(
    st.tuples(st.just("crm"), CRM_EDITS),
    st.tuples(st.just("outreach"), OUTREACH_EDITS),
    st.tuples(st.sampled_from(["forth", "back", "remap"]), st.none()),
)
CARRIED = st.sets(st.sampled_from(sorted(FORTH_KEYS | BACK_KEYS))).map(frozenset)


@given(
    actions=st.lists(ACTIONS, max_size=12),
    policy_forth=st.sampled_from(OnConflict),
    policy_back=st.sampled_from(OnConflict),
    carried=st.one_of(st.just(FORTH_KEYS | BACK_KEYS), CARRIED),
    split_anew=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_after_the_last_edit_two_rounds_bring_quiet(
    actions: list[tuple[str, tuple[str, Value] | None]],
    policy_forth: OnConflict,
    policy_back: OnConflict,
    carried: frozenset[str],
    split_anew: bool,
) -> None:
    pair = linked(forth=forth(on_conflict=policy_forth), back=back(on_conflict=policy_back), split_anew=split_anew)
    for action, edit in actions:
        if action == "forth":
            pair.run_forth()
        elif action == "back":
            pair.run_back()
        elif edit is None:
            pair.forth = replace(pair.forth, owners=pairs((U1, R2), (U2, R1), (U3, R3)), fingerprint="p2")
        elif action == "crm":
            edit_crm(pair, *edit)
        else:
            edit_outreach(pair, *edit)
    pair.round()
    pair.round()
    before = (pair.crm, pair.outreach, pair.link, pair.of_forth, pair.of_back)
    assert [pair.round(), pair.round()] == [0, 0]
    assert (pair.crm, pair.outreach, pair.link, pair.of_forth, pair.of_back) == before


@given(edit=st.one_of(st.tuples(st.just("crm"), CRM_EDITS), st.tuples(st.just("outreach"), OUTREACH_EDITS)))
@settings(max_examples=300, deadline=None)
def test_one_edit_is_written_to_the_other_side_at_most_once_and_never_comes_back(
    edit: tuple[str, tuple[str, Value]],
) -> None:
    pair = linked()
    pair.round()
    pair.round()
    side, change = edit
    (edit_crm if side == "crm" else edit_outreach)(pair, *change)
    edited = pair.crm if side == "crm" else pair.outreach
    writes = [pair.run_forth(), pair.run_back(), pair.run_forth(), pair.run_back()]
    assert sum(writes) <= 1
    assert (pair.crm if side == "crm" else pair.outreach) == edited


def test_two_owners_sharing_one_on_the_other_side_keep_their_people() -> None:
    pair = linked()
    pair.round()
    edit_crm(pair, OWNER, "u2")
    assert pair.round() == 0
    assert pair.crm.owner_id == "u2"
    edit_outreach(pair, "title", "New title")
    assert pair.round() == 1
    assert (pair.crm.owner_id, pair.crm.values["title"]) == ("u2", "New title")


def test_what_a_created_person_could_not_take_over_is_not_carried_back_as_blank() -> None:
    source = outreach_person({"level": "Bronze"})
    step = to_crm(("firstName", "first_name"), ("level", "level"))
    created = Situation(source, NoMatch())
    decision = Planner(step).plan(created, NOW)
    assert isinstance(decision, Create)
    assert [note.field for note in decision.notes] == ["level"]
    target = crm_person({change.key: change.after for change in decision.fields})
    memory = Planner(step).memory_after(decision, created, target)

    rules = to_outreach(("level", "level"), carried_back=frozenset({"level"}))
    back = replace(rules, fields=tuple(replace(rule, when_blank=WhenBlank.CLEAR) for rule in rules.fields))
    echo = Situation(target, Linked(source), Memory(source=memory.target, target=memory.source))
    assert Planner(back).plan(echo, NOW) == Unchanged(source.id)


def test_a_step_added_later_does_not_undo_what_the_first_step_made() -> None:
    pair = linked(crm=crm_person({}, owner_id="u2"), outreach=outreach_person({}, owner_id="r3"))
    assert pair.run_forth() == 1
    assert (pair.outreach.owner_id, pair.run_back(), pair.crm.owner_id) == ("r1", 0, "u2")


def test_settings_changed_elsewhere_in_a_step_do_not_reassign_anybody() -> None:
    pair = linked(crm=crm_person({}, owner_id="u2"))
    pair.round()
    pair.back = replace(pair.back, fields=pair.back.fields[:-1], fingerprint="r2")
    assert pair.round() == 0
    assert pair.crm.owner_id == "u2"


def test_a_changed_owner_pair_reassigns_the_people_it_is_about() -> None:
    pair = linked()
    pair.round()
    pair.forth = replace(pair.forth, owners=pairs((U1, R2), (U2, R1), (U3, R3)), fingerprint="p2")
    assert pair.round() == 1
    assert (pair.crm.owner_id, pair.outreach.owner_id) == ("u1", "r2")
    assert pair.round() == 0


def test_an_owner_changed_in_the_target_is_carried_back_by_the_opposite_step() -> None:
    pair = linked()
    pair.round()
    edit_outreach(pair, OWNER, "r3")
    assert (pair.run_forth(), pair.run_back()) == (0, 1)
    assert (pair.crm.owner_id, pair.outreach.owner_id) == ("u3", "r3")
    assert pair.round() == 0


def test_a_last_name_that_somebody_took_out_of_the_crm_is_not_put_back_when_only_the_first_name_was_news() -> None:
    pair = linked()
    pair.round()
    edit_crm(pair, "first_name", "Cleo")
    edit_crm(pair, "last_name", None)
    assert (pair.run_forth(), pair.run_back()) == (1, 0)
    assert (pair.crm.values["first_name"], pair.crm.values["last_name"]) == ("Cleo", None)
    assert pair.round() == 0


def test_a_first_name_written_beside_a_last_name_that_was_kept_is_no_conflict_later() -> None:
    pair = linked(back=back(on_conflict=OnConflict.HOLD))
    pair.round()
    edit_outreach(pair, "lastName", None)
    assert pair.run_back() == 0
    edit_outreach(pair, "firstName", "Anna")
    assert pair.run_back() == 1
    edit_outreach(pair, "lastName", "Ray")
    assert pair.run_back() == 1
    assert pair.crm.values["name"] == "Anna Ray"


@pytest.mark.parametrize("split_anew", [False, True])
def test_a_name_that_the_product_splits_anew_does_not_come_back(split_anew: bool) -> None:
    pair = linked(split_anew=split_anew)
    pair.round()
    edit_outreach(pair, "firstName", "Anna Maria")
    assert pair.round() == 1
    assert pair.crm.values["name"] == "Anna Maria Lee"
    assert pair.round() == 0
    assert pair.outreach.values["firstName"] == "Anna Maria"


def test_an_address_changed_in_the_outreach_product_keeps_the_others_in_the_crm() -> None:
    pair = linked()
    edit_crm(pair, "emails", emails("ann@x.org", "old@x.org"))
    pair.round()
    edit_outreach(pair, "email", "new@x.org")
    pair.round()
    held = pair.crm.values["emails"]
    assert isinstance(held, tuple)
    assert [item.value for item in held if isinstance(item, ListItem)] == ["new@x.org", "ann@x.org", "old@x.org"]
    assert pair.round() == 0


def test_what_the_target_refuses_to_keep_is_tried_three_times_and_then_left() -> None:
    step = to_outreach(("title", "title"), fingerprint="p")
    planner, memory, tries = Planner(step), Memory(), 0
    source, target = crm_person({"title": "Boss"}), outreach_person({"title": None})
    for _ in range(6):
        case = Situation(source, Linked(target), memory)
        decision = planner.plan(case, NOW)
        tries += isinstance(decision, Update)
        memory = planner.memory_after(decision, case, target)
    assert tries == 3
    assert isinstance(decision, Unchanged)


def test_what_somebody_else_keeps_changing_is_set_back_three_times_and_then_left() -> None:
    pair = linked(forth=forth(carried_back=frozenset()))
    pair.run_forth()
    edit_crm(pair, "title", "Boss")
    pair.run_forth()
    writes = []
    for number in range(5):
        edit_outreach(pair, "title", f"Other {number}")
        writes.append(pair.run_forth())
    assert writes == [1, 1, 1, 0, 0]
    edit_crm(pair, "title", "Chief")
    assert pair.run_forth() == 1
    assert pair.outreach.values["title"] == "Chief"
