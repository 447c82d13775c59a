"""How far a run is, for people who watch it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, Sum
from django.utils import timezone

from integrations.domain.reasons import Reason
from integrations.engine.stages import BOOKS, Counts, count
from integrations.models import (
    Outcome,
    Part,
    Person,
    Phase,
    Run,
    RunChunk,
    RunEntry,
    RunStage,
    RunState,
)
from integrations.models.chunks import ChunkState

ERRORS_SHOWN = 5

_READING, _PLANNING = 0.25, 0.15
"""Shares of the bar. Reading is a quarter of the whole run; planning is this much of each stage's share of the rest."""


@dataclass(frozen=True, slots=True)
class EntryError:
    """A person of the last failures, with what happened."""

    entry_id: int
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Rows of an account that could not be understood. `examples` say of the first ones why."""

    account: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run as it stands. `percent` from 0 to 100; `waiting` says what it waits for, empty when it does not wait."""

    percent: int
    words: str
    counts: Counts
    read: int
    calls: int
    tokens: int
    waiting: str = ""
    waiting_until: datetime | None = None
    errors: tuple[EntryError, ...] = field(default_factory=tuple)


def progress(run: Run) -> RunProgress:
    """Everything that the run's page shows of it. A constant number of queries per stage."""
    stages = list(run.stages.select_related("step"))
    spent = run.chunks.aggregate(calls=Sum("calls"), tokens=Sum("tokens"))
    reads = list(run.chunks.filter(phase=Phase.READ).values_list("progress", "account_id", "state"))
    read = sum(part.get("read", 0) for part, _, _ in reads)
    is_waiting = run.is_active and run.waiting_until is not None and run.waiting_until > timezone.now()
    return RunProgress(
        percent=100 if not run.is_active else _percent(run, stages, reads),
        words=_words(run, stages, read),
        counts=total(stage_counts(stage) for stage in stages),
        read=read,
        calls=spent["calls"] or 0,
        tokens=spent["tokens"] or 0,
        waiting=run.waiting_for if is_waiting else "",
        waiting_until=run.waiting_until if is_waiting else None,
        errors=tuple(_last_errors(run)),
    )


def unreadable_rows(run: Run) -> list[Unreadable]:
    """What the run could not read, by account."""
    found = []
    for chunk in run.chunks.filter(phase=Phase.READ).exclude(account=None).select_related("account"):
        examples = tuple(chunk.progress.get("unreadable", ()))
        if examples and chunk.account is not None:
            rows = chunk.progress.get("unread", len(examples))
            found.append(Unreadable(str(chunk.account), rows, examples[:ERRORS_SHOWN]))
    return found


def stage_counts(stage: RunStage) -> Counts:
    """A stage's books: as they were closed, or as its chunks and entries stand now."""
    if stage.closed_at is None:
        return count(stage)
    entered = {name: getattr(stage, name) for name in BOOKS}
    return Counts(**entered, owners=stage.owners_assigned, enrolled=stage.enrolled)


def total(counts: Iterable[Counts]) -> Counts:
    """The sum of several stages' books."""
    rows = list(counts)
    return Counts(**{name: sum(getattr(row, name) for row in rows) for name in Counts.__slots__})


def _percent(run: Run, stages: list[RunStage], reads: list[tuple[dict[str, int], int, str]]) -> int:
    share = _READING * _reading_share(reads)
    if run.phase not in ("", Phase.READ) and stages:
        share = _READING
        each = (1 - _READING) / len(stages)
        share += each * min(run.stage_position, len(stages))
        if run.stage_position < len(stages):
            share += each * _stage_share(run, stages[run.stage_position])
    return min(99, round(share * 100))


def _reading_share(reads: list[tuple[dict[str, int], int, str]]) -> float:
    """By people read against people known; where none are known yet, half until it is over."""
    shares = []
    for part, account_id, state in reads:
        if state == ChunkState.DONE:
            shares.append(1.0)
            continue
        known = Person.objects.filter(account_id=account_id).count()
        shares.append(min(0.95, part.get("read", 0) / known) if known and part.get("read") else 0.1)
    return sum(shares) / len(shares) if shares else 0.0


def _stage_share(run: Run, stage: RunStage) -> float:
    chunks = {
        phase: (done, count)
        for phase, done, count in RunChunk.objects.filter(stage=stage)
        .order_by()
        .values_list("phase")
        .annotate(done=Count("pk", filter=Q(state=ChunkState.DONE)), count=Count("pk"))
    }

    def share(phase: Phase) -> float:
        done, count = chunks.get(phase, (0, 0))
        return done / count if count else 0.0

    if run.phase == Phase.PLAN:
        return _PLANNING * share(Phase.PLAN) if run.writes else share(Phase.PLAN)
    writing = stage.entries.aggregate(
        all=Count("pk", filter=~Q(write_part=Part.NONE)),
        done=Count("pk", filter=Q(write_part__in=[Part.DONE, Part.REFUSED, Part.FAILED])),
    )
    written = writing["done"] / writing["all"] if writing["all"] else 1.0
    parts = {
        Phase.WRITE: 0.7 * written,
        Phase.ASSIGN: 0.7 + 0.2 * share(Phase.ASSIGN),
        Phase.ENROL: 0.9 + 0.1 * share(Phase.ENROL),
    }
    return _PLANNING + (1 - _PLANNING) * parts.get(Phase(run.phase), 0.0)


def _words(run: Run, stages: list[RunStage], read: int) -> str:
    if run.state == RunState.QUEUED:
        return "Waiting for a worker"
    if run.state == RunState.READING:
        return f"Reading people: {read:,} so far" if read else "Reading people"
    if not run.is_active or run.state == RunState.HELD:
        return run.get_state_display().capitalize()
    current = next((stage for stage in stages if stage.position == run.stage_position), None)
    doing = run.get_phase_display() if run.phase else run.get_state_display()
    return f"{doing.capitalize()}: {current.label}" if current else doing.capitalize()


def _last_errors(run: Run) -> Iterable[EntryError]:
    failed = RunEntry.objects.filter(run=run, outcome=Outcome.FAILED).order_by("-pk")[:ERRORS_SHOWN]
    for entry in failed:
        reason = Reason(entry.reason).text if entry.reason in list(Reason) else entry.reason
        words = ": ".join(part for part in (reason, entry.detail) if part)
        yield EntryError(entry.pk, entry.name or entry.email or entry.source_external_id, words or "Failed")
