from __future__ import annotations

from typing import Any

from integrations.domain.enums import Direction
from integrations.models import FieldMapping, OwnerMapping, Run, Sequence, SyncStep
from integrations.services.changes import changes_of
from integrations.services.steps import step_version
from tests.admin.office import Office
from tests.api.conftest import Answer, Api


def tag(office: Office) -> str:
    return f'"{step_version(office.step)}"'


def patch(api: Api, office: Office, **parts: Any) -> Answer:
    return api.ask("PATCH", f"steps/{office.step.pk}/", parts, If_Match=tag(office))


def test_what_was_read_can_be_sent_back_and_changes_nothing(api: Api, office: Office) -> None:
    read = api.get(f"steps/{office.step.pk}/")
    noted = len(changes_of(office.step))
    written = api.ask("PUT", f"steps/{office.step.pk}/", _writable(read.body), If_Match=read.headers["ETag"])
    assert (written.status, written.body) == (200, read.body)
    assert len(changes_of(office.step)) == noted


def _writable(step: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name not in ("version", "warnings")}


def test_a_section_is_replaced_whole_in_the_order_given_and_the_rest_stays(api: Api, office: Office) -> None:
    ada, ben, cy = (office.member(f"{name} Pipe").pk for name in ("Ada", "Ben", "Cy"))
    right = office.member("Ada Reply").pk
    rows = [{"source_member": one, "target_member": right} for one in (cy, ada, ben)]
    answer = patch(api, office, owner_mappings=rows)
    assert answer.status == 200, answer.body
    assert [row["source_member"] for row in answer.body["owner_mappings"]] == [cy, ada, ben]
    assert FieldMapping.objects.filter(step=office.step).count() == 1
    assert answer.headers["ETag"] == tag(office)
    assert {line.title for line in changes_of(office.step)[0].lines} >= {"owner mapping 1"}


def test_two_rows_may_trade_their_left_sides(api: Api, office: Office) -> None:
    ada, ben = office.member("Ada Pipe"), office.member("Ben Pipe")
    second = OwnerMapping.objects.create(
        step=office.step, source_member=ben, target_member=office.member("Cy Reply"), position=1
    )
    rows = [
        {"source_member": ben.pk, "target_member": office.member("Ada Reply").pk},
        {"source_member": ada.pk, "target_member": second.target_member_id},
    ]
    assert patch(api, office, owner_mappings=rows).status == 200
    stored = OwnerMapping.objects.filter(step=office.step).values_list("source_member__name", "target_member__name")
    assert set(stored) == {("Ben Pipe", "Ada Reply"), ("Ada Pipe", "Cy Reply")}


def test_a_member_twice_on_the_left_is_named_with_both_rows_at_each_of_them(api: Api, office: Office) -> None:
    ada, ben = office.member("Ada Pipe").pk, office.member("Ben Pipe").pk
    right = office.member("Ada Reply").pk
    rows = [{"source_member": one, "target_member": right} for one in (ada, ben, ada)]
    answer = patch(api, office, owner_mappings=rows)
    assert answer.problem == "invalid-input"
    words = (
        "Ada Pipe <ada@example.com> is on the left side of rows 1 and 3. Each member can be on the left side only once."
    )
    assert answer.places == {
        "/owner_mappings/0/source_member": words,
        "/owner_mappings/2/source_member": words,
    }
    assert OwnerMapping.objects.filter(step=office.step).count() == 1


def test_every_mistake_is_told_at_once(api: Api, office: Office) -> None:
    answer = patch(
        api,
        office,
        owner_mappings=[{"source_member": 999_999, "target_member": office.member("Left Reply").pk}],
        field_mappings=[
            {
                "source_field": office.field(office.pipedrive, "org").pk,
                "target_field": office.field(office.reply, "optedOut").pk,
            }
        ],
    )
    assert answer.places == {
        "/owner_mappings/0/source_member": "“Pipedrive” has no member 999999.",
        "/owner_mappings/0/target_member": "Left Reply is deactivated and cannot be given people.",
        "/field_mappings/0/target_field": answer.places["/field_mappings/0/target_field"],
    }


def test_somebody_who_was_on_the_right_side_before_they_left_may_stay_there(api: Api, office: Office) -> None:
    left = office.member("Left Reply")
    OwnerMapping.objects.filter(step=office.step).update(target_member=left)
    rows = [{"source_member": office.member("Ada Pipe").pk, "target_member": left.pk}]
    answer = patch(api, office, owner_mappings=rows, name="Renamed")
    assert answer.status == 200, answer.body
    assert answer.body["owner_mappings"][0]["is_broken"] is True
    assert [warning["section"] for warning in answer.body["warnings"]] == ["owners"]


def test_warnings_come_with_the_answer(api: Api, office: Office) -> None:
    welcome = Sequence.objects.get(name="Welcome")
    row = {
        "owner": office.member("Cy Reply").pk,
        "sequence": welcome.pk,
        "sequence_step": welcome.steps.all()[1].pk,
        "only_for_new": True,
    }
    answer = patch(api, office, sequence_mappings=[row])
    assert answer.status == 200, answer.body
    (warning,) = answer.body["warnings"]
    assert warning["row"] == answer.body["sequence_mappings"][0]["id"]
    assert warning["text"].startswith("Cy Reply is on no right side of the ownership mappings.")


