from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from django.core import serializers
from django.db.models import Model
from django.test import override_settings

from integrations.models import (
    AlertSettings,
    ApiToken,
    Connection,
    FieldMapping,
    FilterCondition,
    IdempotentRequest,
    OwnerMapping,
    Run,
    RunEntry,
    Sequence,
    SequenceMapping,
    SyncStep,
)
from integrations.services.steps import step_version
from tests.admin.office import Office
from tests.api.conftest import Api
from tests.api.test_reading import make_run

KEPT: tuple[type[Model], ...] = (
    Connection,
    SyncStep,
    FieldMapping,
    FilterCondition,
    OwnerMapping,
    SequenceMapping,
    Run,
    RunEntry,
    IdempotentRequest,
    AlertSettings,
)


class Case(NamedTuple):
    """Something that makes no sense: what is sent, the problem, and the place and words that the document must have."""

    name: str
    method: str
    path: str
    body: Any
    status: int
    problem: str
    place: str = ""
    words: str = ""
    headers: dict[str, str] = {}


def step(name: str, place: str, words: str = "", /, **parts: Any) -> Case:
    """A change of the step that is refused at a place."""
    return Case(f"step: {name}", "PATCH", "steps/{step}/", parts, 400, "invalid-input", place, words)


def run(name: str, place: str, words: str = "", /, **body: Any) -> Case:
    """A run that is refused at a place."""
    return Case(f"run: {name}", "POST", "runs/", body, 400, "invalid-input", place, words)


def link(name: str, place: str, words: str = "", /, **body: Any) -> Case:
    """A change of the connection that is refused at a place."""
    return Case(f"connection: {name}", "PATCH", "connections/{connection}/", body, 400, "invalid-input", place, words)


def query(name: str, path: str, place: str, words: str = "") -> Case:
    """A question that is refused at a parameter."""
    return Case(f"query: {name}", "GET", path, None, 400, "invalid-input", place, words)


def raw(name: str, body: Any, status: int = 400, problem: str = "malformed", **headers: str) -> Case:
    """A body that cannot be read."""
    return Case(f"body: {name}", "POST", "runs/", body, status, problem, headers=headers)


OWNERS, FIELDS, RULES, SEQUENCES = "owner_mappings", "field_mappings", "filter_conditions", "sequence_mappings"
SCORE_IS_3 = {"subject": "field", "field": "{score}", "operator": "is", "value": "3"}


def rule(**parts: Any) -> list[dict[str, Any]]:
    """A filtering rule with a mistake in it."""
    return [{**SCORE_IS_3, **parts}]


PAIR = {"source_member": "{ada}", "target_member": "{ada_reply}"}

