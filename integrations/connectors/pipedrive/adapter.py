"""Pipedrive behind the ports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from integrations.connectors.errors import (
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    Rejected,
    UnexpectedResponse,
)
from integrations.connectors.http import ApiSession
from integrations.connectors.parallel import as_they_finish
from integrations.connectors.ports import (
    DEFAULT_TIMEOUT,
    NOTHING_KNOWN,
    Credentials,
    Directory,
    EnrolmentBatch,
    EnrolmentResult,
    Identity,
    IdPage,
    Known,
    Limiter,
    NewPerson,
    PeoplePage,
    PersonUpdate,
    Sleep,
    Timeout,
    WriteResult,
    Written,
)
from integrations.connectors.webhooks import NewSubscription, Subscription
from integrations.domain.catalogue import Field
from integrations.domain.person import Person
from integrations.domain.reasons import Reason

from . import bodies, translate, webhooks
from .client import PipedriveClient
from .directory import read_directory
from .errors import classify, observed_limits
from .payloads import PersonRecord
from .spec import IDS_PER_CALL, SPEC

if TYPE_CHECKING:
    import requests

WORKERS = 4
"""Calls at a time. Writes take some 200 ms, so this stays within the smallest plan's 20 calls in 2 seconds."""


def open_account(
    credentials: Credentials,
    limiter: Limiter,
    *,
    transport: requests.Session | None = None,
    sleep: Sleep = time.sleep,
    timeout: Timeout = DEFAULT_TIMEOUT,
    known: Known = NOTHING_KNOWN,
    workers: int = WORKERS,
) -> PipedriveConnector:
    """The connector of an account. See `ports.Opener`."""
    renew = credentials.renew
    session = ApiSession(
        product=SPEC.label,
        base_url=credentials.base_url,
        headers=key_headers(credentials.secrets),
        renew=(lambda: key_headers(renew())) if renew else None,
        limiter=limiter,
        classify=classify,
        observe=observed_limits,
        transport=transport,
        may_be_private=credentials.may_be_private,
        sleep=sleep,
        timeout=timeout,
    )
    return PipedriveConnector(PipedriveClient(session), credentials.base_url, workers, known)


def key_headers(secrets: Mapping[str, str]) -> dict[str, str]:
    """How a call says who it is: an OAuth access token, else an API token.

    An access token is good for an hour. Whoever keeps the refresh token renews it before opening the account, and by
    `Credentials.renew` when it is rejected earlier.
    Reference: https://pipedrive.readme.io/docs/core-api-concepts-authentication
    """
    if access_token := secrets.get("access_token"):
        return {"Authorization": f"Bearer {access_token}"}
    return {"x-api-token": secrets.get("api_token", "")}


