from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.oracle.theatre import Doors, doors


@pytest.fixture
def sandbox_doors(transactional_db: None) -> Iterator[Doors]:
    with doors() as opened:
        yield opened


# Minutes of made-up stories: `make soak` asks for them. On a busy machine two of them have been seen not to end.
collect_ignore = [] if os.environ.get("SOAK") else ["test_oracle.py"]
