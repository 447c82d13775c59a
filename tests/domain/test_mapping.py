from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.domain.catalogue import Field, Option
from integrations.domain.decisions import FieldChange, Note
from integrations.domain.enums import FieldKind, OverwriteMode, WhenBlank
from integrations.domain.mapping import Outcome, Values, Wish, new_values, parts_of, side_fingerprint, units_of
from integrations.domain.normalise import fingerprint
from integrations.domain.person import ListItem, Person, Value
from integrations.domain.reasons import Reason
from integrations.domain.step_settings import FieldRule
from tests.domain.builders import CRM, OUTREACH, catalogue, crm_person, emails, outreach_person

M, W, X = OverwriteMode, WhenBlank, Outcome
PARTS = parts_of(CRM)


def rule(left: str, right: str, mode: OverwriteMode = M.ALWAYS, when_blank: WhenBlank = W.KEEP) -> FieldRule:
    return FieldRule(1, CRM[left], OUTREACH[right], mode, when_blank)


def wish(one: FieldRule, source: Values, target: Values) -> Wish:
    (unit,) = units_of([one], {})
    (answer,) = unit.wishes(source, target)
    if unit.agrees(source, target):
        assert answer.outcome in (X.AGREES, X.NOT_ASKED)
    return answer


@pytest.mark.parametrize(
    ("mode", "when_blank", "value", "current", "outcome", "after"),
    [
        (M.ALWAYS, W.KEEP, "New", "Old", X.DIFFERS, "New"),
        (M.ALWAYS, W.KEEP, "New", None, X.DIFFERS, "New"),
        (M.ALWAYS, W.KEEP, " Old", "Old ", X.AGREES, "Old "),
        (M.ALWAYS, W.KEEP, None, "Old", X.KEPT, "Old"),
        (M.ALWAYS, W.KEEP, "", None, X.AGREES, None),
        (M.ALWAYS, W.CLEAR, " ", "Old", X.DIFFERS, None),
        (M.ALWAYS, W.CLEAR, None, "", X.AGREES, ""),
        (M.ONLY_IF_EMPTY, W.KEEP, "New", "Old", X.NOT_ASKED, "Old"),
        (M.ONLY_IF_EMPTY, W.KEEP, "New", " ", X.DIFFERS, "New"),
        (M.ONLY_FOR_NEW, W.CLEAR, "New", None, X.NOT_ASKED, None),
    ],
)
def test_a_row_writes_by_its_mode_and_what_blank_means(
    mode: OverwriteMode, when_blank: WhenBlank, value: Value, current: Value, outcome: Outcome, after: Value
) -> None:
    answer = wish(rule("title", "title", mode, when_blank), {"title": value}, {"title": current})
    assert (answer.outcome, answer.before, answer.after) == (outcome, current, after)


@pytest.mark.parametrize(
    ("left", "right", "current"), [("first_name", "firstName", "Ann"), ("emails", "email", "a@x.org")]
)
def test_what_the_product_requires_is_never_cleared(left: str, right: str, current: Value) -> None:
    assert wish(rule(left, right, when_blank=W.CLEAR), {left: None}, {right: current}).outcome is X.KEPT


def test_what_cannot_be_converted_keeps_the_present_value_and_says_so() -> None:
    answer = wish(rule("title", "visits"), {"title": "many"}, {"visits": 3})
    assert (answer.outcome, answer.after) == (X.NOT_CONVERTIBLE, 3)
    assert answer.notes == (Note(Reason.NOT_CONVERTIBLE, "visits", "“many” is not a number"),)


@pytest.mark.parametrize(
    ("left", "right", "value", "current", "agrees"),
    [
        ("title", "title", "Boss", "Boss", True),
        ("title", "title", "Boss", "boss", False),
        ("level", "level", "1", "Gold", True),
        ("level", "level", "1", "Silver", False),
        ("level", "level", None, None, True),
        ("level", "level", "9", None, False),
        ("level", "title", None, "Boss", False),
        ("emails", "email", emails("a@x.org", "b@x.org"), "B@x.org", True),
        ("emails", "email", emails("a@x.org"), "b@x.org", False),
        ("emails", "email", emails("broken@"), "broken@", False),
        ("emails", "email", None, "a@x.org", False),
        ("emails", "email", emails("a@x.org"), None, False),
        ("phones", "phone", emails("030"), "030", True),
        ("phones", "phone", emails("030"), "031", False),
        ("phones", "phone", None, "030", False),
        ("visits", "title", 3, "3", False),
    ],
)
def test_most_people_agree_at_a_glance(left: str, right: str, value: Value, current: Value, agrees: bool) -> None:
    (unit,) = units_of([rule(left, right)], {})
    assert unit.agrees({left: value}, {right: current}) is agrees


