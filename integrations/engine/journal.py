"""Recording what writes did: entries, mirror, links and memories, together in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import QuerySet

from integrations.connectors.errors import (
    ConnectorError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    TemporaryError,
)
from integrations.domain.decisions import Create, Update
from integrations.domain.enums import FieldKind
from integrations.domain.person import ListItem, Person, Value
from integrations.domain.reasons import Reason
from integrations.domain.situation import Memory
from integrations.domain.step_settings import StepSettings
from integrations.models import Part, PersonLink, RunEntry, RunKind, SyncStep
from integrations.models.bulk import overwrite

from .bench import Bench
from .claim import Lease
from .links import link_pairs, remember, save_memories
from .mirror import row_ids, store
from .recording import decision_of, fail, settle
from .situations import Case

ENTRY_COLUMNS = [
    "outcome",
    "reason",
    "detail",
    "email",
    "target_person",
    "target_external_id",
    "write_part",
    "owner_part",
    "enrol_part",
    "enrolment_reason",
    "enrolment_detail",
    "sent_at",
]


@dataclass(slots=True)
class Job:
    """An entry with the case that it stands for now. `target_after` is the target person as the write left it."""

    entry: RunEntry
    case: Case
    decision: Create | Update
    target_after: Person | None = None


def jobs_for(bench: Bench, entries: QuerySet[RunEntry]) -> list[Job]:
    """The entries with their cases as they stand now, in a constant number of queries."""
    by_person = {entry.source_person_id: entry for entry in entries.select_related("source_person")}
    rows = [entry.source_person for entry in by_person.values() if entry.source_person is not None]
    return [
        Job(by_person[case.row.pk], case, decision_of(by_person[case.row.pk]))
        for case in bench.gatherer.gather_decided(rows)
    ]


def record(lease: Lease, bench: Bench, jobs: Sequence[Job]) -> None:
    """Store the outcomes. Whoever was written gets mirror row, link and, once no owner is pending, memory."""
    with transaction.atomic():
        lease.prove()
        written = [job for job in jobs if job.target_after is not None]
        store(bench.account, [job.target_after for job in written if job.target_after is not None])
        rows = row_ids(bench.account, [job.target_after.id for job in written if job.target_after is not None])
        links = _links(bench.step, written, rows)
        remembered = []
        for job in written:
            link = links.get(job.case.row.pk)
            if link is None:
                fail(job.entry, "write_part", Reason.LINKED_ELSEWHERE, "The person who was found is linked elsewhere.")
                continue
            if job.target_after is not None:
                job.entry.target_person_id = rows[job.target_after.id]
                job.entry.target_external_id = job.target_after.id
            if job.entry.owner_part not in (Part.PLANNED, Part.SENDING):
                remember(link, bench.step, _memory(bench, job))
                remembered.append(link)
        save_memories(remembered)
        for job in jobs:
            settle(job.entry)
        save_entries([job.entry for job in jobs])


def save_entries(entries: Iterable[RunEntry]) -> None:
    """Store what changed on entries while they were carried out."""
    overwrite(RunEntry, entries, ENTRY_COLUMNS)


def reason_of(error: ConnectorError) -> Reason:
    """The entry's reason for an error that concerns one person."""
    for kind, reason in (
        (OutcomeUnknown, Reason.OUTCOME_UNKNOWN),
        (TemporaryError, Reason.UNAVAILABLE),
        (PermissionDenied, Reason.PERMISSION_DENIED),
        (NotFound, Reason.NOT_FOUND),
    ):
        if isinstance(error, kind):
            return reason
    return Reason.REJECTED


def person_after(bench: Bench, job: Job, person_id: str, owner_id: str | None) -> Person:
    """The target person as the write must have left it, where the product answered with less than the whole record."""
    changes = {change.key: change.after for change in job.decision.fields}
    if isinstance(job.decision, Create):
        name = job.case.situation.source.name
        before = Person(person_id, name, owner_id, (job.decision.address,))
    elif job.case.target is not None:
        before = replace(job.case.target.as_value(), owner_id=owner_id)
    else:
        before = Person(person_id, job.entry.name, owner_id, ())
    values = {**before.values, **changes}
    return replace(before, id=person_id, values=values, emails=_emails(bench.settings, values) or before.emails)


def _emails(settings: StepSettings, values: dict[str, Value]) -> tuple[str, ...]:
    for key, field in settings.target_fields.items():
        if field.identity:
            value = values.get(key)
            if field.kind is FieldKind.EMAIL and isinstance(value, str):
                return (value,)
            if isinstance(value, tuple):
                return tuple(item.value for item in value if isinstance(item, ListItem))
    return ()


def _memory(bench: Bench, job: Job) -> Memory:
    if bench.stage.run.kind == RunKind.UNDO and job.target_after is not None:
        return bench.planner.accepted(job.case.situation, job.target_after)
    return bench.planner.memory_after(job.decision, job.case.situation, job.target_after)


def _links(step: SyncStep, jobs: Sequence[Job], rows: dict[str, int]) -> dict[int, PersonLink]:
    """The jobs' links by source row. A link whose target is gone is turned to the person who takes its place."""
    links: dict[int, PersonLink] = {}
    pairs = []
    for job in jobs:
        target = rows[job.target_after.id] if job.target_after else None
        if target is None:
            continue
        link = job.case.link
        if link is None:
            pairs.append((job.case.row.pk, target))
        elif link.person_id(step.way.target) == target or _turn(link, step, target):
            links[job.case.row.pk] = link
    return {**links, **link_pairs(step, pairs)}


def _turn(link: PersonLink, step: SyncStep, target: int) -> bool:
    """Make the link lead to another target; answers whether that one was free."""
    column = f"{step.way.target.value}_person_id"
    if PersonLink.objects.filter(**{"connection_id": step.connection_id, column: target}).exists():
        return False
    setattr(link, column, target)
    link.save(update_fields=[column.removesuffix("_id")])
    return True
