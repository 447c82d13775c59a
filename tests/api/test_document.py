from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from integrations.services.accounts import AccountRefused
from integrations.services.steps import step_version
from tests.admin.office import Office
from tests.api.conftest import Api
from tests.api.test_reading import make_run

EXAMPLES = 4
"""Of each operation. More were tried by hand; this many take some seconds."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document, which is also checked: a warning fails."""
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format=openapi-json", stdout=out)
    parsed: dict[str, Any] = json.loads(out.getvalue())
    return parsed


def test_every_operation_is_described_and_tells_its_errors(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert {"401", "403", "429"} <= set(operation["responses"]), (method, path)
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Keeps requests from closing the connection that the test's transaction is in, as Django's client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_made_up_requests_are_answered_as_the_document_says_and_never_by_a_5xx(
    api: Api, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(account: object) -> None:
        raise AccountRefused("", "Nobody answers.")

    monkeypatch.setattr("integrations.api.views.accounts.test_account", refuse)
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", {"user": None, "anon": None})
    run = make_run(office, entries=3)
    real = {
        "account_pk": office.reply.pk,
        "run_pk": run.pk,
        "accounts": office.reply.pk,
        "connections": office.connection.pk,
        "steps": office.step.pk,
        "runs": run.pk,
    }
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    tried, wrong = set(), {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), is_real=st.booleans(), is_current=st.booleans())
        def check(case: Any, is_real: bool, is_current: bool) -> None:
            first = case.path.removeprefix("/api/v1/").partition("/")[0]
            if is_real:
                for name in case.path_parameters or {}:
                    case.path_parameters[name] = real.get(name) or real[first]
            headers = dict(api.headers)
            if is_current:
                headers["If-Match"] = f'"{step_version(office.step)}"'
            with transaction.atomic():
                response = case.call(headers=headers)
                tried.add((case.method, case.path, response.status_code))
                transaction.set_rollback(True)
            case.validate_response(response, checks=CHECKS)

        try:
            check()
        except BaseExceptionGroup as group:
            wrong[f"{operation.method.upper()} {operation.path}"] = str(group.exceptions[0])[:1_500]
    assert not wrong, "\n\n".join(f"{where}: {what}" for where, what in wrong.items())
    succeeded = {(method, path) for method, path, status in tried if status < 300}
    assert len(succeeded) >= 15, sorted(tried)
