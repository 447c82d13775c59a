"""Sending people through `contacts/import`, so that one bad row never costs the others theirs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from integrations.connectors.errors import (
    ConnectorError,
    OutcomeUnknown,
    PermissionDenied,
    Rejected,
    UnexpectedResponse,
)
from integrations.connectors.ports import NewPerson, WriteResult, Written
from integrations.domain.reasons import Reason

from .client import ReplyClient
from .errors import Fault, Refused
from .payloads import ImportedItem, id_text, text
from .spec import IMPORT_BATCH
from .translate import Body, import_item

OWNER = "ownerUserId"
NO_EDIT_PERMISSION = "noeditpermission"
CONTACT_DELETED = "contactdeleted"
PLAN_LIMIT = "contact.limitExceeded"
_MOST_CALLS = 32
"""For one batch of 1,000 that Reply refuses: enough to find a single culprit among them by halving, and a second."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item on its way. `place` is its index in what the caller sends."""

    place: int
    item: Body


Outcome: TypeAlias = ImportedItem | ConnectorError


def send(
    client: ReplyClient, rows: Sequence[Row], *, repeatable: bool, **options: bool
) -> Iterator[tuple[Row, Outcome]]:
    """Import up to 1,000 rows and say what became of each, in any order.

    When Reply refuses the whole batch, the rows that it names are taken out and the rest is sent again; when it names
    none, the batch is halved until the culprits stand alone. After 32 calls the rest counts as refused.
    Raises what concerns all rows: AuthenticationFailed, RateLimited, Unavailable, UnexpectedResponse.
    """
    waiting = deque([tuple(rows)])
    calls = 0
    while waiting:
        batch = waiting.popleft()
        calls += 1
        try:
            answer = client.import_contacts([row.item for row in batch], repeatable=repeatable, **options)
        except Refused as error:
            refused, again = _sorted_out(batch, error, may_split=calls + len(waiting) < _MOST_CALLS)
            yield from refused
            waiting.extend(again)
        except (OutcomeUnknown, PermissionDenied) as error:
            yield from ((row, error) for row in batch)
        else:
            if len(answer.items) != len(batch):
                raise UnexpectedResponse(
                    f"Reply answered an import of {len(batch)} people with {len(answer.items)} results."
                )
            yield from zip(batch, answer.items, strict=True)


def _sorted_out(
    batch: tuple[Row, ...], error: Refused, *, may_split: bool
) -> tuple[list[tuple[Row, Outcome]], list[tuple[Row, ...]]]:
    """The rows that are refused for good, and the batches to send again."""
    if error.code == PLAN_LIMIT:
        told = Rejected(f"The Reply plan's limit of contacts is reached. {error.message}", code=error.code)
        return [(row, told) for row in batch], []
    if not may_split:
        return [(row, error) for row in batch], []
    named = {fault.row: fault for fault in error.faults if fault.row is not None and fault.row < len(batch)}
    if named:
        return _without_named(batch, named, error)
    if _is_about_owner(error) and any(OWNER in row.item for row in batch):
        return [], [tuple(_without_owner(row) for row in batch)]
    if len(batch) == 1:
        return [(batch[0], error)], []
    middle = len(batch) // 2
    return [], [batch[:middle], batch[middle:]]


def _without_named(
    batch: tuple[Row, ...], named: dict[int, Fault], error: Refused
) -> tuple[list[tuple[Row, Outcome]], list[tuple[Row, ...]]]:
    refused: list[tuple[Row, Outcome]] = []
    rest: list[Row] = []
    for number, row in enumerate(batch):
        fault = named.get(number)
        if fault is None:
            rest.append(row)
        elif fault.field == OWNER and OWNER in row.item:
            rest.append(_without_owner(row))
        else:
            told = f"Reply refused this. {fault.detail}".strip()
            refused.append((row, Rejected(told, field=fault.field, status=error.status, sample=error.sample)))
    return refused, [tuple(rest)] if rest else []


def _is_about_owner(error: Refused) -> bool:
    return OWNER.lower() in error.message.lower() or any(fault.field.endswith(OWNER) for fault in error.faults)


def _without_owner(row: Row) -> Row:
    # The owner is assigned afterwards in any case, and what is wrong with it is said there.
    return replace(row, item={key: value for key, value in row.item.items() if key != OWNER})


def create_people(
    client: ReplyClient, people: Sequence[NewPerson], acting_user: Callable[[], str]
) -> Iterator[WriteResult]:
    """Create people, 1,000 a call; whoever is there already is found, and only their empty fields are filled.

    No source says whether an import applies the owner that its items name. It certainly does not have to for those who
    are new and belong to the acting user: so only of these is the owner known to be set.
    """
    acting = acting_user() if any(person.owner_id for person in people) else ""
    for restore in (False, True):
        group = [person for person in people if person.restore_deleted is restore]
        for start in range(0, len(group), IMPORT_BATCH):
            chunk = group[start : start + IMPORT_BATCH]
            rows = [Row(place, import_item(person)) for place, person in enumerate(chunk)]
            for row, outcome in send(client, rows, repeatable=False, overwriteExisting=False, restoreDeleted=restore):
                yield created(chunk[row.place], outcome, acting)


def created(person: NewPerson, outcome: Outcome, acting_user: str) -> WriteResult:
    """What an import did with a new person."""
    if isinstance(outcome, ConnectorError):
        return WriteResult(person.ref, Written.REFUSED, reason=reason_of(outcome), error=outcome)
    status, person_id = _word(outcome.status), id_text(outcome.id) or None
    if status in ("created", "restored") and person_id:
        is_own = status == "created" and person.owner_id is not None and person.owner_id == acting_user
        return WriteResult(person.ref, Written.CREATED, person_id, owner_is_set=is_own)
    if status == "updated" and person_id:
        return WriteResult(person.ref, Written.UPDATED, person_id)
    if status == "skipped" and (why := skipped_because(outcome)):
        return WriteResult(person.ref, Written.REFUSED, person_id, reason=why)
    if status == "skipped" and person_id:
        return WriteResult(person.ref, Written.FOUND, person_id)
    return WriteResult(person.ref, Written.REFUSED, person_id, reason=Reason.REJECTED, error=rejection(outcome))


def skipped_because(item: ImportedItem) -> Reason | None:
    """Why Reply skipped a row: somebody else's contact, or one that it remembers as deleted. None for neither."""
    said = _word(item.skip_reason) or _word(item.error)
    if said == NO_EDIT_PERMISSION:
        return Reason.HELD_BY_TEAMMATE
    return Reason.REMEMBERED_AS_DELETED if said == CONTACT_DELETED else None


def rejection(item: ImportedItem) -> Rejected:
    """What Reply says of a row that it did not take."""
    said = text(item.error) or text(item.skip_reason) or f"status {text(item.status) or 'unknown'}"
    hint = " (no first name, or a malformed e-mail address)" if said.lower() == "invalid data" else ""
    return Rejected(f"Reply did not take this person: {said}{hint}.", code=said)


def reason_of(error: ConnectorError) -> Reason:
    """The reason that goes with one person's error."""
    if isinstance(error, OutcomeUnknown):
        return Reason.OUTCOME_UNKNOWN
    return Reason.PERMISSION_DENIED if isinstance(error, PermissionDenied) else Reason.REJECTED


def _word(value: object) -> str:
    return (text(value) or "").strip().lower()
