"""The product against the oracle: whatever happens on either side, both end as the rules say."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from integrations.services import runs
from tests.oracle.model import Human
from tests.oracle.stories import PHONES, TITLES, WAYS, Edit, Story, stories
from tests.oracle.theatre import Doors, Theatre

SOAK = int(os.environ.get("SOAK", "0"))
"""How many new examples to try of each property, in place of the usual number of always the same ones."""
PARTS = range(2)
"""Each property is tried in parts, so that the processors have equal shares."""
DATABASES = ("sqlite", "postgresql")
"""Each tries other stories, so that those of both count."""

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


def examples(number: int, part: int, **given_by: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Try the decorated property at once. Only `make soak` looks for the smallest story that fails, which can take
    minutes; otherwise the failing one is shown as it was found."""
    phases = [Phase.reuse, Phase.generate, Phase.shrink] if SOAK else [Phase.generate]
    unhurried = settings(
        max_examples=max((SOAK or number) // len(PARTS), 1),
        phases=phases,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )

    def tried(holds: Callable[..., None]) -> None:
        prepared = unhurried(given(**given_by)(holds))
        (prepared if SOAK else seed(part + len(PARTS) * DATABASES.index(connection.vendor))(prepared))()

    return tried


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("ways", WAYS)
def test_both_sides_end_as_the_rules_say_and_a_further_run_writes_nothing(
    sandbox_doors: Doors, ways: str, part: int
) -> None:
    @examples(26, part, story=stories(WAYS[ways]))
    def holds(story: Story) -> None:
        with Theatre.of(sandbox_doors, story) as theatre:
            theatre.play(story.rounds)
            theatre.settle()


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_the_same_holds_under_every_reading_of_what_no_document_settles(sandbox_doors: Doors, part: int) -> None:
    @examples(26, part, story=stories(WAYS["both"], READINGS))
    def holds(story: Story) -> None:
        with Theatre.of(sandbox_doors, story) as theatre:
            theatre.play(story.rounds)
            theatre.settle()


TOUCHES = st.lists(
    st.one_of(
        st.tuples(st.just("title"), st.integers(0, 5), st.sampled_from(TITLES)),
        st.tuples(st.just("phones"), st.integers(0, 5), st.sampled_from(PHONES).map(lambda one: (one,))),
    ),
    max_size=2,
)


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("ways", WAYS)
def test_undo_gives_back_what_the_run_changed_and_nobody_touched_since(
    sandbox_doors: Doors, ways: str, part: int
) -> None:
    @examples(16, part, story=stories(WAYS[ways], READINGS), touches=TOUCHES)
    def holds(story: Story, touches: list[tuple[str, int, object]]) -> None:
        with Theatre.of(sandbox_doors, story) as theatre:
            theatre.play(story.rounds[:-1])
            for each in story.rounds[-1].edits:
                theatre.edit(each)
            before = theatre.people()
            run = theatre.sync(None, full=True).run
            if not runs.can_be_undone(run):
                return
            written = theatre.people()
            for side in WAYS[ways]:
                for unit, index, value in touches:
                    theatre.edit(Edit(side, index, {unit: value}))
            touched = theatre.people()

            theatre.undo(run)

            now = theatre.people()
            for side in WAYS[ways]:
                expected = {
                    i: given_back(before[side].get(i), written[side][i], touched[side][i]) for i in touched[side]
                }
                assert now[side] == expected


def given_back(before: Human | None, written: Human, now: Human) -> Human:
    """Rule 28: field by field as before, where the value is still what the run wrote; created people stay."""
    if before is None:
        return now
    names = ("owner", "emails", "first", "last", "phones", "title", "source")
    kept = {name: getattr(before, name) for name in names if getattr(now, name) == getattr(written, name)}
    return replace(now, **kept)
