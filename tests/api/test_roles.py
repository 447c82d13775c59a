from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from integrations.models import Run, RunState, SyncStep
from integrations.services.roles import ADMINISTRATOR, CONFIGURATOR, OPERATOR, VIEWER
from integrations.services.steps import step_version
from tests.admin.office import Office, user_in
from tests.api.conftest import Api
from tests.api.test_reading import make_run

NOBODY, STRANGER = "nobody", "somebody without a role"
ALL, OPERATE, CONFIGURE = VIEWER, OPERATOR, CONFIGURATOR
RANKS = (VIEWER, OPERATOR, CONFIGURATOR, ADMINISTRATOR)


class Call(NamedTuple):
    """A call of the table: who may at the least, and what somebody who may is answered."""

    method: str
    path: str
    least: str
    status: int
    body: Any = None


TABLE = [
    Call("GET", "accounts/", ALL, 200),
    Call("GET", "accounts/{reply}/", ALL, 200),
    Call("POST", "accounts/{reply}/test/", OPERATE, 200),
    Call("POST", "accounts/{reply}/refresh-directory/", OPERATE, 202),
    Call("GET", "accounts/{reply}/members/", ALL, 200),
    Call("GET", "accounts/{reply}/fields/", ALL, 200),
    Call("GET", "accounts/{reply}/saved-filters/", ALL, 200),
    Call("GET", "accounts/{reply}/sequences/", ALL, 200),
    Call("GET", "connections/", ALL, 200),
    Call("GET", "connections/{connection}/", ALL, 200),
    Call("PATCH", "connections/{connection}/", CONFIGURE, 200, {"interval_minutes": 60}),
    Call("GET", "steps/", ALL, 200),
    Call("POST", "steps/", CONFIGURE, 201, {"connection": "{connection}", "direction": "to_crm"}),
    Call("GET", "steps/{step}/", ALL, 200),
    Call("PUT", "steps/{step}/", CONFIGURE, 400, {}),
    Call("PATCH", "steps/{step}/", CONFIGURE, 200, {"name": "x"}),
    Call("DELETE", "steps/{step}/", CONFIGURE, 204),
    Call("GET", "steps/{step}/apply-to-all/", CONFIGURE, 200),
    Call("POST", "steps/{step}/apply-to-all/", CONFIGURE, 412, {"version": "x", "parts": ["owners"]}),
    Call("GET", "runs/", ALL, 200),
    Call("POST", "runs/", OPERATE, 201, {"connection": "{connection}"}),
    Call("GET", "runs/{run}/", ALL, 200),
    Call("POST", "runs/{run}/approve/", OPERATE, 409),
    Call("POST", "runs/{run}/discard/", OPERATE, 409),
    Call("POST", "runs/{run}/cancel/", OPERATE, 409),
    Call("POST", "runs/{run}/retry/", OPERATE, 409),
    Call("POST", "runs/{run}/apply/", OPERATE, 409),
    Call("POST", "runs/{run}/undo/", OPERATE, 409),
    Call("GET", "runs/{run}/entries/", ALL, 200),
    Call("GET", "explain/?q=ada@example.com", ALL, 200),
    Call("GET", "budgets/", ALL, 200),
    Call("GET", "me/", STRANGER, 200),
    Call("GET", "schema/", NOBODY, 200),
]


def asker(who: str) -> Api:
    if who == NOBODY:
        return Api(None)
    return Api(User.objects.create_user("stranger") if who == STRANGER else user_in(who))


def ask(api: Api, office: Office, call: Call) -> tuple[int, str]:
    """The status and, for a refusal, the problem."""
    run = Run.objects.first() or make_run(office)
    ids = {"reply": office.reply.pk, "connection": office.connection.pk, "step": office.step.pk, "run": run.pk}
    body = call.body and {
        name: ids[value[1:-1]] if value == "{connection}" else value for name, value in call.body.items()
    }
    version = f'"{step_version(office.step)}"' if "steps/{step}" in call.path else ""
    accept = "application/vnd.oai.openapi+json" if call.path == "schema/" else "application/json"
    answer = api.ask(call.method, call.path.format(**ids), body, If_Match=version, Accept=accept)
    return answer.status, answer.problem if answer.status in (401, 403) else ""


def id_of(call: Call) -> str:
    return f"{call.method} {call.path}"


@pytest.mark.parametrize("call", TABLE, ids=id_of)
def test_every_role_may_what_the_table_says_and_no_more(
    office: Office, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.api.views.accounts.test_account", lambda account: account)
    everybody = (NOBODY, STRANGER, *RANKS)
    lowest = everybody.index(call.least)
    for who in everybody[:lowest]:
        expected = (401, "not-authenticated") if who == NOBODY else (403, "not-permitted")
        assert ask(asker(who), office, call) == expected, who
        nothing_has_changed(office)
    assert ask(asker(everybody[lowest]), office, call) == (call.status, "")


def nothing_has_changed(office: Office) -> None:
    assert [run.state for run in Run.objects.all()] == [RunState.SUCCEEDED]
    assert [step.name for step in SyncStep.objects.all()] == [""]
    office.connection.refresh_from_db()
    assert office.connection.interval_minutes == 120


def operations() -> Iterator[str]:
    document = SchemaGenerator(patterns=None).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    for path, methods in document["paths"].items():
        for method in methods:
            yield f"{method.upper()} {path}"


def test_the_table_has_every_operation_of_the_document() -> None:
    def plain(path: str) -> str:
        path = path.partition("?")[0].removeprefix("/api/v1/")
        return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))

    documented = {(line.split()[0], plain(line.split()[1])) for line in operations()}
    tabled = {(call.method, plain(call.path)) for call in TABLE} - {("GET", "schema/")}
    assert documented == tabled


def test_a_session_works_and_its_writes_need_the_csrf_token(office: Office) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_in("Operator"))
    assert client.get("/api/v1/connections/").status_code == 200
    body = {"connection": office.connection.pk}
    refused = client.post("/api/v1/runs/", body, content_type="application/json")
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    assert not Run.objects.exists()
    client.get("/admin/")  # sets the cookie
    token = client.cookies["csrftoken"].value
    started = client.post("/api/v1/runs/", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert started.status_code == 201
