"""The workspace: all records with their indexes. Every change of a contact goes through here, to keep them true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count

from integrations.sandbox.replyio.records import (
    Activity,
    ApiKey,
    BlacklistRule,
    Contact,
    ContactLink,
    ContactList,
    CustomField,
    Sequence,
    User,
    Webhook,
)

TEAM_ID = 20_417


class State:
    """One Reply workspace. `now` gives the sandbox's time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.team_id = TEAM_ID
        self.team_name = ""
        self.users: dict[int, User] = {}
        self.keys: dict[str, ApiKey] = {}
        self.contacts: dict[int, Contact] = {}
        self.deleted: dict[int, Contact] = {}
        self.custom_fields: dict[int, CustomField] = {}
        self.lists: dict[int, ContactList] = {}
        self.sequences: dict[int, Sequence] = {}
        self.links: dict[int, dict[int, ContactLink]] = {}
        self.links_of_contact: dict[int, dict[int, ContactLink]] = {}
        self.blacklist: dict[int, BlacklistRule] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.activities: dict[int, list[Activity]] = {}
        self.contact_ids = count(40_118_201)
        self.small_ids = count(61_301)
        self.activity_ids = count(1)
        self.event_ids = count(1)
        self._by_email: dict[str, dict[int, None]] = {}
        self._by_linkedin: dict[str, dict[int, None]] = {}
        self._deleted_by_email: dict[str, dict[int, None]] = {}
        self._recency: dict[int, None] = {}
        self._is_sorted = True

    def with_email(self, email: str) -> list[Contact]:
        """The live contacts with this address, whatever its case."""
        return [self.contacts[each] for each in self._by_email.get(email.lower(), ())] if email else []

    def with_linkedin(self, url: str) -> list[Contact]:
        """The live contacts with this LinkedIn URL, whatever its case and its last slash."""
        return [self.contacts[each] for each in self._by_linkedin.get(_plain_url(url), ())] if url else []

    def deleted_with_email(self, email: str) -> Contact | None:
        """The contact that was deleted last with this address."""
        ids = list(self._deleted_by_email.get(email.lower(), ())) if email else []
        return self.deleted[ids[-1]] if ids else None

    def in_id_order(self) -> Iterable[Contact]:
        """The live contacts, the oldest id first."""
        if not self._is_sorted:
            self.contacts = dict(sorted(self.contacts.items()))
            self._is_sorted = True
        return self.contacts.values()

    def recent_first(self) -> Iterator[Contact]:
        """The live contacts, the one that was changed last first."""
        return (self.contacts[each] for each in reversed(self._recency))

    def add_contact(self, owner_user_id: int, texts: Mapping[str, str], custom: Mapping[int, str]) -> Contact:
        """Keep a new contact. Empty texts are left out."""
        now = self.now()
        contact = Contact(next(self.contact_ids), owner_user_id, now, now, custom=dict(custom))
        self.contacts[contact.id] = contact
        self.set_texts(contact, texts)
        return contact

    def set_texts(self, contact: Contact, texts: Mapping[str, str | None]) -> None:
        """Set or clear (empty or None) text fields of a live contact."""
        self._unindex(contact)
        for name, value in texts.items():
            if value:
                contact.texts[name] = value
            else:
                contact.texts.pop(name, None)
        self._index(contact)
        self.touch(contact)

    def touch(self, contact: Contact) -> None:
        """Say that a contact has changed."""
        contact.changed_at = self.now()
        self._recency.pop(contact.id, None)
        self._recency[contact.id] = None

    def delete_contact(self, contact: Contact) -> None:
        """Take a contact out of everything; it is remembered, so that an import can restore it."""
        self._unindex(contact)
        del self.contacts[contact.id]
        self._recency.pop(contact.id, None)
        for each in self.lists.values():
            each.contact_ids.pop(contact.id, None)
        for sequence_id in list(self.links_of_contact.get(contact.id, ())):
            self.remove_link(sequence_id, contact.id)
        self.deleted[contact.id] = contact
        if contact.email:
            self._deleted_by_email.setdefault(contact.email, {})[contact.id] = None

    def restore_contact(self, contact: Contact) -> None:
        """Bring a deleted contact back, in no list and in no sequence."""
        del self.deleted[contact.id]
        self._deleted_by_email.get(contact.email, {}).pop(contact.id, None)
        self.contacts[contact.id] = contact
        self._is_sorted = False
        self._index(contact)
        self.touch(contact)

    def add_link(self, link: ContactLink) -> None:
        """Keep a participation."""
        self.links.setdefault(link.sequence_id, {})[link.contact_id] = link
        self.links_of_contact.setdefault(link.contact_id, {})[link.sequence_id] = link

    def remove_link(self, sequence_id: int, contact_id: int) -> None:
        """Forget a participation that is there."""
        del self.links[sequence_id][contact_id]
        del self.links_of_contact[contact_id][sequence_id]

    def link(self, sequence_id: int, contact_id: int) -> ContactLink | None:
        """The participation, if any."""
        return self.links.get(sequence_id, {}).get(contact_id)

    def log_activity(self, contact_id: int, kind: str, user_id: int, content: dict[str, object] | None = None) -> None:
        """Add a line to a contact's history."""
        line = Activity(next(self.activity_ids), self.now(), kind, user_id, content)
        self.activities.setdefault(contact_id, []).append(line)

    def member(self, user_id: int | None) -> User | None:
        """The user, when they are a member of the team now."""
        user = self.users.get(user_id) if user_id is not None else None
        return None if user is None or user.removed else user

    def is_blacklisted(self, email: str) -> bool:
        """Whether a rule forbids contacting this address."""
        domain = email.rpartition("@")[2]
        return any(
            rule.pattern.lower() == (email.lower() if rule.kind == "email" else domain.lower())
            for rule in self.blacklist.values()
        )

    def _index(self, contact: Contact) -> None:
        if contact.email:
            self._by_email.setdefault(contact.email, {})[contact.id] = None
        if url := contact.texts.get("linkedInUrl"):
            self._by_linkedin.setdefault(_plain_url(url), {})[contact.id] = None

    def _unindex(self, contact: Contact) -> None:
        self._by_email.get(contact.email, {}).pop(contact.id, None)
        self._by_linkedin.get(_plain_url(contact.texts.get("linkedInUrl", "")), {}).pop(contact.id, None)


def _plain_url(url: str) -> str:
    return url.strip().rstrip("/").lower()
