"""Reading contacts: all of them, those of a list, and single ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from integrations.connectors.errors import NotFound, PermissionDenied, Rejected, UnexpectedResponse
from integrations.connectors.parallel import as_they_finish
from integrations.connectors.ports import IdPage, PeoplePage
from integrations.domain.catalogue import Field
from integrations.domain.person import Person

from . import payloads
from .client import ReplyClient, goes_on
from .payloads import id_text, parse_rows, row_ids
from .scan import Cursor, advance, read_cursor, write_cursor
from .translate import LIST_PREFIX, is_number, number_ids, person_of, wire_id

WORKERS = 4
_IDS_WORTH_A_PAGE = 4


class People:
    """The contacts that the key reaches."""

    def __init__(self, client: ReplyClient, fields: Mapping[str, Field] | None = None) -> None:
        self._client = client
        self._number_fields = number_ids(fields) if fields else None
        self._lock = Lock()

    def page(self, cursor: str | None) -> PeoplePage:
        """One page of a walk through all contacts; `scan` says what the walk guarantees."""
        at = read_cursor(cursor)
        page = self._client.contacts(at.skip)
        rows, unreadable = parse_rows(page.items, payloads.Contact, "contacts")
        following = advance(at, row_ids(page.items), goes_on(page))
        return PeoplePage(tuple(self.person(row) for row in rows), write_cursor(following), unreadable)

    def count(self) -> int | None:
        """How many there are, None where Reply does not say."""
        try:
            return self._client.count_contacts().count
        except (NotFound, PermissionDenied, Rejected, UnexpectedResponse):
            return None

    def of_list(self, saved_filter_id: str, cursor: str | None) -> IdPage:
        """One page of the ids in a list. Raises NotFound when the list is gone.

        Reply may answer for a list that does not exist with nobody, or, ignoring it as it ignores other unknown rules,
        with everybody: so the list is looked up first.
        """
        list_id = saved_filter_id.removeprefix(LIST_PREFIX)
        if cursor is None and all(id_text(row.id) != list_id for row in self._client.contact_lists()):
            raise NotFound("This Reply list is gone, or it is no longer shared with the key's user.")
        at = read_cursor(cursor)
        page = self._client.contacts_of_list(wire_id(list_id), at.skip)
        ids = row_ids(page.items)
        return IdPage(tuple(each for each in ids if each), write_cursor(advance(at, ids, goes_on(page))))

    def get(self, ids: Sequence[str]) -> dict[str, Person]:
        """Those of the ids that are there and visible, in the fewest calls that can be told beforehand.

        Pages of a thousand are read as long as they are likely to be cheaper; absence from them proves nothing, so
        whoever is still missing is asked for alone.
        """
        wanted = dict.fromkeys(ids)
        found: dict[str, Person] = {}
        at: Cursor | None = Cursor()
        for _ in range(len(wanted) // _IDS_WORTH_A_PAGE):
            if at is None or len(found) == len(wanted):
                break
            page = self._client.contacts(at.skip)
            rows, _unreadable = parse_rows(page.items, payloads.Contact, "contacts")
            found |= {id_text(row.id): self.person(row) for row in rows if id_text(row.id) in wanted}
            at = advance(at, row_ids(page.items), goes_on(page))
        missing = [each for each in wanted if each not in found]
        for person in as_they_finish(self._one, missing, WORKERS):
            if person is not None:
                found[person.id] = person
        return found

    def person(self, contact: payloads.Contact) -> Person:
        """A contact as a person, its custom numbers read as numbers."""
        return person_of(contact, self._numbers() if contact.custom_fields else frozenset())

    def _one(self, contact_id: str) -> Person | None:
        try:
            return self.person(self._client.contact(contact_id))
        except (NotFound, PermissionDenied) as error:
            if isinstance(error, PermissionDenied) and not error.code.startswith("contact."):
                raise
            return None

    def _numbers(self) -> frozenset[str]:
        with self._lock:
            if self._number_fields is None:
                fields = self._client.custom_fields()
                self._number_fields = frozenset(id_text(field.id) for field in fields if is_number(field))
            return self._number_fields


def pages_of_ids(read: Callable[[int], payloads.Page], member: str, most: int) -> tuple[frozenset[str], bool]:
    """The ids on up to `most` pages of a list, and whether that was all of it."""
    found: set[str] = set()
    at: Cursor | None = Cursor()
    for _ in range(most):
        if at is None:
            break
        page = read(at.skip)
        ids = row_ids(page.items, member)
        found.update(each for each in ids if each)
        at = advance(at, ids, goes_on(page))
    return frozenset(found), at is None
