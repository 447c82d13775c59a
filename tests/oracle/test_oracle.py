"""The product against the oracle: whatever happens on either side, both end as the rules say."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from integrations.services import runs
from tests.oracle.model import Human, Unmodelled
from tests.oracle.stories import PHONES, TITLES, WAYS, Edit, Story, stories
from tests.oracle.theatre import Doors, Theatre

SOAK = int(os.environ.get("SOAK", "0"))
"""How many examples to try of each property, in place of the usual number."""

READINGS = {
    "replyio.import_applies_owner": (True, False),
    "replyio.import_overwrite_blanks_omitted": (True, False),
    "replyio.post_existing_email": ("reject", "overwrite_and_blank"),
    "replyio.post_custom_fields": ("kept", "dropped"),
    "replyio.bulk_already_in": ("forward_move", "already_in_sequence"),
    "replyio.failure_codes": ("slug", "number"),
    "replyio.list_order": ("by_id", "recent_first"),
    "replyio.missing_values": ("by_field", "null", "empty"),
    "pipedrive.unset_custom_fields": ("null", "absent", "whole_null"),
    "pipedrive.empty_phones": ("empty", "blank_item"),
    "pipedrive.filter_id_with_updated_since": ("combined", "ignores_delta"),
    "pipedrive.noop_patch_bumps_update_time": (True, False),
    "pipedrive.list_includes_deleted": (True, False),
    "pipedrive.deleted_get": ("404", "is_deleted"),
}

unhurried = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


def played(doors: Doors, story: Story) -> Theatre:
    """The whole story, then runs until nothing is left to say."""
    theatre = Theatre(doors, story)
    try:
        for scene in story.rounds:
            theatre.play(scene)
        for _ in range(2):
            theatre.sync(None)
    except Unmodelled:
        reject()
    return theatre


@pytest.mark.slow
@pytest.mark.parametrize("ways", WAYS)
def test_both_sides_end_as_the_rules_say_and_a_further_run_writes_nothing(sandbox_doors: Doors, ways: str) -> None:
    @settings(unhurried, max_examples=SOAK or 100)
    @given(story=stories(WAYS[ways]))
    def holds(story: Story) -> None:
        theatre = played(sandbox_doors, story)
        theatre.forget_calls()
        theatre.sync(None)
        theatre.sync(None, full=True)
        assert theatre.writes() == []

    holds()


@pytest.mark.slow
def test_the_same_holds_under_every_reading_of_what_no_document_settles(sandbox_doors: Doors) -> None:
    @settings(unhurried, max_examples=SOAK or 40)
    @given(story=stories(WAYS["both"], READINGS))
    def holds(story: Story) -> None:
        theatre = played(sandbox_doors, story)
        theatre.forget_calls()
        theatre.sync(None, full=True)
        assert theatre.writes() == []

    holds()


TOUCHES = st.lists(
    st.one_of(
        st.tuples(st.just("title"), st.integers(0, 5), st.sampled_from(TITLES)),
        st.tuples(st.just("phones"), st.integers(0, 5), st.sampled_from(PHONES).map(lambda one: (one,))),
    ),
    max_size=2,
)


@pytest.mark.slow
@pytest.mark.parametrize("ways", ["to Reply", "to Pipedrive"])
def test_undo_gives_back_what_the_run_changed_and_nobody_touched_since(sandbox_doors: Doors, ways: str) -> None:
    side = WAYS[ways][0]

    @settings(unhurried, max_examples=SOAK or 30)
    @given(story=stories(WAYS[ways]), touches=TOUCHES)
    def holds(story: Story, touches: list[tuple[str, int, object]]) -> None:
        theatre = Theatre(sandbox_doors, story)
        try:
            for scene in story.rounds[:-1]:
                theatre.play(scene)
            for each in story.rounds[-1].edits:
                theatre.edit(each)
            before = theatre.people()[side]
            run = theatre.sync(None, full=True)
        except Unmodelled:
            reject()
        if not runs.can_be_undone(run):
            return
        written = theatre.people()[side]
        for unit, index, value in touches:
            theatre.edit(Edit(side, index, {unit: value}))
        touched = theatre.people()[side]

        theatre.undo(run)

        expected = {i: given_back(before.get(i), written[i], touched[i]) for i in touched}
        assert theatre.people()[side] == expected

    holds()


def given_back(before: Human | None, written: Human, now: Human) -> Human:
    """Rule 28: field by field as before, where the value is still what the run wrote; created people stay."""
    if before is None:
        return now
    names = ("owner", "emails", "first", "last", "phones", "title", "source")
    kept = {name: getattr(before, name) for name in names if getattr(now, name) == getattr(written, name)}
    return replace(now, **kept)
