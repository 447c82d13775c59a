from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.catalogue import Field, Option
from integrations.domain.conversion import Converted, NotConvertible, can_convert, convert
from integrations.domain.enums import FieldKind
from integrations.domain.normalise import same
from integrations.domain.person import ListItem, Value
from integrations.domain.reasons import Reason

K = FieldKind
COLOURS = (Option("1", "Red"), Option("2", "Dark blue"))
MANY = tuple(Option(str(number), f"Level {number}") for number in range(8))
CHOICES = (K.OPTION, K.OPTIONS)


def field(kind: FieldKind, **changes: object) -> Field:
    options = COLOURS if kind in CHOICES else ()
    return Field(**{"key": "f", "label": "F", "kind": kind, "options": options, **changes})  # type: ignore[arg-type]


def items(*texts: str) -> tuple[ListItem, ...]:
    return tuple(ListItem(text, "work", index == 0) for index, text in enumerate(texts))


@pytest.mark.parametrize(
    ("value", "source", "target", "wanted"),
    [
        (None, K.TEXT, K.NUMBER, None),
        (" ", K.TEXT, K.TEXT, None),
        (" Ann ", K.TEXT, K.TEXT, "Ann"),
        (5.0, K.NUMBER, K.TEXT, "5"),
        (5.5, K.NUMBER, K.TEXT, "5.5"),
        (10**400, K.NUMBER, K.TEXT, "1" + "0" * 400),
        ("2026-08-20", K.DATE, K.TEXT, "2026-08-20"),
        ((ListItem("b@x.org"), ListItem("a@x.org", "", True)), K.EMAILS, K.TEXT, "a@x.org"),
        ("1", K.OPTION, K.TEXT, "Red"),
        (("1", "2"), K.OPTIONS, K.TEXT, "Red, Dark blue"),
        ("5", K.TEXT, K.NUMBER, 5),
        (" 1 234.5 ", K.TEXT, K.NUMBER, 1234.5),
        ("1,234,567.5", K.TEXT, K.NUMBER, 1234567.5),
        ("3,5", K.TEXT, K.NUMBER, 3.5),
        (5, K.NUMBER, K.NUMBER, 5),
        ("2026-08-20T11:00", K.TEXT, K.DATE, "2026-08-20"),
        ("2026/8/2", K.TEXT, K.DATE, "2026-08-02"),
        ("2.8.2026", K.TEXT, K.DATE, "2026-08-02"),
        ("a@x.org", K.EMAIL, K.EMAIL, "a@x.org"),
        ("no address; a@x.org", K.TEXT, K.EMAIL, "a@x.org"),
        (items("broken@", "b@x.org"), K.EMAILS, K.EMAIL, "b@x.org"),
        ("a@x.org, b@x.org", K.TEXT, K.EMAILS, (ListItem("a@x.org", "", True), ListItem("b@x.org"))),
        (items("n/a", "+49 30"), K.PHONES, K.PHONE, "+49 30"),
        (493012, K.NUMBER, K.PHONE, "493012"),
        ("red", K.TEXT, K.OPTION, "1"),
        (" dark  BLUE", K.TEXT, K.OPTION, "2"),
        ("2", K.OPTION, K.OPTION, "2"),
        (("2",), K.OPTIONS, K.OPTION, "2"),
        ("2", K.OPTION, K.OPTIONS, ("2",)),
        ("Red; dark blue", K.TEXT, K.OPTIONS, ("1", "2")),
        (("2", "1"), K.OPTIONS, K.OPTIONS, ("2", "1")),
    ],
)
def test_values_are_turned_into_the_target_kind(
    value: Value, source: FieldKind, target: FieldKind, wanted: Value
) -> None:
    assert can_convert(field(source), field(target)) is None
    assert convert(value, field(source), field(target), None) == Converted(wanted)


@pytest.mark.parametrize(
    ("value", "source", "target", "detail"),
    [
        ("many", K.TEXT, K.NUMBER, "“many” is not a number"),
        ("1.234,5", K.TEXT, K.NUMBER, "“1.234,5” is not a number"),
        ("9", K.OPTION, K.NUMBER, "“9” is no longer an option of F"),
        ("1", K.OPTION, K.NUMBER, "“Red” is not a number"),
        ("soon", K.TEXT, K.DATE, "“soon” is not a date"),
        ("31.2.2026", K.TEXT, K.DATE, "“31.2.2026” is not a date"),
        ("nobody", K.TEXT, K.EMAIL, "“nobody” is not an e-mail address"),
        ("nobody", K.EMAIL, K.EMAILS, "“nobody” is not an e-mail address"),
        ("x" * 80, K.TEXT, K.PHONE, f"“{'x' * 59}…” is not a phone number"),
        ("Green", K.TEXT, K.OPTION, "“Green” is not an option of F; it takes Red, Dark blue"),
        ("Red, Green", K.TEXT, K.OPTIONS, "“ Green” is not an option of F; it takes Red, Dark blue"),
        (";", K.TEXT, K.OPTIONS, "“;” is not an option of F; it takes Red, Dark blue"),
        ("9", K.OPTION, K.OPTION, "“9” is no longer an option of F"),
        ("9", K.OPTION, K.TEXT, "“9” is no longer an option of F"),
        (("1", "2"), K.OPTIONS, K.OPTION, "F takes one option, not 2"),
        ("x", K.OTHER, K.TEXT, "F cannot become F"),
    ],
)
def test_what_has_no_counterpart_is_reported(value: Value, source: FieldKind, target: FieldKind, detail: str) -> None:
    assert convert(value, field(source), field(target), None) == NotConvertible(detail)


