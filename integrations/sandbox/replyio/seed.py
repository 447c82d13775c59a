"""Turns the made-up company into a Reply workspace.

Keys: `sandbox-reply-key` (the team owner's), `sandbox-reply-key-<userId>` (each other member's),
`sandbox-reply-team-key`, `sandbox-reply-org-key`, and `sandbox-reply-read-key`, which may only read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from integrations.sandbox.replyio.records import (
    ApiKey,
    BlacklistRule,
    ContactLink,
    ContactList,
    CustomField,
    Sequence,
    Step,
    User,
)
from integrations.sandbox.replyio.seed_sequences import SEQUENCES, StepPlan
from integrations.sandbox.replyio.state import State
from integrations.sandbox.replyio.steps import first_step
from integrations.sandbox.world import Contact, TeamMember, World

OWNER_KEY = "sandbox-reply-key"
TEAM_KEY = "sandbox-reply-team-key"
ORGANIZATION_KEY = "sandbox-reply-org-key"
READ_KEY = "sandbox-reply-read-key"
LEAD_SOURCE, EMPLOYEES, PIPEDRIVE_PERSON = 7_101, 7_102, 7_103
_SIZES = (
    (1, "SelfEmployed"), (10, "Ten"), (50, "Fifty"), (200, "TwoHundred"), (500, "FiveHundred"), (1000, "OneThousand"),
    (5000, "FiveThousand"), (10_000, "TenThousand"),
)  # fmt: skip


def user_id_of(number: int) -> int:
    """The Reply user of a team member."""
    return 48_100 + number


def seed_state(state: State, world: World) -> None:
    """Fill an empty workspace."""
    state.team_name = world.company
    members = [member for member in world.team if member.in_reply]
    if not members:
        return
    owner = next((member for member in members if member.is_admin), members[0])
    for member in members:
        _add_member(state, member, is_owner=member is owner)
    owner_id = user_id_of(owner.number)
    for token, scopes in ((OWNER_KEY, ("*:*",)), (READ_KEY, ("contacts:read", "sequences:read"))):
        state.keys[token] = ApiKey(token, "personal", owner_id, scopes)
    state.keys[TEAM_KEY] = ApiKey(TEAM_KEY, "team", owner_id)
    state.keys[ORGANIZATION_KEY] = ApiKey(ORGANIZATION_KEY, "organization", owner_id)
    for field_id, title, kind in (
        (LEAD_SOURCE, "Lead source", "text"),
        (EMPLOYEES, "Employees", "number"),
        (PIPEDRIVE_PERSON, "Pipedrive person", "text"),
    ):
        state.custom_fields[field_id] = CustomField(field_id, title, kind)
    _add_sequences(state, members)
    _add_blacklist(state)
    ids = [_add_contact(state, contact, owner_id) for contact in world.contacts if contact.in_reply]
    _add_lists(state, members, ids)
    _enrol_some(state, ids)


def _add_member(state: State, member: TeamMember, *, is_owner: bool) -> None:
    user = User(user_id_of(member.number), member.first_name, member.last_name, member.email, is_owner)
    state.users[user.id] = user
    if not is_owner:
        token = f"{OWNER_KEY}-{user.id}"
        state.keys[token] = ApiKey(token, "personal", user.id)


def _add_sequences(state: State, members: list[TeamMember]) -> None:
    now = state.now()
    for place, plan in enumerate(SEQUENCES):
        owner = members[place % len(members)]
        sequence_id = 315_040 + place * 7
        state.sequences[sequence_id] = Sequence(
            sequence_id,
            plan.name,
            user_id_of(owner.number),
            plan.status,
            now - timedelta(days=plan.days_old),
            is_archived=plan.is_archived,
            health=plan.health,
            steps=_steps(plan.steps, 1_204_000 + place * 50),
        )


def _steps(plans: Iterable[StepPlan], base: int) -> list[Step]:
    steps = [
        Step(
            base + plan.number,
            None if plan.after is None else base + plan.after,
            plan.type,
            plan.delay_in_minutes,
            plan.if_positive,
            plan.execution_mode,
            plan.details(base + plan.number),
        )
        for plan in plans
    ]
    # The order of the answer means nothing, so it is not the order of the chain.
    return sorted(steps, key=lambda step: (step.type, step.id))


def _add_blacklist(state: State) -> None:
    for rule in (
        BlacklistRule(9_001, "domain", "competitor.example"),
        BlacklistRule(9_002, "email", "legal@granite.example"),
    ):
        state.blacklist[rule.id] = rule


def _add_contact(state: State, contact: Contact, team_owner_id: int) -> int:
    owner_id = user_id_of(contact.owner)
    size = next((name for most, name in _SIZES if contact.employees <= most), "OverTenThousand")
    texts = {
        "email": contact.emails[0] if contact.emails else "",
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "phone": contact.phones[0] if contact.phones else "",
        "title": contact.title,
        "company": contact.company,
        "companySize": size,
        "city": contact.city,
        "country": contact.country,
    }
    if not texts["email"]:
        slug = f"{contact.first_name}-{contact.last_name}-{contact.number}".lower().replace(" ", "-")
        texts["linkedInUrl"] = f"https://www.linkedin.com/in/{slug}"
    custom = {LEAD_SOURCE: contact.lead_source, EMPLOYEES: str(contact.employees)}
    owner = owner_id if owner_id in state.users else team_owner_id
    return state.add_contact(owner, texts, {key: value for key, value in custom.items() if value}).id


def _add_lists(state: State, members: list[TeamMember], ids: list[int]) -> None:
    for place, (list_id, name, is_shared) in enumerate(
        ((5_101, "Webinar attendees", True), (5_102, "Newsletter", True), (5_103, "Key accounts", False))
    ):
        owner = user_id_of(members[place % len(members)].number)
        state.lists[list_id] = ContactList(list_id, name, owner, is_shared, dict.fromkeys(ids[place :: 4 + place]))


def _enrol_some(state: State, ids: list[int]) -> None:
    running = [each for each in state.sequences.values() if not each.is_archived and each.status == "active"]
    for place, contact_id in enumerate(ids[::5]):
        sequence = running[place % len(running)]
        step = first_step(sequence)
        if step is not None:
            state.add_link(
                ContactLink(
                    contact_id,
                    sequence.id,
                    step.id,
                    False,
                    None,
                    state.now(),
                    sequence.owner_user_id,
                    "finished" if place % 4 == 3 else "active",
                )
            )
