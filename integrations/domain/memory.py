"""What a link remembers after a decision was carried out.

A key is remembered anew where this step has dealt with the state of both sides. Where it left a change to somebody
else, the old memory stays, so that the step of the opposite direction still sees the change.
"""

from __future__ import annotations

from dataclasses import replace

from .conflicts import UNTAKEN_MARK, wish_mark
from .decisions import Conflict, Create, Decision, FieldChange, OwnerChange, Skip, Update
from .mapping import Outcome, Parts, Unit, Values, Wish, side_fingerprint
from .normalise import OWNER_KIND, fingerprint, same
from .owners import Assign, OwnerTable
from .person import OWNER, Person
from .reasons import Reason
from .situation import Memory, Situation
from .step_settings import FieldRule, StepSettings

_OUT_OF_SCOPE = (Reason.FILTERED_OUT, Reason.STOPPED_MATCHING)


class _Draft:
    """A memory in the making, begun from what was remembered."""

    def __init__(self, memory: Memory) -> None:
        self._before = memory
        self.source = dict(memory.source)
        self.target = dict(memory.target)
        self.set_back = dict(memory.set_back)
        self.wanted = dict(memory.wanted)

    def seen(self, source_key: str, key: str, source: str, target: str, mark: str) -> None:
        """The step has dealt with both sides as they are now."""
        self.source[source_key] = source
        self.target[key] = target
        self.wanted[key] = mark

    def agreed(self, source_key: str, key: str, source: str, target: str, wanted: str) -> None:
        """Both sides mean the same now. `wanted` differs from `target` where other parts of a whole do."""
        if self._before.source.get(source_key) != source or self._before.wanted.get(key) == UNTAKEN_MARK:
            self.set_back.pop(key, None)
        self.seen(source_key, key, source, target, wish_mark(source, wanted))

    def kept(self, source_key: str, key: str, source: str, target: str, *, is_moved: bool) -> None:
        """The source is blank and the target keeps its value. The blank is no news later, unless the target has news.

        `is_moved`: another part of the same whole was written, which moved the print by which this one is known.
        """
        if source_key in self.source and (is_moved or self.is_unmoved(key, target)):
            self.source[source_key], self.target[key] = source, target

    def counted(self, key: str, sets_back: bool) -> None:
        """A write happened: one more that puts back, or one for a new source value, which ends the row of those."""
        if sets_back:
            self.in_vain(key)
        elif self.wanted.get(key) != UNTAKEN_MARK:
            self.set_back.pop(key, None)

    def in_vain(self, key: str) -> None:
        """A write counts towards leaving the target alone."""
        self.set_back[key] = self.set_back.get(key, 0) + 1

    def is_unmoved(self, key: str, target: str) -> bool:
        """Whether the link knows the target's value of now."""
        return self._before.target.get(key) == target


