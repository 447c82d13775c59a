"""Giving contacts to members with `PUT /v3/contacts/owner`, which takes all of a call's contacts or none."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from integrations.connectors.errors import ConnectorError, NotFound, PermissionDenied, Rejected
from integrations.connectors.ports import WriteResult, Written
from integrations.domain.person import OWNER
from integrations.domain.reasons import Reason

from .client import ReplyClient
from .errors import MISSING_SCOPE
from .payloads import id_text
from .people import People
from .spec import OWNER_BATCH
from .translate import members_of_team, wire_id

_MOST_FRUITLESS = 24
"""Refused calls in a row: enough to halve 1,000 down to one culprit and come back."""


class OwnerAssignment:
    """Gives contacts to one member. Used once."""

    def __init__(self, client: ReplyClient, people: People, team_id: Callable[[], str], owner_id: str) -> None:
        self._client = client
        self._people = people
        self._team_id = team_id
        self._owner_id = owner_id
        self._accepted = False
        """Whether Reply took the member for any contact, so that a refusal must be the contact's fault."""
        self._checked = False

    def assign(self, person_ids: Sequence[str]) -> Iterator[WriteResult]:
        """One result for each place in `person_ids`. See `ports.Connector.assign_owner`."""
        refs: dict[str, list[int]] = {}
        for ref, person_id in enumerate(person_ids):
            refs.setdefault(person_id, []).append(ref)
        unique = list(refs)
        for start in range(0, len(unique), OWNER_BATCH):
            for result in self._batch(unique[start : start + OWNER_BATCH]):
                yield from (replace(result, ref=ref) for ref in refs[result.person_id or ""])

    def _batch(self, ids: Sequence[str]) -> Iterator[WriteResult]:
        """Halve what is refused until the culprits stand alone; after too many refusals in a row, look them up."""
        waiting = [ids]
        fruitless = 0
        while waiting:
            part = waiting.pop()
            error = yield from self._send(part)
            if error is None:
                fruitless = 0
                continue
            fruitless += 1
            everybody = [each for later in (part, *waiting) for each in later]
            if error.code == MISSING_SCOPE:
                yield from _all_refused(everybody, error)
                return
            if self._is_known_stranger(error):
                yield from _all_refused(everybody, self._not_a_member(error))
                return
            if fruitless >= _MOST_FRUITLESS:
                yield from self._look_up(everybody)
                return
            if len(part) > 1:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
            elif not self._people.get(part):
                yield _refused(part[0], Reason.NOT_FOUND, error)
            elif isinstance(error, PermissionDenied) or self._accepted:
                yield _refused(part[0], Reason.OWNER_NOT_ASSIGNED, error)
            else:
                # The contact is there and alone, and nobody was accepted before: the member is at fault.
                yield from _all_refused(everybody, self._not_a_member(error))
                return

    def _send(self, ids: Sequence[str]) -> Generator[WriteResult, None, ConnectorError | None]:
        """The results of a call that was accepted, else what Reply said."""
        try:
            answer = self._client.change_owner(wire_id(self._owner_id), [wire_id(each) for each in ids])
        except (NotFound, Rejected, PermissionDenied) as error:
            return error
        affected = {id_text(each) for each in answer.affected_ids or ()}
        for each in ids:
            if each in affected:
                self._accepted = True
                yield WriteResult(0, Written.UPDATED, each, owner_is_set=True)
        # Whether those who had this owner already count as affected is not documented.
        unclear = [each for each in ids if each not in affected]
        found = self._people.get(unclear)
        for each in unclear:
            if each not in found:
                yield _refused(each, Reason.NOT_FOUND, None)
            elif found[each].owner_id == self._owner_id:
                yield WriteResult(0, Written.FOUND, each, found[each], owner_is_set=True)
            else:
                told = Rejected("Reply accepted the change of owner, and left this contact with its owner.")
                yield _refused(each, Reason.OWNER_NOT_ASSIGNED, told)
        return None

    def _look_up(self, ids: Sequence[str]) -> Iterator[WriteResult]:
        found = self._people.get(ids)
        yield from (_refused(each, Reason.NOT_FOUND, None) for each in ids if each not in found)
        there = [each for each in ids if each in found]
        if there and (error := (yield from self._send(there))) is not None:
            yield from _all_refused(there, error)

    def _is_known_stranger(self, error: ConnectorError) -> bool:
        """Whether the team's list says that the member is none. Asked once; the list may be refused."""
        if self._accepted or self._checked or isinstance(error, PermissionDenied):
            return False
        self._checked = True
        try:
            members = members_of_team(self._client.team_users(), self._team_id())
        except PermissionDenied:
            return False
        return bool(members) and all(member.id != self._owner_id for member in members)

    def _not_a_member(self, error: ConnectorError) -> ConnectorError:
        return Rejected(
            f"User {self._owner_id} is no member of this Reply team, so no contact can be given to them.",
            field=OWNER, status=error.status, code=error.code, sample=error.sample,
        )  # fmt: skip


def _all_refused(ids: Sequence[str], error: ConnectorError) -> Iterator[WriteResult]:
    return (_refused(each, Reason.OWNER_NOT_ASSIGNED, error) for each in ids)


def _refused(person_id: str, reason: Reason, error: ConnectorError | None) -> WriteResult:
    return WriteResult(0, Written.REFUSED, person_id, reason=reason, error=error)
