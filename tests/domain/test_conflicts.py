from __future__ import annotations

import pytest

from integrations.domain.conflicts import UNTAKEN_MARK, Act, Standing, decide, standing, wish_mark
from integrations.domain.enums import OnConflict
from integrations.domain.reasons import Reason

C, S = OnConflict, Standing
YES, NO = True, False


@pytest.mark.parametrize(
    ("source_changed", "target_changed", "wish", "carried", "policy", "set_back", "act"),
    [
        # Only the source changed: its value goes over, whatever else is set.
        (YES, NO, S.NEVER, NO, C.HOLD, 0, Act.WRITE),
        (YES, NO, S.BEHIND, YES, C.TARGET_WINS, 3, Act.WRITE),
        # Both changed: the step's policy.
        (YES, YES, S.SAME, NO, C.SOURCE_WINS, 0, Act.WRITE),
        (YES, YES, S.SAME, YES, C.SOURCE_WINS, 3, Act.WRITE),
        (YES, YES, S.SAME, NO, C.TARGET_WINS, 0, Act.KEEP_TARGET),
        (YES, YES, S.SAME, NO, C.HOLD, 0, Act.HOLD),
        # Only the target changed: the opposite step's turn, or it is put back three times.
        (NO, YES, S.SAME, YES, C.SOURCE_WINS, 0, Act.LEAVE),
        (NO, YES, S.REMAPPED, YES, C.SOURCE_WINS, 0, Act.LEAVE),
        (NO, YES, S.SAME, NO, C.HOLD, 0, Act.WRITE_SETS_BACK),
        (NO, YES, S.SAME, NO, C.SOURCE_WINS, 2, Act.WRITE_SETS_BACK),
        (NO, YES, S.SAME, NO, C.SOURCE_WINS, 3, Act.LEAVE_REPEATED),
        # Neither changed: only changed settings, or a write that did not show, are a reason to write.
        (NO, NO, S.SAME, NO, C.SOURCE_WINS, 0, Act.NOTHING),
        (NO, NO, S.SAME, YES, C.SOURCE_WINS, 0, Act.NOTHING),
        (NO, NO, S.REMAPPED, NO, C.SOURCE_WINS, 0, Act.WRITE),
        (NO, NO, S.REMAPPED, YES, C.SOURCE_WINS, 0, Act.WRITE),
        (NO, NO, S.UNTAKEN, YES, C.SOURCE_WINS, 2, Act.WRITE),
        (NO, NO, S.UNTAKEN, YES, C.SOURCE_WINS, 3, Act.LEAVE_REPEATED),
        (NO, NO, S.NEVER, NO, C.SOURCE_WINS, 0, Act.WRITE),
        (NO, NO, S.NEVER, YES, C.SOURCE_WINS, 0, Act.NOTHING),
        (NO, NO, S.BEHIND, NO, C.SOURCE_WINS, 0, Act.WRITE),
        (NO, NO, S.BEHIND, YES, C.SOURCE_WINS, 0, Act.NOTHING),
    ],
)
def test_what_is_done_about_a_difference(
    source_changed: bool,
    target_changed: bool,
    wish: Standing,
    carried: bool,
    policy: OnConflict,
    set_back: int,
    act: Act,
) -> None:
    answer = decide(
        known=True,
        source_changed=source_changed,
        target_changed=target_changed,
        wish=wish,
        carried_back=carried,
        policy=policy,
        set_back=set_back,
    )
    assert answer is act


@pytest.mark.parametrize("policy", OnConflict)
def test_a_key_that_the_link_does_not_know_is_written(policy: OnConflict) -> None:
    answer = decide(
        known=False,
        source_changed=True,
        target_changed=True,
        wish=Standing.NEVER,
        carried_back=True,
        policy=policy,
        set_back=3,
    )
    assert answer is Act.WRITE


@pytest.mark.parametrize(
    ("mark", "answer"),
    [
        (None, S.NEVER),
        (UNTAKEN_MARK, S.UNTAKEN),
        (wish_mark("s", "w"), S.SAME),
        (wish_mark("s", "other"), S.REMAPPED),
        (wish_mark("other", "w"), S.BEHIND),
        (wish_mark("", ""), S.BEHIND),
    ],
)
def test_what_is_wanted_is_compared_with_what_was_wanted(mark: str | None, answer: Standing) -> None:
    assert standing(mark, "s", "w") is answer


def test_only_what_is_let_stand_leaves_a_note() -> None:
    assert {act: act.reason for act in Act if act.reason is not None} == {
        Act.LEAVE: Reason.TARGET_CHANGED_LEFT,
        Act.LEAVE_REPEATED: Reason.SET_BACK_REPEATEDLY,
        Act.KEEP_TARGET: Reason.TARGET_WON,
    }
    assert [act for act in Act if act.writes] == [Act.WRITE, Act.WRITE_SETS_BACK]