class Recorder:
    """A step's settings made ready to remember."""

    def __init__(
        self,
        settings: StepSettings,
        units: tuple[Unit, ...],
        owners: OwnerTable,
        source_parts: Parts,
        target_parts: Parts,
    ) -> None:
        self._settings = settings
        self._units = units
        self._owners = owners
        self._source_parts = source_parts
        self._target_parts = target_parts

    def memory_after(self, decision: Decision, situation: Situation, target: Person | None) -> Memory:
        """See `planning.memory_after`."""
        memory, source = situation.memory, situation.source
        if isinstance(decision, Skip | Conflict) or target is None:
            return self._stored(memory, memory, self._in_scope(decision, memory))
        draft = _Draft(Memory() if isinstance(decision, Create) else memory)
        reasons = {note.field: note.reason for note in decision.notes}
        changes = {each.key: each for each in decision.fields} if isinstance(decision, Create | Update) else {}
        for change in changes.values():
            draft.counted(change.key, change.sets_back)
        for unit in self._units:
            if unit.agrees(source.values, target.values):
                for rule in unit.rules:
                    prints = self._prints(rule, source.values, target.values)
                    draft.agreed(rule.source.key, rule.target.key, *prints, wanted=prints[1])
                continue
            wishes = unit.wishes(source.values, target.values)
            is_moved = any(rule.target.key in changes for rule in unit.rules)
            for wish in wishes:
                key = wish.rule.target.key
                prints = self._prints(wish.rule, source.values, target.values)
                wanted = unit.wanted_fingerprint(wish, wishes, target.values)
                if isinstance(decision, Create) and key not in changes:
                    # What a new person lacks was left out by us: it is no news that the opposite step may carry back.
                    draft.seen(wish.rule.source.key, key, *prints, wish_mark(prints[0], wanted))
                elif wish.outcome is Outcome.KEPT:
                    draft.kept(wish.rule.source.key, key, *prints, is_moved=is_moved)
                else:
                    self._record(draft, wish, prints, wanted, changes.get(key), reasons.get(key))
        owner = decision.owner if isinstance(decision, Create | Update) else None
        self._record_owner(draft, source, target, owner, reasons.get(OWNER))
        kept = replace(memory, source=draft.source, target=draft.target, set_back=draft.set_back, wanted=draft.wanted)
        return self._stored(kept, memory, True)

    def accepted(self, situation: Situation, target: Person) -> Memory:
        """See `planning.Planner.accepted`."""
        memory, source = situation.memory, situation.source
        draft = _Draft(memory)
        for unit in self._units:
            wishes = unit.wishes(source.values, target.values)
            for wish in wishes:
                prints = self._prints(wish.rule, source.values, target.values)
                wanted = unit.wanted_fingerprint(wish, wishes, target.values)
                draft.seen(wish.rule.source.key, wish.rule.target.key, *prints, wish_mark(prints[0], wanted))
        answer = self._owners.answer(source.owner_id)
        if isinstance(answer, Assign):
            owners = (fingerprint(OWNER_KIND, source.owner_id), fingerprint(OWNER_KIND, target.owner_id))
            draft.seen(OWNER, OWNER, *owners, wish_mark(owners[0], fingerprint(OWNER_KIND, answer.member.id)))
        kept = replace(memory, source=draft.source, target=draft.target, wanted=draft.wanted)
        return self._stored(kept, memory, memory.in_scope)

    def _stored(self, kept: Memory, before: Memory, in_scope: bool) -> Memory:
        after = replace(kept, settings=self._settings.fingerprint, in_scope=in_scope)
        return before if after == before else after

    def _in_scope(self, decision: Decision, memory: Memory) -> bool:
        if isinstance(decision, Skip) and decision.reason is Reason.SOURCE_DELETED:
            return memory.in_scope
        return not (isinstance(decision, Skip) and decision.reason in _OUT_OF_SCOPE)

    def _prints(self, rule: FieldRule, source: Values, target: Values) -> tuple[str, str]:
        return (
            side_fingerprint(rule.source, source, self._source_parts),
            side_fingerprint(rule.target, target, self._target_parts),
        )

    def _record(
        self,
        draft: _Draft,
        wish: Wish,
        prints: tuple[str, str],
        wanted: str,
        change: FieldChange | None,
        reason: Reason | None,
    ) -> None:
        source_key, key = wish.rule.source.key, wish.rule.target.key
        if wish.outcome is Outcome.AGREES:
            draft.agreed(source_key, key, *prints, wanted)
        elif change is not None:
            # A value that is neither the old one nor the new is what the product made of it: writing again is in vain.
            taken = not same(wish.rule.target.kind, wish.before, change.before)
            if not taken and not change.sets_back:
                draft.in_vain(key)
            draft.seen(source_key, key, *prints, wish_mark(prints[0], wanted) if taken else UNTAKEN_MARK)
        elif wish.outcome is Outcome.DIFFERS:
            self._record_difference(draft, source_key, key, prints, wanted, reason)

    def _record_difference(
        self, draft: _Draft, source_key: str, key: str, prints: tuple[str, str], wanted: str, reason: Reason | None
    ) -> None:
        """A difference that the step let stand, for `reason`, or because the link has seen it before."""
        is_left = reason is Reason.TARGET_CHANGED_LEFT or (
            reason is Reason.TARGET_WON and key in self._settings.carried_back
        )
        if not is_left and (reason is not None or draft.is_unmoved(key, prints[1])):
            draft.seen(source_key, key, *prints, wish_mark(prints[0], wanted))

    def _record_owner(
        self, draft: _Draft, source: Person, target: Person, change: OwnerChange | None, reason: Reason | None
    ) -> None:
        answer = self._owners.answer(source.owner_id)
        if not isinstance(answer, Assign):
            return
        prints = (fingerprint(OWNER_KIND, source.owner_id), fingerprint(OWNER_KIND, target.owner_id))
        taken = target.owner_id == answer.member.id
        if change is not None:
            draft.counted(OWNER, change.sets_back)
        if taken:
            draft.agreed(OWNER, OWNER, *prints, wanted=prints[1])
        elif change is not None:
            if not change.sets_back:
                draft.in_vain(OWNER)
            draft.seen(OWNER, OWNER, *prints, UNTAKEN_MARK)
        else:
            wanted = fingerprint(OWNER_KIND, answer.member.id)
            self._record_difference(draft, OWNER, OWNER, prints, wanted, reason)
