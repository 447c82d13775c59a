"""Why? says what runs do: compared with previews of the same moment, for everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.domain.decisions import Create, NotEnrolled
from integrations.domain.enums import Direction, Operator
from integrations.engine.recording import decision_of
from integrations.models import (
    Action,
    FilterCondition,
    Member,
    OwnerMapping,
    Person,
    PersonLink,
    Run,
    RunEntry,
    RunState,
    SyncStep,
)
from integrations.services.explain import explain
from integrations.services.explanation import StepStory, Verdict
from tests.journeys.conftest import Install, install
from tests.journeys.installation import Installation

__all__ = ["install"]


def story_of(person: Person, step: SyncStep) -> StepStory:
    told = explain(person.external_id)
    return next(s for s in told.steps if s.step_pk == step.pk and s.person.pk == person.pk)


def assert_agree(entry: RunEntry, story: StepStory) -> None:
    """The entry is what the story says would happen."""
    assert (entry.action, entry.reason_text) == (story.verdict, story.reason)
    if entry.action not in (Action.CREATE, Action.UPDATE):
        return
    decision = story.decision
    if isinstance(decision, Create) and isinstance(decision.enrolment, NotEnrolled):
        assert entry.enrolment_reason == decision.enrolment.reason
        decision = replace(decision, enrolment=None)
    assert decision_of(entry) == decision
    written = [(change["key"], change["label"]) for change in entry.changes]
    assert written == [(field.key, field.label) for field in story.changed_fields]
    assert all(field.cause for field in story.changed_fields)


def busy(app: Installation) -> tuple[SyncStep, SyncStep]:
    """Both directions with some owners unmapped, a filter and a sequence; synced once, then edited on both sides."""
    out, back = app.step(Direction.TO_OUTREACH), app.step(Direction.TO_CRM)
    skipped = str(Member.objects.filter(account=app.crm).order_by("name")[1].email)
    pairs = app.map_owners(out, leave_out=[skipped])
    app.map_owners(back)
    app.enrol(out, next(iter(pairs.values())), only_for_new=True)
    assert app.sync().state in (RunState.SUCCEEDED, RunState.SUCCEEDED_WITH_ERRORS)
    linked = [PersonLink.objects.order_by("pk")[n] for n in range(6)]
    persons = [int(link.crm_person.external_id) for link in linked]
    contacts = [int(link.outreach_person.external_id) for link in linked]
    app.change("pipedrive", id=persons[0], fields={"name": "Edited Here"})
    app.change("reply", id=contacts[1], fields={"firstName": "Edited", "lastName": "There"})
    app.change("pipedrive", id=persons[2], fields={"name": "Both Left"})
    app.change("reply", id=contacts[2], fields={"firstName": "Both", "lastName": "Right"})
    app.change("reply", delete=contacts[3])
    app.change("pipedrive", create={"name": "Somebody Fresh", "emails": [{"value": "Some.Fresh@example.com"}]})
    app.change("pipedrive", create={"name": "No Mail"})
    SyncStep.objects.filter(pk=out.pk).update(on_conflict="hold")
    field = app.crm.fields.get(key="name")
    FilterCondition.objects.create(step=out, subject="field", field=field, operator=Operator.NOT_CONTAINS, value="an")
    return SyncStep.objects.with_accounts().get(pk=out.pk), SyncStep.objects.with_accounts().get(pk=back.pk)


def preview(app: Installation, step: SyncStep) -> Run:
    run = app.sync(step, kind="preview", full=True)
    assert run.state == RunState.SUCCEEDED, run.failure
    return run


@pytest.mark.parametrize("on_conflict", ["hold", "source_wins"])
def test_for_every_person_and_step_why_and_the_run_agree(install: Install, on_conflict: str) -> None:
    app = install(people=60, overlap=10, limits=False)
    verdicts = set()
    for step in busy(app):
        SyncStep.objects.filter(pk=step.pk).update(on_conflict=on_conflict)
        run = preview(app, step)
        entries = {entry.source_person_id: entry for entry in run.entries.all()}
        unchanged = 0
        people = Person.objects.filter(account=step.source_account)
        assert people.count() >= 30
        for person in people:
            story = story_of(person, step)
            entry = entries.get(person.pk)
            if entry is not None:
                assert_agree(entry, story)
            else:
                unchanged += 1
                assert story.verdict is Verdict.UNCHANGED or person.missing_since
            verdicts.add(story.verdict)
        stage = run.stages.get()
        assert (
            stage.seen
            == people.count()
            - people.exclude(missing_since=None).filter(**{f"{step.way.source.value}_links": None}).count()
        )
        assert stage.unchanged <= unchanged
    expected = {Verdict.CREATE, Verdict.UPDATE, Verdict.UNCHANGED, Verdict.SKIP}
    assert verdicts >= (expected | {Verdict.CONFLICT} if on_conflict == "hold" else expected)


def test_explaining_writes_nothing_calls_nobody_and_asks_a_bounded_number_of_queries(install: Install) -> None:
    app = install(people=40, limits=False)
    step, _ = busy(app)
    preview(app, step)
    app.forget_calls()
    person = PersonLink.objects.order_by("pk")[0].crm_person
    with CaptureQueriesContext(
        database,
    ) as queries:
        explain(person.email)
    assert app.calls() == {}
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert len(queries) <= 75


def test_any_address_in_any_case_finds_the_person_and_the_linked_counterpart(install: Install) -> None:
    app = install(people=20, limits=False)
    app.map_owners(app.step(Direction.TO_OUTREACH))
    app.sync()
    link = PersonLink.objects.order_by("pk")[0]
    told = explain(f"  {link.crm_person.email.upper()} ")
    assert {one.pk for one in told.people} >= {link.crm_person_id, link.outreach_person_id}
    assert {account.account for account in told.accounts} == {"Pipedrive", "Reply"}
    assert all(account.read_at for account in told.accounts)
    assert told.past[0].outcome == "created"
    second = Person.objects.get(pk=link.crm_person_id)
    second.addresses.create(account=second.account, address="second@example.com")
    assert link.crm_person_id in {one.pk for one in explain("SECOND@example.com").people}
    assert explain("second@example.com").steps[0].match.cause.startswith("linked since")


def test_an_unmapped_owner_is_named_and_never_shown_as_an_id(install: Install) -> None:
    app = install(people=20, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    OwnerMapping.objects.filter(step=step).delete()
    app.sync(step)
    entry = RunEntry.objects.filter(reason="owner_not_mapped").first()
    assert entry is not None
    assert entry.source_person is not None
    owner = Member.objects.get(account=app.crm, external_id=entry.source_person.owner_external_id)
    told = explain(entry.email)
    story = next(story for story in told.steps if story.person.pk == entry.source_person_id)
    assert story.verdict is Verdict.SKIP
    assert owner.name in story.detail
    assert story.owner is not None
    assert owner.name in story.owner.words
    assert story.owner.is_trouble
    assert owner.name in told.past[0].detail


def test_each_filtering_rule_has_its_own_verdict_with_the_persons_value(install: Install) -> None:
    app = install(people=20, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.preview(step)
    person = Person.objects.filter(account=app.crm).exclude(email="").order_by("pk")[0]
    name = app.crm.fields.get(key="name")
    for operator, value in ((Operator.STARTS_WITH, person.name[:2]), (Operator.IS, "Somebody Else")):
        FilterCondition.objects.create(step=step, subject="field", field=name, operator=operator, value=value)
    story = story_of(person, step)
    assert [rule.passed for rule in story.filter.rules] == [True, False]
    assert {rule.actual for rule in story.filter.rules} == {person.name}
    assert not story.filter.passed
    assert story.verdict is Verdict.SKIP


def test_a_change_names_the_mapping_row_and_the_rest_says_why_it_stays(install: Install) -> None:
    app = install(people=20, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync()
    link = PersonLink.objects.order_by("pk")[0]
    phones = [{"value": "+44 20 7946 0999", "primary": True}]
    app.change("pipedrive", id=int(link.crm_person.external_id), fields={"phones": phones})
    app.preview(step)
    story = story_of(link.crm_person, step)
    assert story.verdict is Verdict.UPDATE
    assert [(field.after, field.cause) for field in story.changed_fields] == [
        ("+44 20 7946 0999", str(step.field_mappings.get(target_field__key=story.changed_fields[0].key)))
    ]
    assert story.kept_fields
    assert all(field.remark and field.cause for field in story.kept_fields)


def test_who_would_change_but_is_not_looked_at_before_a_full_check_is_told_so(install: Install) -> None:
    app = install(people=20, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    app.map_owners(step)
    app.sync()
    app.sync()
    link = PersonLink.objects.order_by("pk")[0]
    assert story_of(link.crm_person, step).hindrances == ()
    values = {**link.crm_person.values, "first_name": "Unseen", "name": "Unseen"}
    Person.objects.filter(pk=link.crm_person_id).update(values=values)
    story = story_of(link.crm_person, step)
    assert story.verdict is Verdict.UPDATE
    assert "a full check will" in " ".join(story.hindrances)
    SyncStep.objects.filter(pk=step.pk).update(on_conflict="hold")
    assert story_of(link.crm_person, step).hindrances == (), "changed settings make a sync look at everybody"


@pytest.mark.parametrize("query", ["", "  ", "nobody@example.com", "99999999", "@", "a b c"])
def test_who_is_not_there_has_no_story(install: Install, query: str) -> None:
    app = install(people=5, limits=False)
    app.preview(app.step(Direction.TO_OUTREACH))
    told = explain(query)
    assert (told.people, told.steps, told.past) == ((), (), ())
    assert len(told.accounts) == 2
