"""Writing a step's settings and whole sections of its rows from plain values, as programs send them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from integrations.domain.enums import UnmappedOwners
from integrations.models import SyncStep
from integrations.models.history import noting

from .rows import replace_rows
from .step_checks import UNIQUE, Trouble, check_fallback
from .step_choices import StepChoices
from .step_intake import TAKERS, Misplaced, Row, unknown
from .step_warnings import Section


@dataclass(frozen=True, slots=True)
class StepDraft:
    """What a step shall be. What is left out stays; a section that is given is replaced whole, in the given order."""

    settings: Row = field(default_factory=dict)
    rows: Mapping[Section, Sequence[Row]] = field(default_factory=dict)


class StepRefused(Exception):  # noqa: N818 -- says what happened
    """The draft makes no sense; nothing was changed. `mistakes` are all of them."""

    def __init__(self, mistakes: Sequence[Misplaced]) -> None:
        super().__init__("; ".join(mistake.trouble.text for mistake in mistakes))
        self.mistakes = mistakes


def save_step(*, step: SyncStep, draft: StepDraft, by: User | None) -> None:
    """Make the step what the draft says, with history. Raises StepRefused."""
    choices = StepChoices.of(step)
    settings = dict(draft.settings)
    mistakes = [Misplaced(None, None, trouble) for trouble in _settle_fallback(step, settings, choices)]
    wanted: dict[Section, list[dict[str, Any]]] = {}
    for section, rows in draft.rows.items():
        taker = TAKERS[section](step, choices)
        wanted[section], found = taker.take(rows)
        mistakes += found
    if mistakes:
        raise StepRefused(mistakes)
    changed = [name for name, value in settings.items() if getattr(step, name) != value]
    with transaction.atomic(), noting(by=by):
        for name in changed:
            setattr(step, name, settings[name])
        if changed:
            step.save(update_fields=[name.removesuffix("_id") for name in changed])
        for section, values in wanted.items():
            _replace(step, section, values)


def _settle_fallback(step: SyncStep, settings: dict[str, Any], choices: StepChoices) -> Iterator[Trouble]:
    """The fallback member goes with its policy, whichever of the two was given."""
    policy = settings.get("unmapped_owners", step.unmapped_owners)
    given = settings.get("fallback_member_id")
    if policy != UnmappedOwners.FALLBACK:
        if given is not None:
            yield Trouble("fallback_member", "Only together with the policy “fallback” for unmapped owners.")
        settings["fallback_member_id"] = None
        return
    number = settings.get("fallback_member_id", step.fallback_member_id)
    member = choices.target_members.get(number) if number is not None else None
    if number is not None and member is None:
        yield Trouble("fallback_member", unknown(number, "member", step.target_account.name))
        return
    yield from check_fallback(policy, member, lambda name: number != step.fallback_member_id)


def _replace(step: SyncStep, section: Section, rows: Sequence[dict[str, Any]]) -> None:
    """Make the stored rows these. Rules that are alike stay, in any number."""
    taker = TAKERS[section]
    unique = UNIQUE.get(section)
    if unique:
        replace_rows(
            step,
            taker.model,
            lambda row: getattr(row, f"{unique}_id"),
            [(row[f"{unique}_id"], row) for row in rows],
        )
    else:
        stored, given = _Numbered(), _Numbered()
        replace_rows(
            step,
            taker.model,
            lambda row: stored.key(tuple(getattr(row, column) for column in taker.columns)),
            [(given.key(tuple(row[column] for column in taker.columns)), row) for row in rows],
        )


class _Numbered:
    """Keys for rows without a unique column: the row itself, and which of those that are alike it is."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, int] = {}

    def key(self, row: Hashable) -> Hashable:
        """The next key of such a row."""
        self._seen[row] = self._seen.get(row, 0) + 1
        return row, self._seen[row]
