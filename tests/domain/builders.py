"""People, fields and settings for tests, with everything given that a test does not care about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from integrations.domain.catalogue import Field, Member, Option
from integrations.domain.enums import Direction, FieldKind
from integrations.domain.person import ListItem, Person, Value
from integrations.domain.situation import Linked, Match, Memory, NoMatch, Situation
from integrations.domain.step_settings import FieldRule, OwnerPair, StepSettings

NOW = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)

LEVELS = (Option("1", "Gold"), Option("2", "Silver"))


def catalogue(*fields: Field) -> dict[str, Field]:
    return {field.key: field for field in fields}


CRM = catalogue(
    Field("name", "Name", FieldKind.TEXT, required=True),
    Field("first_name", "First name", FieldKind.TEXT, part_of="name"),
    Field("last_name", "Last name", FieldKind.TEXT, part_of="name"),
    Field("emails", "E-mails", FieldKind.EMAILS, identity=True),
    Field("phones", "Phones", FieldKind.PHONES),
    Field("title", "Job title", FieldKind.TEXT),
    Field("level", "Level", FieldKind.OPTION, options=LEVELS),
    Field("born", "Born", FieldKind.DATE),
    Field("visits", "Visits", FieldKind.NUMBER),
    Field("org", "Organisation", FieldKind.OTHER),
)

OUTREACH = catalogue(
    Field("email", "E-mail", FieldKind.EMAIL, identity=True),
    Field("firstName", "First name", FieldKind.TEXT, required=True),
    Field("lastName", "Last name", FieldKind.TEXT),
    Field("phone", "Phone", FieldKind.PHONE),
    Field("title", "Title", FieldKind.TEXT, max_length=20),
    Field("level", "Level", FieldKind.TEXT),
    Field("visits", "Visits", FieldKind.NUMBER),
)

ANNA, BORIS, CLARA = Member("1", "Anna"), Member("2", "Boris"), Member("3", "Clara")
RITA, SAM, TESS = Member("11", "Rita"), Member("12", "Sam"), Member("13", "Tess")
PAIRS = (OwnerPair(1, ANNA, RITA), OwnerPair(2, BORIS, SAM))


def to_outreach(*pairs: tuple[str, str], **changes: Any) -> StepSettings:
    """A step from the CRM; `pairs` are (source key, target key)."""
    rules = tuple(FieldRule(number, CRM[left], OUTREACH[right]) for number, (left, right) in enumerate(pairs, 1))
    settings = StepSettings(1, Direction.TO_OUTREACH, CRM, OUTREACH, rules, owners=PAIRS, fingerprint="settings")
    return replace(settings, **changes)


def to_crm(*pairs: tuple[str, str], **changes: Any) -> StepSettings:
    """A step to the CRM; `pairs` are (source key, target key)."""
    rules = tuple(FieldRule(number, OUTREACH[left], CRM[right]) for number, (left, right) in enumerate(pairs, 1))
    turned = tuple(OwnerPair(pair.id, pair.target, pair.source) for pair in PAIRS)
    settings = StepSettings(2, Direction.TO_CRM, OUTREACH, CRM, rules, owners=turned, fingerprint="settings")
    return replace(settings, **changes)


def emails(*addresses: str) -> tuple[ListItem, ...]:
    return tuple(ListItem(address, "work", index == 0) for index, address in enumerate(addresses))


def crm_person(values: Mapping[str, Value] | None = None, **changes: Any) -> Person:
    """Ann of the CRM, owned by Anna."""
    given = {
        "name": "Ann Lee",
        "first_name": "Ann",
        "last_name": "Lee",
        "emails": emails("ann@x.org"),
        **(values or {}),
    }
    return replace(Person("7", "Ann Lee", "1", ("ann@x.org",), given), **changes)


def outreach_person(values: Mapping[str, Value] | None = None, **changes: Any) -> Person:
    """Ann of the outreach product, owned by Rita."""
    given = {"firstName": "Ann", "lastName": "Lee", "email": "ann@x.org", **(values or {})}
    return replace(Person("700", "Ann Lee", "11", ("ann@x.org",), given), **changes)


def situation(source: Person, match: Match | Person | None = None, **changes: Any) -> Situation:
    """A person stands for the link's target, None for nobody found."""
    found: Match = Linked(match) if isinstance(match, Person) else match or NoMatch()
    return replace(Situation(source, found, Memory()), **changes)
