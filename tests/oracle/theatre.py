"""Where a story is played: the sandbox in this process with the whole product on it, and the oracle beside it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from django.db import transaction
from django.utils import timezone
from hypothesis import note, reject

from integrations import models
from integrations.connectors import registry
from integrations.connectors.ports import Connector, Credentials, Limiter, Unlimited
from integrations.engine.claim import Lease
from integrations.engine.limiter import AccountLimiter
from integrations.models import Account, AccountField, Connection, Member, Run, RunChunk, RunKind, RunState, SyncStep
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Request, Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.pipedrive.seed import field_code
from integrations.sandbox.transport import SandboxAdapter
from integrations.services import runs
from integrations.services.accounts import connect_account
from tests.journeys.installation import PIPEDRIVE_KEY, REPLY_KEY, assert_books_balance
from tests.oracle.model import Human, Plan, Side, Unmodelled, World
from tests.oracle.stories import INACTIVE, Edit, Round, Story, edited

ADDRESS = "http://sandbox.test"
SOURCE_CODE = field_code("Lead source")
FIELDS: dict[str, dict[Side, tuple[str, ...]]] = {
    "emails": {"crm": ("emails",), "outreach": ("email",)},
    "name": {"crm": ("first_name", "last_name"), "outreach": ("firstName", "lastName")},
    "phones": {"crm": ("phones",), "outreach": ("phone",)},
    "title": {"crm": ("job_title",), "outreach": ("title",)},
    "source": {"crm": (SOURCE_CODE,), "outreach": ("cf:7101",)},
}
LONGEST_ECHO = 3
"""Runs of all steps after which the oracle must have nothing left to say: what one step writes may be the other's news,
and the owner among it may let somebody through who was not synced before."""


class Doors:
    """Opens accounts on the sandbox of the story that is played, without sockets, limits and waiting."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.sandbox: Sandbox | None = build_sandbox(SandboxOptions().without_limits())
        for product in registry.products():
            patch.setitem(registry._BY_NAME, product, self._door(registry.connector(product)))
        # Hundreds of stories are played: what only matters between processes is left out.
        patch.setattr(AccountLimiter, "close", lambda limiter: None)
        patch.setattr(Lease, "kept", lambda lease: nullcontext())
        self.accounts: dict[Side, Account] = {
            "crm": _account("pipedrive", "api_token", PIPEDRIVE_KEY),
            "outreach": _account("replyio", "api_key", REPLY_KEY),
        }

    def _door(self, registered: registry.Registered) -> registry.Registered:
        def opened(credentials: Credentials, limiter: Limiter, **options: Any) -> Connector:
            assert self.sandbox is not None
            session = requests.Session()
            session.mount(ADDRESS, SandboxAdapter(self.sandbox, sleep=lambda seconds: None))
            # One worker: people get their numbers in the order in which they are made.
            more: dict[str, Any] = {"workers": 1} if registered.spec.product == "pipedrive" else {}
            return registered.open(credentials, Unlimited(), transport=session, sleep=lambda seconds: None, **more)

        return replace(registered, open=opened)


@dataclass(frozen=True)
class Performance:
    """A run, and whether the oracle says that it changes anybody."""

    run: Run
    writes_by_oracle: bool