CASES = [
    # bodies
    raw("no JSON", b"{"),
    raw("empty", b"", problem="invalid-input"),
    raw("a list", b"[]", problem="invalid-input"),
    raw("a text", b'"run"', problem="invalid-input"),
    raw("null", b"null", problem="invalid-input"),
    raw("not UTF-8", b'{"connection": "\xff"}'),
    raw("not a number", b'{"connection": NaN}'),
    raw("nested too deeply", b"[" * 100_000),
    raw("a number of 5,000 digits", b'{"connection": ' + b"1" * 5_000 + b"}"),
    raw("a form", b"connection=1", 415, "unsupported-media-type", Content_Type="application/x-www-form-urlencoded"),
    raw("XML", b"<run/>", 415, "unsupported-media-type", Content_Type="text/xml"),
    raw("too large", b" " * 3_000_000, 413, "too-large"),
    # addresses and methods
    Case("no such address", "GET", "nothing/", None, 404, "not-found", words="/api/v1/nothing/"),
    Case("no slash", "POST", "runs", {"connection": 1}, 404, "not-found", words="end with a slash"),
    Case("no such run", "GET", "runs/999999/", None, 404, "not-found"),
    Case("a run number beyond the database's", "GET", f"runs/{10**30}/", None, 404, "not-found"),
    Case("a run that is no number", "GET", "runs/first/", None, 404, "not-found"),
    Case("entries of no run", "GET", "runs/999999/entries/", None, 404, "not-found"),
    Case("members of no account", "GET", "accounts/999999/members/", None, 404, "not-found"),
    Case("undo of no run", "POST", "runs/999999/undo/", None, 404, "not-found"),
    Case("no such step", "PATCH", "steps/999999/", {"name": "x"}, 404, "not-found"),
    Case("a run cannot be changed", "PATCH", "runs/{run}/", {"state": "failed"}, 405, "method-not-allowed"),
    Case("a run cannot be deleted", "DELETE", "runs/{run}/", None, 405, "method-not-allowed"),
    Case("accounts are not made here", "POST", "accounts/", {"product": "x"}, 405, "method-not-allowed"),
    Case("undo is no question", "GET", "runs/{run}/undo/", None, 405, "method-not-allowed"),
    Case("options", "OPTIONS", "runs/", None, 405, "method-not-allowed"),
    Case("HTML wanted", "GET", "runs/", None, 406, "not-acceptable", headers={"Accept": "text/html"}),
    # queries
    query("a cursor of somebody else's", "runs/?cursor=abc", "cursor"),
    query("a cursor with a word for a number", "runs/?cursor=cD14eXo=", "cursor"),
    query("a cursor beyond ASCII", "runs/?cursor=é", "cursor"),
    query("a limit of 0", "runs/?limit=0", "limit", "1 to 200"),
    query("a limit of 201", "runs/?limit=201", "limit"),
    query("a limit in words", "runs/?limit=all", "limit"),
    query("a state that there is not", "runs/?state=done", "state"),
    query("a connection that is no number", "runs/?connection=main", "connection"),
    query("a connection below 1", "runs/?connection=0", "connection"),
    query("a connection beyond the database's", f"runs/?connection={10**30}", "connection"),
    query("an unknown parameter", "runs/?sort=name", "sort", "Known are"),
    query("an outcome that there is not", "runs/{run}/entries/?outcome=lost", "outcome"),
    query("a reason that there is not", "runs/{run}/entries/?reason=bad luck", "reason"),
    query("a zero byte in the search", "runs/{run}/entries/?search=a%00b", "search"),
    query("a search of 300 characters", "runs/{run}/entries/?search=" + "a" * 300, "search"),
    query("why without a person", "explain/", "q", "required"),
    query("why about nobody", "explain/?q=", "q", "blank"),
    query("why about a zero byte", "explain/?q=%00", "q"),
    # runs
    run("no connection", "/connection", "required"),
    run("a connection that there is not", "/connection", "no connection 999999", connection=999_999),
    run("a connection in words", "/connection", connection="Main"),
    run("a connection beyond the database's", "/connection", connection=10**30),
    run("true for a connection", "/connection", connection=[True]),
    run("a step that there is not", "/step", "no sync step 999999", connection="{connection}", step=999_999),
    run("a kind that there is not", "/kind", connection="{connection}", kind="synch"),
    run("a kind that is not for starting", "/kind", connection="{connection}", kind="undo"),
    run("full in words", "/full", connection="{connection}", full="very"),
    run("an unknown member", "/dry_run", "Known are: connection, step, kind, full", connection=1, dry_run=True),
    Case(
        "run: a key with a blank",
        "POST",
        "runs/",
        {"connection": "{connection}"},
        400,
        "invalid-input",
        "Idempotency-Key",
        headers={"Idempotency_Key": "a b"},
    ),
    Case(
        "run: a key of 300 characters",
        "POST",
        "runs/",
        {"connection": "{connection}"},
        400,
        "invalid-input",
        "Idempotency-Key",
        headers={"Idempotency_Key": "k" * 300},
    ),
    # connections
    link("an interval of 1 minute", "/interval_minutes", "5", interval_minutes=1),
    link("an interval of a month", "/interval_minutes", interval_minutes=50_000),
    link("a brake above 100 %", "/brake_percent", brake_percent=101),
    link("a negative brake", "/brake_minimum", brake_minimum=-1),
    link("a brake beyond the database's", "/brake_owner_changes", brake_owner_changes=2**31),
    link("a retention of no days", "/retention_days", retention_days=0),
    link("no name", "/name", name=""),
    link("a name of 121 characters", "/name", name="x" * 121),
    link("a name with a zero byte", "/name", name="a\x00b"),
    link("enabled in words", "/enabled", enabled="maybe"),
    link("another account", "/crm_account", "no such member", crm_account=1),
    # steps
    step("a name of 121 characters", "/name", name="x" * 121),
    step("half a surrogate pair", "/name", name="\ud800"),
    step("a policy that there is not", "/unmapped_owners", unmapped_owners="ask"),
    step("the fallback without a member", "/fallback_member", unmapped_owners="fallback"),
    step("a member without the fallback", "/fallback_member", fallback_member="{ada_reply}"),
    step("a fallback who left", "/fallback_member", unmapped_owners="fallback", fallback_member="{left}"),
    step("a fallback of the other account", "/fallback_member", unmapped_owners="fallback", fallback_member="{ada}"),
    step("a position of 0", "/position", position=0),
    step("a position beyond the database's", "/position", position=40_000),
    step("an unknown member", "/colour", colour="red"),
    step("rows that are no list", f"/{OWNERS}", owner_mappings={}),
    step("rows that are null", f"/{OWNERS}", owner_mappings=None),
    step("a row that is no object", f"/{OWNERS}/0", owner_mappings=[3]),
    step("half a pair", f"/{OWNERS}/0/target_member", owner_mappings=[{"source_member": "{ada}"}]),
    step("a typing mistake in a row", f"/{OWNERS}/0/sorce_member", owner_mappings=[{**PAIR, "sorce_member": 1}]),
    step("a member twice on the left", f"/{OWNERS}/1/source_member", "rows 1 and 2", owner_mappings=[PAIR, PAIR]),
    step(
        "sides exchanged",
        f"/{OWNERS}/0/source_member",
        "“Pipedrive” has no member",
        owner_mappings=[{"source_member": "{ada_reply}", "target_member": "{ada}"}],
    ),
    step(
        "somebody who left, on the right",
        f"/{OWNERS}/0/target_member",
        "deactivated",
        owner_mappings=[{"source_member": "{ada}", "target_member": "{left}"}],
    ),
    step(
        "a member beyond the database's",
        f"/{OWNERS}/0/source_member",
        owner_mappings=[{**PAIR, "source_member": 2**70}],
    ),
    step("1,001 rows", f"/{OWNERS}", owner_mappings=[PAIR] * 1_001),
    step(
        "a field that cannot be written",
        f"/{FIELDS}/0/target_field",
        field_mappings=[{"source_field": "{job}", "target_field": "{opted}"}],
    ),
    step(
        "a field that cannot be converted",
        f"/{FIELDS}/0/target_field",
        field_mappings=[{"source_field": "{stage}", "target_field": "{birthday}"}],
    ),
    step(
        "two values for one field",
        f"/{FIELDS}/1/target_field",
        "rows 1 and 2",
        field_mappings=[{"source_field": "{job}", "target_field": "{title}"}] * 2,
    ),
    step(
        "a mode that there is not",
        f"/{FIELDS}/0/mode",
        field_mappings=[{"source_field": "{job}", "target_field": "{title}", "mode": "sometimes"}],
    ),
    step("an operator for another kind", f"/{RULES}/0/operator", filter_conditions=rule(operator="before")),
    step("a number in words", f"/{RULES}/0/value", "not a number", filter_conditions=rule(value="three")),
    step("no value", f"/{RULES}/0/value", filter_conditions=rule(value="")),
    step("a value for “is empty”", f"/{RULES}/0/value", filter_conditions=rule(operator="is_empty")),
    step("a rule about nothing", f"/{RULES}/0/field", filter_conditions=[{"operator": "is", "value": "3"}]),
    step("a field rule without a field", f"/{RULES}/0/field", filter_conditions=rule(field=None)),
    step("a rule about two things", f"/{RULES}/0/member", filter_conditions=rule(member="{ada}")),
    step("a field that there is not", f"/{RULES}/0/field", filter_conditions=rule(field=999_999)),
    step("a group beyond E", f"/{RULES}/0/group", filter_conditions=rule(group="Z")),
    step(
        "a list that there is not",
        f"/{RULES}/0/saved_filter",
        filter_conditions=[{"subject": "saved_filter", "saved_filter": 999_999, "operator": "in_list"}],
    ),
    step(
        "an archived sequence",
        f"/{SEQUENCES}/0/sequence",
        "archived",
        sequence_mappings=[{"owner": "{ada_reply}", "sequence": "{old}", "sequence_step": "{old_step}"}],
    ),
    step(
        "a step of another sequence",
        f"/{SEQUENCES}/0/sequence_step",
        "not a step of “Welcome”",
        sequence_mappings=[{"owner": "{ada_reply}", "sequence": "{welcome}", "sequence_step": "{old_step}"}],
    ),
    step(
        "an owner twice",
        f"/{SEQUENCES}/1/owner",
        "rows: 1 and 2",
        sequence_mappings=[{"owner": "{ada_reply}", "sequence": "{welcome}", "sequence_step": "{welcome_step}"}] * 2,
    ),
    Case("step: replaced by half a one", "PUT", "steps/{step}/", {"name": "x"}, 400, "invalid-input", f"/{OWNERS}"),
    Case("step: a version of old", "PATCH", "steps/{step}/", {}, 412, "changed-meanwhile", headers={"If_Match": '"x"'}),
    Case("step: no version", "PATCH", "steps/{step}/", {}, 428, "version-needed", headers={"If_Match": ""}),
    Case("new step: nowhere", "POST", "steps/", {"direction": "to_crm"}, 400, "invalid-input", "/connection"),
    Case(
        "new step: no such way",
        "POST",
        "steps/",
        {"connection": "{connection}", "direction": "sideways"},
        400,
        "invalid-input",
        "/direction",
    ),
    Case(
        "new step: sequences towards the CRM",
        "POST",
        "steps/",
        {
            "connection": "{connection}",
            "direction": "to_crm",
            SEQUENCES: [{"owner": "{ada}", "sequence": "{welcome}", "sequence_step": "{welcome_step}"}],
        },
        400,
        "invalid-input",
        f"/{SEQUENCES}/0/sequence",
        "has no sequences",
    ),
    Case(
        "apply to all: nothing ticked",
        "POST",
        "steps/{step}/apply-to-all/",
        {"version": "x", "parts": []},
        400,
        "invalid-input",
        "/parts",
    ),
    Case(
        "apply to all: no such part",
        "POST",
        "steps/{step}/apply-to-all/",
        {"version": "x", "parts": ["colours"]},
        400,
        "invalid-input",
        "/parts/0",
    ),
]


