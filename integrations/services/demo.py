"""The demo: both accounts connected to the sandbox, and a connection with a step in each direction."""

from __future__ import annotations

from integrations.domain.enums import Direction
from integrations.models import Account, Connection, Member, OwnerMapping, Sequence, SequenceMapping, SyncStep

from .accounts import connect_account
from .connections import create_connection, set_enabled
from .steps import add_step

PIPEDRIVE_TOKEN = "sandbox-pipedrive-token"  # noqa: S105 -- the sandbox's public key
REPLY_KEY = "sandbox-reply-key"
CONNECTION = "Demo: Pipedrive and Reply"


def prepare(sandbox_url: str) -> Connection:
    """Connect the sandbox's accounts and map its team. May be repeated: what is there already stays as it is, only the
    accounts' addresses follow the sandbox.

    The sandbox must answer at the address. Raises AccountRefused when it does not.
    """
    existing = Connection.objects.with_accounts().filter(name=CONNECTION).first()
    if existing is not None:
        _follow(existing.crm_account, f"{sandbox_url}/pipedrive")
        _follow(existing.outreach_account, f"{sandbox_url}/reply")
        return existing
    connection = create_connection(
        name=CONNECTION,
        crm_account=_account(
            "pipedrive", "Pipedrive (sandbox)", f"{sandbox_url}/pipedrive", {"api_token": PIPEDRIVE_TOKEN}
        ),
        outreach_account=_account("replyio", "Reply (sandbox)", f"{sandbox_url}/reply", {"api_key": REPLY_KEY}),
        by=None,
    )
    add_step(connection=connection, direction=Direction.TO_CRM, by=None)
    for step in connection.steps.all():
        _map_most_of_the_team(step)
    first = connection.steps.get(direction=Direction.TO_OUTREACH)
    _start_outreach(first)
    set_enabled(connection=connection, enabled=True, by=None)
    return connection


def _follow(account: Account, base_url: str) -> None:
    if account.base_url and account.base_url != base_url:
        account.base_url = base_url
        account.save(update_fields=["base_url"])


def _account(product: str, name: str, base_url: str, secrets: dict[str, str]) -> Account:
    known = Account.objects.filter(product=product, base_url=base_url).first()
    return known or connect_account(product=product, name=name, base_url=base_url, secrets=secrets, by=None)


def _map_most_of_the_team(step: SyncStep) -> None:
    """Map colleagues by e-mail, all but the last: so the demo shows what becomes of an unmapped owner's people."""
    right = {member.email: member for member in Member.objects.filter(account=step.target_account) if member.can_own}
    colleagues = [
        (left, right[left.email])
        for left in Member.objects.filter(account=step.source_account)
        if left.can_own and left.email in right
    ]
    taken = set(step.owner_mappings.values_list("source_member", flat=True))
    for position, (left, target) in enumerate(colleagues[:-1], start=1):
        if left.pk not in taken:
            OwnerMapping.objects.create(step=step, position=position, source_member=left, target_member=target)


def _start_outreach(step: SyncStep) -> None:
    """One row of people to sequence, for the first mapped owner, new records only."""
    pair = step.owner_mappings.select_related("target_member").first()
    sequence = Sequence.objects.filter(account=step.target_account, status="active").first()
    opening = sequence.steps.first() if sequence else None
    if pair is not None and sequence is not None and opening is not None:
        SequenceMapping.objects.create(
            step=step, owner=pair.target_member, sequence=sequence, sequence_step=opening, only_for_new=True
        )
