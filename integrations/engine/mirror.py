"""Keeping the mirror: people as they were read, or as our own writes left them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from django.db import transaction
from django.utils import timezone

from integrations.domain import person as domain
from integrations.domain.normalise import is_usable_email, normal_email
from integrations.models import Account, Person, PersonEmail, ReadCheckpoint
from integrations.models.bulk import insert, upsert
from integrations.models.people import PersonQuerySet

_COLUMNS = [
    "name",
    "email",
    "emails",
    "owner_external_id",
    "values",
    "opted_out",
    "external_updated_at",
    "missing_since",
    "content",
    "change",
    "scan",
]


def content_hash(person: domain.Person) -> str:
    """Changes whenever anything that can matter to a step changes. The product's time stamp does not count."""
    content = [
        person.name,
        person.owner_id,
        person.emails,
        sorted(domain.values_to_json(person.values).items()),
        person.opted_out,
    ]
    text = json.dumps(content, separators=(",", ":"), default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def store(account: Account, people: Iterable[domain.Person], *, scan: int | None = None) -> int:
    """Bring the mirror up to date with people as the product holds them now; answers how many rows changed.

    `scan` is the number of the full read that saw them; people seen otherwise count as seen by the latest one, so that
    a full read under way does not take a person who was just created for missing. One transaction, one change number.
    """
    by_id = {person.id: person for person in people}
    deleted = [person.id for person in by_id.values() if person.is_deleted]
    alive = {id_: person for id_, person in by_id.items() if not person.is_deleted}
    with transaction.atomic():
        stored = Person.objects.filter(account=account, external_id__in=alive)
        known = {
            id_: (content, missing, emails)
            for id_, content, missing, emails in stored.values_list("external_id", "content", "missing_since", "emails")
        }
        hashes = {id_: content_hash(person) for id_, person in alive.items()}
        changed = [id_ for id_ in alive if known.get(id_, ("", None))[:2] != (hashes[id_], None)]
        if changed:
            _upsert(account, [(alive[id_], hashes[id_]) for id_ in changed], scan)
            moved = [alive[id_] for id_ in changed if id_ not in known or known[id_][2] != list(alive[id_].emails)]
            _replace_addresses(account, moved)
        if scan is not None:
            Person.objects.filter(account=account, external_id__in=alive).exclude(scan=scan).update(scan=scan)
        return len(changed) + (mark_missing(account, deleted) if deleted else 0)


def row_ids(account: Account, external_ids: Sequence[str]) -> dict[str, int]:
    """The primary keys of people's rows, by the product's id."""
    rows = Person.objects.filter(account=account, external_id__in=external_ids)
    return dict(rows.values_list("external_id", "pk"))


def mark_missing(account: Account, external_ids: Sequence[str]) -> int:
    """Note that people are gone from the account. Nothing is deleted anywhere."""
    with transaction.atomic():
        change = ReadCheckpoint.objects.next_change(account.pk)
        return (
            Person.objects.present()
            .filter(account=account, external_id__in=external_ids)
            .update(missing_since=timezone.now(), change=change)
        )


def unseen_by(account: Account, scan: int) -> PersonQuerySet:
    """Those whom a complete full read of that number, and none after it, has seen."""
    return Person.objects.present().filter(account=account, scan__lt=scan).order_by("pk")


def _upsert(account: Account, people: Sequence[tuple[domain.Person, str]], scan: int | None) -> None:
    change = ReadCheckpoint.objects.next_change(account.pk)
    if scan is None:
        scan = ReadCheckpoint.objects.values_list("scans", flat=True).get(account=account)
    upsert(
        Person,
        (
            Person(
                account=account,
                external_id=person.id,
                name=person.name[:255],
                email=next(iter(person.emails), "")[:254],
                emails=list(person.emails),
                owner_external_id=person.owner_id or "",
                values=domain.values_to_json(person.values),
                opted_out=person.opted_out,
                external_updated_at=person.updated_at,
                content=content,
                change=change,
                scan=scan,
            )
            for person, content in people
        ),
        by=["account", "external_id"],
        columns=_COLUMNS,
    )


def _replace_addresses(account: Account, people: Sequence[domain.Person]) -> None:
    ids = row_ids(account, [person.id for person in people])
    PersonEmail.objects.filter(person__in=ids.values()).delete()
    insert(
        PersonEmail,
        (
            PersonEmail(account=account, person_id=ids[person.id], address=address)
            for person in people
            for address in dict.fromkeys(normal_email(email) for email in person.emails if is_usable_email(email))
        ),
    )
