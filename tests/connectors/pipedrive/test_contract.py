from __future__ import annotations

import pytest

from tests.connectors.contract import ConnectorContract
from tests.connectors.harness import Harness
from tests.connectors.pipedrive.harness import PipedriveHarness


class TestPipedrive(ConnectorContract):
    @pytest.fixture
    def harness(self) -> Harness:
        return PipedriveHarness()
