"""What every connector must do, on the sandbox in process and over HTTP.

A product's test module subclasses `ConnectorContract` and gives the `harness` fixture. Assertions are on the sandbox's
state, not on calls.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from integrations.sandbox.server import ThreadedSandboxServer
from tests.connectors.bench import IN_PROCESS, Bench, CheckedAdapter
from tests.connectors.contract_reading import ReadingContract
from tests.connectors.contract_trouble import TroubleContract
from tests.connectors.contract_writing import WritingContract
from tests.connectors.harness import Harness


class ConnectorContract(ReadingContract, WritingContract, TroubleContract):
    """The whole contract. A subclass's name begins with Test."""

    people = 60
    """How many people the sandbox is seeded with."""

    @pytest.fixture
    def harness(self) -> Harness:
        """The product's side; to be given by the subclass."""
        raise NotImplementedError

    @pytest.fixture(params=["in process", "over HTTP"])
    def bench(self, request: pytest.FixtureRequest, harness: Harness) -> Iterator[Bench]:
        """A seeded sandbox behind one of its two doors; in process, every call is checked against the documents."""
        sandbox = harness.sandbox(self.people)
        if request.param == "in process":
            transport = requests.Session()
            transport.mount(IN_PROCESS, CheckedAdapter(sandbox, harness.check))
            bench = Bench(harness, sandbox, IN_PROCESS, transport)
            yield bench
            _close(bench)
            return
        with ThreadedSandboxServer(sandbox) as server:
            bench = Bench(harness, sandbox, server.url, None)
            yield bench
            _close(bench)


def _close(bench: Bench) -> None:
    for connector in bench.opened:
        connector.close()
