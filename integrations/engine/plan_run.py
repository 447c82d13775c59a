"""Planning: mirror + links + settings → decisions, kept as run entries. Writes to nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from django.db import transaction
from django.utils import timezone

from integrations.connectors.ports import ConnectorSpec
from integrations.domain.decisions import Conflict, Create, Decision, Unchanged, Update
from integrations.domain.planning import Planner, compile_settings
from integrations.domain.reasons import Reason
from integrations.domain.situation import Found
from integrations.models import PersonLink, RunChunk, RunEntry, RunStage, SyncStep
from integrations.models.bulk import insert

from .candidates import whom_to_plan
from .claim import Lease
from .connect import spec_of
from .links import link_pairs, remember, save_memories
from .recording import entry_for
from .settings_loader import load, saved_filters_of
from .situations import Case, Gatherer

BATCH = 500
"""People whose rows, links and candidates are in memory at once."""


def plan(lease: Lease, step: SyncStep) -> bool:
    """Plan a chunk's people; a chunk that is planned twice replaces what it wrote the first time."""
    chunk = lease.chunk
    stage = chunk.stage
    if stage is None:
        return True
    settings = load(step)
    desk = _Desk(chunk, stage, step, compile_settings(settings), spec_of(step.target_account))
    gatherer = Gatherer(step, saved_filters_of(settings))
    people = whom_to_plan(stage, step).filter(pk__gte=chunk.payload["first"], pk__lte=chunk.payload["last"])
    with transaction.atomic():
        lease.prove()
        chunk.entries.all().delete()
        rows = people.iterator(chunk_size=BATCH)
        while batch := list(islice(rows, BATCH)):
            desk.decide(list(gatherer.gather(batch)))
        RunChunk.objects.filter(pk=chunk.pk).update(seen=desk.seen, unchanged=desk.unchanged)
    return True


class _Desk:
    """Decides batch by batch and keeps count."""

    def __init__(self, chunk: RunChunk, stage: RunStage, step: SyncStep, planner: Planner, spec: ConnectorSpec) -> None:
        self._chunk, self._stage, self._step = chunk, stage, step
        self._planner, self._spec = planner, spec
        self._now = timezone.localtime()
        self.seen = 0
        self.unchanged = 0

    def decide(self, cases: Sequence[Case]) -> None:
        """Plan the cases, link those who were found, and store entries and memories."""
        decided = [(case, self._planner.plan(case.situation, self._now)) for case in cases]
        if self._chunk.run.writes:
            decided = self._link(decided)
        entries = [
            entry
            for case, decision in decided
            if (entry := entry_for(self._chunk, self._stage, case, decision, self._spec)) is not None
        ]
        insert(RunEntry, entries)
        self.seen += len(decided)
        self.unchanged += len(decided) - len(entries)
        if self._chunk.run.writes:
            self._remember(decided)

    def _link(self, decided: Sequence[tuple[Case, Decision]]) -> list[tuple[Case, Decision]]:
        """Link the people whose counterpart was found by e-mail; who comes second for a counterpart is in conflict."""
        pairs = [
            (case.row.pk, case.target.pk)
            for case, decision in decided
            if isinstance(case.situation.match, Found) and isinstance(decision, Update | Unchanged) and case.target
        ]
        if not pairs:
            return list(decided)
        links = link_pairs(self._step, pairs)
        wanted = dict(pairs)
        return [
            (case, decision)
            if case.row.pk not in wanted
            else _linked(case, links[case.row.pk], decision)
            if case.row.pk in links
            else (case, Conflict(Reason.LINKED_ELSEWHERE, "", (case.target.external_id if case.target else "",)))
            for case, decision in decided
        ]

    def _remember(self, decided: Iterable[tuple[Case, Decision]]) -> None:
        """What is settled by planning alone is remembered now, the rest once it is carried out."""
        changed: list[PersonLink] = []
        for case, decision in decided:
            if case.link is None or _is_still_to_be_written(decision):
                continue
            target = case.target.as_value() if case.target else None
            memory = self._planner.memory_after(decision, case.situation, target)
            if memory is not case.situation.memory:
                remember(case.link, self._step, memory)
                changed.append(case.link)
        save_memories(changed)


def _linked(case: Case, link: PersonLink, decision: Decision) -> tuple[Case, Decision]:
    return replace(case, link=link), decision


def _is_still_to_be_written(decision: Decision) -> bool:
    return isinstance(decision, Create) or (
        isinstance(decision, Update) and (bool(decision.fields) or decision.owner is not None)
    )
