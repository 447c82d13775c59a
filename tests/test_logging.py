"""What log lines carry, and what they never do."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from integrations.domain.enums import Direction
from integrations.services import runs
from tests.journeys.conftest import Install, install
from tests.journeys.installation import PIPEDRIVE_KEY, REPLY_KEY

__all__ = ["install"]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, at every level, as production writes it."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    config = runpy.run_path(str(Path(settings.BASE_DIR) / "syncadmin" / "settings.py"))["LOGGING"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["structured"])
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_runs_lines_say_which_run_and_account_and_nothing_of_secrets_and_people(
    install: Install, written: io.StringIO
) -> None:
    app = install(people=30, limits=False)
    app.map_owners(app.step(Direction.TO_OUTREACH))
    app.map_owners(app.step(Direction.TO_CRM))
    written.truncate(0)
    written.seek(0)

    run = runs.drive(runs.request_run(connection=app.connection))
    # What a write to Pipedrive logs comes from a pool's thread.
    app.change("reply", create={"email": "new.person@example.com", "firstName": "New"})
    second = runs.drive(runs.request_run(connection=app.connection))

    said = lines(written)
    assert run.entries.filter(outcome="created").exists()
    assert {line["event"] for line in said} >= {"run.began", "chunk.worked", "run.ended"}
    for line in said:
        assert line["run_id"] in (run.pk, second.pk), line
        assert line["connection_id"] == app.connection.pk, line
    calls = [line for line in said if line["logger"] == "integrations.connectors.http"]
    assert {line["account_id"] for line in calls} == {app.crm.pk, app.outreach.pk}
    text = written.getvalue()
    assert PIPEDRIVE_KEY not in text
    assert REPLY_KEY not in text
    assert "@" not in text


def test_an_address_in_an_exception_is_masked(written: io.StringIO) -> None:
    try:
        raise ValueError("Ann <ann.o'neil+x@mail.example.co.uk> is taken; so is 'bo@example.com'")
    except ValueError:
        logging.getLogger("x").exception("It failed for ann@example.com.")
    (line,) = lines(written)
    assert "@" not in line["exception"] + line["event"]
    assert "ValueError" in line["exception"]


@pytest.mark.django_db
def test_a_requests_lines_carry_its_id(client: Client, written: io.StringIO) -> None:
    answer = client.get("/admin/nowhere/", headers={"x-request-id": "proxy-0123456789"}, follow=False)
    assert answer["X-Request-ID"] == "proxy-0123456789"
    client.get("/oauth/nothing/callback", headers={"x-request-id": "proxy-9876543210"})
    ids = {line.get("request_id") for line in lines(written) if line["logger"].startswith("django.request")}
    assert "proxy-9876543210" in ids
