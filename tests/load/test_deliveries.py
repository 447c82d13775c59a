from __future__ import annotations

from collections import Counter

from integrations.models import ChangeHint
from tests.load.deliveries import PATH_SECRET, send, served
from tests.load.listening import listen


def test_deliveries_to_two_workers_at_once_are_all_answered_and_nobody_is_lost(database_url: str) -> None:
    listen()
    people = [*range(1, 101), *range(1, 51)]

    with served(database_url) as base:
        done = send(f"{base}/hooks/pipedrive/{PATH_SECRET}/", people, per_second=100)

    assert Counter(each.status for each in done) == {204: 150}
    assert ChangeHint.objects.count() == 100
