from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from integrations.models import Person, Run, RunEntry, RunStage
from integrations.services.roles import ADMINISTRATOR, CONFIGURATOR, OPERATOR, VIEWER
from tests.admin.office import Office, user_in

WHY = "/admin/why/"


@pytest.fixture
def ada(office: Office) -> Person:
    """Somebody in Pipedrive whom the step would create in Reply."""
    emails = [{"value": "Ada@example.com", "label": "work", "primary": True}]
    ada = Person.objects.create(
        account=office.pipedrive,
        external_id="71",
        name="Ada <b>Lovelace</b>",
        email="ada@example.com",
        emails=["Ada@example.com"],
        owner_external_id="1",
        values={"emails": emails},
        content="x",
    )
    ada.addresses.create(account=office.pipedrive, address="ada@example.com")
    return ada


def page(client: Client, **question: str) -> str:
    answer = client.get(WHY, question)
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_a_question_the_page_says_what_it_answers(boss: Client) -> None:
    assert "What you will see" in page(boss)
    assert "What you will see" in page(boss, q="   ")


@pytest.mark.usefixtures("office")
def test_nobody_by_that_address_says_what_to_check_and_how_fresh_the_accounts_are(boss: Client) -> None:
    said = page(boss, q="nobody@example.com")
    assert "Nobody by “nobody@example.com”" in said
    assert "Never: start with a preview" in said


def test_the_story_is_told_by_address_in_any_case_and_by_id(boss: Client, ada: Person, office: Office) -> None:
    for question in (" ADA@example.COM ", "71"):
        said = page(boss, q=question)
        assert "Would be created" in said
        assert "Owned by Ada Reply" in said
        assert "Ada Pipe &lt;ada@example.com&gt; → Ada Reply" in said
        assert str(office.step) in said
        assert "<b>Lovelace" not in said


def test_an_entry_leads_to_the_page_and_the_page_to_the_entry(boss: Client, ada: Person, office: Office) -> None:
    run = Run.objects.create(connection=office.connection, step=office.step, state="succeeded")
    stage = RunStage.objects.create(run=run, step=office.step, label="step")
    entry = RunEntry.objects.create(
        run=run, stage=stage, source_person=ada, source_external_id="71", email=ada.email, action="skip"
    )
    address = reverse("admin:integrations_runentry_change", args=[entry.pk])
    assert f"{WHY}?q=ada%40example.com" in boss.get(address).content.decode()
    assert address in page(boss, q=ada.email)


def test_a_disabled_connection_is_said_to_sync_nothing(boss: Client, ada: Person, office: Office) -> None:
    type(office.connection).objects.update(enabled=False)
    assert "is not enabled" in page(boss, q=ada.email)


@pytest.mark.parametrize("role", [VIEWER, OPERATOR, CONFIGURATOR, ADMINISTRATOR])
def test_every_role_may_ask(client: Client, ada: Person, role: str) -> None:
    client.force_login(user_in(role))
    assert "Would be created" in page(client, q=ada.email)
    assert WHY in client.get("/admin/").content.decode()


def test_staff_without_a_role_is_refused_and_sees_no_link(client: Client, ada: Person) -> None:
    Group.objects.all().delete()
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(WHY, {"q": ada.email}).status_code == 403
    assert WHY not in client.get("/admin/").content.decode()
