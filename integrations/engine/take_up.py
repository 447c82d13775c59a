"""Planning that takes up another run's entries: to apply a preview as it was shown, or to put back what a run wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet

from integrations.connectors.ports import ConnectorSpec
from integrations.domain.catalogue import Field
from integrations.domain.matching import usable_addresses
from integrations.domain.normalise import same
from integrations.domain.person import Value, value_from_json, value_to_json
from integrations.domain.reasons import Reason
from integrations.models import (
    Action,
    Outcome,
    Part,
    Person,
    PersonEmail,
    PersonLink,
    RunChunk,
    RunEntry,
    RunKind,
    RunStage,
    SyncStep,
)
from integrations.models.bulk import insert

from .claim import Lease
from .connect import spec_of
from .links import link_pairs
from .settings_loader import load

BATCH = 500


def taken_up(stage: RunStage) -> QuerySet[RunEntry]:
    """The entries of the other run that this stage takes up, in order."""
    entries = RunEntry.objects.filter(stage=stage.of_stage).order_by("pk")
    return (
        entries if stage.run.kind == RunKind.APPLY else entries.filter(outcome__in=[Outcome.CREATED, Outcome.UPDATED])
    )


def take_up(lease: Lease, step: SyncStep) -> bool:
    """Plan a chunk from the other run's entries; a chunk that is planned twice replaces what it wrote before."""
    chunk = lease.chunk
    stage = chunk.stage
    if stage is None:
        return True
    rows = taken_up(stage).filter(pk__gte=chunk.payload["first"], pk__lte=chunk.payload["last"])
    entries = rows.select_related("source_person", "target_person").iterator(chunk_size=BATCH)
    fields = load(step).target_fields
    spec = spec_of(step.target_account)
    seen = 0
    with transaction.atomic():
        lease.prove()
        chunk.entries.all().delete()
        while batch := list(islice(entries, BATCH)):
            if chunk.run.kind == RunKind.APPLY:
                made = _as_shown(stage, chunk, step, batch)
            else:
                made = [_put_back(stage, chunk, entry, fields, spec) for entry in batch]
            insert(RunEntry, made)
            seen += len(made)
        RunChunk.objects.filter(pk=chunk.pk).update(seen=seen)
    return True


def _as_shown(stage: RunStage, chunk: RunChunk, step: SyncStep, shown: Sequence[RunEntry]) -> list[RunEntry]:
    """The preview's entries again, to be carried out; those whose people have changed since are set aside."""
    appeared = _addresses_in_target(step, shown)
    made = []
    for entry in shown:
        is_stale = _has_changed(entry) or (
            entry.action == Action.CREATE
            and entry.source_person is not None
            and not appeared.isdisjoint(usable_addresses(entry.source_person.as_value()))
        )
        entry.pk, entry.run_id, entry.stage, entry.chunk = None, stage.run_id, stage, chunk
        entry._state.adding = True
        if is_stale:
            _set_aside(entry, Reason.STALE)
        made.append(entry)
    _link_found(step, made)
    return made


def _has_changed(entry: RunEntry) -> bool:
    source, target = entry.source_person, entry.target_person
    return (
        source is None
        or source.missing_since is not None
        or source.content != entry.source_content
        or (target is not None and (target.missing_since is not None or target.content != entry.target_content))
    )


def _addresses_in_target(step: SyncStep, shown: Sequence[RunEntry]) -> set[str]:
    """Addresses of people to be created that somebody in the target has now."""
    wanted = {
        address
        for entry in shown
        if entry.action == Action.CREATE and entry.source_person is not None
        for address in usable_addresses(entry.source_person.as_value())
    }
    found = PersonEmail.objects.filter(
        account=step.target_account, address__in=wanted, person__missing_since=None
    ).values_list("address", flat=True)
    return set(found)


def _set_aside(entry: RunEntry, reason: Reason) -> None:
    entry.action, entry.outcome, entry.reason, entry.detail = Action.SKIP, Outcome.SKIPPED, reason, ""
    entry.write_part = entry.owner_part = entry.enrol_part = Part.NONE


def _link_found(step: SyncStep, entries: Sequence[RunEntry]) -> None:
    """Link the people whose counterpart the preview found; who has another counterpart by now is set aside."""
    updates = [e for e in entries if e.action == Action.UPDATE and e.source_person_id and e.target_person_id]
    side = step.way.source.value
    linked = set(
        PersonLink.objects.filter(
            **{
                "connection_id": step.connection_id,
                f"{side}_person__in": [entry.source_person_id for entry in updates],
            }
        ).values_list(f"{side}_person_id", flat=True)
    )
    pairs = [
        (entry.source_person_id, entry.target_person_id)
        for entry in updates
        if entry.source_person_id is not None
        and entry.target_person_id is not None
        and entry.source_person_id not in linked
    ]
    links = link_pairs(step, pairs) if pairs else {}
    for entry in updates:
        if entry.source_person_id not in linked and entry.source_person_id not in links:
            _set_aside(entry, Reason.STALE)


def _put_back(
    stage: RunStage, chunk: RunChunk, done: RunEntry, fields: Mapping[str, Field], spec: ConnectorSpec
) -> RunEntry:
    """What undoes an entry: only where the value is still what the run wrote."""
    target = done.target_person
    entry = RunEntry(
        run_id=stage.run_id,
        stage=stage,
        chunk=chunk,
        source_person=done.source_person,
        target_person=target,
        source_external_id=done.source_external_id,
        target_external_id=done.target_external_id,
        name=done.name,
        email=done.email,
        action=Action.UPDATE,
        source_content=done.source_person.content if done.source_person else "",
        target_content=target.content if target else "",
    )
    if done.enrol_part == Part.DONE:
        entry.notes = [_note(Reason.ENROLMENT_STAYS)]
    if done.action == Action.CREATE and done.write_part == Part.DONE:
        _set_aside(entry, Reason.CREATED_STAYS)
    elif target is None or target.missing_since is not None:
        _set_aside(entry, Reason.TARGET_DELETED)
    else:
        _turn_round(entry, done, target, fields, spec)
    return entry


def _turn_round(
    entry: RunEntry, done: RunEntry, target: Person, fields: Mapping[str, Field], spec: ConnectorSpec
) -> None:
    current = target.as_value().values
    for change in done.changes if done.write_part == Part.DONE else []:
        key, field = change["key"], fields.get(change["key"])
        now: Value = current.get(key)
        if field is not None and same(field.kind, now, value_from_json(change["after"])):
            entry.changes.append(
                {**change, "before": value_to_json(now), "after": change["before"], "rule": None, "sets_back": False}
            )
        else:
            entry.notes.append(_note(Reason.CHANGED_SINCE, key))
    owner_was_set = done.owner_part == Part.DONE or (
        spec.owner_travels_with_writes and done.write_part == Part.DONE and done.owner_after
    )
    if owner_was_set and done.owner_before:
        if target.owner_external_id == done.owner_after:
            entry.owner_before, entry.owner_after = done.owner_after, done.owner_before
        else:
            entry.notes.append(_note(Reason.CHANGED_SINCE, "@owner"))
    if not entry.changes and not entry.owner_after:
        _set_aside(entry, Reason.CHANGED_SINCE if entry.notes else Reason.ENROLMENT_STAYS)
        return
    if entry.changes or spec.owner_travels_with_writes:
        entry.write_part = Part.PLANNED
    if entry.owner_after and not spec.owner_travels_with_writes:
        entry.owner_part = Part.PLANNED


def _note(reason: Reason, field: str = "") -> dict[str, str]:
    return {"reason": reason.value, "field": field, "detail": ""}