def test_an_option_without_a_name_leaves_what_the_target_has() -> None:
    nameless = replace(CRM["level"], options=(Option("1", ""),))
    one = FieldRule(1, nameless, OUTREACH["level"])
    assert wish(one, {"level": "1"}, {"level": "Gold"}).outcome is X.NOT_CONVERTIBLE
    assert wish(one, {"level": "1"}, {"level": ""}).outcome is X.NOT_CONVERTIBLE


def names(*pairs: tuple[str, str]) -> list[FieldRule]:
    return [FieldRule(number, OUTREACH[left], CRM[right]) for number, (left, right) in enumerate(pairs, 1)]


BOTH_NAMES = names(("firstName", "first_name"), ("lastName", "last_name"))


@pytest.mark.parametrize(
    ("source", "target", "changes"),
    [
        (("Anna Maria", "Smith"), ("Anna", "Maria Smith"), []),
        (("Ann", "Lee"), ("Ann", "Lee"), []),
        (("Ann", "Smith"), ("Ann", "Lee"), [("last_name", "Smith")]),
        (("Anna Maria", "Jones"), ("Anna", "Maria Smith"), [("first_name", "Anna Maria"), ("last_name", "Jones")]),
        (("Anna Maria", None), ("Anna", "Maria"), []),
        (("Ann", None), ("Ann", "Lee"), []),
        (("Eve", None), ("Ann", "Lee"), [("first_name", "Eve")]),
    ],
)
def test_parts_are_compared_as_their_whole(
    source: tuple[Value, Value], target: tuple[Value, Value], changes: list[tuple[str, Value]]
) -> None:
    (unit,) = units_of(BOTH_NAMES, PARTS)
    wishes = unit.wishes(
        {"firstName": source[0], "lastName": source[1]}, {"first_name": target[0], "last_name": target[1]}
    )
    assert [(each.rule.target.key, each.after) for each in wishes if each.outcome is X.DIFFERS] == changes


def test_a_part_that_nobody_maps_stays_in_the_whole() -> None:
    (unit,) = units_of(BOTH_NAMES[:1], PARTS)
    target = {"first_name": "Ann", "last_name": "Lee"}
    wishes = unit.wishes({"firstName": "Eve"}, target)
    assert unit.wanted_whole(wishes, target) == "Eve Lee"
    assert unit.wanted_fingerprint(wishes[0], wishes, target) == fingerprint(FieldKind.TEXT, "Eve Lee")


def test_rows_are_grouped_by_the_whole_and_the_first_row_for_a_field_counts() -> None:
    rules = [*names(("title", "title"), ("firstName", "first_name"), ("level", "title"), ("lastName", "last_name"))]
    assert [unit.label for unit in units_of(rules, PARTS)] == ["Job title", "First name, Last name"]


def test_a_part_is_remembered_by_its_whole() -> None:
    whole = fingerprint(FieldKind.TEXT, "Anna Maria Lee")
    split = {"first_name": "Anna", "last_name": "Maria Lee"}
    assert side_fingerprint(CRM["first_name"], split, PARTS) == whole
    assert side_fingerprint(CRM["last_name"], {"first_name": "Anna Maria", "last_name": "Lee"}, PARTS) == whole
    assert side_fingerprint(CRM["last_name"], {"name": "Anna Maria Lee"}, PARTS) == whole
    assert side_fingerprint(CRM["last_name"], {"name": "Anna Maria Lee"}, {}) == whole
    assert side_fingerprint(CRM["title"], {"title": "Boss"}, PARTS) == fingerprint(FieldKind.TEXT, "Boss")


def made(
    person: Person, *rules: FieldRule, fields: dict[str, Field] | None = None, address: str = "ann@x.org"
) -> tuple[dict[str, Value], tuple[Note, ...]]:
    target = OUTREACH if fields is None else fields
    changes, notes = new_values(person, address, rules, target, parts_of(target))
    assert all(change.before is None for change in changes)
    return {change.key: change.after for change in changes}, notes


