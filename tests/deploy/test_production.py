"""The guide's production steps, carried out: PostgreSQL, gunicorn, two workers, HTTPS at a proxy, a sync."""

from __future__ import annotations

import http.client
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Request
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from tests.deploy.installation import METRICS_TOKEN, PASSWORD, Browser, Production, stylesheet_of
from tests.journeys.installation import PIPEDRIVE_KEY, REPLY_KEY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="production is told for PostgreSQL"),
]


@pytest.fixture
def production(database_url: str, tmp_path: Path) -> Iterator[Production]:
    """An installation on an empty database of its own; nothing runs yet."""
    name = f"deploy_{secrets.token_hex(6)}"
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        made = Production(f"{database_url.rpartition('/')[0]}/{name}", tmp_path)
        try:
            yield made
        finally:
            made.stop()
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_the_guides_steps_lead_to_an_installation_that_syncs(production: Production) -> None:
    production.command("migrate", "--noinput")
    production.command("collectstatic", "--noinput")
    production.command("createsuperuser", "--noinput", "--username", "ada", "--email", "")
    production.start()
    browser = Browser(production.port)

    def is_ready() -> bool:
        try:
            return browser.get("/readyz", https=False).status == 200
        except (OSError, http.client.HTTPException):
            return False

    production.wait_until("ready", is_ready)

    # Only HTTPS, as the proxy says it, and only the names that were given.
    assert browser.get("/admin/", https=False).status == 301
    assert browser.get("/healthz", https=False, Host="elsewhere.example.com").status == 400
    page = browser.get("/admin/login/?next=/admin/")
    assert "max-age" in page.headers["Strict-Transport-Security"]
    styles = browser.get(stylesheet_of(page.text))
    assert styles.status == 200
    assert "immutable" in styles.headers["Cache-Control"]
    assert browser.submit("/admin/login/?next=/admin/", username="ada", password=PASSWORD).location == "/admin/"

    with ThreadedSandboxServer(build_sandbox(SandboxOptions().without_limits(), people=40)) as sandbox:
        stage = "/admin/connect/"
        for secret, key, product in (
            ("secret_api_key", REPLY_KEY, "reply"),
            ("secret_api_token", PIPEDRIVE_KEY, "pipedrive"),
        ):
            browser.get(stage)
            stage = browser.submit(stage, **{secret: key, "base_url": f"{sandbox.url}/{product}"}).location
        assert "/syncstep/" in browser.submit(stage, name="Main").location
        of_connection = "/admin/integrations/connection/1"
        browser.submit(f"{of_connection}/switch/", enabled="on")
        run = browser.submit(f"{of_connection}/sync-now/", confirmed="yes").location
        assert "/run/" in run

        production.wait_until("synced", lambda: "Succeeded" in browser.get(run).text)
        contacts = sandbox.sandbox.handle(Request.from_url("GET", "/_sandbox/state")).json()["reply"]["contacts"]
        assert len(contacts) > 3

    assert browser.get("/metrics", https=False).status == 401
    told = browser.get("/metrics", https=False, Authorization=f"Bearer {METRICS_TOKEN}").text
    assert re.search(r'^syncadmin_runs_total\{.*state="succeeded"\} 1\.0$', told, re.MULTILINE)
    assert "syncadmin_workers_alive 2.0" in told

    assert production.stop() == [0, 0, 0]
    lines = [
        json.loads(line)
        for number in (1, 2)
        for line in (production.logs / f"worker-{number}.log").read_text().splitlines()
        if line.startswith("{")
    ]
    assert {"worker.started", "run.ended", "worker.stopped"} <= {line["event"] for line in lines}
    everything = "".join(log.read_text() for log in production.logs.glob("*.log"))
    assert PIPEDRIVE_KEY not in everything
    assert REPLY_KEY not in everything
