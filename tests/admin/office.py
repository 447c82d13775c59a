"""An installation as the pages' tests use it."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import Group, User

from integrations.domain.enums import Direction
from integrations.models import (
    Account,
    AccountField,
    AccountStatus,
    Connection,
    FieldMapping,
    Member,
    OwnerMapping,
    SavedFilter,
    Sequence,
    SequenceStep,
    SyncStep,
)
from integrations.services.roles import make_roles


@dataclass(frozen=True)
class Office:
    """A Pipedrive company and a Reply workspace, connected, with a step towards Reply."""

    pipedrive: Account
    reply: Account
    connection: Connection
    step: SyncStep

    def member(self, name: str) -> Member:
        return Member.objects.get(name=name)

    def field(self, account: Account, key: str) -> AccountField:
        return AccountField.objects.get(account=account, key=key)


PIPEDRIVE_FIELDS = [
    ("emails", "Email", "emails", True),
    ("first_name", "First name", "text", True),
    ("last_name", "Last name", "text", True),
    ("phones", "Phone", "phones", True),
    ("job_title", "Job title", "text", True),
    ("score", "Score", "number", True),
    ("met", "First met", "date", True),
    ("stage", "Stage", "option", True),
    ("open_deals", "Open deals", "number", False),
    ("org", "Organisation", "other", True),
]
REPLY_FIELDS = [
    ("email", "Email", "email", True),
    ("firstName", "First name", "text", True),
    ("lastName", "Last name", "text", True),
    ("phone", "Phone", "phone", True),
    ("title", "Title", "text", True),
    ("birthday", "Birthday", "date", True),
    ("optedOut", "Opted out", "text", False),
]


def _fields(account: Account, rows: list[tuple[str, str, str, bool]]) -> None:
    for position, (key, label, kind, writable) in enumerate(rows):
        options = [{"id": "1", "label": "Lead"}, {"id": "2", "label": "Customer"}] if kind == "option" else []
        AccountField.objects.create(
            account=account, key=key, label=label, kind=kind, writable=writable, options=options, position=position
        )


def _account(product: str, role: str, label: str, user: str) -> Account:
    return Account.objects.create(
        product=product,
        role=role,
        people_label=label,
        name=label.removeprefix("People in "),
        status=AccountStatus.HEALTHY,
        external_id=f"{product}-1",
        external_name="Northwind",
        user_external_id=user,
        user_name="Ada",
    )


def make_office() -> Office:
    """Everything in the database."""
    pipedrive = _account("pipedrive", "crm", "People in Pipedrive", "1")
    reply = _account("replyio", "outreach", "People in Reply", "101")
    for number, name in enumerate(["Ada Pipe", "Ben Pipe", "Cy Pipe"], start=1):
        Member.objects.create(
            account=pipedrive, external_id=str(number), name=name, email=f"{name[:3].strip().lower()}@example.com"
        )
    Member.objects.create(account=pipedrive, external_id="9", name="Gone Pipe", is_active=False)
    for number, name in enumerate(["Ada Reply", "Ben Reply", "Cy Reply"], start=101):
        Member.objects.create(account=reply, external_id=str(number), name=name, email=f"r{number}@example.com")
    Member.objects.create(account=reply, external_id="109", name="Left Reply", is_active=False)
    _fields(pipedrive, PIPEDRIVE_FIELDS)
    _fields(reply, REPLY_FIELDS)
    SavedFilter.objects.create(account=pipedrive, external_id="7", name="Warm leads", kind="filter")
    for number, (name, status) in enumerate([("Welcome", "active"), ("Old news", "archived"), ("Later", "paused")]):
        sequence = Sequence.objects.create(
            account=reply, external_id=str(500 + number), name=name, status=status, owner=reply.members.first()
        )
        for at in range(1, 4):
            SequenceStep.objects.create(
                sequence=sequence, external_id=str(at), number=str(at), label=f"E-mail {at}", position=at
            )
    connection = Connection.objects.create(
        name="Northwind", crm_account=pipedrive, outreach_account=reply, enabled=True
    )
    step = SyncStep.objects.create(connection=connection, direction=Direction.TO_OUTREACH)
    FieldMapping.objects.create(
        step=step,
        source_field=AccountField.objects.get(account=pipedrive, key="emails"),
        target_field=AccountField.objects.get(account=reply, key="email"),
    )
    OwnerMapping.objects.create(
        step=step,
        source_member=Member.objects.get(name="Ada Pipe"),
        target_member=Member.objects.get(name="Ada Reply"),
    )
    return Office(pipedrive, reply, connection, step)


def user_in(role: str) -> User:
    """Somebody of the staff with a role's rights."""
    if not Group.objects.filter(name=role).exists():  # a flushed database has lost what migrations made
        make_roles(apps)
    user = User.objects.create_user(role.lower(), password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user
