"""Files that are refused: each with a clear message and its line, and with nothing changed."""

from __future__ import annotations

import pytest
from django.core.serializers import serialize

from integrations.models import (
    Connection,
    FieldMapping,
    FilterCondition,
    Member,
    OwnerMapping,
    SequenceMapping,
    SyncStep,
)
from integrations.services.configuration import ConfigurationRefused, import_configuration
from tests.admin.office import make_office

GOOD = """\
version: 1
connections:
- name: Northwind
  crm_account: {id: pipedrive pipedrive-1 1, name: Pipedrive}
  outreach_account: {id: replyio replyio-1 101}
  enabled: true
  interval_minutes: 120
  steps:
  - direction: to_outreach
    enabled: true
    fields:
    - {from: {id: emails}, to: {id: email}, overwrite: always}
    - {from: {id: first_name}, to: {id: firstName}}
    filter_join: all
    filters:
    - {about: field, field: {id: score}, operator: greater, value: 5}
    unmapped_owners: skip
    owners:
    - {from: {id: 1}, to: {id: 101}}
    - {from: {id: 2}, to: {id: 101}}
    sequences:
    - {owner: {id: 101}, sequence: {id: 500}, step: {number: 1}}
  - direction: to_crm
    owners:
    - {from: {id: 101}, to: {id: 1}}
"""
ROW = "{about: field, field: {id: score}, operator: greater, value: 5}"
PAIR = "- {from: {id: 2}, to: {id: 101}}"
SEQUENCE = "{owner: {id: 101}, sequence: {id: 500}, step: {number: 1}}"
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"

