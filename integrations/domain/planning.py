"""What a step does with one person: the planner, total and deterministic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .conflicts import Act, Standing, decide, standing
from .decisions import (
    Conflict,
    Create,
    Decision,
    Enrolment,
    FieldChange,
    Note,
    NotEnrolled,
    OwnerChange,
    Skip,
    Unchanged,
    Update,
)
from .describe import describe_condition
from .filters import compile_filter, passes
from .mapping import Outcome, Unit, Wish, new_values, parts_of, side_fingerprint, units_of
from .matching import usable_addresses
from .memory import Recorder
from .normalise import OWNER_KIND, fingerprint
from .owners import Assign, OwnerTable, Refuse
from .person import OWNER, Person
from .reasons import Reason
from .sequences import EnrolmentTable
from .situation import Ambiguous, DuplicateOf, Found, Linked, Memory, NoMatch, Situation, TakenBy, TargetGone
from .step_settings import StepSettings


@dataclass(slots=True)
class _Draft:
    """An update in the making."""

    changes: list[FieldChange] = field(default_factory=list)
    owner: OwnerChange | None = None
    notes: list[Note] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    """Labels of what both sides changed."""


class Planner:
    """A step's settings made ready to decide about many people. Holds no state between calls; safe between threads."""

    def __init__(self, settings: StepSettings) -> None:
        self.settings = settings
        self._passes = compile_filter(settings.filter)
        self._owners = OwnerTable(settings)
        self._enrolments = EnrolmentTable(settings)
        self._source_parts = parts_of(settings.source_fields)
        self._target_parts = parts_of(settings.target_fields)
        self._units = units_of(settings.fields, self._target_parts)
        self._recorder = Recorder(settings, self._units, self._owners, self._source_parts, self._target_parts)

    def plan(self, situation: Situation, now: datetime) -> Decision:
        """Decide about one person. `now` is aware, in the time zone whose days date filters count."""
        source, match = situation.source, situation.match
        if source.is_deleted:
            return Skip(Reason.SOURCE_DELETED)
        if not self._passes(source, situation.saved_filters, now):
            return self._filtered_out(situation, now)
        addresses = usable_addresses(source)
        if not addresses:
            given = next((address for address in source.emails if address and not address.isspace()), None)
            return Skip(Reason.NO_EMAIL) if given is None else Skip(Reason.MALFORMED_EMAIL, given)
        if isinstance(match, Linked | Found) and not match.target.is_deleted:
            return self._update(situation, match.target)
        if isinstance(match, Ambiguous):
            return Conflict(Reason.AMBIGUOUS, match.address, match.target_ids)
        if isinstance(match, DuplicateOf):
            return Conflict(Reason.DUPLICATE_SOURCE, match.address, (match.source_id,))
        if isinstance(match, TakenBy):
            return Conflict(Reason.LINKED_ELSEWHERE, "", (match.target_id, match.source_id))
        if not isinstance(match, NoMatch) and not self.settings.recreate_deleted:
            return Skip(Reason.TARGET_DELETED, match.target_id if isinstance(match, TargetGone) else match.target.id)
        return self._create(situation, addresses[0])

    def memory_after(self, decision: Decision, situation: Situation, target_after: Person | None) -> Memory:
        """See the function `memory_after`."""
        return self._recorder.memory_after(decision, situation, target_after)

    def accepted(self, situation: Situation, target_after: Person) -> Memory:
        """What the link must remember after an undo: both sides are taken for dealt with as they are now.

        The step then writes nothing until one of them changes, and no step carries the undone value back as news.
        """
        return self._recorder.accepted(situation, target_after)

    def _filtered_out(self, situation: Situation, now: datetime) -> Skip:
        verdict = passes(self.settings.filter, situation.source, situation.saved_filters, now)
        detail = next((describe_condition(each.condition) for each in verdict.results if not each.passed), "")
        is_news = isinstance(situation.match, Linked | TargetGone) and situation.memory.in_scope
        return Skip(Reason.STOPPED_MATCHING if is_news else Reason.FILTERED_OUT, f"Not so: {detail}")

    def _create(self, situation: Situation, address: str) -> Decision:
        source = situation.source
        answer = self._owners.answer(source.owner_id)
        if isinstance(answer, Refuse):
            return Skip(answer.reason, answer.detail)
        owner = OwnerChange(None, answer.member.id, answer.pair_id) if isinstance(answer, Assign) else None
        changes, notes = new_values(
            source, address, self.settings.fields, self.settings.target_fields, self._target_parts
        )
        enrolment = self._enrolments.answer(
            owner.after if owner else self.settings.default_owner,
            is_new=True,
            opted_out=False,
            enrolled=situation.enrolled,
        )
        return Create(address, changes, owner, enrolment, notes)

    def _update(self, situation: Situation, target: Person) -> Decision:
        source, draft = situation.source, _Draft()
        answer = self._owners.answer(source.owner_id)
        if isinstance(answer, Refuse):
            return Skip(answer.reason, answer.detail)
        for unit in self._units:
            if not unit.agrees(source.values, target.values):
                self._weigh(unit, situation, target, draft)
        if isinstance(answer, Assign) and answer.member.id != target.owner_id:
            self._weigh_owner(answer, situation, target, draft)
        if draft.held:
            return Conflict(Reason.BOTH_CHANGED, ", ".join(draft.held), (target.id,))
        enrolment = self._enrolments.answer(
            draft.owner.after if draft.owner else target.owner_id,
            is_new=False,
            opted_out=target.opted_out,
            enrolled=situation.enrolled,
            owed=situation.owed,
        )
        return self._finish(target, draft, enrolment)

    def _finish(self, target: Person, draft: _Draft, enrolment: Enrolment | NotEnrolled | None) -> Decision:
        changes, notes = tuple(draft.changes), tuple(draft.notes)
        if isinstance(enrolment, Enrolment):
            return Update(target.id, changes, draft.owner, enrolment, notes)
        if not changes and draft.owner is None:
            return Unchanged(target.id, enrolment, notes)
        if enrolment is not None:
            notes = (*notes, Note(enrolment.reason, detail=self._enrolments.sequence_name(enrolment.rule_id)))
        return Update(target.id, changes, draft.owner, None, notes)

    def _weigh(self, unit: Unit, situation: Situation, target: Person, draft: _Draft) -> None:
        """Decide about a unit that does not obviously agree."""
        wishes = unit.wishes(situation.source.values, target.values)
        draft.notes.extend(note for wish in wishes if wish.outcome is Outcome.NOT_CONVERTIBLE for note in wish.notes)
        differing = [wish for wish in wishes if wish.outcome is Outcome.DIFFERS]
        if not differing:
            return
        act = self._act(unit, wishes, situation, target)
        for wish in differing:
            key = wish.rule.target.key
            if act.writes:
                draft.changes.append(wish.change(sets_back=act is Act.WRITE_SETS_BACK))
                draft.notes.extend(wish.notes)
            elif act is Act.HOLD:
                draft.held.append(wish.rule.target.label)
            elif act.reason is not None:
                draft.notes.append(Note(act.reason, key))

    def _act(self, unit: Unit, wishes: list[Wish], situation: Situation, target: Person) -> Act:
        memory, settings = situation.memory, self.settings
        known, source_changed, target_changed, worst = True, False, False, Standing.SAME
        for wish in wishes:
            rule = wish.rule
            if wish.outcome not in (Outcome.DIFFERS, Outcome.AGREES):
                continue
            source_key, key = rule.source.key, rule.target.key
            source_print = side_fingerprint(rule.source, situation.source.values, self._source_parts)
            target_print = side_fingerprint(rule.target, target.values, self._target_parts)
            known = known and source_key in memory.source and key in memory.target
            source_changed = source_changed or memory.source.get(source_key) != source_print
            target_changed = target_changed or memory.target.get(key) != target_print
            wanted = unit.wanted_fingerprint(wish, wishes, target.values)
            worst = max(worst, standing(memory.wanted.get(key), source_print, wanted), key=lambda each: each.value)
        if worst is Standing.REMAPPED and len(unit.rules) > 1 and memory.settings == settings.fingerprint:
            # The whole is another because of its other parts, not because of the settings.
            worst = Standing.SAME
        keys = [wish.rule.target.key for wish in wishes if wish.outcome is Outcome.DIFFERS]
        return decide(
            known=known,
            source_changed=source_changed,
            target_changed=target_changed,
            wish=worst,
            carried_back=settings.carried_back.issuperset(keys),
            policy=settings.on_conflict,
            set_back=max(memory.set_back.get(key, 0) for key in keys),
        )

    def _weigh_owner(self, answer: Assign, situation: Situation, target: Person, draft: _Draft) -> None:
        memory, source = situation.memory, situation.source
        source_print = fingerprint(OWNER_KIND, source.owner_id)
        wanted = fingerprint(OWNER_KIND, answer.member.id)
        act = decide(
            known=OWNER in memory.source and OWNER in memory.target,
            source_changed=memory.source.get(OWNER) != source_print,
            target_changed=memory.target.get(OWNER) != fingerprint(OWNER_KIND, target.owner_id),
            wish=standing(memory.wanted.get(OWNER), source_print, wanted),
            carried_back=OWNER in self.settings.carried_back,
            policy=self.settings.on_conflict,
            set_back=memory.set_back.get(OWNER, 0),
        )
        if act.writes:
            sets_back = act is Act.WRITE_SETS_BACK
            draft.owner = OwnerChange(target.owner_id, answer.member.id, answer.pair_id, sets_back)
        elif act is Act.HOLD:
            draft.held.append("Owner")
        elif act.reason is not None:
            draft.notes.append(Note(act.reason, OWNER))


def compile_settings(settings: StepSettings) -> Planner:
    """Make a step's settings ready. Takes a millisecond; do it once per chunk, not per person."""
    return Planner(settings)


def plan(situation: Situation, settings: StepSettings, now: datetime) -> Decision:
    """Decide about one person; for many, keep the planner."""
    return Planner(settings).plan(situation, now)


def memory_after(
    decision: Decision, situation: Situation, settings: StepSettings, target_after: Person | None
) -> Memory:
    """What the link must remember once the decision was carried out, for this step.

    `target_after` is the target person as it is now: as the product answered, or as planned where it answered nothing;
    None where there is none (Skip and Conflict need none). A written value that `target_after` does not show is counted
    as untaken and tried again, three times in a row at the most. The same object as `situation.memory` comes back
    when there is nothing new to store.
    """
    return Planner(settings).memory_after(decision, situation, target_after)
