"""The made-up company that both products are seeded from: who works there, and whom they know.

`make_world(people, seed)` is pure and deterministic; each product's own `seed.py` turns the world into its records.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A colleague who has a user in one or both products. `number` is 1-based and stable for a seed."""

    number: int
    first_name: str
    last_name: str
    email: str
    in_pipedrive: bool = True
    in_reply: bool = True
    active: bool = True
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """A human whom the team knows. `owner` is a TeamMember number.

    `emails[0]` is the primary one; empty when none is known. `in_reply` marks those whom Reply already has
    when the sandbox is seeded with overlap; `in_pipedrive` is false for the few whom only Reply has.
    """

    number: int
    first_name: str
    last_name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    company: str
    title: str
    city: str
    country: str
    owner: int
    lead_source: str
    employees: int
    in_pipedrive: bool = True
    in_reply: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is seeded."""

    company: str
    company_domain: str
    team: tuple[TeamMember, ...]
    contacts: tuple[Contact, ...]


def make_world(people: int = 500, seed: int = 7) -> World:
    """A believable company with a team of eight and `people` contacts, the same for the same arguments."""
    raise NotImplementedError
