"""What a benchmark runs in: an empty database, and a sandbox that shares neither time nor memory with the worker."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from integrations.connectors import registry
from integrations.management.company import Company, Member, answers
from integrations.management.processes import ProcessGroup, manage
from integrations.models import Account, ApiBudget

NO_LIMIT = 1_000_000_000
STOP_WITHIN = 20.0
PRODUCTS = {"pipedrive": "pipedrive", "replyio": "reply"}
"""Our names of the products, and the sandbox's."""


@dataclass(frozen=True, slots=True)
class RemoteSandbox:
    """The sandbox's control, over HTTP."""

    url: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of a control call. Raises urllib.error.HTTPError with the sandbox's words."""
        request = urllib.request.Request(  # noqa: S310 -- our own loopback address
            f"{self.url}/_sandbox{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def change(self, product: str, changes: Sequence[dict[str, Any]]) -> None:
        """Have people edit records in the product's own pages."""
        for start in range(0, len(changes), 1_000):
            self.ask("POST", "/change", [{"product": product, **each} for each in changes[start : start + 1_000]])


@contextmanager
def served(people: int, *, limits: bool) -> Iterator[RemoteSandbox]:
    """A sandbox with so many people in Pipedrive and nobody in Reply."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["--port", str(port), "--people", str(people), "--limits" if limits else "--no-limits"]
    sandbox = RemoteSandbox(f"http://127.0.0.1:{port}")
    with tempfile.TemporaryDirectory(prefix="syncadmin-benchmark-") as folder:
        company = Company(Path(folder))
        try:
            member = Member("sandbox", manage("sandbox", *arguments), lambda: answers(f"{sandbox.url}/"))
            company.start(member, within=300)
            yield sandbox
        finally:
            company.stop()


@contextmanager
def empty_database() -> Iterator[None]:
    """A database beside the configured one, that other processes can use too."""
    name = connection.settings_dict["NAME"]
    with tempfile.TemporaryDirectory(prefix="syncadmin-benchmark-") as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "benchmark.sqlite3")
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def database_url() -> str:
    """The present database's address, for the DATABASE_URL of other processes."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(database['NAME']))}"
    user, password = quote(database["USER"] or "", safe=""), quote(database["PASSWORD"] or "", safe="")
    host = f"{quote(database['HOST'], safe='')}:{database['PORT'] or 5432}"
    return f"postgres://{user}:{password}@{host}/{database['NAME']}"


def lift_limits() -> None:
    """Let our own budget hold nobody up."""
    for account in Account.objects.all():
        ApiBudget.objects.filter(account=account).delete()
        for window in registry.connector(account.product).spec.windows:
            ApiBudget.objects.create(account=account, window=window.name, capacity=NO_LIMIT, seconds=window.seconds)


@contextmanager
def clusters(number: int) -> Iterator[None]:
    """So many real clusters of one worker each, as on as many hosts."""
    environment = {"DATABASE_URL": database_url(), "QUEUE_WORKERS": "1", "LOG_LEVEL": "WARNING"}
    environment |= {"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    running = [ProcessGroup(manage("worker"), environment=environment) for _ in range(number)]
    try:
        yield
    finally:
        for each in running:
            each.ask_to_stop()
        deadline = time.monotonic() + STOP_WITHIN
        for each in running:
            while each.exit_code() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            each.kill()
