"""What a step's settings and rows choose from, and why some of it cannot be chosen anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Model

from integrations.domain.enums import Direction, FieldKind
from integrations.models import AccountField, Member, SavedFilter, Sequence, SequenceStep, SyncStep
from integrations.models.directory import DirectoryEntry

R = TypeVar("R", bound=Model)


@dataclass(frozen=True)
class StepChoices:
    """Everything by its row number, also what is gone, since rows may have it. A constant number of queries.

    Sequences are empty where the target has none.
    """

    source_members: dict[int, Member]
    target_members: dict[int, Member]
    source_fields: dict[int, AccountField]
    target_fields: dict[int, AccountField]
    saved_filters: dict[int, SavedFilter]
    sequences: dict[int, Sequence] = field(default_factory=dict)
    sequence_steps: dict[int, SequenceStep] = field(default_factory=dict)

    @classmethod
    def of(cls, step: SyncStep) -> StepChoices:
        """Those of the step's two accounts."""
        source, target = step.source_account, step.target_account
        sequences: dict[int, Sequence] = {}
        sequence_steps: dict[int, SequenceStep] = {}
        if step.way is Direction.TO_OUTREACH:
            sequences = _by_pk(Sequence.objects.filter(account=target).select_related("owner"))
            rows = SequenceStep.objects.filter(sequence__account=target)
            sequence_steps = _by_pk(rows.order_by("sequence", "position"))
        return cls(
            source_members=_by_pk(Member.objects.filter(account=source)),
            target_members=_by_pk(Member.objects.filter(account=target)),
            source_fields=_by_pk(AccountField.objects.filter(account=source)),
            target_fields=_by_pk(AccountField.objects.filter(account=target)),
            saved_filters=_by_pk(SavedFilter.objects.filter(account=source)),
            sequences=sequences,
            sequence_steps=sequence_steps,
        )


def _by_pk(rows: Iterable[R]) -> dict[int, R]:
    return {row.pk: row for row in rows}


def gone(thing: DirectoryEntry) -> str:
    """Why it cannot be chosen anew, "" when it can: the product has it no more."""
    return "" if thing.is_present else "gone"


def cannot_be_read(field: AccountField) -> str:
    """Why it cannot be a source, "" when it can."""
    return gone(field) or ("cannot be mapped" if field.kind == FieldKind.OTHER else "")


def cannot_be_written(field: AccountField) -> str:
    """Why it cannot be a target, "" when it can."""
    return cannot_be_read(field) or ("" if field.writable else "cannot be written")
