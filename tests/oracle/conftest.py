from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oracle.theatre import Doors, doors


@pytest.fixture
def sandbox_doors(db: None) -> Iterator[Doors]:
    with doors() as opened:
        yield opened
