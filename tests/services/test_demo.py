from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.models import Account, Connection
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.server import ThreadedSandboxServer
from integrations.services.demo import prepare

# Connecting writes its calls to the account from threads of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox_url() -> Iterator[str]:
    with ThreadedSandboxServer(build_sandbox(people=5)) as server:
        yield server.url


def test_the_demo_has_a_step_in_each_direction_and_is_enabled(sandbox_url: str) -> None:
    connection = prepare(sandbox_url)

    assert connection.enabled
    assert [step.direction for step in connection.steps.all()] == ["to_outreach", "to_crm"]


def test_preparing_again_makes_nothing_new(sandbox_url: str) -> None:
    assert prepare(sandbox_url) == prepare(sandbox_url)
    assert Connection.objects.count() == 1
    assert Account.objects.count() == 2


def test_the_accounts_follow_a_sandbox_that_has_moved(sandbox_url: str) -> None:
    prepare(sandbox_url)
    moved = "http://127.0.0.1:9"

    prepare(moved)

    assert set(Account.objects.values_list("base_url", flat=True)) == {f"{moved}/pipedrive", f"{moved}/reply"}
