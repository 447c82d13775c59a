"""What the forms offer: members, fields, lists, and sequences with their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from integrations.connectors.errors import PermissionDenied
from integrations.connectors.ports import Directory
from integrations.domain.catalogue import Member
from integrations.domain.catalogue import Sequence as OutreachSequence

from . import payloads, translate
from .client import ReplyClient, goes_on
from .payloads import id_text, parse_rows, row_ids, truth
from .scan import Cursor, advance

_T = TypeVar("_T")
_PAGES_FOR_OWNERS = 5
"""Enough to see the owners of 5,000 contacts without eating the minute's budget."""


class DirectoryReader:
    """Reads one directory. What Reply refuses becomes a warning."""

    def __init__(self, client: ReplyClient, whoami: payloads.Whoami) -> None:
        self._client = client
        self._whoami = whoami
        self._warnings: list[str] = []

    def read(self) -> Directory:
        """The whole directory: a call for each kind, and one for each sequence that is not archived."""
        rows = self._part("sequences", lambda: tuple(self._client.sequences()))
        fields = self._part("custom fields", self._client.custom_fields)
        lists = self._part("lists", lambda: tuple(self._client.contact_lists()))
        sequences = tuple(self._sequence(row) for row in rows)
        members, complete = self._members(rows)
        return Directory(
            members=members,
            fields=translate.catalogue(fields),
            saved_filters=tuple(translate.saved_filter(row) for row in lists),
            sequences=sequences,
            warnings=tuple(self._warnings),
            members_are_complete=complete,
        )

    def _part(self, what: str, read: Callable[[], tuple[_T, ...]]) -> tuple[_T, ...]:
        try:
            return read()
        except PermissionDenied as error:
            self._warnings.append(f"Reply's {what} could not be read. {error.message}")
            return ()

    def _sequence(self, row: payloads.SequenceRow) -> OutreachSequence:
        if truth(row.is_archived):
            return translate.sequence(row)
        try:
            return translate.sequence(row, self._client.steps(id_text(row.id)))
        except PermissionDenied as error:
            bare = translate.sequence(row)
            self._warnings.append(f"The steps of the sequence {bare.name} could not be read. {error.message}")
            return bare

    def _members(self, sequences: Iterable[payloads.SequenceRow]) -> tuple[tuple[Member, ...], bool]:
        own, team_id = translate.own_member(self._whoami), id_text(self._whoami.team_id)
        try:
            members = translate.members_of_team(self._client.team_users(), team_id)
        except PermissionDenied as error:
            why = error.message
        else:
            if members:
                return members if any(member.id == own.id for member in members) else (own, *members), True
            why = "Reply names no member of this team."
        owners = self._owners(sequences)
        self._warnings.append(
            f"The team's members could not be read, so they are taken from the owners of contacts and sequences; "
            f"somebody who owns nothing is missing, and names are not known. {why}"
        )
        found = [own, *(Member(each, translate.nameless(each)) for each in sorted(owners, key=_by_number))]
        return tuple(found), False

    def _owners(self, sequences: Iterable[payloads.SequenceRow]) -> set[str]:
        owners = {id_text(row.owner_user_id) for row in sequences}
        at: Cursor | None = Cursor()
        for _ in range(_PAGES_FOR_OWNERS):
            if at is None:
                break
            try:
                page = self._client.contacts(at.skip)
            except PermissionDenied:
                break
            rows, _unreadable = parse_rows(page.items, payloads.Contact, "contacts")
            owners.update(id_text(row.owner_user_id) for row in rows)
            at = advance(at, row_ids(page.items), goes_on(page))
        return owners - {"", id_text(self._whoami.user_id)}


def _by_number(user_id: str) -> tuple[int, str]:
    return (int(user_id) if user_id.isdecimal() else 0, user_id)