class Theatre:
    """One story. `crm` and `outreach` are the sides of the sandbox as the model sees them."""

    @classmethod
    @contextmanager
    def of(cls, doors: Doors, story: Story) -> Iterator[Theatre]:
        """The story on a database that holds the two accounts and, afterwards, nothing more."""
        with transaction.atomic():
            note(repr(story))
            try:
                yield cls(doors, story)
            except Unmodelled:
                reject()
            transaction.set_rollback(True)

    def __init__(self, doors: Doors, story: Story) -> None:
        self.story = story
        options = SandboxOptions().with_values(story.readings).without_limits()
        self.sandbox = doors.sandbox = build_sandbox(options)
        self.accounts = doors.accounts
        self.connection = Connection.objects.create(
            name="Main",
            crm_account=self.accounts["crm"],
            outreach_account=self.accounts["outreach"],
            enabled=True,
            enabled_at=timezone.now(),
        )
        self.steps = [self._step(place, plan) for place, plan in enumerate(story.plans)]
        self.world = World(story.plans, frozenset({INACTIVE}), {"crm": 101, "outreach": 48_101})
        for each in story.people:
            self.edit(each)

    def play(self, rounds: Iterable[Round]) -> None:
        """Edit, then run; after each run both sides are what the oracle says."""
        for scene in rounds:
            for each in scene.edits:
                self.edit(each)
            # Pipedrive tells of deletions only to whoever checks everybody.
            must_be_full = any(not each.values and each.side == "crm" for each in scene.edits)
            for place, full in scene.runs:
                self.sync(place, full=full or must_be_full)

    def settle(self) -> None:
        """Run until the oracle has nothing left to say; then a run of everybody writes nothing either."""
        for _ in range(LONGEST_ECHO):
            if not self.sync(None).writes_by_oracle:
                break
        else:
            raise AssertionError("the steps go on writing")
        self.sync(None, full=True)

    def sync(self, place: int | None, *, full: bool = False) -> Performance:
        """Run a step, or all of them; compare. Where the oracle changes nobody, no call may have written anything."""
        step = None if place is None else self.steps[place]
        self.forget_calls()
        run = self.drive(runs.request_run(connection=self.connection, step=step, full=full))
        before = self.world.snapshot()
        self.world.run(self.story.plans if place is None else [self.story.plans[place]])
        changes = self.world.snapshot() != before
        self._compare()
        assert changes or self.writes() == []
        return Performance(run, changes)

    def drive(self, run: Run) -> Run:
        """Carry a run out to its end, without waiting."""
        run = runs.drive(run)
        assert not RunChunk.objects.open().filter(run=run).exists()
        assert run.state == RunState.SUCCEEDED, (run.state, run.failure, list(run.entries.values("reason", "detail")))
        assert_books_balance(run)
        return run

    def undo(self, run: Run) -> Run:
        """Put back what a run changed."""
        assert run.kind == RunKind.SYNC
        self.forget_calls()
        return self.drive(runs.undo_run(run=run))

    def edit(self, each: Edit) -> None:
        """A human does something, in the sandbox and in the model."""
        product = "pipedrive" if each.side == "crm" else "reply"
        body = _body_of_crm if each.side == "crm" else _body_of_outreach
        if each.is_new:
            human = Human(0, **each.values)
            answer = self._control("POST", "/change", {"product": product, "create": body(each.values)})
            self.world.put(each.side, replace(human, id=answer["id"]))
            return
        people = sorted(self.world.people[each.side].values(), key=lambda one: one.id)
        if not people:
            return
        human = people[each.index % len(people)]
        if not each.values:
            self._control("POST", "/change", {"product": product, "delete": human.id})
            self.world.delete(each.side, human)
            return
        values = edited(human, each.values)
        self._control("POST", "/change", {"product": product, "id": human.id, "fields": body(values)})
        self.world.put(each.side, replace(human, **values))

    def people(self) -> dict[Side, dict[int, Human]]:
        """The sandbox's people as they are."""
        return _people(self._state())

    def writes(self) -> list[str]:
        """The accepted calls since the log was last cleared that were to change something."""
        return [f"{c['method']} {c['path']}" for c in self._control("GET", "/log?wrote=true")]

    def forget_calls(self) -> None:
        """Clear the log."""
        self._control("DELETE", "/log")

    def _compare(self) -> None:
        state = self._state()
        found = _people(state)
        for side, known in self.world.people.items():
            fresh = {each.emails[0].lower(): each.id for i, each in found[side].items() if i not in known}
            born = {i: fresh.get(each.emails[0].lower(), i) for i, each in known.items() if i < 0}
            self.world.number(side, {mine: its for mine, its in born.items() if its > 0})
            found_now, wanted = _folded(found[side]), _folded(self.world.people[side])
            differing = {i: (found_now.get(i), wanted.get(i)) for i in {*found_now, *wanted}}
            wrong = {i: pair for i, pair in differing.items() if pair[0] != pair[1]}
            assert not wrong, f"{side}, found and wanted: {wrong}"
        links = state["reply"]["contactLinks"]
        assert Counter(each["contactId"] for each in links) == Counter(self.world.enrolled)
        assert all(each["moves"] == 0 for each in links)

    def _state(self) -> Any:
        return self._control("GET", "/state")

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"content-type": "application/json"}
        response = self.sandbox.handle(Request.from_url(method, f"/_sandbox{path}", headers=headers, body=data))
        assert response.status < 300, (body, response.body)
        return response.json() if response.body else None

    def _step(self, place: int, plan: Plan) -> SyncStep:
        source: Side = "crm" if plan.to == "outreach" else "outreach"
        step = SyncStep.objects.create(
            connection=self.connection,
            direction=f"to_{plan.to}",
            position=place + 1,
            unmapped_owners=plan.unmapped,
            fallback_member=self._member(plan.to, plan.fallback) if plan.fallback else None,
            on_conflict=plan.on_conflict,
        )
        for left, right in plan.owners:
            models.OwnerMapping.objects.create(
                step=step, source_member=self._member(source, left), target_member=self._member(plan.to, right)
            )
        for unit, mode in plan.modes.items():
            for left_key, right_key in zip(FIELDS[unit][source], FIELDS[unit][plan.to], strict=True):
                models.FieldMapping.objects.create(
                    step=step,
                    source_field=self._field(source, left_key),
                    target_field=self._field(plan.to, right_key),
                    mode="always" if mode == "clear" else mode,
                    when_blank="clear" if mode == "clear" else "keep",
                )
        operator, value = plan.title_filter
        if operator:
            title = self._field(source, FIELDS["title"][source][0])
            models.FilterCondition.objects.create(step=step, field=title, operator=operator, value=value)
        if plan.owner_filter:
            member = self._member(source, plan.owner_filter)
            models.FilterCondition.objects.create(step=step, subject="owner", operator="is", member=member)
        for owner, only_for_new in plan.enrol.items():
            sequence = models.Sequence.objects.get(account=self.accounts["outreach"], external_id="315040")
            models.SequenceMapping.objects.create(
                step=step, owner=self._member("outreach", owner), sequence=sequence,
                sequence_step=list(sequence.steps.all())[1], only_for_new=only_for_new,
            )  # fmt: skip
        return step

    def _member(self, side: Side, number: int) -> Member:
        return Member.objects.get(account=self.accounts[side], external_id=str(number))

    def _field(self, side: Side, key: str) -> AccountField:
        return AccountField.objects.get(account=self.accounts[side], key=key)


