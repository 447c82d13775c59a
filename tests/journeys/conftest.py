from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integrations.sandbox.build import build_sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from tests.journeys.installation import Installation

Install = Callable[..., Installation]


@pytest.fixture
def install(transactional_db: None) -> Iterator[Install]:
    """Makes an installation on a sandbox server of its own: `install(people=100, limits=False, **options)`."""
    servers: list[ThreadedSandboxServer] = []

    def make(people: int = 60, *, limits: bool = True, overlap: int = 0, **readings: object) -> Installation:
        options = SandboxOptions().with_values({name.replace("__", "."): value for name, value in readings.items()})
        options = options if limits else options.without_limits()
        sandbox = build_sandbox(options, people=people, reply_overlap=overlap)
        server = ThreadedSandboxServer(sandbox)
        server.__enter__()
        servers.append(server)
        return Installation.connect(sandbox, server.url)

    yield make
    for server in servers:
        server.__exit__(None, None, None)
