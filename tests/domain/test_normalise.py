from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.domain.enums import FieldKind
from integrations.domain.normalise import fingerprint, is_usable_email, normal, normal_email, normal_phone, same
from integrations.domain.person import ListItem, Value

K = FieldKind


def items(*texts: str, primary: int = 0) -> tuple[ListItem, ...]:
    return tuple(ListItem(text, "", index == primary) for index, text in enumerate(texts))


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        (K.TEXT, None, ""),
        (K.TEXT, None, " \n"),
        (K.TEXT, None, ()),
        (K.TEXT, " New   York\r\n", "New York"),
        (K.TEXT, "Zoe\u0308", "Zo\u00eb"),
        (K.TEXT, 5.0, "5"),
        (K.TEXT, True, "Yes"),
        (K.TEXT, False, "No"),
        (K.NUMBER, 5, 5.0),
        (K.NUMBER, 5, "5"),
        (K.NUMBER, "5.50", 5.5),
        (K.NUMBER, 0.0, -0.0),
        (K.NUMBER, " nan ", "nan"),
        (K.NUMBER, "five", " five"),
        (K.NUMBER, ("five",), "five"),
        (K.DATE, "2026-08-20", "2026-08-20T10:00:00Z"),
        (K.DATE, "soon", " soon "),
        (K.DATE, 5, "5"),
        (K.EMAIL, "Ann@X.org ", "ann@x.org"),
        (K.EMAIL, "", None),
        (K.EMAILS, items("a@x.org", "b@x.org", "c@x.org"), items("A@x.org", "c@x.org", "b@x.org")),
        (K.EMAILS, items("a@x.org", "b@x.org", primary=1), items("b@x.org", "a@x.org")),
        (K.EMAILS, (ListItem("a@x.org", "work", True),), (ListItem("a@x.org", "home", False),)),
        (K.EMAILS, items("a@x.org"), "a@x.org"),
        (K.EMAILS, items("", "a@x.org"), items("a@x.org")),
        (K.EMAILS, items("", " "), None),
        (K.PHONE, "+49 (0)30 123-45", "0049 30.12345"),
        (K.PHONE, "030 / 123 45", "03012345"),
        (K.PHONE, "030 123 ext. 7", "030123x7"),
        (K.PHONE, "030 123 #7", "030123;ext=7"),
        (K.PHONE, "Call Me", "call  me"),
        (K.PHONES, items("+1 555"), items("001-555")),
        (K.OPTION, "7", " 7"),
        (K.OPTIONS, ("1", "2"), ("2", "1", "1")),
        (K.OPTIONS, ("1",), "1"),
        (K.OPTIONS, (), None),
        (K.OTHER, "x", "x "),
    ],
)
def test_values_that_mean_the_same_are_the_same(kind: FieldKind, a: Value, b: Value) -> None:
    assert same(kind, a, b)
    assert normal(kind, a) == normal(kind, b)
    assert fingerprint(kind, a) == fingerprint(kind, b)


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        (K.TEXT, "Ann", "ann"),
        (K.NUMBER, 5, 5.5),
        (K.DATE, "2026-08-20", "2026-08-21"),
        (K.EMAIL, "a@x.org", "b@x.org"),
        (K.EMAILS, items("a@x.org", "b@x.org"), items("b@x.org", "a@x.org")),
        (K.EMAILS, items("a@x.org", "b@x.org"), items("a@x.org")),
        (K.PHONE, "+4930123", "4930123"),
        (K.PHONE, "030123x7", "030123x8"),
        (K.PHONE, "030 (0) 1", "03001x"),
        (K.OPTIONS, ("1",), ("1", "2")),
        (K.OTHER, "1", None),
    ],
)
def test_values_that_differ_are_told_apart(kind: FieldKind, a: Value, b: Value) -> None:
    assert not same(kind, a, b)
    assert fingerprint(kind, a) != fingerprint(kind, b)


def test_a_fingerprint_is_short_and_blank_has_none() -> None:
    assert len(fingerprint(K.TEXT, "Ann")) == 12
    assert fingerprint(K.EMAILS, items(" ")) == ""


def test_a_list_is_remembered_by_its_primary_entry() -> None:
    assert fingerprint(K.EMAILS, items("a@x.org", "b@x.org")) != fingerprint(K.EMAILS, items("b@x.org", "a@x.org"))


def test_an_address_is_matched_in_lower_case() -> None:
    assert normal_email(" Ann.Lee@X.ORG\n") == "ann.lee@x.org"


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("+44 (0)20 7946 0000", "+442079460000"),
        ("(020) 7946-0000", "02079460000"),
        ("00 44 20", "+4420"),
        ("\uff0b44 20", "+4420"),
        ("555 x 12", "555x12"),
        ("1-800-FLOWERS", "1-800-flowers"),
        ("", ""),
    ],
)
def test_a_phone_number_keeps_its_digits_plus_and_extension(number: str, form: str) -> None:
    assert normal_phone(number) == form


@pytest.mark.parametrize(
    "address",
    [
        "a@x.org",
        "A.b+c@Sub.Example.COM",
        " a@x.org ",
        "o'neil@x-y.co.uk",
        "a@xn--bcher-kva.xn--p1ai",
        "a" * 64 + "@x.org",
    ],
)
def test_addresses_that_both_products_take(address: str) -> None:
    assert is_usable_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@x.org", "a@", "a@x", "a@.org", "a@x..org", "a@x.org.", ".a@x.org", "a.@x.org", "a..b@x.org",
        "a b@x.org", "a@x org", "a@b@x.org", "a@-x.org", "a@x-.org", "a@x.o", "a@x.123", "a@x_y.org",
        '"a b"@x.org', "a@[1.2.3.4]", "Ann <a@x.org>", "a@x.org, b@x.org", "ä@x.org", "a@bücher.de",
        "a" * 65 + "@x.org", "a@" + "x" * 64 + ".org", "a@" + ".".join(["x" * 60] * 5) + ".org",
    ],
)  # fmt: skip
def test_addresses_that_could_fail_a_whole_import(address: str) -> None:
    assert not is_usable_email(address)


ODD = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.lists(st.builds(ListItem, st.text(max_size=8), st.text(max_size=3), st.booleans()), max_size=3).map(tuple),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
)


@given(kind=st.sampled_from(FieldKind), a=ODD, b=ODD)
def test_no_value_is_too_odd_to_compare(kind: FieldKind, a: Value, b: Value) -> None:
    assert same(kind, a, a)
    assert same(kind, a, b) == same(kind, b, a)
    assert (fingerprint(kind, a) == fingerprint(kind, b)) == (normal(kind, a) == normal(kind, b))


@given(st.emails())
def test_an_address_stays_itself_when_normalised_twice(address: str) -> None:
    assert normal_email(normal_email(address)) == normal_email(address)
