"""A third product is its connector and one line in the registry: forms, syncs both ways and reasons come along."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.connectors import registry
from integrations.domain.enums import Direction
from integrations.models import (
    Account,
    AccountField,
    Connection,
    FieldMapping,
    Member,
    OwnerMapping,
    PersonLink,
    Run,
    RunState,
    SyncStep,
)
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from integrations.services import runs
from integrations.services.connections import set_enabled
from integrations.services.steps import add_step
from tests.journeys.installation import REPLY_KEY, Installation, assert_books_balance, carry_out
from tests.third_connector.rolodex import REGISTERED
from tests.third_connector.rolodex_server import KEY, Rolodex, rolodex


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rolodex]:
    """A Rolodex with thirty cards, and its line in the registry."""
    monkeypatch.setitem(registry._BY_NAME, "rolodex", REGISTERED)
    with rolodex() as there:
        yield there


@pytest.fixture
def outreach(transactional_db: None) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox's Reply."""
    sandbox = build_sandbox(SandboxOptions().without_limits(), people=1)
    with ThreadedSandboxServer(sandbox) as server:
        yield sandbox, server.url


def map_owners(step: SyncStep) -> None:
    OwnerMapping.objects.filter(step=step).delete()
    right = {member.email: member for member in Member.objects.filter(account=step.target_account)}
    for position, left in enumerate(Member.objects.filter(account=step.source_account)):
        if left.email in right:
            OwnerMapping.objects.create(
                step=step, position=position, source_member=left, target_member=right[left.email]
            )


def test_a_third_product_is_connected_by_its_form_and_synced_both_ways(
    client: Client, book: Rolodex, outreach: tuple[Sandbox, str]
) -> None:
    sandbox, url = outreach
    client.force_login(User.objects.create_superuser("boss"))

    # The forms offer it, refuse a wrong key, and take the right one.
    path = reverse("admin:connect")
    client.post(path, {"secret_api_key": REPLY_KEY, "base_url": f"{url}/reply"})
    reply = Account.objects.get(product="replyio")
    members = list(Member.objects.filter(account=reply, is_active=True).exclude(email=""))
    book.colleagues = {number: member.email for number, member in enumerate(members[:2], start=1)}
    for number in range(30):
        book.add(f"card{number}@example.com", f"Card {number}", keeper=1 + number % 2, town="Ulm")
    stage = f"{path}?outreach={reply.pk}&crm_product=rolodex"
    assert "It is printed on the back of the box." in client.get(stage).content.decode()
    refused = client.post(stage, {"secret_key": "wrong", "base_url": book.url})
    assert "Rolodex does not accept this" in refused.content.decode()
    crm_stage = client.post(stage, {"secret_key": KEY, "base_url": book.url})
    client.post(crm_stage.headers["Location"], {"name": "Book"})
    connection = Connection.objects.get()
    assert connection.crm_account.external_name == "The Book"
    assert "Rolodex" in client.get("/admin/").content.decode()

    # The first step comes with the fields that both have; one more is mapped, and all owners.
    out = connection.steps.get()
    assert str(out) == "Cards in Rolodex → People in Reply"
    FieldMapping.objects.create(
        step=out,
        source_field=AccountField.objects.get(account=connection.crm_account, key="town"),
        target_field=AccountField.objects.get(account=reply, key="city"),
        position=9,
    )
    back = add_step(connection=connection, direction=Direction.TO_CRM, by=None)
    map_owners(out)
    map_owners(back)
    set_enabled(connection=connection, enabled=True, by=None)
    app = Installation(sandbox, url, connection)
    app.change("reply", create={"email": "from.reply@example.com", "firstName": "Rea"})

    run = sync(connection)
    assert run.state == RunState.SUCCEEDED, run.failure
    assert_books_balance(run)
    contacts = app.contacts()
    for card in list(book.cards.values())[:30]:
        contact = contacts[card["mail"]]
        assert contact["firstName"] == "Card"
        assert contact["city"] == "Ulm"
        assert (
            Member.objects.get(account=reply, external_id=contact["ownerUserId"]).email
            == (book.colleagues[card["keeper"]])
        )
    assert [card["mail"] for card in book.cards.values()].count("from.reply@example.com") == 1

    # A change is carried over, and after it there is nothing left to write.
    book.cards[3]["town"] = "Ulm-Söflingen"
    assert sync(connection).state == RunState.SUCCEEDED
    assert app.contacts()["card2@example.com"]["city"] == "Ulm-Söflingen"
    app.forget_calls()
    book.writes = 0
    last = sync(connection)
    assert last.state == RunState.SUCCEEDED
    assert (book.writes, app.writes()) == (0, [])
    assert PersonLink.objects.filter(connection=connection).count() >= 31

    why = client.get(reverse("admin:why"), {"q": "card2@example.com"}).content.decode()
    assert "Cards in Rolodex" in why


def sync(connection: Connection) -> Run:
    return carry_out(runs.request_run(connection=connection))
