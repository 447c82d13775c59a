"""Configuration as a YAML file: out, over into another installation, and in again."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from integrations.domain.enums import Direction
from integrations.models import (
    Account,
    Connection,
    FieldMapping,
    FilterCondition,
    Member,
    OwnerMapping,
    SavedFilter,
    Sequence,
    SequenceMapping,
    SyncStep,
)
from integrations.services.changes import changes_of
from integrations.services.configuration import ConfigurationRefused, export_configuration, import_configuration
from integrations.services.configuration.importing import ChangedMeanwhile
from tests.admin.office import Office, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    """An office that uses everything there is, twice, with names that YAML might take for something else."""
    office = make_office()
    made = office.connection
    made.name, made.brake_percent, made.interval_minutes = 'Nord: "wind" & Söhne # 1', 45, 60
    made.save()
    step, pipedrive = office.step, office.pipedrive
    Member.objects.filter(name="Ben Pipe").update(name="yes", email="")
    step.name, step.filter_join, step.on_conflict = "null", "any", "hold"
    step.unmapped_owners, step.fallback_member = "fallback", office.member("Cy Reply")
    step.save()
    for position, (left, right) in enumerate([("first_name", "firstName"), ("score", "title"), ("met", "birthday")], 1):
        FieldMapping.objects.create(
            step=step, position=position, source_field=office.field(pipedrive, left), mode="only_if_empty",
            target_field=office.field(office.reply, right), when_blank="clear",
        )  # fmt: skip
    OwnerMapping.objects.create(
        step=step, position=1, source_member=office.member("yes"), target_member=office.member("Ada Reply")
    )
    OwnerMapping.objects.create(
        step=step, position=7, source_member=office.member("Gone Pipe"), target_member=office.member("Left Reply")
    )
    Member.objects.filter(name="Gone Pipe").update(name="007\t'x' ü: #\n")
    rules: list[dict[str, Any]] = [
        {"subject": "field", "field": office.field(pipedrive, "job_title"), "operator": "contains", "value": "no"},
        {"subject": "field", "field": office.field(pipedrive, "job_title"), "operator": "is_not_empty", "group": "A"},
        {"subject": "field", "field": office.field(pipedrive, "stage"), "operator": "is", "value": "2", "group": "A"},
        {"subject": "owner", "operator": "is", "member": office.member("Ada Pipe")},
        {"subject": "saved_filter", "saved_filter": SavedFilter.objects.get(), "operator": "in_list"},
    ]
    for position, rule in enumerate(rules):
        FilterCondition.objects.create(step=step, position=position, **rule)
    for position, (owner, name) in enumerate([("Ada Reply", "Welcome"), ("Ben Reply", "Old news")]):
        sequence = Sequence.objects.get(name=name)
        SequenceMapping.objects.create(
            step=step, position=position, owner=office.member(owner), sequence=sequence, only_for_new=bool(position),
            sequence_step=sequence.steps.all()[position],
        )  # fmt: skip
    back = SyncStep.objects.create(connection=made, direction=Direction.TO_CRM, position=2, enabled=False)
    SyncStep.objects.create(connection=made, direction=Direction.TO_CRM, position=3, recreate_deleted=True)
    OwnerMapping.objects.create(
        step=back, source_member=office.member("Ada Reply"), target_member=office.member("Ada Pipe")
    )
    return office


def load(text: str, *, apply: bool = True, **more: Any) -> list[str]:
    difference = import_configuration(text.encode(), apply=apply, by=None, **more)
    return [str(line) for line in difference.lines]


def everything() -> dict[str, list[dict[str, Any]]]:
    models = (Connection, SyncStep, FieldMapping, FilterCondition, OwnerMapping, SequenceMapping)
    managers: list[Any] = [model._default_manager for model in models]
    return {manager.model.__name__: list(manager.order_by("pk").values()) for manager in managers}


def test_a_file_makes_an_empty_installation_the_same_byte_for_byte(office: Office) -> None:
    text = export_configuration()
    Connection.objects.all().delete()
    assert not SyncStep.objects.exists()
    lines = load(text)
    assert export_configuration() == text
    assert OwnerMapping.objects.count() == 4
    assert any(line.startswith("Added owner mapping 2 of “null: ") for line in lines)


def test_a_file_means_the_same_where_ids_are_others(office: Office) -> None:
    """As in a second company, or a test account: members go by address then, and the rest by name."""
    text = export_configuration()
    Connection.objects.all().delete()
    for model in (Member, SavedFilter, Sequence):
        for thing in model._default_manager.all():
            thing.external_id = f"other-{thing.external_id}"
            thing.save()
    Account.objects.update(user_external_id="another")
    load(text)
    assert OwnerMapping.objects.filter(step__direction="to_outreach").count() == 3
    assert SequenceMapping.objects.get(owner__name="Ben Reply").sequence.name == "Old news"
    assert FilterCondition.objects.get(subject="saved_filter").saved_filter == SavedFilter.objects.get()


def test_a_file_that_was_just_written_changes_nothing(office: Office) -> None:
    before = everything()
    assert load(export_configuration(), apply=False) == []
    assert everything() == before


def test_a_preview_tells_what_would_change_and_changes_nothing(office: Office) -> None:
    text = export_configuration().replace("brake_percent: 45", "brake_percent: 60")
    text = text.replace("overwrite: only_if_empty", "overwrite: always", 1)
    before = everything(), SyncStep.history.count(), FieldMapping.history.count()
    lines = load(text, apply=False)
    assert (everything(), SyncStep.history.count(), FieldMapping.history.count()) == before
    assert any("hold above (% of linked people): 45 → 60" in line for line in lines)
    assert any(line.startswith("Changed field mapping 2 of “null: ") and "overwrite: only if empty → always" in line
               for line in lines)  # fmt: skip
    assert len(lines) == 2
    assert load(text) == lines


def test_an_import_leaves_history_with_its_author_and_the_files_name(office: Office) -> None:
    text = export_configuration().replace("brake_percent: 45", "brake_percent: 60")
    import_configuration(text.encode(), apply=True, by=User.objects.create_user("olga"), name="north.yaml")
    first = changes_of(office.connection)[0]
    assert (first.who, first.why) == ("olga", "Imported from north.yaml.")


def test_what_the_file_does_not_name_stays(office: Office) -> None:
    before = everything()
    assert load("version: 1\nconnections: []\n") == []
    accounts = [line for line in export_configuration().splitlines() if line.startswith(("- name", "  name"))]
    assert accounts
    head = export_configuration().partition("  enabled:")[0]
    assert load(head) == []
    assert load(head + "  steps:\n  - direction: to_outreach\n    name: 'null'\n") == []
    assert everything() == before


def test_an_emptied_section_is_emptied(office: Office) -> None:
    head = export_configuration().partition("  enabled:")[0]
    lines = load(head + "  steps:\n  - direction: to_outreach\n    name: 'null'\n    filters: []\n")
    assert len(lines) == 5
    assert not FilterCondition.objects.exists()


def test_steps_take_the_order_of_the_file_and_new_ones_come_in_between(office: Office) -> None:
    head = export_configuration().partition("  enabled:")[0]
    steps = ["{direction: to_crm, name: New}", "{direction: to_outreach, name: 'null'}"]
    load(head + "  steps:\n" + "".join(f"  - {step}\n" for step in steps))
    assert [(s.direction, s.name) for s in SyncStep.objects.order_by("position")] == [
        ("to_crm", "New"), ("to_outreach", "null"), ("to_crm", ""), ("to_crm", ""),
    ]  # fmt: skip


def test_pairs_may_trade_their_left_members(office: Office) -> None:
    a, b = (
        "id: '1'\n        email: ada@example.com\n        name: Ada Pipe",
        "id: '2'\n        email: ''\n        name: 'yes'",
    )
    text = export_configuration()
    assert a in text
    assert b in text
    owners = text.index("owners:")
    swapped = text[owners:].replace(a, "@@", 1).replace(b, a, 1).replace("@@", b, 1)
    load(text[:owners] + swapped)
    pairs = OwnerMapping.objects.filter(step__direction="to_outreach").order_by("position")
    assert [row.source_member.external_id for row in pairs] == ["2", "1", "9"]


def test_a_connection_is_switched_on_with_all_that_goes_with_it(office: Office) -> None:
    text = export_configuration()
    Connection.objects.update(enabled=False, enabled_at=None)
    load(text)
    assert Connection.objects.get().enabled_at is not None


def test_what_is_allowed_and_probably_not_meant_is_warned_of(office: Office) -> None:
    difference = import_configuration(export_configuration().encode(), apply=False, by=None)
    assert any("“Old news” is archived" in warning for warning in difference.warnings)


def test_what_was_confirmed_is_done_and_nothing_else(office: Office) -> None:
    text = export_configuration().replace("brake_percent: 45", "brake_percent: 60").encode()
    shown = import_configuration(text, apply=False, by=None)
    Connection.objects.update(brake_percent=50)
    office.connection.refresh_from_db()
    office.connection.save()
    with pytest.raises(ChangedMeanwhile):
        import_configuration(text, apply=True, by=None, confirmed=shown.fingerprint)
    assert Connection.objects.get().brake_percent == 50
    again = import_configuration(text, apply=False, by=None)
    import_configuration(text, apply=True, by=None, confirmed=again.fingerprint)
    assert Connection.objects.get().brake_percent == 60


def test_a_file_holds_no_secrets(office: Office) -> None:
    Account.objects.update(credentials={"api_key": "a-secret-that-nobody-may-read"})
    assert "a-secret" not in export_configuration()


def test_the_commands_export_show_and_apply(office: Office, tmp_path: Path) -> None:
    out = StringIO()
    call_command("export_configuration", connection=office.connection.name, stdout=out)
    assert out.getvalue() == export_configuration()
    file = tmp_path / "north.yaml"
    file.write_text(out.getvalue().replace("brake_percent: 45", "brake_percent: 60"))
    for apply, percent, words in ((False, 45, "Nothing was changed"), (True, 60, "Done: 1 changes")):
        said = StringIO()
        call_command("import_configuration", str(file), apply=apply, stdout=said)
        assert words in said.getvalue()
        assert "45 → 60" in said.getvalue()
        assert Connection.objects.get().brake_percent == percent
    file.write_text("version: 1\nconections: []\n")
    with pytest.raises(CommandError, match="Did you mean “connections”"):
        call_command("import_configuration", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_configuration", str(tmp_path / "missing"))
    with pytest.raises(CommandError, match="there are: “Nord"):
        call_command("export_configuration", connection="Elsewhere")


def test_a_large_configuration_takes_no_longer_than_it_has_rows(office: Office, settings: Settings) -> None:
    with pytest.raises(ConfigurationRefused, match="at most"):
        import_configuration(b"#" * (1024 * 1024 + 1), apply=True, by=None)
