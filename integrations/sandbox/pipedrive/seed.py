"""Makes a Pipedrive company of the made-up world."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from integrations.sandbox.core import Json
from integrations.sandbox.names import LEAD_SOURCES
from integrations.sandbox.pipedrive.options import PipedriveOptions
from integrations.sandbox.pipedrive.person_edits import split_name
from integrations.sandbox.pipedrive.person_views import COUNTERS
from integrations.sandbox.pipedrive.records import (
    App,
    FieldOption,
    Filter,
    Labelled,
    Organization,
    Person,
    PersonField,
    Token,
    User,
    stamp,
    v1_time,
)
from integrations.sandbox.pipedrive.state import State
from integrations.sandbox.world import Contact, World

ADMIN_TOKEN = "sandbox-pipedrive-token"  # noqa: S105
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
SCOPES = frozenset(("base", "contacts:full", "users:read", "admin", "search:read"))
FIRST_USER_ID = 101
INTERESTS = ("Product news", "Events", "Training", "Partnership", "Pricing")
LABELS = (FieldOption(1, "Customer"), FieldOption(2, "Hot lead"), FieldOption(3, "Warm lead"))

# (code, name, type, only with Contact Sync)
_BUILT_IN = (
    ("id", "ID", "int", False), ("name", "Name", "varchar", False), ("first_name", "First name", "varchar", False),
    ("last_name", "Last name", "varchar", False), ("email", "Email", "varchar", False),
    ("phone", "Phone", "phone", False), ("owner_id", "Owner", "user", False), ("org_id", "Organization", "org", False),
    ("add_time", "Person created", "date", False), ("update_time", "Update time", "date", False),
    ("visible_to", "Visible to", "visible_to", False), ("label_ids", "Labels", "set", False),
    ("picture_id", "Profile picture", "picture", False), ("job_title", "Job title", "varchar", True),
    ("notes", "Notes", "text", True), ("birthday", "Birthday", "date", True),
    ("im", "Instant messenger", "varchar", True), ("postal_address", "Postal address", "address", True),
)  # fmt: skip
_CUSTOM = (
    ("Lead source", "enum", LEAD_SOURCES),
    ("LinkedIn", "varchar", ()),
    ("Employees", "double", ()),
    ("Last met", "date", ()),
    ("Interests", "set", INTERESTS),
    ("Secondary phone", "phone", ()),
    ("Account manager", "user", ()),
)
_FIRST_FIELD_NUMBER = 9_039
_FIRST_OPTION_NUMBER = 51


def user_id_of(member: int) -> int:
    """The Pipedrive user of a team member's number."""
    return FIRST_USER_ID + member - 1


def token_of_user(user_id: int) -> str:
    """The API token that each user but the first has."""
    return f"{ADMIN_TOKEN}-{user_id}"


def field_code(name: str) -> str:
    """The 40 hexadecimal digits that key a custom field of the seeded company."""
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def seed_state(state: State, world: World, now: datetime, options: PipedriveOptions) -> None:
    """Fill an empty state."""
    state.company_name, state.company_domain = world.company, world.company_domain.partition(".")[0]
    state.labels = LABELS
    _seed_users(state, world, now)
    _seed_fields(state)
    _seed_people(state, world, now, options)
    _seed_filters(state, now)
    state.apps[CLIENT_ID] = App(CLIENT_ID, CLIENT_SECRET, "SyncAdmin", SCOPES)


def _seed_users(state: State, world: World, now: datetime) -> None:
    for member in world.team:
        if not member.in_pipedrive:
            continue
        created = v1_time(stamp(now - timedelta(days=800 - member.number)))
        user = User(
            user_id_of(member.number), f"{member.first_name} {member.last_name}", member.email, member.is_admin,
            member.active, created, created,
        )  # fmt: skip
        state.users[user.id] = user
        for value in {token_of_user(user.id), ADMIN_TOKEN if user.id == FIRST_USER_ID else token_of_user(user.id)}:
            state.tokens[value] = Token(value, user.id)


