"""An installation as people have it after connecting: two accounts on a real sandbox server, their connection."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from integrations.domain.enums import Direction
from integrations.models import (
    Account,
    Connection,
    Member,
    OwnerMapping,
    Run,
    RunChunk,
    RunKind,
    Sequence,
    SequenceMapping,
    SyncStep,
)
from integrations.sandbox.core import Request, Sandbox
from integrations.services import runs
from integrations.services.accounts import connect_account
from integrations.services.connections import create_connection, set_enabled
from integrations.services.steps import add_step

PIPEDRIVE_KEY = "sandbox-pipedrive-token"
REPLY_KEY = "sandbox-reply-key"


@dataclass(slots=True)
class Installation:
    """The sandbox and what is connected to it."""

    sandbox: Sandbox
    url: str
    connection: Connection

    @classmethod
    def connect(cls, sandbox: Sandbox, url: str) -> Installation:
        """Connect both accounts with the seeded keys and switch the connection on."""
        crm = connect_account(
            product="pipedrive",
            name="Pipedrive",
            base_url=f"{url}/pipedrive",
            secrets={"api_token": PIPEDRIVE_KEY},
            by=None,
        )
        outreach = connect_account(
            product="replyio", name="Reply", base_url=f"{url}/reply", secrets={"api_key": REPLY_KEY}, by=None
        )
        connection = create_connection(name="Main", crm_account=crm, outreach_account=outreach, by=None)
        set_enabled(connection=connection, enabled=True, by=None)
        return cls(sandbox, url, connection)

    @property
    def crm(self) -> Account:
        """The Pipedrive account."""
        return self.connection.crm_account

    @property
    def outreach(self) -> Account:
        """The Reply account."""
        return self.connection.outreach_account

    def step(self, direction: Direction) -> SyncStep:
        """The step of that direction, added if need be."""
        step = SyncStep.objects.filter(connection=self.connection, direction=direction).first()
        return step or add_step(connection=self.connection, direction=direction, by=None)

    def map_owners(self, step: SyncStep, *, leave_out: Iterable[str] = ()) -> dict[str, str]:
        """Map every member to the one with the same e-mail address; answers source id → target id."""
        OwnerMapping.objects.filter(step=step).delete()
        right = {m.email: m for m in Member.objects.filter(account=step.target_account) if m.can_own}
        pairs = {}
        for position, left in enumerate(Member.objects.filter(account=step.source_account)):
            if left.email in right and left.email not in leave_out:
                OwnerMapping.objects.create(
                    step=step, position=position, source_member=left, target_member=right[left.email]
                )
                pairs[left.external_id] = right[left.email].external_id
        return pairs

    def enrol(self, step: SyncStep, owner_id: str, **options: bool) -> SequenceMapping:
        """A people-to-sequence row for that Reply owner: the first live sequence, at its second step."""
        sequence = next(s for s in Sequence.objects.filter(account=self.outreach) if s.status == "active")
        steps = list(sequence.steps.all())
        return SequenceMapping.objects.create(
            step=step,
            owner=Member.objects.get(account=self.outreach, external_id=owner_id),
            sequence=sequence,
            sequence_step=steps[1],
            **options,
        )

    def sync(self, step: SyncStep | None = None, **options: Any) -> Run:
        """Run in this process until it ends or is held; what waits for a product to recover need not wait."""
        return carry_out(runs.request_run(connection=self.connection, step=step, **options))

    def preview(self, step: SyncStep | None = None) -> Run:
        """Plan only."""
        return self.sync(step, kind=RunKind.PREVIEW)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the sandbox's control."""
        data = json.dumps(body).encode() if body is not None else b""
        headers = {"content-type": "application/json"}
        response = self.sandbox.handle(Request.from_url(method, f"/_sandbox{path}", headers=headers, body=data))
        assert response.status < 300, response.body
        return response.json() if response.body else None

    def change(self, product: str, **command: Any) -> Any:
        """Change something in a product as a human would: `id=..., fields={...}`, `create={...}` or `delete=...`."""
        return self.control("POST", "/change", {"product": product, **command})

    def fault(self, **rule: Any) -> None:
        """Make something go wrong from now on."""
        self.control("POST", "/faults", [rule])

    def people(self) -> list[dict[str, Any]]:
        """Pipedrive's people as they are."""
        return [p for p in self.control("GET", "/state")["pipedrive"]["persons"] if not p["is_deleted"]]

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Reply's contacts as they are, by address in lower case."""
        return {c["email"].lower(): c for c in self.control("GET", "/state")["reply"]["contacts"] if c.get("email")}

    def enrolments(self) -> list[dict[str, Any]]:
        """Reply's participations as they are."""
        links: list[dict[str, Any]] = self.control("GET", "/state")["reply"]["contactLinks"]
        return links

    def writes(self) -> list[dict[str, Any]]:
        """The calls since the log was last cleared that changed something."""
        calls: list[dict[str, Any]] = self.control("GET", "/log?wrote=true")
        return calls

    def calls(self) -> Counter[str]:
        """How often each product's routes were called since the log was last cleared."""
        return Counter(f"{c['product']} {c['method']} {c['path']}" for c in self.control("GET", "/log"))

    def forget_calls(self) -> None:
        """Clear the log."""
        self.control("DELETE", "/log")


def carry_out(run: Run) -> Run:
    """Drive a run until it ends or is held; what waits for a product to recover need not wait."""
    run = runs.drive(run)
    for _ in range(20):
        if not RunChunk.objects.open().filter(run=run).update(not_before=timezone.now()):
            break
        run = runs.drive(run)
    return run


def assert_books_balance(run: Run) -> None:
    """Every stage accounts for everybody it saw."""
    for stage in run.stages.all():
        accounted = stage.created + stage.updated + stage.unchanged + stage.skipped + stage.conflicts + stage.failed
        assert stage.seen == accounted, (stage.seen, accounted)
        assert stage.entries.filter(outcome="planned").count() == 0 or not run.writes