def test_a_new_person_gets_what_is_mapped_and_the_address_that_is_not() -> None:
    values, notes = made(crm_person({"title": "Boss"}), rule("first_name", "firstName"), rule("title", "title"))
    assert values == {"firstName": "Ann", "title": "Boss", "email": "ann@x.org"}
    assert notes == ()


@pytest.mark.parametrize("mode", OverwriteMode)
def test_a_new_person_is_written_in_every_mode(mode: OverwriteMode) -> None:
    values, _ = made(crm_person({"title": "Boss"}), rule("title", "title", mode))
    assert values["title"] == "Boss"


def test_blank_values_make_no_change_on_a_new_person() -> None:
    values, _ = made(crm_person({"title": " "}), rule("title", "title", when_blank=W.CLEAR))
    assert "title" not in values


def test_the_address_that_was_looked_for_identifies_the_new_person() -> None:
    person = crm_person({"emails": emails("broken@", "Ann@x.org"), "title": "other@x.org"})
    assert made(person, rule("emails", "email"))[0]["email"] == "Ann@x.org"
    assert made(person, rule("title", "email"))[0]["email"] == "ann@x.org"
    changes, _ = new_values(person, "ann@x.org", [rule("title", "email")], OUTREACH, {})
    assert [change.rule_id for change in changes if change.key == "email"] == [1]


def test_an_address_that_could_not_be_converted_is_replaced_without_a_note() -> None:
    values, notes = made(crm_person({"title": "nobody"}), rule("title", "email"), rule("first_name", "firstName"))
    assert (values["email"], notes) == ("ann@x.org", ())


def test_a_list_of_addresses_begins_with_the_one_that_was_looked_for() -> None:
    person = outreach_person({"title": "other@x.org"})
    rules = [*names(("email", "emails")), *BOTH_NAMES]
    assert made(person, *rules, fields=CRM)[0]["emails"] == (ListItem("ann@x.org", "", True),)
    assert made(person, *BOTH_NAMES, fields=CRM)[0]["emails"] == (ListItem("ann@x.org", "", True),)
    assert made(person, *names(("title", "emails")), *BOTH_NAMES, fields=CRM)[0]["emails"] == (
        ListItem("ann@x.org", "", True),
        ListItem("other@x.org"),
    )


@pytest.mark.parametrize(
    ("name", "address", "first_name"),
    [
        ("Ann Lee", "a.lee@x.org", "Ann"),
        (" ", "a.lee@x.org", "a.lee"),
        ("a.lee@x.org", "a.lee@x.org", "a.lee"),
    ],
)
def test_a_missing_first_name_is_made_up_and_the_entry_says_so(name: str, address: str, first_name: str) -> None:
    values, notes = made(crm_person({"first_name": None}, name=name), rule("first_name", "firstName"), address=address)
    assert values["firstName"] == first_name
    assert notes == (Note(Reason.FIRST_NAME_FALLBACK, "firstName", first_name),)


def test_a_required_whole_is_filled_by_its_parts_or_made_of_the_whole_name() -> None:
    person = outreach_person()
    values, notes = made(person, *BOTH_NAMES, fields=CRM)
    assert ("name" in values, notes) == (False, ())
    values, notes = made(person, fields=CRM)
    assert (values["name"], [note.field for note in notes]) == ("Ann Lee", ["name"])


def test_a_required_field_that_cannot_be_written_is_left_to_the_product() -> None:
    fields = catalogue(OUTREACH["email"], replace(OUTREACH["firstName"], writable=False))
    assert made(crm_person(), fields=fields)[0] == {"email": "ann@x.org"}


def test_values_that_are_lost_on_creation_are_noted_and_the_first_row_for_a_field_counts() -> None:
    person = crm_person({"title": "many " * 6})
    values, notes = made(
        person, rule("title", "visits"), rule("title", "title"), rule("name", "title"), rule("first_name", "firstName")
    )
    assert values["title"] == "many many many many"
    assert [(note.reason, note.field) for note in notes] == [
        (Reason.NOT_CONVERTIBLE, "visits"),
        (Reason.SHORTENED, "title"),
    ]


def test_a_wish_becomes_a_change_that_names_its_row() -> None:
    answer = wish(rule("title", "title"), {"title": "New"}, {"title": "Old"})
    assert answer.change(sets_back=True) == FieldChange("title", "Title", "Old", "New", 1, sets_back=True)
