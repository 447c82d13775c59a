from __future__ import annotations

from integrations.domain.propagation import Dropped, difference, turn_round


def turned(*pairs: tuple[str, str], refused: str = "") -> tuple[object, object]:
    answer = turn_round(pairs, lambda left, right: right, lambda left, right: "is gone" if left == refused else "")
    return answer.pairs, answer.dropped


def test_pairs_are_turned_round_in_their_order() -> None:
    assert turned(("ada", "A"), ("ben", "B")) == ((("A", "ada"), ("B", "ben")), ())


def test_of_several_left_members_with_one_right_member_the_first_is_kept_and_the_others_are_told() -> None:
    pairs, dropped = turned(("ada", "A"), ("ben", "A"), ("cy", "A"))
    assert pairs == (("A", "ada"),)
    assert dropped == (Dropped("ben", "A", kept=("ada", "A")), Dropped("cy", "A", kept=("ada", "A")))


def test_a_pair_that_cannot_be_turned_takes_nobodys_place() -> None:
    pairs, dropped = turned(("ada", "A"), ("ben", "A"), refused="ada")
    assert pairs == (("A", "ben"),)
    assert dropped == (Dropped("ada", "A", why="is gone"),)


def test_turning_twice_gives_the_pairs_back_where_nothing_was_dropped() -> None:
    pairs = (("ada", "A"), ("ben", "B"))
    once, _ = turned(*pairs)
    assert turned(*once)[0] == pairs  # type: ignore[misc]


def test_a_difference_names_what_is_added_changed_and_removed() -> None:
    found = difference({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 9, "d": 4})
    assert (found.added, found.changed, found.removed, found.unchanged) == ({"d": 4}, {"b": (2, 9)}, {"c": 3}, 1)
