"""The made-up company that both products are seeded from: who works there, and whom they know.

`make_world(people, seed)` is pure and deterministic; each product's own `seed.py` turns the world into its records.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from integrations.sandbox import names

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A colleague who has a user in one or both products. `number` is 1-based and stable for a seed.

    `active` is about Pipedrive only: a deactivated Pipedrive user keeps owning people.
    """

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
    `last_name` is empty for the few with a single-word name.
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


COMPANY = "Lumen Works"
DOMAIN = "lumenworks.example"
TEAM: tuple[TeamMember, ...] = (
    TeamMember(1, "Anna", "Kovács", f"anna.kovacs@{DOMAIN}", is_admin=True),
    TeamMember(2, "Ben", "Adeyemi", f"ben.adeyemi@{DOMAIN}", is_admin=True),
    TeamMember(3, "Chloé", "Martin", f"chloe.martin@{DOMAIN}"),
    TeamMember(4, "Dmytro", "Bondar", f"dmytro.bondar@{DOMAIN}"),
    TeamMember(5, "Elif", "Demir", f"elif.demir@{DOMAIN}"),
    TeamMember(6, "Frank", "O'Neill", f"frank.oneill@{DOMAIN}"),
    TeamMember(7, "Greta", "Sørensen", f"greta.sorensen@{DOMAIN}", in_reply=False),
    TeamMember(8, "Hugo", "Nakamura", f"hugo.nakamura@{DOMAIN}", active=False),
)
_OWNERS = (1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 8)

_NO_EMAIL, _MALFORMED, _SHARED, _SECOND_EMAIL, _SINGLE_NAME = 0.02, 0.03, 0.04, 0.10, 0.03
_MALFORMED_SHAPES = ("{0}", "{0}@", "{0} at webmail.example", "{0}@@postbox.example", "{0}@inbox..example")
_REPLY_ONLY_SHARE = 20


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    domain: str
    country: names.Country
    city: str
    employees: int


def make_world(people: int = 500, seed: int = 7, reply_overlap: int = 0) -> World:
    """A believable company with a team of eight and `people` contacts in Pipedrive, the same for the same arguments.

    `reply_overlap` of them, those with a usable address of their own first come, are in Reply too; when it is not 0,
    one twentieth as many again (at least one) are only in Reply.
    """
    random = Random(seed)  # noqa: S311
    companies = _companies(random, max(20, people // 8))
    taken: set[str] = set()
    contacts: list[Contact] = []
    for number in range(1, people + 1):
        contacts.append(_contact(random, number, companies, taken, contacts))
    if reply_overlap:
        _mark_overlap(contacts, reply_overlap)
        for number in range(people + 1, people + 1 + max(1, reply_overlap // _REPLY_ONLY_SHARE)):
            contacts.append(_reply_only(random, number, companies, taken))
    return World(COMPANY, DOMAIN, TEAM, tuple(contacts))


def is_usable_address(email: str) -> bool:
    """Whether an address of this world is one of the well-formed ones (not a general check)."""
    local, at, host = email.partition("@")
    return bool(local and at and host) and " " not in email and "@" not in host and ".." not in host


def _pick(random: Random, values: Sequence[_T]) -> _T:
    return values[int(random.random() * len(values))]


def _companies(random: Random, count: int) -> list[_Company]:
    made: list[_Company] = []
    for index in range(count):
        first, second = _pick(random, names.COMPANY_FIRST_WORDS), _pick(random, names.COMPANY_SECOND_WORDS)
        country = _pick(random, names.COUNTRIES)
        name = f"{first} {second} {_pick(random, names.COMPANY_ENDINGS)}".strip()
        domain = f"{first}-{second}{index + 1}.example".lower()
        employees = int(3 * 1.6 ** (random.random() * 18))
        made.append(_Company(name, domain, country, _pick(random, country.cities), employees))
    return made


def _contact(
    random: Random, number: int, companies: Sequence[_Company], taken: set[str], earlier: Sequence[Contact]
) -> Contact:
    company = _pick(random, companies)
    first, last = _pick(random, company.country.first_names), _pick(random, company.country.last_names)
    if random.random() < _SINGLE_NAME:
        last = ""
    draw = random.random()
    if draw < _NO_EMAIL:
        emails: tuple[str, ...] = ()
    elif draw < _MALFORMED:
        emails = (_pick(random, _MALFORMED_SHAPES).format(_mailbox(first, last)),)
    elif draw < _SHARED and (shared := _address_to_share(random, earlier)):
        emails = (shared,)
    else:
        emails = (_address(first, last, company.domain, taken),)
        if random.random() < _SECOND_EMAIL:
            emails += (_address(first, last, _pick(random, names.MAIL_HOSTS), taken),)
    return Contact(
        number, first, last, emails, _phones(random, company.country), company.name, _pick(random, names.TITLES),
        company.city, company.country.name, _pick(random, _OWNERS), _pick(random, names.LEAD_SOURCES),
        company.employees,
    )  # fmt: skip


def _reply_only(random: Random, number: int, companies: Sequence[_Company], taken: set[str]) -> Contact:
    contact = _contact(random, number, companies, taken, ())
    email = _address(contact.first_name, contact.last_name, _pick(random, names.MAIL_HOSTS), taken)
    return replace(contact, emails=(email,), in_pipedrive=False, in_reply=True)


def _mark_overlap(contacts: list[Contact], wanted: int) -> None:
    seen: set[str] = set()
    for index, contact in enumerate(contacts):
        if len(seen) == wanted:
            return
        if contact.emails and contact.emails[0] not in seen and is_usable_address(contact.emails[0]):
            seen.add(contact.emails[0])
            contacts[index] = replace(contact, in_reply=True)


def _address_to_share(random: Random, earlier: Sequence[Contact]) -> str:
    candidate = _pick(random, earlier) if earlier else None
    if candidate is None or not candidate.emails or not is_usable_address(candidate.emails[0]):
        return ""
    return candidate.emails[0]


def _address(first: str, last: str, host: str, taken: set[str]) -> str:
    mailbox = _mailbox(first, last)
    email, suffix = f"{mailbox}@{host}", 1
    while email in taken:
        suffix += 1
        email = f"{mailbox}{suffix}@{host}"
    taken.add(email)
    return email


def _mailbox(first: str, last: str) -> str:
    return ".".join(part for part in (_ascii(first), _ascii(last)) if part)


_ASCII: dict[str, str] = dict(names.ROMANISED)
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "Ł": "L", "\u0131": "i", "'": None, " ": None, "-": None})


def _ascii(word: str) -> str:
    if word not in _ASCII:
        decomposed = unicodedata.normalize("NFKD", word.translate(_SPECIAL))
        _ASCII[word] = decomposed.encode("ascii", "ignore").decode().lower()
    return _ASCII[word]


def _phones(random: Random, country: names.Country) -> tuple[str, ...]:
    draw = random.random()
    if draw < 0.08:
        return ()
    first = _digits(random, country.local)
    if draw < 0.6:
        significant = "".join(digit for digit in first if digit.isdigit()).removeprefix("0")
        first = country.calling_code + significant
    return (first, _digits(random, country.local)) if draw > 0.92 else (first,)


def _digits(random: Random, shape: str) -> str:
    return "".join(str(int(random.random() * 10)) if letter == "9" else letter for letter in shape)