def _account(product: str, secret: str, key: str) -> Account:
    mount = "pipedrive" if product == "pipedrive" else "reply"
    return connect_account(product=product, name=product, base_url=f"{ADDRESS}/{mount}", secrets={secret: key}, by=None)


def _folded(people: dict[int, Human]) -> dict[int, Human]:
    """Addresses in lower case: their case means nothing."""
    return {i: replace(each, emails=tuple(map(str.lower, each.emails))) for i, each in people.items()}


def _body_of_crm(values: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if "first" in values:
        body["name"] = f"{values['first']} {values['last']}".strip()
    for unit in ("emails", "phones"):
        if unit in values:
            body[unit] = [{"value": each, "primary": i == 0} for i, each in enumerate(values[unit])]
    if "title" in values:
        body["job_title"] = values["title"] or None
    if "owner" in values:
        body["owner_id"] = values["owner"]
    if "source" in values:
        body["custom_fields"] = {SOURCE_CODE: _OPTIONS[values["source"]]}
    return body


def _body_of_outreach(values: dict[str, Any]) -> dict[str, Any]:
    names = {"first": "firstName", "last": "lastName", "title": "title", "owner": "ownerUserId",
             "opted_out": "isOptedOut"}  # fmt: skip
    body = {names[key]: value for key, value in values.items() if key in names}
    for unit, name in (("emails", "email"), ("phones", "phone")):
        if unit in values:
            body[name] = values[unit][0] if values[unit] else ""
    if "source" in values:
        body["customFields"] = [{"name": "Lead source", "value": values["source"]}]
    return body


_OPTIONS: dict[str, int | None] = {"": None, "Website": 51, "Referral": 52}
_LABELS_BY_ID = {number: label for label, number in _OPTIONS.items()}


def _people(state: dict[str, Any]) -> dict[Side, dict[int, Human]]:
    crm = [_of_crm(each) for each in state["pipedrive"]["persons"] if not each["is_deleted"]]
    outreach = [_of_outreach(each) for each in state["reply"]["contacts"]]
    return {"crm": {each.id: each for each in crm}, "outreach": {each.id: each for each in outreach}}


def _of_crm(person: dict[str, Any]) -> Human:
    return Human(
        id=person["id"], owner=person["owner_id"], first=person["first_name"] or "", last=person["last_name"] or "",
        emails=_values(person["emails"]), phones=_values(person["phones"]), title=person["job_title"] or "",
        source=_LABELS_BY_ID[person["custom_fields"].get(SOURCE_CODE)],
    )  # fmt: skip


def _values(items: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(each["value"] for each in sorted(items, key=lambda each: not each["primary"]))


def _of_outreach(contact: dict[str, Any]) -> Human:
    return Human(
        id=contact["id"], owner=contact["ownerUserId"], first=contact.get("firstName", ""),
        last=contact.get("lastName", ""), emails=tuple(filter(None, (contact.get("email", ""),))),
        phones=tuple(filter(None, (contact.get("phone", ""),))), title=contact.get("title", ""),
        source=contact["customFields"].get("Lead source", ""), opted_out=contact["isOptedOut"],
    )  # fmt: skip


@contextmanager
def doors() -> Iterator[Doors]:
    """The way into the sandbox, for as long as the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        yield Doors(patch)
