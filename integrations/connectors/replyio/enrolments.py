"""Who is in a sequence, and putting people into one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from integrations.connectors.errors import ConnectorError, NotFound, PermissionDenied, Rejected
from integrations.connectors.parallel import as_they_finish
from integrations.connectors.ports import EnrolmentBatch, EnrolmentResult
from integrations.domain.reasons import Reason

from .client import ReplyClient
from .payloads import id_text, text, truth
from .people import WORKERS, pages_of_ids
from .spec import ENROL_BATCH
from .translate import wire_id

_MOST_EXPLAINED = 5
"""How many refusals of a batch are looked into, a call each."""
_UNEXPLAINED = "Reply gives one answer for all of these: opted out, blacklisted, no usable address, or over a limit."
_REASONS: Mapping[str, tuple[Reason, str]] = {
    "contactalreadyinsequence": (Reason.ALREADY_ENROLLED, ""),
    "contactnotfound": (Reason.NOT_FOUND, ""),
    "forbidden": (Reason.PERMISSION_DENIED, ""),
    "contactlimitexceeded": (Reason.ENROLMENT_REFUSED, "The Reply plan's limit of contacts is reached."),
}
_SEQUENCE_FAULTS = ("nostepsinsequence", "archived", "sequencenotfound")


def participants(client: ReplyClient, sequence_id: str, person_ids: Sequence[str]) -> frozenset[str]:
    """Which of the people are or were in the sequence.

    Pages of a thousand are read until they have cost as many calls as asking for each person would; then those who are
    still open are asked for.
    """
    wanted = frozenset(person_ids)
    number = wire_id(sequence_id)
    listed, is_all = frozenset[str](), False
    if len(wanted) > 1:
        listed, is_all = pages_of_ids(lambda skip: client.participants(number, skip), "contactId", len(wanted))
    found = wanted & listed
    if is_all:
        return found
    rest = sorted(wanted - found)
    return found | {each for each in as_they_finish(lambda one: _if_in(client, number, one), rest, WORKERS) if each}


def _if_in(client: ReplyClient, sequence_id: int | str, person_id: str) -> str:
    """The person's id when they are in the sequence, else empty."""
    try:
        client.participant(sequence_id, wire_id(person_id))
    except NotFound:
        return ""
    return person_id


def enrol(client: ReplyClient, batch: EnrolmentBatch) -> Iterator[EnrolmentResult]:
    """Put people into a sequence at a step. See `ports.Connector.enrol`.

    Raises OutcomeUnknown when an answer was lost: `participants` then tells who is in.
    """
    unique = list(dict.fromkeys(batch.person_ids))
    for start in range(0, len(unique), ENROL_BATCH):
        yield from _enrol(client, batch, unique[start : start + ENROL_BATCH])


def _enrol(client: ReplyClient, batch: EnrolmentBatch, ids: Sequence[str]) -> Iterator[EnrolmentResult]:
    try:
        answer = client.enrol(
            wire_id(batch.sequence_id), [wire_id(each) for each in ids], wire_id(batch.step_id), batch.ignore_step_delay
        )
    except (NotFound, Rejected, PermissionDenied) as error:
        yield from (EnrolmentResult(each, False, _whole_reason(error), error.message) for each in ids)
        return
    added = {id_text(each) for each in answer.added or ()}
    refused = {id_text(key): value for key, value in (answer.not_processed or {}).items()}
    unsaid = [each for each in ids if each not in added and each not in refused]
    inside = participants(client, batch.sequence_id, unsaid) if unsaid else frozenset()
    explained = 0
    for each in ids:
        if each not in refused:
            is_in = each in added or each in inside
            reason, detail = (None, "") if is_in else (Reason.ENROLMENT_REFUSED, "Reply did not answer for this one.")
            yield EnrolmentResult(each, is_in, reason, detail)
            continue
        known = _REASONS.get(_code(refused[each]).lower())
        if known is None and explained < _MOST_EXPLAINED:
            explained += 1
            known = _looked_into(client, batch.sequence_id, each)
        reason, detail = known or (Reason.ENROLMENT_REFUSED, _UNEXPLAINED)
        yield EnrolmentResult(each, False, reason, f"{detail} {_words(refused[each])}".strip())


def _whole_reason(error: ConnectorError) -> Reason:
    if isinstance(error, PermissionDenied):
        return Reason.PERMISSION_DENIED
    variant = error.code.rpartition(".")[2].lower()
    is_sequence = isinstance(error, NotFound) or variant in _SEQUENCE_FAULTS
    return Reason.SEQUENCE_BLOCKED if is_sequence else Reason.ENROLMENT_REFUSED


def _looked_into(client: ReplyClient, sequence_id: str, person_id: str) -> tuple[Reason, str] | None:
    try:
        statuses = client.statuses(wire_id(person_id))
    except (NotFound, PermissionDenied):
        return None
    if truth(statuses.is_opted_out):
        return Reason.OPTED_OUT, ""
    if any(id_text(each.sequence_id) == sequence_id for each in statuses.sequences or ()):
        return Reason.ALREADY_ENROLLED, ""
    return Reason.ENROLMENT_REFUSED, "Not opted out: blacklisted, no usable address, or over a limit."


def _code(failure: object) -> str:
    """The slug or number of a failure, however it is wrapped."""
    return text(failure.get("error")) or "" if isinstance(failure, dict) else text(failure) or ""


def _words(failure: object) -> str:
    details = text(failure.get("errorDetails")) if isinstance(failure, dict) else None
    return f"Reply says: {_code(failure)}{f', {details}' if details else ''}."