class PipedriveConnector:
    """One Pipedrive company, as one of its users sees it."""

    spec = SPEC

    def __init__(
        self, client: PipedriveClient, base_url: str, workers: int = WORKERS, known: Known = NOTHING_KNOWN
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._workers = workers
        self._lock = Lock()
        self._known_fields: Mapping[str, Field] | None = known.fields or None

    def __repr__(self) -> str:
        return f"<PipedriveConnector {self._base_url}>"

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def identity(self) -> Identity:
        """The company and the user of the key."""
        me = self._client.me()
        if me.company_id is None:
            raise UnexpectedResponse("Pipedrive does not say which company the key is for.")
        return Identity(
            id=str(me.company_id),
            name=me.company_name or me.company_domain or str(me.company_id),
            user_id=str(me.id),
            user_name=me.name or me.email or str(me.id),
            base_url=self._company_address(me.company_domain),
        )

    def directory(self) -> Directory:
        """Users, fields and filters of people. Pipedrive has no sequences."""
        with self._lock:
            self._known_fields = None
        return read_directory(self._client, lambda: tuple(self._fields().values()))

    def read_people(self, *, changed_since: datetime | None, cursor: str | None) -> PeoplePage:
        """A page of all people by id, or of those changed since by time of change."""
        page = self._client.persons(updated_since=changed_since, cursor=cursor)
        people = tuple(self._person(record) for record in page.people)
        return PeoplePage(people, page.next_cursor, tuple(page.unreadable))

    def count_people(self) -> int | None:
        """Not said: v2 lists have a cursor and no total, https://developers.pipedrive.com/docs/api/v1/Persons"""
        return None

    def read_saved_filter(self, saved_filter_id: str, cursor: str | None) -> IdPage:
        """A page of a filter's people."""
        if cursor is None:
            # What the list of people answers for a filter that is gone is not documented, so look at the filter first.
            self._check_filter(saved_filter_id)
        page = self._client.persons(filter_id=saved_filter_id, cursor=cursor)
        return IdPage(tuple(str(record.id) for record in page.people if not record.is_deleted), page.next_cursor)

    def get_people(self, ids: Sequence[str]) -> Mapping[str, Person]:
        """People by id, a hundred a call."""
        found: dict[str, Person] = {}
        numbers = [each for each in ids if each.isdigit()]
        for start in range(0, len(numbers), IDS_PER_CALL):
            page = self._client.persons_by_id(numbers[start : start + IDS_PER_CALL])
            found |= {str(record.id): self._person(record) for record in page.people if not record.is_deleted}
        return found

    def create_people(self, people: Sequence[NewPerson]) -> Iterator[WriteResult]:
        """One call a person, a few at a time."""
        fields = self._fields() if people else {}

        def create(person: NewPerson) -> WriteResult:
            def send() -> PersonRecord:
                return self._client.create_person(bodies.new_person(person, fields))

            return self._written(person.ref, Written.CREATED, person.owner_id, send)

        yield from as_they_finish(create, people, self._workers)

    def update_people(self, updates: Sequence[PersonUpdate]) -> Iterator[WriteResult]:
        """One call a person, a few at a time; the owner goes with it. Without any change there is no call."""
        fields = self._fields() if updates else {}

        def update(each: PersonUpdate) -> WriteResult:
            def send() -> PersonRecord | None:
                body = bodies.person_update(each, fields)
                return self._client.update_person(each.current.id, body) if body else None

            return self._written(each.ref, Written.UPDATED, each.owner_id, send, each.current)

        yield from as_they_finish(update, updates, self._workers)

    def assign_owner(self, owner_id: str, person_ids: Sequence[str]) -> Iterator[WriteResult]:
        """One update a person."""
        people = (Person(person_id, "", None, ()) for person_id in person_ids)
        return self.update_people([PersonUpdate(ref, person, {}, owner_id) for ref, person in enumerate(people)])

    def participants(self, sequence_id: str, person_ids: Sequence[str]) -> frozenset[str]:
        """Nobody: Pipedrive has no sequences."""
        return frozenset()

    def enrol(self, batch: EnrolmentBatch) -> Iterator[EnrolmentResult]:
        """Nobody: Pipedrive has no sequences."""
        return iter(())

    def subscriptions(self) -> Sequence[Subscription]:
        """The webhooks that the key may see."""
        return [webhooks.subscription(record) for record in self._client.webhooks()]

    def subscribe(self, wanted: NewSubscription) -> Subscription:
        """A webhook for all that happens to people."""
        return webhooks.subscription(self._client.create_webhook(webhooks.body_for(wanted)))

    def unsubscribe(self, subscription_id: str) -> None:
        """Delete a webhook."""
        try:
            self._client.delete_webhook(subscription_id)
        except NotFound:
            return

    def _company_address(self, company_domain: str | None) -> str:
        """The company's own address, which Pipedrive recommends; none when we are told to call somebody else's host."""
        host = urlsplit(self._base_url).hostname or ""
        ours = host == "pipedrive.com" or host.endswith(".pipedrive.com")
        return f"https://{company_domain}.pipedrive.com" if ours and company_domain else ""

    def _fields(self) -> Mapping[str, Field]:
        """The account's fields by key, asked for once if need be: without them a number and a choice look alike."""
        with self._lock:
            if self._known_fields is None:
                fields = translate.catalogue(self._client.person_fields())
                self._known_fields = {field.key: field for field in fields}
            return self._known_fields

    def _person(self, record: PersonRecord) -> Person:
        return translate.person(record, self._fields().values())

    def _check_filter(self, saved_filter_id: str) -> None:
        try:
            usable = saved_filter_id.isdigit() and translate.is_people_filter(self._client.filter(saved_filter_id))
        except Rejected:
            usable = False
        if not usable:
            raise NotFound(f"Pipedrive has no filter of people {saved_filter_id} any more.")

    def _written(
        self,
        ref: int,
        written: Written,
        owner_id: str | None,
        send: Callable[[], PersonRecord | None],
        current: Person | None = None,
    ) -> WriteResult:
        """The outcome of one write. What concerns more than this person is raised."""
        person_id = current.id if current else None
        try:
            record = send()
        except (Rejected, PermissionDenied, NotFound, OutcomeUnknown) as error:
            return WriteResult(ref, Written.REFUSED, person_id, reason=_reason(error), error=error)
        except UnexpectedResponse as error:
            if error.status is not None and error.status >= 300:
                raise
            lost = OutcomeUnknown(f"Pipedrive accepted the change with an unreadable answer. {error.message}")
            return WriteResult(ref, Written.REFUSED, person_id, reason=Reason.OUTCOME_UNKNOWN, error=lost)
        if record is None:
            return WriteResult(ref, written, person_id, current)
        if record.is_deleted:
            gone = NotFound("The person is deleted in Pipedrive.")
            return WriteResult(ref, Written.REFUSED, str(record.id), reason=Reason.NOT_FOUND, error=gone)
        person = self._person(record)
        owner_is_set = owner_id is not None and owner_id == person.owner_id
        return WriteResult(ref, written, person.id, person, owner_is_set=owner_is_set)


_REASONS: tuple[tuple[type[ConnectorError], Reason], ...] = (
    (OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
    (NotFound, Reason.NOT_FOUND),
    (PermissionDenied, Reason.PERMISSION_DENIED),
    (Rejected, Reason.REJECTED),
)


def _reason(error: ConnectorError) -> Reason:
    return next(reason for kind, reason in _REASONS if isinstance(error, kind))
