from __future__ import annotations

from typing import Any

import pytest

from integrations.sandbox.replyio.options import ReplyOptions


@pytest.mark.parametrize(
    "values",
    [{"edition": "secret"}, {"limits": "no"}, {"calls_per_minute": "5"}, {"owner_not_in_team_status": 403}],
)
def test_a_value_that_is_no_reading_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        ReplyOptions(**values)


def test_readings_can_be_chosen_one_by_one() -> None:
    assert ReplyOptions(edition="private").edition == "private"
