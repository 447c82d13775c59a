"""From a planner's decision to its story: every answer here is asked of the code that runs ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from integrations.domain.decisions import (
    Conflict,
    Create,
    Decision,
    Enrolment,
    FieldChange,
    Note,
    Skip,
    Unchanged,
    Update,
    reason_of,
)
from integrations.domain.describe import describe_condition, describe_filter
from integrations.domain.enums import Direction, OverwriteMode
from integrations.domain.filters import LIST_OPERATORS, ConditionResult, passes
from integrations.domain.mapping import Outcome, Wish, parts_of, units_of
from integrations.domain.owners import Assign, OwnerTable, Refuse
from integrations.domain.person import OWNER, Person
from integrations.domain.planning import Planner
from integrations.domain.reasons import Reason
from integrations.domain.sequences import EnrolmentTable
from integrations.domain.situation import Ambiguous, DuplicateOf, Found, Linked, TakenBy, TargetGone
from integrations.engine.settings_loader import load, saved_filters_of
from integrations.engine.situations import Case, Gatherer
from integrations.models import Person as PersonRow
from integrations.models import SyncStep

from .explanation import FieldStory, FilterStory, Line, Mirrored, RuleVerdict, StepStory, Verdict
from .name_book import NameBook, people_names, sequence_step_name, value_words
from .next_look import seen_by_the_next_sync

_MODES = {
    OverwriteMode.ONLY_FOR_NEW: "written only for new records",
    OverwriteMode.ONLY_IF_EMPTY: "written only where the target is empty",
}

_LATER = "The next sync looks only at people who changed since the last one, and this one has not: a full check will."


class StepTeller:
    """Tells the stories of one step. Reads the step's settings once; writes nothing."""

    def __init__(self, step: SyncStep, names: NameBook) -> None:
        self._step, self._names = step, names
        self._source_account, self._target_account = step.source_account, step.target_account
        self._settings = load(step)
        self._planner = Planner(self._settings)
        self._owners = OwnerTable(self._settings)
        self._enrolments = EnrolmentTable(self._settings)
        self._fields = {row.pk: str(row) for row in step.field_mappings.select_related("source_field", "target_field")}
        self._pairs = {row.pk: str(row) for row in step.owner_mappings.select_related("source_member", "target_member")}

    def tell(self, people: Mapping[int, Mirrored], rows: Sequence[PersonRow], now: datetime) -> list[StepStory]:
        """A story per source person, in the order of the rows; `people` are the same by primary key."""
        cases = Gatherer(self._step, saved_filters_of(self._settings)).gather(rows)
        seen = seen_by_the_next_sync(self._step, self._settings.fingerprint, [row.pk for row in rows])
        return [self._story(case, people[case.row.pk], case.row.pk in seen, now) for case in cases]

    def _story(self, case: Case, person: Mirrored, is_seen: bool, now: datetime) -> StepStory:
        decision = self._planner.plan(case.situation, now)
        reason = reason_of(decision)
        goes_on = self._gets_to_fields(decision)
        return StepStory(
            step_pk=self._step.pk,
            step=str(self._step),
            connection_pk=self._step.connection_id,
            connection=str(self._step.connection),
            person=person,
            verdict=Verdict.of(decision),
            reason=reason.text if reason else "",
            detail=self._detail(decision, case),
            match=self._match(case),
            filter=self._filter(case, now),
            owner=self._owner(decision, case) if goes_on or _is_about_owner(decision) else None,
            sequence=self._sequence(decision, case) if isinstance(decision, Create | Update | Unchanged) else None,
            fields=tuple(self._field_stories(decision, case)) if goes_on else (),
            notes=tuple(self._note(note) for note in getattr(decision, "notes", ())),
            hindrances=tuple(self._hindrances(is_seen or not isinstance(decision, Create | Update))),
            decision=decision,
        )

    @staticmethod
    def _gets_to_fields(decision: Decision) -> bool:
        if isinstance(decision, Conflict):
            return decision.reason is Reason.BOTH_CHANGED
        return not isinstance(decision, Skip)

    def _hindrances(self, is_seen: bool) -> list[str]:
        found = [] if is_seen else [_LATER]
        if not self._step.connection.enabled:
            found.append(f"“{self._step.connection}” is not enabled, so nothing is synced; previews can be made.")
        if not self._step.enabled:
            found.append("The step is not included in runs of the whole connection.")
        for account in (self._source_account, self._target_account):
            if not account.is_healthy:
                found.append(f"“{account}” needs attention, so no run can start. {account.status_detail}".strip())
        return found

    def _detail(self, decision: Decision, case: Case) -> str:
        if not isinstance(decision, Skip | Conflict):
            return ""
        if decision.reason is Reason.OWNER_NOT_MAPPED:
            return f"The owner is {self._names.member(self._source_account.pk, case.situation.source.owner_id)}"
        if decision.reason is Reason.TARGET_DELETED:
            return people_names(self._target_account.pk, [decision.detail])
        return decision.detail

    def _match(self, case: Case) -> Line:
        match, target_label = case.situation.match, self._target_account.people_label
        if isinstance(match, Linked | TargetGone):
            who = people_names(self._target_account.pk, [case.target.external_id]) if case.target else ""
            since = f"linked since {timezone.localtime(case.link.created_at):%Y-%m-%d %H:%M}" if case.link else ""
            if isinstance(match, TargetGone) and case.target and case.target.missing_since:
                return Line(f"{who}, deleted: not seen since {case.target.missing_since:%Y-%m-%d}", since, True)
            return Line(who, since)
        if isinstance(match, Found):
            who = people_names(self._target_account.pk, [match.target.id])
            return Line(who, f"found by the address {match.address}, not linked yet")
        if isinstance(match, Ambiguous):
            who = people_names(self._target_account.pk, match.target_ids)
            return Line(f"Ambiguous: {who}", f"all of them have the address {match.address}", True)
        if isinstance(match, DuplicateOf):
            who = people_names(self._source_account.pk, [match.source_id])
            return Line(f"{who} goes first", f"has the address {match.address} too, and the older id or the link", True)
        if isinstance(match, TakenBy):
            holder = people_names(self._source_account.pk, [match.source_id])
            who = people_names(self._target_account.pk, [match.target_id])
            return Line(who, f"linked to {holder} already", True)
        return Line(f"Nobody among {target_label} has any of the addresses")

    def _filter(self, case: Case, now: datetime) -> FilterStory:
        rules, situation = self._settings.filter, case.situation
        verdict = passes(rules, situation.source, situation.saved_filters, now)
        results = tuple(self._rule(result, situation.source) for result in verdict.results)
        return FilterStory(describe_filter(rules), verdict.passed, results)

    def _rule(self, result: ConditionResult, person: Person) -> RuleVerdict:
        condition = result.condition
        if condition.operator in LIST_OPERATORS:
            is_in = result.passed == (condition.operator is LIST_OPERATORS[0])
            actual = "is in it" if is_in else "is not in it"
        elif condition.field is not None and condition.field.key == OWNER:
            actual = self._names.member(self._source_account.pk, person.owner_id)
        else:
            actual = value_words(result.actual, condition.field)
        return RuleVerdict(describe_condition(condition), result.passed, actual)

    def _owner(self, decision: Decision, case: Case) -> Line:
        source, target = self._source_account.pk, self._target_account.pk
        holder = self._names.member(source, case.situation.source.owner_id)
        answer = self._owners.answer(case.situation.source.owner_id)
        if isinstance(answer, Refuse):
            pair = next((p for p in self._settings.owners if p.source.id == case.situation.source.owner_id), None)
            policy = "people with an unmapped owner are not synced"
            return Line(f"{holder}: {answer.reason.text.lower()}", self._pairs[pair.id] if pair else policy, True)
        if not isinstance(answer, Assign):
            return Line("The owner is left alone", f"{holder} is not mapped, and such people are synced all the same")
        cause = self._pairs.get(answer.pair_id or 0, f"{holder} is not mapped: the member for unmapped owners")
        wanted = self._names.member(target, answer.member.id)
        if isinstance(decision, Create):
            return Line(f"Owned by {wanted}", cause)
        now = case.target.owner_external_id if case.target else ""
        if now == answer.member.id:
            return Line(f"{wanted} owns the person already", cause)
        if isinstance(decision, Update) and decision.owner is not None:
            return Line(f"{self._names.member(target, now)} → {wanted}", cause)
        left = "would be given to" if isinstance(decision, Conflict) else "is left, and not given to"
        return Line(f"{self._names.member(target, now)} {left} {wanted}", cause)

    def _sequence(self, decision: Create | Update | Unchanged, case: Case) -> Line | None:
        if self._settings.direction is not Direction.TO_OUTREACH:
            return None
        change = decision.owner if isinstance(decision, Create | Update) else None
        account = self._target_account.pk
        before = case.target.owner_external_id if case.target else ""
        owner_id = change.after if change else before
        opted_out = case.target.opted_out if case.target and not isinstance(decision, Create) else False
        is_new = isinstance(decision, Create)
        answer = self._enrolments.answer(
            owner_id or None,
            is_new=is_new,
            opted_out=opted_out,
            enrolled=case.situation.enrolled,
            owed=case.situation.owed,
        )
        rule = next((rule for rule in self._settings.sequences if rule.owner.id == owner_id), None)
        owner = self._names.member(account, owner_id)
        if rule is None:
            return Line("Not put into any sequence", f"no row of People to sequence is for {owner}")
        cause = f"the row for {owner}: {self._names.sequence(account, rule.sequence_id)}, step {rule.step_label}"
        if answer is None:
            return Line("Not put into any sequence", f"{cause}, only for new records")
        if isinstance(answer, Enrolment):
            step = sequence_step_name(account, answer.sequence_id, answer.step_id)
            delay = ", ignoring the step's delay" if answer.ignore_step_delay else ""
            name = self._names.sequence(account, answer.sequence_id)
            return Line(f"Put into {name} at step {step}{delay}", f"the row for {owner}")
        return Line(f"Not put into the sequence: {answer.reason.text.lower()}", cause)

    def _field_stories(self, decision: Decision, case: Case) -> list[FieldStory]:
        changes = decision.fields if isinstance(decision, Create | Update) else ()
        stories = [self._changed(change) for change in changes]
        if isinstance(decision, Create) or case.target is None:
            return stories
        written = {change.key for change in changes}
        remarks = {note.field: note.reason.text for note in getattr(decision, "notes", ()) if note.field}
        held = decision.reason.text if isinstance(decision, Conflict) else ""
        source, target = case.situation.source.values, case.target.as_value().values
        for unit in units_of(self._settings.fields, parts_of(self._settings.target_fields)):
            for wish in unit.wishes(source, target):
                if wish.rule.target.key not in written:
                    stories.append(self._kept(wish, remarks.get(wish.rule.target.key, ""), held))
        return stories

    def _changed(self, change: FieldChange) -> FieldStory:
        field = self._settings.target_fields.get(change.key)
        before, after = value_words(change.before, field), value_words(change.after, field)
        cause = self._fields.get(change.rule_id or 0, "the product requires it")
        remark = "put back: only the target had changed" if change.sets_back else ""
        return FieldStory(change.key, change.label, before, after, True, cause, remark)

    def _kept(self, wish: Wish, noted: str, held: str) -> FieldStory:
        target = wish.rule.target
        before = value_words(wish.before, target)
        remark = noted or self._why_kept(wish, held)
        return FieldStory(target.key, target.label, before, before, False, self._fields.get(wish.rule.id, ""), remark)

    def _why_kept(self, wish: Wish, held: str) -> str:
        if wish.outcome is Outcome.NOT_ASKED:
            return _MODES[wish.rule.mode]
        if wish.outcome is Outcome.KEPT:
            return "blank in the source, and a blank clears nothing here"
        if wish.outcome is not Outcome.DIFFERS:
            return "the same already"
        wanted = value_words(wish.after, wish.rule.target)
        seen = "an earlier sync has settled the difference, and neither side has changed since"
        return f"{held or seen}; the source says {wanted or '(empty)'}"

    def _note(self, note: Note) -> str:
        if note.field == OWNER:
            label = "Owner"
        else:
            field = self._settings.target_fields.get(note.field)
            label = field.label if field else note.field
        return ": ".join(part for part in (label, note.reason.text, note.detail) if part)


def _is_about_owner(decision: Decision) -> bool:
    about = (Reason.OWNER_NOT_MAPPED, Reason.NO_OWNER, Reason.MEMBER_INACTIVE)
    return isinstance(decision, Skip) and decision.reason in about
