"""Changing contacts: one by one with PATCH, or, when they are many, as whole records by an overwriting import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from integrations.connectors.errors import ConnectorError, NotFound, OutcomeUnknown, PermissionDenied, Rejected
from integrations.connectors.parallel import as_they_finish
from integrations.connectors.ports import PersonUpdate, WriteResult, Written
from integrations.domain.person import Person
from integrations.domain.reasons import Reason

from .client import ReplyClient
from .errors import MISSING_SCOPE
from .imports import Row, reason_of, send, skipped_because
from .payloads import Contact, ImportedItem, id_text, text
from .people import WORKERS
from .spec import IMPORT_BATCH, PATCH_LIMIT
from .translate import Body, patch_body, uncleared, whole_record, wire_id

_MOST_PROBES = 3


class Updater:
    """Writes changes of existing contacts.

    Beyond `patch_limit`, changes go by `contacts/import`, which finds its people by e-mail. No source says whether it
    does so across members in every team mode; where it does not, it would make a second contact. So one contact of
    another member goes first, alone, and only when Reply answers with that very contact do the other members' follow.

    An import writes the whole record as last read. What Reply never shows (`phone2`) cannot go along.
    """

    def __init__(
        self,
        client: ReplyClient,
        to_person: Callable[[Contact], Person],
        acting_user: Callable[[], str],
        patch_limit: int = PATCH_LIMIT,
    ) -> None:
        self._client = client
        self._to_person = to_person
        self._acting_user = acting_user
        self._patch_limit = patch_limit
        self._trusted = False

    def update(self, updates: Sequence[PersonUpdate]) -> Iterator[WriteResult]:
        """Make the changes; results in any order. See `ports.Connector.update_people`."""
        for update in updates:
            if not update.changes:
                yield WriteResult(update.ref, Written.FOUND, update.current.id)
        updates = [update for update in updates if update.changes]
        records = {place: item for place, update in enumerate(updates) if (item := whole_record(update)) is not None}
        addresses = Counter(str(item["email"]).casefold() for item in records.values())
        bulk = [Row(place, item) for place, item in records.items() if addresses[str(item["email"]).casefold()] == 1]
        if len(bulk) <= self._patch_limit:
            bulk = []
        chosen = {row.place for row in bulk}
        left = [update for place, update in enumerate(updates) if place not in chosen]
        for update, result in self._import(updates, bulk):
            if result is None:
                left.append(update)
            else:
                yield result
        yield from self._patch_all(left)

    def _import(
        self, updates: Sequence[PersonUpdate], rows: Sequence[Row]
    ) -> Iterator[tuple[PersonUpdate, WriteResult | None]]:
        """What the import did with each; None where PATCH shall do it."""
        if not rows:
            return
        acting = self._acting_user()
        own = [row for row in rows if updates[row.place].current.owner_id == acting]
        others = [row for row in rows if updates[row.place].current.owner_id != acting]
        for _ in range(0 if self._trusted else min(_MOST_PROBES, len(others))):
            row, outcome = next(iter(self._send(others[:1])))
            others = others[1:]
            yield updates[row.place], self._imported(updates[row.place], outcome)
            answered = id_text(outcome.id) if isinstance(outcome, ImportedItem) else ""
            self._trusted = answered == updates[row.place].current.id
            if answered:
                break
        if not self._trusted:
            yield from ((updates[row.place], None) for row in others)
            others = []
        going = own + others
        for start in range(0, len(going), IMPORT_BATCH):
            for row, outcome in self._send(going[start : start + IMPORT_BATCH]):
                yield updates[row.place], self._imported(updates[row.place], outcome)

    def _send(self, rows: Sequence[Row]) -> Iterator[tuple[Row, ImportedItem | ConnectorError]]:
        # Writing the same record to the same contact twice changes nothing, so a lost answer may be asked for again.
        return send(self._client, rows, repeatable=True, overwriteExisting=True)

    def _imported(self, update: PersonUpdate, outcome: ImportedItem | ConnectorError) -> WriteResult | None:
        if isinstance(outcome, OutcomeUnknown | PermissionDenied):
            return _refused(update, outcome, reason_of(outcome))
        if isinstance(outcome, ConnectorError):
            return None
        person_id, status = id_text(outcome.id), (text(outcome.status) or "").lower()
        if person_id and person_id != update.current.id:
            told = Rejected(
                f"Reply did not find contact {update.current.id} by its e-mail address and wrote to contact {person_id}"
                f" instead ({status}). Compare the two in Reply and delete the one that should not be."
            )
            return _refused(update, told, Reason.REJECTED)
        if status == "skipped" and skipped_because(outcome) is Reason.HELD_BY_TEAMMATE:
            return _refused(update, None, Reason.HELD_BY_TEAMMATE)
        if status == "updated" and person_id:
            return WriteResult(update.ref, Written.UPDATED, person_id)
        return None

    def _patch_all(self, updates: Sequence[PersonUpdate]) -> Iterator[WriteResult]:
        if not updates:
            return
        first = self._patch(updates[0])
        yield first
        if first.error is not None and first.error.code == MISSING_SCOPE:
            yield from (_refused(update, first.error, Reason.PERMISSION_DENIED) for update in updates[1:])
            return
        yield from as_they_finish(self._patch, updates[1:], WORKERS)

    def _patch(self, update: PersonUpdate) -> WriteResult:
        try:
            person = self._to_person(self._send_patch(update))
            if (rest := uncleared(update, person)) is not None:
                person = self._to_person(self._client.patch_contact(wire_id(person.id), patch_body(rest)))
        except NotFound as error:
            return _refused(update, error, Reason.NOT_FOUND)
        except PermissionDenied as error:
            is_teammates = error.code.startswith("contact.")
            return _refused(update, error, Reason.HELD_BY_TEAMMATE if is_teammates else Reason.PERMISSION_DENIED)
        except (Rejected, OutcomeUnknown) as error:
            return _refused(update, error, reason_of(error))
        return WriteResult(update.ref, Written.UPDATED, person.id, person)

    def _send_patch(self, update: PersonUpdate) -> Contact:
        body = patch_body(update)
        try:
            return self._client.patch_contact(wire_id(update.current.id), body)
        except Rejected:
            emptied = _with_empty_custom_values(body)
            if emptied == body:
                raise
            return self._client.patch_contact(wire_id(update.current.id), emptied)


def _with_empty_custom_values(body: Body) -> Body:
    """The same with empty text in place of null, which a reader of text values may not take."""
    custom = [{**each, "value": each["value"] or ""} for each in body.get("customFields", ())]
    return {**body, "customFields": custom} if custom else body


def _refused(update: PersonUpdate, error: ConnectorError | None, reason: Reason) -> WriteResult:
    return WriteResult(update.ref, Written.REFUSED, update.current.id, reason=reason, error=error)
