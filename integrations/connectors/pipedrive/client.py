"""Pipedrive's endpoints, one method each. What they cost is in tokens, as `x-token-cost` of the OpenAPI files says.

Reference: https://developers.pipedrive.com/docs/api/v1/openapi-v2.yaml and .../openapi.yaml
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.http import JSON, Answer, ApiSession

from .payloads import (
    FieldRecord,
    FilterRecord,
    PersonRecord,
    UserRecord,
    WebhookRecord,
    read_list,
    read_one,
    read_people,
    read_person,
)
from .spec import PAGE_SIZE, WRITE_TOKENS


@dataclass(frozen=True, slots=True)
class PersonsPage:
    """A page of people. `unreadable` says of each row that is no person why."""

    people: list[PersonRecord]
    unreadable: list[str]
    next_cursor: str | None


class PipedriveClient:
    """Raises what `ApiSession.call` raises, and UnexpectedResponse for an answer that is not as documented."""

    def __init__(self, session: ApiSession) -> None:
        self._session = session

    def __repr__(self) -> str:
        return f"<PipedriveClient {self._session!r}>"

    def close(self) -> None:
        """Release the connections."""
        self._session.close()

    def me(self) -> UserRecord:
        """Whom the key stands for, with the company."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Users#getCurrentUser
        return read_one(_data(self._session.call("GET", "/api/v1/users/me", tokens=2)), UserRecord)

    def users(self) -> list[UserRecord]:
        """All users of the company, in one answer."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Users#getUsers
        return read_list(_data(self._session.call("GET", "/api/v1/users", tokens=20)), UserRecord)

    def filters(self) -> list[FilterRecord]:
        """The filters of people that the user may see."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Filters#getFilters
        answer = self._session.call("GET", "/api/v1/filters", query={"type": "people"}, tokens=20)
        return read_list(_data(answer), FilterRecord)

    def filter(self, filter_id: str) -> FilterRecord:
        """One filter. Raises NotFound."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Filters#getFilter
        answer = self._session.call("GET", f"/api/v1/filters/{int(filter_id)}", tokens=2)
        return read_one(_data(answer), FilterRecord)

    def person_fields(self) -> list[FieldRecord]:
        """All fields of people, page by page."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/PersonFields#getPersonFields
        records: list[FieldRecord] = []
        query = {"limit": str(PAGE_SIZE)}
        while True:
            answer = self._session.call("GET", "/api/v2/personFields", query=query, tokens=10)
            records += read_list(_data(answer), FieldRecord)
            cursor = _next_cursor(answer)
            if cursor is None:
                return records
            query["cursor"] = cursor

    def persons(
        self, *, updated_since: datetime | None = None, filter_id: str | None = None, cursor: str | None = None
    ) -> PersonsPage:
        """A page of people: by id, or by time of change when only those changed since (inclusive) are wanted.

        In both orders a person who is changed meanwhile can only move towards the end, and is not missed.
        """
        # Reference: https://developers.pipedrive.com/docs/api/v1/Persons#getPersons
        query = {"limit": str(PAGE_SIZE), "sort_by": "id", "sort_direction": "asc"}
        if updated_since is not None:
            query |= {"sort_by": "update_time", "updated_since": _whole_seconds(updated_since)}
        if filter_id is not None:
            query["filter_id"] = str(int(filter_id))
        if cursor is not None:
            query["cursor"] = cursor
        return self._persons(query)

    def persons_by_id(self, ids: Sequence[str]) -> PersonsPage:
        """The people with these ids, 100 at most; those who are gone or not visible are left out."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Persons#getPersons
        return self._persons({"ids": ",".join(ids), "limit": str(PAGE_SIZE)})

    def create_person(self, body: Mapping[str, Any]) -> PersonRecord:
        """Create a person. Not repeatable: nothing in Pipedrive is unique."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Persons#addPerson
        return read_person(_data(self._session.call("POST", "/api/v2/persons", body=body, tokens=WRITE_TOKENS)))

    def update_person(self, person_id: str, body: Mapping[str, Any]) -> PersonRecord:
        """Change what the body has; lists in it replace the person's whole lists. Raises NotFound."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Persons#updatePerson
        answer = self._session.call("PATCH", f"/api/v2/persons/{int(person_id)}", body=body, tokens=WRITE_TOKENS)
        return read_person(_data(answer))

    def webhooks(self) -> list[WebhookRecord]:
        """The webhooks that the user, or the app, may see."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Webhooks#getWebhooks
        return read_list(_data(self._session.call("GET", "/api/v1/webhooks", tokens=10)), WebhookRecord)

    def create_webhook(self, body: Mapping[str, Any]) -> WebhookRecord:
        """Create a webhook. Rejected when the address cannot be reached, or the user has 40 already."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Webhooks#addWebhook
        return read_one(_data(self._session.call("POST", "/api/v1/webhooks", body=body, tokens=10)), WebhookRecord)

    def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook. Raises NotFound."""
        # Reference: https://developers.pipedrive.com/docs/api/v1/Webhooks#deleteWebhook
        self._session.call("DELETE", f"/api/v1/webhooks/{int(webhook_id)}", tokens=6, repeatable=True)

    def _persons(self, query: Mapping[str, str]) -> PersonsPage:
        answer = self._session.call("GET", "/api/v2/persons", query=query, tokens=10)
        people, unreadable = read_people(_data(answer))
        return PersonsPage(people, unreadable, _next_cursor(answer))


def _whole_seconds(moment: datetime) -> str:
    """Fractions are refused (ERR_SCHEMA_VALIDATION_FAILED), and offsets other than Z are not known to be taken."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _data(answer: Answer) -> JSON:
    if not isinstance(answer.data, Mapping) or "data" not in answer.data:
        raise UnexpectedResponse("Pipedrive's answer has no data.", status=answer.status)
    return answer.data["data"]


def _next_cursor(answer: Answer) -> str | None:
    additional = answer.data.get("additional_data")
    cursor = additional.get("next_cursor") if isinstance(additional, Mapping) else None
    return cursor if isinstance(cursor, str) and cursor else None
