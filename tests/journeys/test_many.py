"""Five thousand people: few calls, no limit exceeded, nobody lost."""

from __future__ import annotations

import pytest

from integrations.domain.enums import Direction
from integrations.models import RunState
from tests.journeys.conftest import Install
from tests.journeys.installation import assert_books_balance


@pytest.mark.slow
def test_five_thousand_people_take_ten_list_pages_and_five_imports_within_all_limits(install: Install) -> None:
    app = install(people=5_000)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.forget_calls()

    run = app.sync(step)

    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    calls = app.calls()
    assert calls["pipedrive GET /api/v2/persons"] <= 10
    assert calls["reply POST /v3/contacts/import"] <= 5
    summary = app.control("GET", "/summary")
    assert summary["pipedrive"]["violations"] == summary["reply"]["violations"] == 0
    assert len(app.contacts()) == run.stages.get().created > 4_000
