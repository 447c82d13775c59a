from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from integrations.domain.matching import id_order, match, usable_addresses
from integrations.domain.person import Person
from integrations.domain.situation import (
    Ambiguous,
    DuplicateOf,
    Found,
    Linked,
    Match,
    NoMatch,
    TakenBy,
    TargetGone,
)


def person(person_id: str, *addresses: str) -> Person:
    return Person(person_id, "Ann", None, addresses)


SOURCE = person("10", "broken@", "A@x.org", "b@x.org", "a@x.org")
T1, T2 = person("t1", "a@x.org"), person("t2", "b@x.org")
GONE = replace(T1, is_deleted=True)

Targets = Mapping[str, Sequence[Person]]


@pytest.mark.parametrize(
    ("targets", "linked_sources", "rivals", "answer"),
    [
        ({}, {}, {}, NoMatch()),
        ({"a@x.org": [T1]}, {}, {}, Found(T1, "a@x.org")),
        ({"b@x.org": [T2]}, {}, {}, Found(T2, "b@x.org")),
        ({"a@x.org": [T1], "b@x.org": [T2]}, {}, {}, Found(T1, "a@x.org")),
        ({"a@x.org": [GONE], "b@x.org": [T2]}, {}, {}, Found(T2, "b@x.org")),
        ({"a@x.org": [T1, T1]}, {}, {}, Found(T1, "a@x.org")),
        ({"a@x.org": [T2, T1]}, {}, {}, Ambiguous("a@x.org", ("t1", "t2"))),
        ({"a@x.org": [T1]}, {"t1": "10"}, {}, Found(T1, "a@x.org")),
        ({"a@x.org": [T1]}, {"t1": "20"}, {"a@x.org": ["20"]}, DuplicateOf("20", "a@x.org")),
        ({"a@x.org": [T1]}, {"t1": "20"}, {"a@x.org": ["9"]}, TakenBy("t1", "20")),
        ({"a@x.org": [T1]}, {}, {"a@x.org": ["10", "9", "100"]}, DuplicateOf("9", "a@x.org")),
        ({"a@x.org": [T1]}, {}, {"a@x.org": ["10", "11"]}, Found(T1, "a@x.org")),
        ({}, {}, {"a@x.org": ["9", "8"]}, DuplicateOf("8", "a@x.org")),
        ({}, {}, {"a@x.org": ["100"]}, NoMatch()),
        ({}, {}, {"b@x.org": ["9"]}, DuplicateOf("9", "b@x.org")),
        ({"b@x.org": [T2]}, {"t2": "9"}, {"b@x.org": ["9"]}, DuplicateOf("9", "b@x.org")),
    ],
)
def test_a_person_is_matched_by_the_first_address_that_anybody_has(
    targets: Targets, linked_sources: Mapping[str, str], rivals: Mapping[str, Sequence[str]], answer: Match
) -> None:
    assert match(SOURCE, None, targets, linked_sources, rivals) == answer


def test_a_link_decides_before_any_address() -> None:
    assert match(SOURCE, Linked(T2), {"a@x.org": [T1]}, {}, {"a@x.org": ["1"]}) == Linked(T2)


@pytest.mark.parametrize("linked", [Linked(GONE), TargetGone("t1")])
def test_a_link_to_a_deleted_person_says_so(linked: Linked | TargetGone) -> None:
    assert match(SOURCE, linked, {"b@x.org": [T2]}, {}, {}) == TargetGone("t1")


def test_without_a_usable_address_nobody_is_found() -> None:
    assert match(person("1", "broken@", ""), None, {"": [T1]}, {}, {"": ["0"]}) == NoMatch()


def test_usable_addresses_are_normal_and_each_given_once() -> None:
    assert usable_addresses(SOURCE) == ("a@x.org", "b@x.org")


def test_ids_are_ordered_as_numbers_before_all_others() -> None:
    assert sorted(["b", "10", "9", "a"], key=id_order) == ["9", "10", "a", "b"]
