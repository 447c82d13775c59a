"""The connector for Rolodex: the smallest whole one, as docs/adding-a-connector.md goes through it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from integrations.connectors.errors import AuthenticationFailed, ConnectorError, NotFound, Rejected, UnexpectedResponse
from integrations.connectors.http import JSON, ApiSession, Headers
from integrations.connectors.ports import (
    DEFAULT_TIMEOUT,
    NOTHING_KNOWN,
    ConnectorSpec,
    CredentialField,
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
    RateWindow,
    Sleep,
    Timeout,
    WriteResult,
    Written,
)
from integrations.connectors.registry import Registered
from integrations.domain.catalogue import Field, Member
from integrations.domain.enums import FieldKind, Role
from integrations.domain.person import Person, Value

if TYPE_CHECKING:
    import requests

# --- spec.py: the constants -----------------------------------------------------------------------------------------

SPEC = ConnectorSpec(
    product="rolodex",
    label="Rolodex",
    people_label="Cards in Rolodex",
    role=Role.CRM,
    default_base_url="https://api.rolodex.example",
    own_hosts=("api.rolodex.example",),
    credential_fields=(CredentialField("key", "Key", "It is printed on the back of the box."),),
    default_fields=("mail", "", "", "", "", ""),
    windows=(RateWindow("minute", 600, 60.0),),
    page_size=25,
    create_batch=1,
    update_batch=1,
    single_updates=0,
    write_tokens=1,
    owner_batch=1,
    enrol_batch=0,
    reads_changes=False,
    owner_travels_with_writes=True,
    creates_are_repeatable=True,
)
FIELDS = (
    Field("mail", "Mail", FieldKind.EMAIL, identity=True, required=True),
    Field("full_name", "Full name", FieldKind.TEXT),
    Field("town", "Town", FieldKind.TEXT),
)

# --- errors.py: what its answers mean -------------------------------------------------------------------------------


def classify(status: int, headers: Headers, data: JSON, text: str) -> ConnectorError | None:
    """What is no success, in words for people. What is not listed here, the session knows itself."""
    match status:
        case 401:
            return AuthenticationFailed("Rolodex does not accept this key. Look at the back of the box.")
        case 404:
            return NotFound("Rolodex has no such card any more.")
        case 422:
            return Rejected("Rolodex does not accept what was to be written.")
        case _:
            return None


# --- payloads.py: the wire records, parsed tolerantly ---------------------------------------------------------------


class Card(msgspec.Struct):
    id: int
    mail: str = ""
    full_name: str = ""
    keeper: int | None = None
    town: str = ""


class Colleague(msgspec.Struct):
    id: int
    mail: str = ""


def read(data: JSON, shape: Any) -> Any:
    """The records of an answer. Raises UnexpectedResponse when they are not what was promised."""
    try:
        return msgspec.convert(data, shape, strict=False)
    except msgspec.ValidationError as error:
        raise UnexpectedResponse(f"Rolodex answered with something else than was documented: {error}.") from None


# --- translate.py: from the wire to our words, and back -------------------------------------------------------------


def person(card: Card) -> Person:
    """A card as a person."""
    values: dict[str, Value] = {
        "mail": card.mail or None,
        "full_name": card.full_name or None,
        "town": card.town or None,
    }
    owner = str(card.keeper) if card.keeper else None
    return Person(str(card.id), card.full_name, owner, (card.mail,) if card.mail else (), values)


def body(values: Mapping[str, Value], owner_id: str | None) -> dict[str, Any]:
    """What a write sends."""
    return {**{key: value or "" for key, value in values.items()}, **({"keeper": int(owner_id)} if owner_id else {})}


# --- adapter.py: the ports ------------------------------------------------------------------------------------------


class RolodexConnector:
    """One Rolodex. It has no saved filters, no sequences, and no list of what has changed."""

    spec = SPEC

    def __init__(self, session: ApiSession) -> None:
        self._session = session

    def close(self) -> None:
        self._session.close()

    def identity(self) -> Identity:
        me = self._session.call("GET", "/me").data
        return Identity(str(me["book"]), me["name"], str(me["user"]), me["user_name"])

    def directory(self) -> Directory:
        colleagues = read(self._session.call("GET", "/colleagues").data, list[Colleague])
        members = tuple(Member(str(each.id), each.mail.partition("@")[0].title(), each.mail) for each in colleagues)
        return Directory(members=members, fields=FIELDS, saved_filters=(), sequences=())

    def read_people(self, *, changed_since: datetime | None, cursor: str | None) -> PeoplePage:
        cards = read(self._session.call("GET", "/cards", query={"after": cursor or "0"}).data, list[Card])
        last = str(cards[-1].id) if len(cards) == SPEC.page_size else None
        return PeoplePage(tuple(person(card) for card in cards), last)

    def count_people(self) -> int | None:
        return None

    def read_saved_filter(self, saved_filter_id: str, cursor: str | None) -> IdPage:
        raise NotFound("Rolodex has no filters.")

    def get_people(self, ids: Sequence[str]) -> Mapping[str, Person]:
        found: dict[str, Person] = {}
        for start in range(0, len(ids), SPEC.page_size):
            query = {"ids": ",".join(ids[start : start + SPEC.page_size])}
            for card in read(self._session.call("GET", "/cards", query=query).data, list[Card]):
                found[str(card.id)] = person(card)
        return found

    def create_people(self, people: Sequence[NewPerson]) -> Iterator[WriteResult]:
        for each in people:
            yield self._write(each.ref, "POST", "/cards", body(each.values, each.owner_id))

    def update_people(self, updates: Sequence[PersonUpdate]) -> Iterator[WriteResult]:
        for each in updates:
            yield self._write(each.ref, "PATCH", f"/cards/{each.current.id}", body(each.changes, each.owner_id))

    def assign_owner(self, owner_id: str, person_ids: Sequence[str]) -> Iterator[WriteResult]:
        for ref, person_id in enumerate(person_ids):
            yield self._write(ref, "PATCH", f"/cards/{person_id}", body({}, owner_id))

    def participants(self, sequence_id: str, person_ids: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def enrol(self, batch: EnrolmentBatch) -> Iterator[EnrolmentResult]:
        return iter(())

    def _write(self, ref: int, method: str, path: str, values: dict[str, Any]) -> WriteResult:
        """What concerns this person alone is in the result; what concerns all is raised."""
        try:
            # A card is found by its address, so a create may be sent again.
            answer = self._session.call(method, path, body=values, repeatable=True)
        except (Rejected, NotFound) as error:
            return WriteResult(ref, Written.REFUSED, error=error)
        card = person(read(answer.data, Card))
        written = {"PATCH": Written.UPDATED, "POST": Written.CREATED if answer.status == 201 else Written.FOUND}[method]
        return WriteResult(ref, written, card.id, card, owner_is_set=written is not Written.FOUND)


def open_account(
    credentials: Credentials,
    limiter: Limiter,
    *,
    transport: requests.Session | None = None,
    sleep: Sleep = time.sleep,
    timeout: Timeout = DEFAULT_TIMEOUT,
    known: Known = NOTHING_KNOWN,
) -> RolodexConnector:
    """See `ports.Opener`."""
    return RolodexConnector(
        ApiSession(
            product=SPEC.label,
            base_url=credentials.base_url,
            headers={"X-Key": credentials.secrets.get("key", "")},
            limiter=limiter,
            classify=classify,
            transport=transport,
            sleep=sleep,
            timeout=timeout,
            may_be_private=credentials.may_be_private,
        )
    )


REGISTERED = Registered(SPEC, open_account)
