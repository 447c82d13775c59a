"""Reply.io behind the ports."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from integrations.connectors.errors import PermissionDenied
from integrations.connectors.http import ApiSession
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
)
from integrations.domain.person import Person

from . import enrolments, imports, translate
from .client import ReplyClient
from .directory import DirectoryReader
from .errors import classify, observe
from .owners import OwnerAssignment
from .payloads import Whoami, id_text
from .people import People
from .spec import PATCH_LIMIT, SPEC
from .updates import Updater

if TYPE_CHECKING:
    import requests

_ACTING_USER_HEADERS = {"acting_user_id": "X-User-Id", "acting_user_email": "X-User-Email", "team_id": "X-Team-Id"}


def open_account(
    credentials: Credentials,
    limiter: Limiter,
    *,
    transport: requests.Session | None = None,
    sleep: Sleep = time.sleep,
    timeout: Timeout = DEFAULT_TIMEOUT,
    known: Known = NOTHING_KNOWN,
    patch_limit: int = PATCH_LIMIT,
) -> ReplyConnector:
    """The connector of an account. See `ports.Opener`; `patch_limit`: see `updates.Updater`."""
    session = ApiSession(
        product=SPEC.label,
        base_url=credentials.base_url,
        headers=key_headers(credentials.secrets),
        limiter=limiter,
        classify=classify,
        observe=observe,
        transport=transport,
        may_be_private=credentials.may_be_private,
        sleep=sleep,
        timeout=timeout,
    )
    return ReplyConnector(ReplyClient(session), patch_limit, known)


def key_headers(secrets: Mapping[str, str]) -> dict[str, str]:
    """How a call says who it is, and for whom a team's or organization's key acts.

    Reference: https://docs.reply.io/api-reference/authentication
    """
    named = {
        header: value.strip()
        for name, header in _ACTING_USER_HEADERS.items()
        if (value := secrets.get(name, "")).strip()
    }
    return {"Authorization": f"Bearer {secrets.get('api_key', '').strip()}", **named}


class ReplyConnector:
    """One Reply workspace, as the user of one key sees it. See `ports.Connector`."""

    spec = SPEC

    def __init__(self, client: ReplyClient, patch_limit: int = PATCH_LIMIT, known: Known = NOTHING_KNOWN) -> None:
        self._client = client
        self._user_id = known.user_id
        self._people = People(client, known.fields)
        self._updater = Updater(client, self._people.person, self._acting_user_id, patch_limit)
        self._whoami: Whoami | None = None
        self._lock = Lock()

    def identity(self) -> Identity:
        """Test the key. The workspace's name is only told where Reply lists the team's members."""
        whoami = self._client.whoami()
        team_id = id_text(whoami.team_id)
        try:
            name = translate.team_name(self._client.team_users(), team_id)
        except PermissionDenied:
            name = ""
        own = translate.own_member(whoami)
        return Identity(team_id, name or f"Reply workspace {team_id}", own.id, own.name)

    def directory(self) -> Directory:
        """Members, fields, lists and sequences. See `directory`."""
        return DirectoryReader(self._client, self._acting()).read()

    def read_people(self, *, changed_since: datetime | None, cursor: str | None) -> PeoplePage:
        """One page of all contacts, since Reply cannot tell what changed. `scan` says what the walk guarantees."""
        return self._people.page(cursor)

    def count_people(self) -> int | None:
        """As Reply says, where it does: its lists have no total, and its count was announced for late August 2026."""
        return self._people.count()

    def read_saved_filter(self, saved_filter_id: str, cursor: str | None) -> IdPage:
        """One page of a list's contacts. Raises NotFound when the list is gone."""
        return self._people.of_list(saved_filter_id, cursor)

    def get_people(self, ids: Sequence[str]) -> Mapping[str, Person]:
        """Contacts by id."""
        return self._people.get(ids)

    def create_people(self, people: Sequence[NewPerson]) -> Iterator[WriteResult]:
        """Import people, a thousand a call. `POST /v3/contacts` is never used: it may blank whom it finds."""
        return imports.create_people(self._client, people, self._acting_user_id)

    def update_people(self, updates: Sequence[PersonUpdate]) -> Iterator[WriteResult]:
        """Change people. Owners are left to `assign_owner`."""
        return self._updater.update(updates)

    def assign_owner(self, owner_id: str, person_ids: Sequence[str]) -> Iterator[WriteResult]:
        """Give contacts to a member, a thousand a call. Tasks stay with whom they are."""
        return OwnerAssignment(self._client, self._people, self._team_id, owner_id).assign(person_ids)

    def participants(self, sequence_id: str, person_ids: Sequence[str]) -> frozenset[str]:
        """Which of the people are or were in the sequence."""
        return enrolments.participants(self._client, sequence_id, person_ids)

    def enrol(self, batch: EnrolmentBatch) -> Iterator[EnrolmentResult]:
        """Put people into a sequence; nobody is taken out of another one."""
        return enrolments.enrol(self._client, batch)

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _acting(self) -> Whoami:
        """Whom the key acts for, asked once."""
        with self._lock:
            if self._whoami is None:
                self._whoami = self._client.whoami()
            return self._whoami

    def _acting_user_id(self) -> str:
        return self._user_id or id_text(self._acting().user_id)

    def _team_id(self) -> str:
        return id_text(self._acting().team_id)