def test_an_unknown_label_names_at_most_five_that_are_known() -> None:
    answer = convert("x", field(K.TEXT), field(K.OPTION, options=MANY), None)
    shown = "Level 0, Level 1, Level 2, Level 3, Level 4 and 3 more"
    assert answer == NotConvertible(f"“x” is not an option of F; it takes {shown}")
    assert convert("x", field(K.TEXT), field(K.OPTION, options=()), None) == NotConvertible(
        "“x” is not an option of F; it takes none"
    )


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        (field(K.TEXT), field(K.TEXT, writable=False), "F cannot be written."),
        (field(K.OTHER), field(K.TEXT), "F has a kind of value that cannot be mapped."),
        (field(K.TEXT), field(K.OTHER), "F has a kind of value that cannot be mapped."),
        (field(K.DATE), field(K.NUMBER), "F (date) cannot become F (number)."),
        (field(K.TEXT), field(K.OPTION, options=()), "F has no options to choose from."),
    ],
)
def test_mappings_that_cannot_work_are_refused_when_saved(source: Field, target: Field, problem: str) -> None:
    assert can_convert(source, target) == problem


@pytest.mark.parametrize("target", [K.TEXT, K.NUMBER, K.OPTION])
def test_an_option_without_a_name_is_reported_instead_of_clearing_the_target(target: FieldKind) -> None:
    nameless = field(K.OPTION, options=(Option("1", " "),))
    answer = convert("1", nameless, field(target), None)
    assert answer == NotConvertible("“1” is an option of F without a name")


def test_text_that_is_too_long_is_shortened_with_a_note() -> None:
    answer = convert("Head of things", field(K.TEXT), field(K.TEXT, max_length=8), None)
    assert isinstance(answer, Converted)
    assert answer.value == "Head of"
    assert [(note.reason, note.field, note.detail) for note in answer.notes] == [
        (Reason.SHORTENED, "f", "From 14 to 8 characters")
    ]
    assert convert("Head", field(K.TEXT), field(K.TEXT, max_length=4), None) == Converted("Head")


def test_an_address_is_never_shortened() -> None:
    short = field(K.EMAIL, max_length=8)
    assert convert(items("long.one@x.org", "a@x.org"), field(K.EMAILS), short, None) == Converted("a@x.org")
    assert convert("long.one@x.org", field(K.EMAIL), short, None) == NotConvertible(
        "“long.one@x.org” is longer than 8 characters"
    )


@pytest.mark.parametrize(
    ("value", "source", "target", "current"),
    [
        (items("a@x.org", "b@x.org"), K.EMAILS, K.EMAIL, "B@x.org"),
        (items("+49 30", "+49 31"), K.PHONES, K.PHONE, "004931"),
        ("b@x.org", K.EMAIL, K.EMAILS, items("a@x.org", "B@x.org")),
        ("+49 31", K.PHONE, K.PHONES, items("+49 30", "+49 31")),
        (items("a@x.org"), K.EMAILS, K.EMAILS, items("A@x.org", "b@x.org")),
        (items("b@x.org", "b@x.org", "a@x.org"), K.EMAILS, K.EMAILS, items("b@x.org", "a@x.org")),
    ],
)
def test_an_entry_that_the_other_side_already_has_is_kept(
    value: Value, source: FieldKind, target: FieldKind, current: Value
) -> None:
    assert convert(value, field(source), field(target), current) == Converted(current)


def test_a_new_address_becomes_the_primary_one_and_no_other_is_lost() -> None:
    current = (ListItem("a@x.org", "work", True), ListItem("b@x.org", "home"))
    assert convert("C@x.org", field(K.EMAIL), field(K.EMAILS), current) == Converted(
        (ListItem("C@x.org", "", True), ListItem("a@x.org", "work"), ListItem("b@x.org", "home"))
    )


def test_a_list_brings_its_primary_entry_and_keeps_the_targets_own_spelling_and_label() -> None:
    current = (ListItem("a@x.org", "work", True), ListItem("B@X.org", "home"))
    assert convert(items("b@x.org", "c@x.org"), field(K.EMAILS), field(K.EMAILS), current) == Converted(
        (ListItem("B@X.org", "home", True), ListItem("c@x.org", "work"), ListItem("a@x.org", "work"))
    )


ODD = st.one_of(
    st.none(),
    st.text(max_size=10),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.lists(st.builds(ListItem, st.text(max_size=8), st.just("work"), st.booleans()), max_size=3).map(tuple),
    st.lists(st.sampled_from(["1", "2", "3"]), max_size=3).map(tuple),
)


@given(source=st.sampled_from(FieldKind), target=st.sampled_from(FieldKind), value=ODD, current=ODD)
def test_no_value_makes_a_conversion_fail(source: FieldKind, target: FieldKind, value: Value, current: Value) -> None:
    answer = convert(value, field(source), field(target), current)
    assert isinstance(answer, Converted | NotConvertible)


ADDRESSES = st.lists(st.sampled_from(["a@x.org", "B@x.org", "b@x.org", "c@x.org"]), max_size=4).map(
    lambda texts: items(*texts)
)


@given(value=ADDRESSES, current=ADDRESSES, target=st.sampled_from([K.EMAIL, K.EMAILS]))
def test_what_was_converted_once_is_kept_when_converted_again(value: Value, current: Value, target: FieldKind) -> None:
    given_now: Value = current if target is K.EMAILS else "c@x.org"
    first = convert(value, field(K.EMAILS), field(target), given_now)
    assert isinstance(first, Converted)
    again = convert(value, field(K.EMAILS), field(target), first.value)
    assert isinstance(again, Converted)
    assert same(target, first.value, again.value)