# What is written instead of what, the line that the message names (0: none), and a part of the message.
CHANGED = [
    ("version: 1", "version: 2", 1, "This version is not known; 1 is"),
    ("version: 1", "version: one", 1, "“one” is not a whole number"),
    ("version: 1", "version: 1.0", 1, "not a whole number"),
    ("version: 1\n", "", 1, "The key “version” is missing"),
    ("version: 1", "version: 1\nversion: 1", 2, "The key “version” is here twice"),
    ("version: 1", "version: 1\nsecrets: {}", 2, "There is no key “secrets” here"),
    ("version: 1", "version: 1\n? [a, b]\n: c", 2, "There is no key “…” here"),
    ("connections:", "conections:", 2, "Did you mean “connections”?"),
    ("- name: Northwind\n", "- nmae: Northwind\n", 3, "Did you mean “name”?"),
    ("- name: Northwind\n", "- name: [Northwind]\n", 3, "Expected is a text"),
    ("- name: Northwind\n", "- name:\n", 3, "Expected is a text"),
    ("- name: Northwind\n", "- name: ''\n", 3, "cannot be blank"),
    ("- name: Northwind\n", f"- name: {'N' * 121}\n", 3, "at most 120 characters"),
    ("- name: Northwind\n", f"- name: {'N' * 300}\n", 3, "at most 255 are accepted"),
    ("- name: Northwind\n", '- name: "a\\0b"\n', 3, "characters that cannot be shown"),
    ("- name: Northwind\n", '- name: "a\\nb"\n', 3, "characters that cannot be shown"),
    ("  outreach_account: {id: replyio replyio-1 101}\n", "", 3, "The key “outreach_account” is missing"),
    ("{id: replyio replyio-1 101}", "{id: replyio replyio-2 5}", 5, "no connected account with id "),
    ("{id: replyio replyio-1 101}", "{id: pipedrive pipedrive-1 1}", 5, "has no connected account"),
    ("{id: replyio replyio-1 101}", "{}", 5, "Say which connected account by id or name"),
    ("{id: replyio replyio-1 101}", "Reply", 5, "Expected are keys such as id, name"),
    ("{id: replyio replyio-1 101}", "{id: replyio replyio-1 101, api_key: x}", 5, "There is no key “api_key”"),
    ("enabled: true\n  interval", "enabled: on\n  interval", 6, "“on” is neither true nor false"),
    ("enabled: true\n  interval", "enabled: 1\n  interval", 6, "“1” is neither true nor false"),
    ("enabled: true\n  interval", "enabled: 'true'\n  interval", 6, "neither true nor false"),
    ("interval_minutes: 120", "interval_minutes: 4", 7, "greater than or equal to 5"),
    ("interval_minutes: 120", "interval_minutes: 10081", 7, "less than or equal to 10080"),
    ("interval_minutes: 120", "interval_minutes: -1", 7, "greater than or equal to"),
    ("interval_minutes: 120", "interval_minutes: 0x78", 7, "“0x78” is not a whole number"),
    ("interval_minutes: 120", "interval_minutes: 99999999999999", 7, "is not a whole number"),
    ("interval_minutes: 120", "interval_minutes:", 7, "is not a whole number"),
    ("interval_minutes: 120", "brake_percent: 101", 7, "less than or equal to 100"),
    ("interval_minutes: 120", "retention_days: 0", 7, "greater than or equal to 1"),
    ("  steps:\n", "  steps: none\n  x:\n", 9, "There is no key “x”"),
    ("direction: to_outreach", "direction: sideways", 9, "“sideways” is not accepted; one of to_outreach, to_crm is"),
    ("direction: to_outreach", "name: A", 9, "The key “direction” is missing"),
    ("- {from: {id: emails}, to: {id: email}, overwrite: always}", "- emails", 12, "Expected are keys such as"),
    ("{from: {id: emails}, to: {id: email}, overwrite: always}", "{from: {id: emails}}", 12, "The key “to” is missing"),
    ("{id: emails}", "{id: fax}", 12, "Pipedrive has no field with id 'fax'"),
    ("{id: emails}", "{name: 7}", 12, "Pipedrive has no field with name '7'"),
    ("to: {id: email}", "to: {id: emails}", 12, "Reply has no field with id 'emails'"),
    ("overwrite: always", "overwrite: sometimes", 12, "one of always, only_if_empty, only_for_new is"),
    ("to: {id: firstName}", "to: {id: email}", 13, "This target field is in row 1 already"),
    ("from: {id: first_name}, to: {id: firstName}", "from: {id: score}, to: {id: birthday}", 13, "cannot become"),
    ("to: {id: firstName}", "to: {id: optedOut}", 13, "Opted out"),
    ("from: {id: first_name}", "from: {id: org}", 13, "Organisation"),
    ("filter_join: all", "filter_join: some", 14, "one of all, any is"),
    (ROW, "{about: weather, operator: is}", 16, "one of field, owner, saved_filter is"),
    (ROW, "{about: field, operator: greater, value: 5}", 16, "The key “field” is missing"),
    (ROW, "{about: field, field: {id: score}, operator: greater, value: many}", 16, "“many” is not a number"),
    (ROW, "{about: field, field: {id: score}, operator: greater}", 16, "Give a value"),
    (ROW, "{about: field, field: {id: score}, operator: contains, value: 5}", 16, "cannot be asked of Score"),
    (ROW, "{about: field, field: {id: score}, operator: like, value: 5}", 16, "“like” is not accepted"),
    (ROW, "{about: field, field: {id: score}, operator: greater, value: 5, group: Z}", 16, "“Z” is not accepted"),
    (ROW, "{about: field, field: {id: score}, operator: is_empty, member: {id: 1}}", 16, "Only a rule about the owner"),
    (ROW, "{about: field, field: {id: stage}, operator: is, value: 9}", 16, "9"),
    (ROW, "{about: field, field: {id: met}, operator: after, value: soon}", 16, "“soon” is not a date"),
    (ROW, "{about: owner, operator: is, member: {name: Nobody}}", 16, "has no member with name 'Nobody'"),
    (ROW, "{about: owner, operator: is, value: 1}", 16, "Only a rule about a field has a value"),
    (ROW, "{about: owner, operator: is, list: {id: 7}}", 16, "A rule about “owner” has no list"),
    (ROW, "{about: saved_filter, list: {id: 8}, operator: in_list}", 16, "has no list with id '8'"),
    (ROW, "{about: saved_filter, list: {id: 7}, operator: is}", 16, "A list is asked for by in_list or not_in_list"),
    ("unmapped_owners: skip", "unmapped_owners: drop", 17, "one of skip, fallback, leave is"),
    ("unmapped_owners: skip", "unmapped_owners: fallback", 9, "goes with “unmapped_owners: fallback”"),
    ("unmapped_owners: skip", "fallback_member: {id: 101}", 9, "and only with that"),
    (PAIR, "- {from: {id: 1}, to: {id: 102}}", 20, "This member is on the left side of row 1 already"),
    (PAIR, "- {from: {id: 77}, to: {id: 101}}", 20, "Pipedrive has no member with id '77'"),
    (PAIR, "- {from: {id: 101}, to: {id: 2}}", 20, "Pipedrive has no member with id '101'"),
    (PAIR, "- {from: {name: Twin}, to: {id: 101}}", 20, "has 2 of this name; say which member by its id"),
    (PAIR, "- {from: {id: 1, email: ben@example.com}, to: {id: 101}}", 20, "another with this e-mail address"),
    (PAIR, "- {from: {id: [2]}, to: {id: 101}}", 20, "Expected is a text"),
    (PAIR, "- {from: {id: 2}, to: {id: 101}, color: red}", 20, "There is no key “color”"),
    ("    owners:\n    - {from: {id: 1}, to: {id: 101}}\n" + "    " + PAIR, "    owners: {}", 18, "Expected is a list"),
    (SEQUENCE, SEQUENCE.replace("500", "999"), 22, "Reply has no sequence with id '999'"),
    (SEQUENCE, SEQUENCE.replace("number: 1", "number: 9"), 22, "“Welcome” has no step with number '9'"),
    (SEQUENCE, SEQUENCE.replace("101", "1"), 22, "Reply has no member with id '1'"),
    (SEQUENCE, SEQUENCE.replace("}}", "}, only_for_new: yes}"), 22, "“yes” is neither true nor false"),
    (SEQUENCE, f"{SEQUENCE}\n    - {SEQUENCE}", 23, "This owner is in row 1 already"),
    ("  - direction: to_crm", f"  - direction: to_crm\n    sequences: [{SEQUENCE}]", 24, "member"),
    ("  - direction: to_crm", "  - direction: to_crm\n    enabled: maybe", 24, "“maybe” is neither true nor false"),
]  # fmt: skip

