"""The kinds of runs that are measured, one after the other on the same people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.domain.enums import Direction
from integrations.models import Account, Connection, Member, Person, SyncStep
from integrations.services import demo

from .measuring import Measurement, measure
from .surroundings import PRODUCTS, RemoteSandbox, lift_limits

MANY_WRITES = 1_000
"""People who are new in Reply, or changed there, for the runs that write to Pipedrive one by one."""


class Scenarios:
    """All scenarios at one size."""

    def __init__(self, sandbox: RemoteSandbox, people: int, *, limits: bool, by_clusters: bool) -> None:
        self._sandbox, self._people, self._by_clusters = sandbox, people, by_clusters
        connection = demo.prepare(sandbox.url)
        if not limits:
            lift_limits()
        Connection.objects.filter(pk=connection.pk).update(
            brake_percent=100, brake_owner_changes=10**9, enrolment_cap=10**9
        )
        self._to_reply = connection.steps.get(direction=Direction.TO_OUTREACH)
        self._to_pipedrive = connection.steps.get(direction=Direction.TO_CRM)

    def measured(self) -> Iterator[Measurement]:
        """Every scenario in turn. What a run leaves to settle is settled unmeasured in between."""
        few, many = max(self._people // 100, 1), min(self._people, MANY_WRITES)
        yield self._measure("first sync to Reply", self._to_reply)
        self._measure("", self._to_pipedrive)
        self._measure("", self._to_reply)
        yield self._measure("no change, to Reply", self._to_reply)
        yield self._measure("no change, to Pipedrive", self._to_pipedrive)
        self._edit(self._to_reply.source_account, few)
        yield self._measure("1 % changed in Pipedrive", self._to_reply)
        self._reassign(self._to_reply, self._people // 10 or 1)
        yield self._measure("10 % of owners reassigned in Pipedrive", self._to_reply)
        self._edit(self._to_pipedrive.source_account, many)
        yield self._measure(f"{many:,} changed in Reply", self._to_pipedrive)
        self._reassign(self._to_pipedrive, few)
        yield self._measure("1 % of owners reassigned in Reply", self._to_pipedrive)
        self._add(many)
        yield self._measure(f"{many:,} new in Reply", self._to_pipedrive)

    def _measure(self, scenario: str, step: SyncStep) -> Measurement:
        return measure(self._sandbox, scenario, self._people, step, by_clusters=self._by_clusters)

    def _edit(self, account: Account, count: int) -> None:
        """Give the first people who are on both sides another phone number."""
        changes: list[dict[str, Any]] = []
        for row in _linked(account, count):
            phone = f"+1 555 {row.pk:07}"
            is_list = account.product == "pipedrive"
            fields = {"phones": [{"value": phone, "primary": True}]} if is_list else {"phone": phone}
            changes.append({"id": int(row.external_id), "fields": fields})
        self._change(account, changes)

    def _reassign(self, step: SyncStep, count: int) -> None:
        """Give the first people who are on both sides to the next mapped member."""
        account = step.source_account
        name = "owner_id" if account.product == "pipedrive" else "ownerUserId"
        mapped = Member.objects.filter(pk__in=step.owner_mappings.values("source_member"))
        members = list(mapped.order_by("pk").values_list("external_id", flat=True))
        following = dict(zip(members, [*members[1:], members[0]], strict=True))
        people = [row for row in _linked(account, count) if row.owner_external_id in following]
        self._change(
            account,
            [{"id": int(row.external_id), "fields": {name: int(following[row.owner_external_id])}} for row in people],
        )

    def _add(self, count: int) -> None:
        people = ({"email": f"new{n}@example.com", "firstName": "New", "lastName": str(n)} for n in range(count))
        self._change(self._to_pipedrive.source_account, [{"create": person} for person in people])

    def _change(self, account: Account, changes: list[dict[str, Any]]) -> None:
        self._sandbox.change(PRODUCTS[account.product], changes)


def _linked(account: Account, count: int) -> list[Person]:
    people = Person.objects.present().filter(account=account)
    linked = people.exclude(crm_links=None) if account.role == "crm" else people.exclude(outreach_links=None)
    return list(linked.order_by("pk")[:count])