def test_filtering_rules_of_all_three_subjects_are_stored(api: Api, office: Office) -> None:
    saved = office.pipedrive.saved_filters.get()
    rules = [
        {"subject": "field", "field": office.field(office.pipedrive, "score").pk, "operator": "greater", "value": "3"},
        {"subject": "owner", "member": office.member("Ada Pipe").pk, "operator": "is", "group": "A"},
        {"subject": "saved_filter", "saved_filter": saved.pk, "operator": "in_list"},
    ]
    answer = patch(api, office, filter_conditions=rules, filter_join="any")
    assert answer.status == 200, answer.body
    assert [rule["subject"] for rule in answer.body["filter_conditions"]] == ["field", "owner", "saved_filter"]
    again = patch(api, office, filter_conditions=answer.body["filter_conditions"])
    assert again.body == answer.body


def test_two_editors_do_not_overwrite_each_other(api: Api, office: Office) -> None:
    seen = api.get(f"steps/{office.step.pk}/").headers["ETag"]
    assert patch(api, office, name="First").status == 200
    second = api.ask("PATCH", f"steps/{office.step.pk}/", {"name": "Second"}, If_Match=seen)
    assert second.problem == "changed-meanwhile"
    assert second.status == 412
    assert second.body["version"] == step_version(office.step)
    assert " by administrator at " in second.body["detail"]
    assert SyncStep.objects.get().name == "First"
    unseen = api.ask("PATCH", f"steps/{office.step.pk}/", {"name": "Third"})
    assert (unseen.status, unseen.problem) == (428, "version-needed")
    assert api.ask("PATCH", f"steps/{office.step.pk}/", {"name": "Third"}, If_Match="*").status == 200
    assert SyncStep.objects.get().name == "Third"


def test_a_new_step_has_the_defaults_and_what_was_sent(api: Api, office: Office) -> None:
    answer = api.post("steps/", {"connection": office.connection.pk, "direction": "to_crm", "name": "Back"})
    assert answer.status == 201, answer.body
    assert answer.body["label"] == "Back: People in Reply → People in Pipedrive"
    assert answer.body["position"] == 2
    assert len(answer.body["owner_mappings"]) == 1
    assert api.get(f"steps/{answer.body['id']}/").body == answer.body


def test_a_new_step_that_makes_no_sense_is_not_left_behind(api: Api, office: Office) -> None:
    rows = [{"source_member": 1_000_000, "target_member": 1_000_000}]
    answer = api.post("steps/", {"connection": office.connection.pk, "direction": "to_crm", "owner_mappings": rows})
    assert set(answer.places) == {"/owner_mappings/0/source_member", "/owner_mappings/0/target_member"}
    assert SyncStep.objects.count() == 1


def test_the_fallback_member_goes_with_its_policy(api: Api, office: Office) -> None:
    ada = office.member("Ada Reply").pk
    assert "/fallback_member" in patch(api, office, unmapped_owners="fallback").places
    assert "/fallback_member" in patch(api, office, fallback_member=ada).places
    assert patch(api, office, unmapped_owners="fallback", fallback_member=ada).status == 200
    assert patch(api, office, unmapped_owners="leave").body["fallback_member"] is None


def test_a_step_is_deleted_by_whoever_has_seen_it_as_it_is(api: Api, office: Office) -> None:
    assert api.ask("DELETE", f"steps/{office.step.pk}/").status == 428
    assert api.ask("DELETE", f"steps/{office.step.pk}/", If_Match='"old"').status == 412
    assert SyncStep.objects.count() == 1
    assert api.ask("DELETE", f"steps/{office.step.pk}/", If_Match=tag(office)).status == 204
    assert SyncStep.objects.count() == 0
    assert changes_of(office.connection)[0].lines[-1].verb == "removed"


def test_applying_to_all_steps_is_shown_first_and_done_as_shown(api: Api, office: Office) -> None:
    back = SyncStep.objects.create(connection=office.connection, direction=Direction.TO_CRM, position=2)
    path = f"steps/{office.step.pk}/apply-to-all/"
    shown = api.get(path).body
    owners = next(part for part in shown["steps"][0]["parts"] if part["section"] == "owners")
    assert [(change["kind"], change["text"][:20]) for change in owners["changes"]] == [
        ("added", "Ada Reply <r101@exam")
    ]
    assert OwnerMapping.objects.filter(step=back).count() == 0
    done = api.post(path, {"version": shown["version"], "parts": ["owners"]})
    assert [plan["step"] for plan in done.body["steps"]] == [back.pk]
    assert OwnerMapping.objects.get(step=back).target_member == office.member("Ada Pipe")
    assert not Run.objects.exists()
    late = api.post(path, {"version": shown["version"], "parts": ["fields"]})
    assert (late.status, late.problem) == (412, "changed-meanwhile")
    assert FieldMapping.objects.filter(step=back).count() == 0


def test_a_connection_is_switched_and_its_schedule_changed(api: Api, office: Office) -> None:
    path = f"connections/{office.connection.pk}/"
    answer = api.ask("PATCH", path, {"enabled": False, "interval_minutes": 30, "name": "Southwind"})
    assert (answer.body["enabled"], answer.body["interval_minutes"], answer.body["name"]) == (False, 30, "Southwind")
    told = {value.label for line in changes_of(office.connection)[0].lines for value in line.values}
    assert told >= {"name", "sync every (minutes)", "enabled"}
    SyncStep.objects.all().delete()
    refused = api.ask("PATCH", path, {"enabled": True, "interval_minutes": 60})
    assert (refused.status, refused.problem) == (409, "refused")
    office.connection.refresh_from_db()
    assert (office.connection.enabled, office.connection.interval_minutes) == (False, 30)
