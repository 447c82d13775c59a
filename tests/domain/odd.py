"""Everything that a person, a memory, a match or a step's settings may be, however odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import strategies as st

from integrations.domain.catalogue import Field, Option
from integrations.domain.enums import FieldKind, Join, OnConflict, Operator, OverwriteMode, UnmappedOwners, WhenBlank
from integrations.domain.normalise import fingerprint
from integrations.domain.person import OWNER, ListItem, Person, Value
from integrations.domain.situation import Ambiguous, DuplicateOf, Found, Linked, Match, Memory, NoMatch, TakenBy
from integrations.domain.situation import TargetGone as Gone
from integrations.domain.step_settings import Condition, FieldRule, Filter, SequenceRule, StepSettings
from tests.domain.builders import ANNA, CRM, OUTREACH, RITA, SAM, to_crm, to_outreach

ADDRESSES = st.sampled_from(["a@x.org", "A@x.org", "b@", "", " ", "c@x.org", "\ud800@x.org"])
TEXTS = st.one_of(
    st.text(st.characters(), max_size=6),
    st.sampled_from(["Ann", "Lee", "Ann Lee", "Boss", "Gold", "1", "9", "a@x.org", "+49 30 1", "1.2.2026", "\ud800"]),
)
NUMBERS = st.one_of(st.floats(), st.integers(), st.sampled_from([10**400, float("nan"), float("inf")]))
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    TEXTS,
    NUMBERS,
    st.booleans(),
    st.lists(st.builds(ListItem, st.one_of(ADDRESSES, TEXTS), TEXTS, st.booleans()), max_size=4).map(tuple),
    st.lists(st.sampled_from(["1", "2", "3", "9", ""]), max_size=3).map(tuple),
)
"""Any value under any key, whatever its field's kind."""

BLANK_LABELS = (Option("1", "Gold"), Option("2", "Silver"), Option("3", " "))
OWNERS = st.sampled_from([None, "", "1", "2", "11", "12", "99"])


def people(fields: Mapping[str, Field]) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        id=st.sampled_from(["1", "x", ""]),
        name=TEXTS,
        owner_id=OWNERS,
        emails=st.lists(ADDRESSES, max_size=3).map(tuple),
        values=st.dictionaries(st.sampled_from(sorted(fields)), VALUES, max_size=8),
        is_deleted=st.integers(0, 9).map(lambda number: number == 0),
        opted_out=st.booleans(),
    )


def matches(fields: Mapping[str, Field]) -> st.SearchStrategy[Match]:
    return st.one_of(
        st.builds(Linked, people(fields)),
        st.builds(Found, people(fields), ADDRESSES),
        st.sampled_from(
            [NoMatch(), Gone("1"), Ambiguous("a@x.org", ("1", "2")), DuplicateOf("5", "a@x.org"), TakenBy("7", "5")]
        ),
    )


KEYS = st.sampled_from([*CRM, *OUTREACH, OWNER])
PRINTS = st.dictionaries(KEYS, st.sampled_from(["", "abc", fingerprint(FieldKind.TEXT, "1")]))
MEMORIES = st.builds(
    Memory,
    source=PRINTS,
    target=PRINTS,
    in_scope=st.booleans(),
    set_back=st.dictionaries(KEYS, st.integers(-1, 4)),
    wanted=st.dictionaries(KEYS, st.sampled_from(["", "abc>", ">", "x", ">>"])),
)


def conditions(fields: Mapping[str, Field]) -> st.SearchStrategy[Condition]:
    owner = Field(OWNER, "Owner", FieldKind.OPTION)
    return st.builds(
        Condition,
        id=st.integers(1, 9),
        operator=st.sampled_from(Operator),
        value=TEXTS,
        field=st.one_of(st.none(), st.sampled_from([*fields.values(), owner])),
        group=st.sampled_from(["", "", "a", "b"]),
    )


def filters(fields: Mapping[str, Field]) -> st.SearchStrategy[Filter]:
    """Most steps take everybody, or tests would see little but people who are filtered out."""
    rows = st.one_of(st.just(()), st.just(()), st.lists(conditions(fields), max_size=4).map(tuple))
    return st.builds(Filter, st.sampled_from(Join), rows)


def rules(left: Mapping[str, Field], right: Mapping[str, Field]) -> st.SearchStrategy[tuple[FieldRule, ...]]:
    return st.lists(
        st.builds(
            FieldRule,
            st.integers(1, 9),
            st.sampled_from(list(left.values())),
            st.sampled_from(list(right.values())),
            st.sampled_from(OverwriteMode),
            st.sampled_from(WhenBlank),
        ),
        max_size=7,
    ).map(tuple)


def _with_odd_options(fields: Mapping[str, Field]) -> dict[str, Field]:
    return {key: replace(field, options=BLANK_LABELS) if field.options else field for key, field in fields.items()}


ODD_CRM, ODD_OUTREACH = _with_odd_options(CRM), _with_odd_options(OUTREACH)


@st.composite
def steps(draw: st.DrawFn) -> StepSettings:
    """A step in either direction, with every policy and with rows of any two fields."""
    forth = draw(st.booleans())
    left, right = (ODD_CRM, ODD_OUTREACH) if forth else (ODD_OUTREACH, ODD_CRM)
    member = RITA if forth else ANNA
    row = SequenceRule(4, member, "s1", "Welcome", "step1", "1", blocked=draw(st.sampled_from(["", "archived"])))
    return (to_outreach if forth else to_crm)(
        source_fields=left,
        target_fields=right,
        fields=draw(rules(left, right)),
        filter=draw(filters(left)),
        unmapped_owners=draw(st.sampled_from(UnmappedOwners)),
        fallback=draw(st.sampled_from([None, SAM, replace(SAM, active=False)])),
        sequences=draw(st.sampled_from([(), (row,), (replace(row, only_for_new=True),)])),
        on_conflict=draw(st.sampled_from(OnConflict)),
        recreate_deleted=draw(st.booleans()),
        carried_back=draw(st.sets(KEYS).map(frozenset)),
    )
