"""All records of the imitated Pipedrive, and the numbers it gives out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.person_index import PersonIndex
from integrations.sandbox.pipedrive.records import (
    App,
    FieldOption,
    Filter,
    Grant,
    Installation,
    Organization,
    Person,
    PersonField,
    Token,
    User,
    Webhook,
    stamp,
)

PURGED_AFTER = timedelta(days=30)


class State:
    """The records. Nothing here knows HTTP, permissions or limits."""

    def __init__(self) -> None:
        self.company_id = 7_654_321
        self.company_name = ""
        self.company_domain = ""
        self.users: dict[int, User] = {}
        self.organizations: dict[int, Organization] = {}
        self.labels: tuple[FieldOption, ...] = ()
        self.fields: dict[str, PersonField] = {}
        self.persons: dict[int, Person] = {}
        self.index = PersonIndex()
        self.filters: dict[int, Filter] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.grants: dict[str, Grant] = {}
        self.installations: dict[str, Installation] = {}
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def next_number(self, kind: str) -> int:
        """The next id of a kind of record, 1-based."""
        self._numbers[kind] += 1
        return self._numbers[kind]

    def next_secret(self, kind: str) -> str:
        """A fresh opaque value, long as Pipedrive's access tokens are, and the same in every run."""
        return f"{kind}-" + hashlib.sha256(f"{kind} {self.next_number(kind)}".encode()).hexdigest() * 2

    def custom_fields(self) -> list[PersonField]:
        """The company's own fields, in their order."""
        return [field for field in self.fields.values() if field.is_custom]

    def field_by_number(self, number: int) -> PersonField | None:
        """The field with this v1 id."""
        return next((field for field in self.fields.values() if field.id == number), None)

    def live_webhooks(self) -> list[Webhook]:
        """Those that nobody has removed."""
        return [webhook for webhook in self.webhooks.values() if webhook.remove_time is None]

    def person(self, person_id: int, now: datetime) -> Person | None:
        """The person, deleted or not; None once it is purged."""
        person = self.persons.get(person_id)
        if person is not None and person.is_deleted and person.update_time < stamp(now - PURGED_AFTER):
            return None
        return person

    def dump(self) -> dict[str, Json]:
        """Everything as JSON."""
        return {
            "company": {"id": self.company_id, "name": self.company_name, "domain": self.company_domain},
            "users": [asdict(user) for user in self.users.values()],
            "organizations": [asdict(organization) for organization in self.organizations.values()],
            "fields": [asdict(field) for field in self.fields.values()],
            "persons": [_person_dump(person) for person in self.persons.values()],
            "filters": [asdict(one) for one in self.filters.values()],
            "webhooks": [_with_times(asdict(webhook)) for webhook in self.webhooks.values()],
            "tokens": [
                {"value": token.value, "user_id": token.user_id, "app": token.app.client_id if token.app else None}
                for token in self.tokens.values()
            ],
        }


def _person_dump(person: Person) -> Json:
    return {name: getattr(person, name) for name in Person.__slots__ if name != "searched"}


def _with_times(data: dict[str, Json]) -> dict[str, Json]:
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in data.items()}
