from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.enums import Direction, Join, Role
from integrations.domain.person import ListItem, Value, value_from_json, value_to_json, values_from_json, values_to_json
from integrations.domain.reasons import Reason

VALUES = st.one_of(
    st.text(),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.lists(st.builds(ListItem, st.text(), st.text(), st.booleans()), min_size=1).map(tuple),
    st.lists(st.text(), min_size=1).map(tuple),
)


@given(VALUES)
def test_a_value_survives_being_kept_as_json(value: Value) -> None:
    assert value_from_json(json.loads(json.dumps(value_to_json(value)))) == value


def test_an_empty_list_comes_back_as_blank() -> None:
    assert value_from_json(value_to_json(())) is None


def test_blank_values_are_not_kept() -> None:
    assert values_to_json({"title": None, "level": "1"}) == {"level": "1"}
    assert values_from_json({"level": ["1"]}) == {"level": ("1",)}


def test_directions_and_joins_have_their_opposites() -> None:
    for direction in Direction:
        assert (direction.opposite.source, direction.opposite.target) == (direction.target, direction.source)
        assert direction.opposite.opposite is direction
    assert (Direction.TO_OUTREACH.source, Role.OUTREACH.other) == (Role.CRM, Role.CRM)
    assert [join.opposite for join in Join] == [Join.ANY, Join.ALL]


def test_every_reason_has_words() -> None:
    assert all(reason.text for reason in Reason)