def numbers(office: Office) -> dict[str, int]:
    """What the cases call by name."""
    welcome, old = Sequence.objects.get(name="Welcome"), Sequence.objects.get(name="Old news")
    return {
        "connection": office.connection.pk,
        "step": office.step.pk,
        "run": make_run(office, entries=2).pk,
        "ada": office.member("Ada Pipe").pk,
        "ada_reply": office.member("Ada Reply").pk,
        "left": office.member("Left Reply").pk,
        "score": office.field(office.pipedrive, "score").pk,
        "stage": office.field(office.pipedrive, "stage").pk,
        "job": office.field(office.pipedrive, "job_title").pk,
        "title": office.field(office.reply, "title").pk,
        "opted": office.field(office.reply, "optedOut").pk,
        "birthday": office.field(office.reply, "birthday").pk,
        "welcome": welcome.pk,
        "welcome_step": welcome.steps.all()[0].pk,
        "old": old.pk,
        "old_step": old.steps.all()[0].pk,
    }


def everything() -> str:
    """All that could have been changed."""
    return "".join(serializers.serialize("json", model._default_manager.order_by("pk")) for model in KEPT)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused_in_clear_words_and_changes_nothing(api: Api, office: Office, case: Case) -> None:
    names = numbers(office)
    body = case.body
    if not isinstance(body, bytes | None):
        text = json.dumps(body)
        for name, number in names.items():
            text = text.replace(f'"{{{name}}}"', str(number))
        body = text
    headers = {"If_Match": f'"{step_version(office.step)}"', **case.headers}
    before = everything()
    answer = api.ask(case.method, case.path.format(**names), body, **headers)
    assert (answer.status, answer.problem) == (case.status, case.problem), answer.body
    if case.place:
        assert case.place in answer.places, answer.body
        assert case.words.lower() in answer.places[case.place].lower()
    else:
        assert case.words in answer.body["detail"]
    assert everything() == before


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer a b", "Bearer sa_wrong", "bearer \xe9", "Bearer " + "x" * 5_000],
    ids=["no token", "a blank", "two", "unknown", "beyond ASCII", "too long"],
)
def test_a_header_that_lets_nobody_in_is_refused(office: Office, header: str) -> None:
    nobody = Api(None)
    answer = nobody.get("me/", Authorization=header)
    assert (answer.status, answer.problem) == (401, "not-authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="SyncAdmin"'
    assert not ApiToken.objects.exists()


def test_too_many_calls_are_told_when_to_come_back(api: Api, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rest_framework.throttling.UserRateThrottle.THROTTLE_RATES", {"user": "2/minute"})
    assert [api.get("me/").status for _ in range(2)] == [200, 200]
    answer = api.post("runs/", {"connection": office.connection.pk})
    assert (answer.status, answer.problem) == (429, "throttled")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert not Run.objects.exists()


@override_settings(DEBUG_PROPAGATE_EXCEPTIONS=False)
def test_a_mistake_of_ours_is_told_without_its_particulars(
    api: Api, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(query: str) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("integrations.api.views.answers.explain", fail)
    api.client.raise_request_exception = False
    answer = api.get("explain/?q=ada@example.com")
    assert (answer.status, answer.problem) == (500, "internal-error")
    assert "swordfish" not in str(answer.body)
