"""Why?: what every step would do with one person and why, from the mirror alone. Calls no product, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Q
from django.utils import timezone

from integrations.domain.normalise import normal_email
from integrations.models import Account, Person, PersonEmail, PersonLink, ReadCheckpoint, SyncStep

from .explanation import Explanation, Mirrored, Searched
from .name_book import NameBook
from .past_entries import latest_entries
from .step_story import StepTeller

AT_MOST = 20
"""People with the address who are explained; somebody who shares a mailbox with hundreds needs an id."""


def explain(query: str) -> Explanation:
    """The story of the person with this e-mail address (any of theirs, whatever the case) or this id in a product.

    Everybody in the mirror whom it means is explained, and whom they are linked to, also those who are missing.
    """
    query = query.strip()
    accounts = list(Account.objects.all())
    found = _found(query, accounts) if query else {}
    left_out = max(0, len(found) - AT_MOST)
    rows = list(Person.objects.filter(pk__in=sorted(found)[:AT_MOST]).select_related("account"))
    ways = {row.pk: found[row.pk] for row in rows}
    for link in _links(rows):
        for row, other in ((link.crm_person, link.outreach_person), (link.outreach_person, link.crm_person)):
            if row.pk not in ways:
                ways[row.pk] = f"linked to {other}"
                rows.append(row)
    names = NameBook([account.pk for account in accounts])
    people = {row.pk: _mirrored(row, ways[row.pk], names) for row in rows}
    now = timezone.localtime()
    stories = []
    for step in _steps_from({row.account_id for row in rows}):
        sources = [row for row in rows if row.account_id == step.source_account.pk]
        stories += StepTeller(step, names).tell(people, sources, now)
    return Explanation(
        query=query,
        asked_at=now,
        accounts=tuple(_searched(accounts, rows, people)),
        steps=tuple(stories),
        past=tuple(latest_entries(list(people), names)),
        left_out=left_out,
    )


def _found(query: str, accounts: Sequence[Account]) -> dict[int, str]:
    """Primary keys of the people whom the question means, and why it means them."""
    if "@" not in query:
        by_id = Person.objects.filter(account__in=accounts, external_id=query)
        return dict.fromkeys(by_id.values_list("pk", flat=True), f"has the id {query}")
    address = normal_email(query)
    holders = PersonEmail.objects.filter(account__in=accounts, address=address).values_list("person_id", flat=True)
    # Malformed addresses are matched by nobody and have no row of their own.
    keys = list(holders) or list(Person.objects.filter(email__iexact=address).values_list("pk", flat=True))
    return dict.fromkeys(keys, f"has the address {address}")


def _links(rows: Sequence[Person]) -> list[PersonLink]:
    keys = [row.pk for row in rows]
    links = PersonLink.objects.select_related("crm_person__account", "outreach_person__account")
    return [*links.filter(crm_person__in=keys), *links.filter(outreach_person__in=keys)]


def _steps_from(account_ids: set[int]) -> list[SyncStep]:
    steps = SyncStep.objects.with_accounts().select_related("fallback_member")
    crm, outreach = Q(connection__crm_account__in=account_ids), Q(connection__outreach_account__in=account_ids)
    asked = steps.filter(Q(crm, direction="to_outreach") | Q(outreach, direction="to_crm"))
    return list(asked.order_by("connection__name", "connection", "position", "pk"))


def _mirrored(row: Person, way: str, names: NameBook) -> Mirrored:
    return Mirrored(
        pk=row.pk,
        account=row.account.name,
        people_label=row.account.people_label,
        id=row.external_id,
        name=row.name,
        emails=tuple(row.emails),
        owner=names.member(row.account_id, row.owner_external_id),
        found_by=way,
        changed_at=row.external_updated_at,
        missing_since=row.missing_since,
    )


def _searched(accounts: Sequence[Account], rows: Sequence[Person], people: Mapping[int, Mirrored]) -> list[Searched]:
    reads = {read.account_id: read for read in ReadCheckpoint.objects.filter(account__in=accounts)}
    answer = []
    for account in accounts:
        read = reads.get(account.pk)
        here = tuple(people[row.pk] for row in rows if row.account_id == account.pk)
        read_at, full_read_at = (read.read_at, read.full_read_at) if read else (None, None)
        answer.append(Searched(account.name, account.people_label, read_at, full_read_at, here))
    return answer