WHOLE = [
    (b"", 0, "The file is empty"),
    (b"# nothing\n", 0, "The file is empty"),
    (b"just words", 1, "Expected are keys such as version, connections"),
    (b"- version: 1\n", 1, "Expected are keys such as version, connections"),
    (b"version: 1\nconnections: all\n", 2, "Expected is a list"),
    (b"version: 1\nconnections: [a: b: c]\n", 2, "This is not YAML"),
    (b"version: 1\n\tconnections: []\n", 2, "This is not YAML"),
    (b"version: 1\nconnections: [\n", 3, "This is not YAML"),
    (b"version: 1\n\xff\xfe\n", 2, "The file is not UTF-8 text"),
    (b"version: 1\nconnections: []\nx: \x07\n", 0, "This is not YAML"),
    (b"PK\x03\x04 a zip", 0, "This is not YAML"),
    (LAUGHS.encode(), 1, "Anchors and aliases (& and *) are not read"),
    (b"version: 1\nconnections: *all\n", 2, "Anchors and aliases"),
    (b"version: !!python/object/apply:os.system ['true']\n", 1, "Tags (!) are not read"),
    (b"version: !!int 1\nconnections: []\n", 1, "Tags (!) are not read"),
    (b"version: 1\nconnections: !include other.yaml\n", 2, "Tags (!) are not read"),
    (b"version: 1\nconnections: []\n---\nversion: 1\n", 3, "several documents"),
    (b"[" * 200_000, 1, "depth"),
    (b"[" * 900, 1, "nested more than 12 levels deep"),
    (b"version: 1\nconnections: " + b"{a: " * 60 + b"}" * 60, 2, "nested more than 12 levels deep"),
    (b"version: 1 " + b" " * (1024 * 1024), 0, "at most 1,048,576 are read"),
    (GOOD.replace("- name: Northwind", "- &x\n  name: Northwind").encode(), 3, "Anchors and aliases"),
    ((GOOD + GOOD.partition("connections:\n")[2]).encode(), 26, "a connection of these two accounts already"),
]


def stored() -> str:
    models = (Connection, SyncStep, FieldMapping, FilterCondition, OwnerMapping, SequenceMapping)
    return str(serialize("json", [row for model in models for row in model._default_manager.order_by("pk")]))


@pytest.mark.django_db
def test_every_bad_file_is_refused_with_the_line_and_a_clear_message_and_changes_nothing() -> None:
    """In one test, since making an office for each would take longer than reading the files."""
    office = make_office()
    for number in (31, 32):
        Member.objects.create(account=office.pipedrive, external_id=str(number), name="Twin")
    before = stored()
    histories = SyncStep.history.count(), OwnerMapping.history.count()
    files = [(GOOD.replace(old, new, 1).encode(), line, words) for old, new, line, words in CHANGED]
    assert all(file != GOOD.encode() for file, _, _ in files)
    wrong: list[str] = []
    for data, line, words in [*files, *WHOLE]:
        try:
            import_configuration(data, apply=True, by=None)
        except ConfigurationRefused as refused:
            told = [str(problem) for problem in refused.problems]
            places = (f"Line {line},", f"Line {line}:") if line else ("",)
            if not any(words in each and each.startswith(places) for each in told):
                wrong.append(f"line {line}, “{words}”: told {told}")
        else:
            wrong.append(f"line {line}, “{words}”: taken")
        if stored() != before:
            wrong.append(f"line {line}, “{words}”: something was changed")
            before = stored()
    assert not wrong, "\n".join(wrong)
    assert (SyncStep.history.count(), OwnerMapping.history.count()) == histories
    assert len(files) + len(WHOLE) >= 60


@pytest.mark.django_db
def test_the_file_that_the_bad_ones_are_made_of_is_taken() -> None:
    make_office()
    assert import_configuration(GOOD.encode(), apply=True, by=None).lines


@pytest.mark.django_db
def test_all_mistakes_of_a_file_are_told_at_once_with_their_places() -> None:
    make_office()
    bad = GOOD.replace("id: emails", "id: fax").replace("id: 500", "id: 999").replace("120", "1")
    with pytest.raises(ConfigurationRefused) as caught:
        import_configuration(bad.encode(), apply=True, by=None)
    places = [problem.path for problem in caught.value.problems]
    assert places == ["connections[1].interval_minutes"]
    bad = bad.replace("minutes: 1\n", "minutes: 10\n")
    with pytest.raises(ConfigurationRefused) as caught:
        import_configuration(bad.encode(), apply=True, by=None)
    places = [problem.path for problem in caught.value.problems]
    assert places == [
        "connections[1].steps[1].fields[1].from",
        "connections[1].steps[1].sequences[1].sequence",
    ]  # fmt: skip
