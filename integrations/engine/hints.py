"""Small runs: those that read and plan only the people of whom webhooks have told."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from integrations.connectors import registry
from integrations.connectors.ports import Connector
from integrations.models import (
    Account,
    ChangeHint,
    Connection,
    Person,
    PersonLink,
    Phase,
    Run,
    RunChunk,
    RunKind,
    SyncStep,
)

from .claim import Lease
from .mirror import mark_missing, store

HINTED, COUNTERPARTS = "hinted", "counterparts"
"""What a small run's read chunks read."""


def hinted_steps(connection: Connection) -> list[SyncStep]:
    """The steps that a small run includes: enabled ones whose source sends webhooks.

    A step that uses a filter saved in the product waits for an ordinary run, since reading who is in the filter costs
    far more than the people whom it is about.
    """
    steps = SyncStep.objects.enabled().with_accounts().filter(connection=connection)
    own_rules_only = steps.exclude(filter_conditions__saved_filter__isnull=False)
    return [step for step in own_rules_only if sends_webhooks(step.source_account)]


def sends_webhooks(account: Account) -> bool:
    """Whether the account's product can tell by itself that somebody changed."""
    return registry.connector(account.product).read_notice is not None


def take_hints(run: Run) -> None:
    """Make the run take up its connection's hints, also those that a run before it did not come to read.

    Only a run of all steps that may write does: after the others, somebody would still have to look at the people.
    """
    if run.kind == RunKind.SYNC and run.step_id is None:
        ChangeHint.objects.filter(connection=run.connection).update(run=run)


def hinted_reading(run: Run, steps: Iterable[SyncStep]) -> list[RunChunk]:
    """A small run's reading (not saved yet): the people whom its hints name, and whom they are linked to."""
    chunks = []
    for step in {step.source_account.pk: step for step in steps}.values():
        source, target = step.source_account, step.target_account
        hints = dict(run.hints.filter(account=source).values_list("person_external_id", "gone"))
        gone = [person for person, is_gone in hints.items() if is_gone]
        chunks.append(_chunk(run, source, {"what": HINTED, "ids": list(hints), "gone": gone}))
        side, other = step.way.source.value, step.way.target.value
        links = PersonLink.objects.filter(
            **{"connection": run.connection, f"{side}_person__external_id__in": list(hints)}
        )
        linked = list(links.values_list(f"{other}_person__external_id", flat=True))
        if linked:
            chunks.append(_chunk(run, target, {"what": COUNTERPARTS, "ids": linked, "gone": linked}))
    return chunks


def read_hinted(lease: Lease, connector: Connector, account: Account) -> bool:
    """Read a chunk's people by id; answers that it is finished.

    Whoever is not found is gone only if the product has said so, or was there before as the counterpart: somebody who
    cannot be read for another reason is left to the nightly check.
    """
    ids: list[str] = lease.chunk.payload["ids"]
    found = connector.get_people(ids) if ids else {}
    missing = [person for person in lease.chunk.payload["gone"] if person not in found]
    with transaction.atomic():
        lease.prove()
        store(account, found.values())
        if Person.objects.present().filter(account=account, external_id__in=missing).exists():
            mark_missing(account, missing)
        if lease.chunk.payload["what"] == HINTED:
            forget_hints(lease.chunk.run, account)
    return True


def gone_by_hint(run: Run, account: Account) -> list[str]:
    """Those who are said to be deleted, which reading what changed does not show."""
    return list(run.hints.filter(account=account, gone=True).values_list("person_external_id", flat=True))


def forget_hints(run: Run, account: Account) -> None:
    """The run has read the people: their hints have done their work, unless they were given again meanwhile."""
    ChangeHint.objects.filter(run=run, account=account).delete()


def hinted_people(run: Run, account: Account) -> list[str]:
    """The ids of the account's people whom a small run is about."""
    chunks = RunChunk.objects.filter(run=run, account=account, phase=Phase.READ)
    return [person for chunk in chunks if chunk.payload["what"] == HINTED for person in chunk.payload["ids"]]


def _chunk(run: Run, account: Account, payload: dict[str, object]) -> RunChunk:
    now = timezone.now()
    return RunChunk(run=run, account=account, phase=Phase.READ, payload=payload, offered_until=now, not_before=now)
