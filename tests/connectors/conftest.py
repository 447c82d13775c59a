from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "tests.connectors.bench",
    "tests.connectors.contract_reading",
    "tests.connectors.contract_trouble",
    "tests.connectors.contract_writing",
)
