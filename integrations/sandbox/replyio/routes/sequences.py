"""Sequences and their steps, to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from integrations.sandbox.core import Json, Response
from integrations.sandbox.replyio.call import Call, not_found, paged
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.records import Sequence
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import reaches, sequence_of
from integrations.sandbox.replyio.wire import sequence_json, sequence_row, step_json

_SORTS: dict[str, Callable[[Sequence], tuple[Json, int]]] = {
    "created": lambda each: (each.created, each.id),
    "name": lambda each: (each.name.casefold(), each.id),
    "status": lambda each: (each.status, each.id),
}
_STATUSES = ("active", "paused", "new")


def list_sequences(call: Call) -> Response:
    """A page, the newest first unless it is sorted otherwise. Archived ones are there unless they are asked away."""
    top, skip = call.page("sequence")
    sort_by, direction = call.request.first("sortBy"), call.request.first("sortDirection")
    if sort_by is not None and sort_by not in _SORTS:
        allowed = ", ".join(_SORTS)
        raise business(400, "sequence.invalidSort", f"Invalid sortBy value '{sort_by}'. Allowed values: {allowed}.")
    if direction is not None and (sort_by is None or direction not in ("asc", "desc")):
        raise business(400, "sequence.invalidSort", "sortDirection is asc or desc, and needs sortBy.")
    descending = direction == "desc" if direction else sort_by in (None, "created")
    ordered = sorted(_matching(call), key=_SORTS[sort_by or "created"], reverse=descending)
    return paged(ordered, top, skip, lambda each: sequence_row(each, call.state))


def count_sequences(call: Call) -> Response:
    """How many sequences pass the filters."""
    return Response.of_json({"count": sum(1 for _ in _matching(call))})


def get_sequence(call: Call) -> Response:
    """One sequence with its steps and settings."""
    sequence = sequence_of(call, call.ids[0], resource="sequence", missing="sequence.notFound")
    return Response.of_json(sequence_json(sequence, call.state))


def list_steps(call: Call) -> Response:
    """The steps, in one bare array whose order means nothing. No 404 is documented: an unknown sequence has none."""
    if call.ids[0] not in call.state.sequences:
        return Response.of_json([])
    sequence = sequence_of(call, call.ids[0], resource="sequenceStep", missing="sequenceStep.notFound")
    return Response.of_json([step_json(step) for step in sequence.steps])


def get_step(call: Call) -> Response:
    """One step."""
    sequence = sequence_of(call, call.ids[0], resource="sequenceStep", missing="sequenceStep.notFound")
    step = next((each for each in sequence.steps if each.id == call.ids[1]), None)
    if step is None:
        raise not_found("sequenceStep", f"Step {call.ids[1]} not found on sequence {sequence.id}.")
    return Response.of_json(step_json(step))


def _matching(call: Call) -> Iterable[Sequence]:
    status, owner = call.request.first("status"), call.request.first("ownerUserId")
    folder, archived = call.request.first("folderId"), call.request.first("isArchived")
    name, after = (call.request.first("name") or "").casefold(), call.request.first("createdAfter")
    if status not in (None, *_STATUSES) or archived not in (None, "true", "false") or not (owner or "0").isdigit():
        raise business(400, "sequence.invalidInput", "Invalid filter parameters.")
    created_after = _instant(after)
    for each in call.state.sequences.values():
        if (
            reaches(call, each.owner_user_id)
            and status in (None, each.status)
            and owner in (None, str(each.owner_user_id))
            and folder in (None, each.folder_id)
            and archived in (None, str(each.is_archived).lower())
            and name in each.name.casefold()
            and (created_after is None or each.created > created_after)
        ):
            yield each


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise business(400, "sequence.invalidInput", "Invalid filter parameters.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


ROUTES = (
    Route("GET", "/v3/sequences", "sequences:read", list_sequences),
    Route("GET", "/v3/sequences/count", "sequences:read", count_sequences),
    Route("GET", "/v3/sequences/{id}", "sequences:read", get_sequence),
    Route("GET", "/v3/sequences/{id}/steps", "sequences:read", list_steps),
    Route("GET", "/v3/sequences/{id}/steps/{step_id}", "sequences:read", get_step),
)
