"""Many rows in one statement: what is stored is what Django itself would have stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.models import Account, Person
from integrations.models.bulk import BATCH, insert, insert_absent, overwrite, upsert

pytestmark = pytest.mark.django_db

ODD = {
    "quotes": 'O\'Neil "Bob" \\ back',
    "words": "naïve — 漢字 😀\n\ttab",
    "percent": "100 %s %(x)s",
    "big": 12345678901234567890123,
    "float": 0.1,
    "yes": True,
    "list": [{"value": "a@b.c", "primary": True}],
    "nothing": None,
}


@pytest.fixture
def account() -> Account:
    return Account.objects.create(product="pipedrive", role="crm", name="P")


def person(account: Account, number: int, **values: Any) -> Person:
    return Person(**{"account": account, "external_id": str(number), "name": f"P{number}", **values})


def test_rows_come_back_as_they_were_stored_one_by_one(account: Account) -> None:
    stamp = datetime(2026, 11, 25, 12, 30, 15, 250_000, tzinfo=UTC)
    columns = {"values": ODD, "name": ODD["words"], "email": ODD["quotes"], "opted_out": True, "missing_since": stamp}
    person(account, 1, **columns).save()
    insert(Person, [person(account, 2, **columns)])

    one, other = Person.objects.order_by("pk").values()

    assert {**one, "id": 0, "external_id": ""} == {**other, "id": 0, "external_id": ""}
    assert Person.objects.filter(missing_since__lte=stamp, missing_since__gte=stamp).count() == 2


def test_more_rows_than_fit_one_document_are_all_stored(account: Account) -> None:
    insert(Person, (person(account, number) for number in range(BATCH + 1)))
    assert Person.objects.count() == BATCH + 1


def test_rows_that_a_constraint_forbids_are_left_out(account: Account) -> None:
    person(account, 1).save()
    insert_absent(Person, [person(account, 1, name="again"), person(account, 2)])
    assert list(Person.objects.order_by("pk").values_list("name", flat=True)) == ["P1", "P2"]


def test_an_upsert_changes_only_the_columns_it_names(account: Account) -> None:
    person(account, 1, email="kept@example.com", change=1).save()
    rows = [person(account, 1, name="new", email="lost@example.com", change=2), person(account, 2)]
    upsert(Person, rows, by=["account", "external_id"], columns=["name", "change"])
    assert list(Person.objects.order_by("pk").values_list("name", "email", "change")) == [
        ("new", "kept@example.com", 2),
        ("P2", "", 0),
    ]


def test_overwriting_leaves_other_columns_and_rows_alone(account: Account) -> None:
    insert(Person, [person(account, number, email=f"{number}@example.com") for number in (1, 2)])
    first = Person.objects.get(external_id="1")
    first.name, first.email, first.values = "changed", "not stored", ODD
    overwrite(Person, [first], ["name", "values"])
    assert list(Person.objects.order_by("pk").values_list("name", "email", "values")) == [
        ("changed", "1@example.com", ODD),
        ("P2", "2@example.com", {}),
    ]