def _seed_fields(state: State) -> None:
    option_number = _FIRST_OPTION_NUMBER
    numbers = iter(range(_FIRST_FIELD_NUMBER, _FIRST_FIELD_NUMBER + 1_000))
    for code, name, kind, needs_contact_sync in _BUILT_IN:
        options = LABELS if code == "label_ids" else ()
        state.fields[code] = PersonField(next(numbers), code, name, kind, False, options, False, needs_contact_sync)
    for name, kind, labels in _CUSTOM:
        choices = tuple(FieldOption(option_number + index, label) for index, label in enumerate(labels))
        option_number += len(choices)
        code = field_code(name)
        state.fields[code] = PersonField(next(numbers), code, name, kind, True, choices)
    for code in COUNTERS:
        state.fields[code] = PersonField(next(numbers), code, code.replace("_", " ").capitalize(), "int", optional=True)


def _seed_people(state: State, world: World, now: datetime, options: PipedriveOptions) -> None:
    organizations: dict[str, int] = {}
    people: list[Person] = []
    for contact in world.contacts:
        if contact.in_pipedrive:
            org_id = organizations.setdefault(contact.company, len(organizations) + 1)
            people.append(_person(state, contact, org_id, now, options))
    state.organizations = {number: Organization(number, name) for name, number in organizations.items()}
    state.persons = {person.id: person for person in people}
    state.index.add_many(people)


def _person(state: State, contact: Contact, org_id: int, now: datetime, options: PipedriveOptions) -> Person:
    name = f"{contact.first_name} {contact.last_name}".strip()
    first, last = split_name(name)
    # Spread over two years without drawing random numbers, so that stamps depend on the number alone.
    age = timedelta(seconds=86_400 + contact.number * 7_919 * 61 % (700 * 86_400))
    touched = timedelta(seconds=43_200 + int(age.total_seconds()) * (contact.number % 9) // 10)
    return Person(
        state.next_number("person"), name, first, last, user_id_of(contact.owner), stamp(now - age),
        stamp(now - min(age, touched)), org_id, _labelled(contact.emails, "work"), _labelled(contact.phones, "work"),
        options.default_visible_to, [1 + contact.number % 3] if contact.number % 4 == 0 else [],
        _custom_values(state, contact, now), contact.title,
    )  # fmt: skip


def _labelled(values: tuple[str, ...], first_label: str) -> list[Labelled]:
    return [
        {"value": value, "primary": index == 0, "label": first_label if index == 0 else "home"}
        for index, value in enumerate(values)
    ]


def _custom_values(state: State, contact: Contact, now: datetime) -> dict[str, Json]:
    number = contact.number
    sources = {option.label: option.id for option in state.fields[field_code("Lead source")].options}
    interests = state.fields[field_code("Interests")].options
    values: dict[str, Json] = {
        "Lead source": sources[contact.lead_source],
        "Employees": contact.employees if number % 5 else None,
        "LinkedIn": f"https://linkedin.example/in/person-{number}" if number % 3 else None,
        "Last met": (now - timedelta(days=number % 400)).date().isoformat() if number % 7 == 0 else None,
        "Interests": [interests[number % 5].id, interests[(number + 2) % 5].id] if number % 6 == 0 else None,
        "Secondary phone": contact.phones[1] if len(contact.phones) > 1 else None,
        "Account manager": user_id_of(contact.owner) if number % 10 == 0 else None,
    }
    return {field_code(name): value for name, value in values.items() if value is not None}


def _seed_filters(state: State, now: datetime) -> None:
    source = state.fields[field_code("Lead source")]
    website = next(option.id for option in source.options if option.label == "Website")
    employees, owner = state.fields[field_code("Employees")], state.fields["owner_id"]
    email = state.fields["email"]
    wanted: tuple[tuple[str, list[Json], list[Json]], ...] = (
        ("Website leads", [_condition(source, "=", website)], []),
        ("Big companies with an email", [_condition(employees, ">=", 200), _condition(email, "IS NOT NULL", None)], []),
        (
            "Anna's or Ben's people",
            [],
            [_condition(owner, "=", user_id_of(1)), _condition(owner, "=", user_id_of(2))],
        ),
    )
    created = v1_time(stamp(now - timedelta(days=90)))
    for name, all_of, any_of in wanted:
        groups = [{"glue": "and", "conditions": all_of}, {"glue": "or", "conditions": any_of}]
        number = state.next_number("filter")
        conditions = {"glue": "and", "conditions": groups}
        state.filters[number] = Filter(number, name, FIRST_USER_ID, conditions, created, created)


def _condition(field: PersonField, operator: str, value: Json) -> Json:
    text = None if value is None else str(value)
    return {"object": "person", "field_id": str(field.id), "operator": operator, "value": text, "extra_value": None}
