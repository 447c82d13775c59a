from __future__ import annotations

import pytest

from integrations.sandbox.replyio.steps import display_name, first_step, is_later
from tests.sandbox.replyio.client import EVENT, INBOUND, MEMBER, OUTBOUND, PARTNERS, QUIET, SPRING, Reply


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [PARTNERS, EVENT, OUTBOUND, INBOUND, QUIET, SPRING]),
        ("?status=active", [EVENT, OUTBOUND, INBOUND]),
        ("?status=paused&isArchived=false", [QUIET]),
        ("?isArchived=true", [SPRING]),
        ("?status=new", [PARTNERS]),
        (f"?ownerUserId={MEMBER}", [PARTNERS, OUTBOUND]),
        ("?name=OUTREACH", [OUTBOUND]),
        ("?folderId=9a7d53be-b7d6-4a9d-9f1a-77ab7f4c5f1a", []),
        ("?createdAfter=2026-07-01T00:00:00Z", [PARTNERS, EVENT]),
        ("?createdAfter=2026-07-01T00:00:00+02:00", [PARTNERS, EVENT]),
        ("?sortBy=name", [OUTBOUND, EVENT, INBOUND, PARTNERS, SPRING, QUIET]),
        ("?sortBy=created&sortDirection=asc", [SPRING, QUIET, INBOUND, OUTBOUND, EVENT, PARTNERS]),
        ("?sortBy=created", [PARTNERS, EVENT, OUTBOUND, INBOUND, QUIET, SPRING]),
        ("?sortBy=status&top=1", [INBOUND]),
    ],
)
def test_sequences_are_filtered_and_sorted(query: str, ids: list[int]) -> None:
    assert [row["id"] for row in Reply().get(f"/v3/sequences{query}")["items"]] == ids


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("sortBy=foo", "sequence.invalidSort"),
        ("sortDirection=asc", "sequence.invalidSort"),
        ("sortBy=name&sortDirection=up", "sequence.invalidSort"),
        ("status=archived", "sequence.invalidInput"),
        ("isArchived=1", "sequence.invalidInput"),
        ("ownerUserId=me", "sequence.invalidInput"),
        ("createdAfter=yesterday", "sequence.invalidInput"),
    ],
)
def test_a_filter_or_sort_that_is_none_is_refused(query: str, code: str) -> None:
    assert Reply().code("GET", f"/v3/sequences?{query}") == (400, code)


def test_sequences_are_counted_under_the_same_filters() -> None:
    assert Reply().get("/v3/sequences/count?status=active") == {"count": 3}


def test_a_row_names_owner_status_and_health() -> None:
    row = next(row for row in Reply().get("/v3/sequences")["items"] if row["id"] == EVENT)
    assert (row["name"], row["status"], row["health"], row["isArchived"]) == (
        "Event follow-up", "active", "degraded", False,
    )  # fmt: skip


def test_one_sequence_has_its_steps_and_settings() -> None:
    reply = Reply()
    shown = reply.get(f"/v3/sequences/{INBOUND}")
    assert shown["steps"] == reply.get(f"/v3/sequences/{INBOUND}/steps")
    assert shown["settings"]["repliesHandlingType"] == "markAsFinished"
    assert reply.code("GET", "/v3/sequences/9") == (404, "sequence.notFound")


def test_steps_form_a_chain_by_their_parents_and_are_not_in_its_order() -> None:
    reply = Reply()
    steps = reply.get(f"/v3/sequences/{OUTBOUND}/steps")
    by_number = {step["id"] % 50: step for step in steps}
    root = [step for step in steps if step["parentId"] is None]
    assert root == [by_number[1]]
    condition = by_number[2]
    assert (condition["type"], condition["parentId"]) == ("condition", by_number[1]["id"])
    sides = {step["ifConditionPositive"]: step["id"] for step in steps if step["parentId"] == condition["id"]}
    assert sides == {True: by_number[3]["id"], False: by_number[5]["id"]}
    assert [step["id"] for step in steps] != sorted(step["id"] for step in steps)
    assert by_number[1]["actionType"] == "connect"
    assert by_number[6]["delayInMinutes"] == 4 * 24 * 60


def test_one_step_can_be_read_and_an_unknown_sequence_has_none() -> None:
    reply = Reply()
    step = reply.steps(INBOUND)[2]
    assert reply.get(f"/v3/sequences/{INBOUND}/steps/{step}")["type"] == "call"
    assert reply.code("GET", f"/v3/sequences/{QUIET}/steps/{step}") == (404, "sequenceStep.notFound")
    assert reply.get("/v3/sequences/9/steps") == []


def test_the_numbers_that_people_see_follow_depth_and_side() -> None:
    reply = Reply()
    sequence, steps = reply.sandbox.state.sequences[OUTBOUND], reply.steps(OUTBOUND)
    shown = {number: display_name(sequence, step) for number, step in steps.items()}
    assert shown == {1: "1", 2: "2", 3: "3A", 4: "4A", 5: "3B", 6: "4B"}
    assert display_name(sequence, 9) == "Unknown"
    first = first_step(sequence)
    assert first is not None
    assert first.id == steps[1]


@pytest.mark.parametrize(
    ("number", "than", "later"), [(2, 1, True), (6, 1, True), (1, 1, False), (1, 2, False), (3, 5, False)]
)
def test_a_step_is_later_only_on_the_same_path(number: int, than: int, later: bool) -> None:
    reply = Reply()
    steps = reply.steps(OUTBOUND)
    assert is_later(reply.sandbox.state.sequences[OUTBOUND], steps[number], than=steps[than]) is later
