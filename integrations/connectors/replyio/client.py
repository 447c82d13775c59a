"""Reply's endpoints, one method each: what is sent, what comes back, and whether it may be sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from integrations.connectors.errors import PermissionDenied, UnexpectedResponse
from integrations.connectors.http import ApiSession

from . import payloads
from .errors import MISSING_SCOPE
from .payloads import Record, parse, parse_rows
from .scan import TOP

_Record = TypeVar("_Record", bound=Record)
_MOST_PAGES = 1000


class ReplyClient:
    """Reply's API V3 for one key. Ids are as on the wire.

    Every operation is described, by its path, in https://docs.reply.io/api-reference/bundled.yaml; how keys and
    scopes work, in https://docs.reply.io/api-reference/authentication.
    """

    def __init__(self, session: ApiSession) -> None:
        self._session = session

    def close(self) -> None:
        """Release the connections."""
        self._session.close()

    def whoami(self) -> payloads.Whoami:
        """`GET /v3/whoami`: whom the key acts for. Needs no scope."""
        return parse(self._call("GET", "/v3/whoami"), payloads.Whoami, "the key's user")

    def team_users(self) -> tuple[payloads.TeamUser, ...]:
        """`GET /v3/whoami/team-users`: the members of all teams in reach. Needs no scope; may be refused with 403."""
        return self._rows("/v3/whoami/team-users", payloads.TeamUser, "members", "")

    def custom_fields(self) -> tuple[payloads.CustomField, ...]:
        """`GET /v3/custom-fields`, unpaged: https://docs.reply.io/api-reference/custom-fields/list-all-custom-fields"""
        return self._rows("/v3/custom-fields", payloads.CustomField, "custom fields", "contacts:read")

    def contact_lists(self) -> Iterator[payloads.ContactList]:
        """`GET /v3/contact-lists`: own and shared ones."""
        return self._paged("/v3/contact-lists", payloads.ContactList, "lists", "contacts:read")

    def sequences(self) -> Iterator[payloads.SequenceRow]:
        """`GET /v3/sequences`, archived ones included: https://docs.reply.io/api-reference/sequences/list-all-sequences"""
        query = {"sortBy": "created", "sortDirection": "asc"}
        return self._paged("/v3/sequences", payloads.SequenceRow, "sequences", "sequences:read", query)

    def steps(self, sequence_id: int | str) -> tuple[payloads.Step, ...]:
        """`GET /v3/sequences/{id}/steps`, unpaged and in no order."""
        return self._rows(f"/v3/sequences/{sequence_id}/steps", payloads.Step, "steps", "sequences:read")

    def contacts(self, skip: int) -> payloads.Page:
        """`GET /v3/contacts`: a page, in no promised order."""
        query = {"top": str(TOP), "skip": str(skip)}
        return parse(self._call("GET", "/v3/contacts", "contacts:read", query=query), payloads.Page, "contacts")

    def count_contacts(self) -> payloads.Count:
        """`POST /v3/contacts/filter/count`: how many contacts the key reaches. Not every workspace has it yet."""
        path = "/v3/contacts/filter/count"
        return parse(self._call("POST", path, "contacts:read", body={}, repeatable=True), payloads.Count, "a count")

    def contacts_of_list(self, list_id: int | str, skip: int) -> payloads.Page:
        """`POST /v3/contacts/filter`: a page of a list's contacts.

        It only reads, so it may be repeated. Whether the list exists is not said.
        """
        answer = self._call(
            "POST", "/v3/contacts/filter", "contacts:read", query={"top": str(TOP), "skip": str(skip)},
            body={"listId": list_id}, repeatable=True,
        )  # fmt: skip
        return parse(answer, payloads.Page, "a list's contacts")

    def contact(self, contact_id: int | str) -> payloads.Contact:
        """`GET /v3/contacts/{id}`."""
        answer = self._call("GET", f"/v3/contacts/{contact_id}", "contacts:read")
        return parse(answer, payloads.Contact, "a contact")

    def statuses(self, contact_id: int | str) -> payloads.Statuses:
        """`GET /v3/contacts/{id}/statuses`: whether a contact opted out, and its sequences."""
        answer = self._call("GET", f"/v3/contacts/{contact_id}/statuses", "contacts:read")
        return parse(answer, payloads.Statuses, "a contact's statuses")

    def import_contacts(
        self, items: Sequence[Mapping[str, Any]], *, repeatable: bool, **options: bool
    ) -> payloads.ImportAnswer:
        """`POST /v3/contacts/import`: create or change up to 1,000 by e-mail.

        Sending it again finds what the first one made, but then nobody knows any more who was new: so it should only be
        repeated for people who are there already.
        """
        body = {"items": items, "options": options}
        answer = self._call("POST", "/v3/contacts/import", "contacts:write", body=body, repeatable=repeatable)
        return parse(answer, payloads.ImportAnswer, "an import")

    def patch_contact(self, contact_id: int | str, body: Mapping[str, Any]) -> payloads.Contact:
        """`PATCH /v3/contacts/{id}`; null clears: https://docs.reply.io/api-reference/contacts/update-a-contact"""
        path = f"/v3/contacts/{contact_id}"
        return parse(
            self._call("PATCH", path, "contacts:write", body=body, repeatable=True), payloads.Contact, "a contact"
        )

    def change_owner(self, user_id: int | str, contact_ids: Sequence[int | str]) -> payloads.OwnerAnswer:
        """`PUT /v3/contacts/owner`: give up to 1,000 contacts to a member, all or none."""
        body = {"contactIds": contact_ids, "userId": user_id, "reassignTasks": False}
        answer = self._call("PUT", "/v3/contacts/owner", "contacts:operate", body=body, repeatable=True)
        return parse(answer, payloads.OwnerAnswer, "a change of owner")

    def participants(self, sequence_id: int | str, skip: int) -> payloads.Page:
        """`GET /v3/sequences/{id}/contacts`: a page.

        Oldest first, so that whoever joins meanwhile comes last. A sequence that does not exist is an empty one.
        """
        query = {"top": str(TOP), "skip": str(skip), "sort_by": "addingDate", "sort_direction": "asc"}
        answer = self._call("GET", f"/v3/sequences/{sequence_id}/contacts", "sequences:read", query=query)
        return parse(answer, payloads.Page, "a sequence's contacts")

    def participant(self, sequence_id: int | str, contact_id: int | str) -> None:
        """`GET /v3/sequences/{id}/contacts/{id}`. Raises NotFound unless the contact is or was in the sequence."""
        self._call("GET", f"/v3/sequences/{sequence_id}/contacts/{contact_id}", "sequences:read")

    def enrol(
        self, sequence_id: int | str, contact_ids: Sequence[int | str], step_id: int | str, ignore_step_delay: bool
    ) -> payloads.EnrolAnswer:
        """`POST /v3/sequences/{id}/contact-links/bulk`: put up to 10,000 contacts into a sequence.

        Not to be repeated: whoever is already in it is moved ahead.
        """
        body = {
            "contactIds": contact_ids, "removeFromExisting": False, "startStepId": step_id,
            "ignoreStepDelay": ignore_step_delay,
        }  # fmt: skip
        path = f"/v3/sequences/{sequence_id}/contact-links/bulk"
        return parse(self._call("POST", path, "sequences:operate", body=body), payloads.EnrolAnswer, "an enrolment")

    def _call(
        self,
        method: str,
        path: str,
        needs: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """The answer's data. Reply does not say reliably which scope is missing, so a refusal is told by `needs`."""
        try:
            return self._session.call(method, path, query=query, body=body, repeatable=repeatable).data
        except PermissionDenied as error:
            if error.code == MISSING_SCOPE and needs:
                error.message = f"The API key lacks the scope {needs}. Give it that scope in Reply, or use another key."
                error.args = (error.message,)
            raise

    def _rows(self, path: str, kind: type[_Record], what: str, needs: str) -> tuple[_Record, ...]:
        return parse_rows(self._call("GET", path, needs), kind, what)[0]

    def _paged(
        self, path: str, kind: type[_Record], what: str, needs: str, query: Mapping[str, str] | None = None
    ) -> Iterator[_Record]:
        """All rows of a list that is short enough to be read in a moment."""
        skip = 0
        for _ in range(_MOST_PAGES):
            asked = {"top": str(TOP), "skip": str(skip), **(query or {})}
            page = parse(self._call("GET", path, needs, query=asked), payloads.Page, what)
            yield from parse_rows(page.items, kind, what)[0]
            skip += len(page.items)
            if not page.items or not goes_on(page):
                return
        raise UnexpectedResponse(f"Reply's list of {what} does not end.")


def goes_on(page: payloads.Page) -> bool:
    """Whether there is more after a page; where Reply does not say, a full page means yes."""
    return len(page.items) >= TOP if page.has_more is None else payloads.truth(page.has_more)
