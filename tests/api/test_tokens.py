from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import ApiToken, IdempotentRequest
from integrations.services.api_tokens import create_token
from tests.admin.office import Office, user_in
from tests.api.conftest import Api

ADD = "admin:integrations_apitoken_add"


def call_with(text: str) -> int:
    nobody = Api(None)
    nobody.headers = {"Authorization": f"Bearer {text}"}
    return nobody.get("me/").status


def test_a_token_is_shown_once_and_stored_as_a_hash(client: Client, office: Office) -> None:
    client.force_login(user_in("Viewer"))
    page = client.post(reverse(ADD), {"name": "report", "expires_at_0": "", "expires_at_1": ""})
    (text,) = set(re.findall(r"sa_[\w-]{40,}", page.content.decode()))
    assert call_with(text) == 200
    token = ApiToken.objects.get()
    assert text not in str(ApiToken.objects.values().get())
    assert text.startswith(token.hint)
    later = client.get(reverse("admin:integrations_apitoken_change", args=[token.pk])).content.decode()
    assert token.hint in later
    assert text not in later
    assert token.digest not in later


def test_one_sees_and_deletes_ones_own_tokens_and_administrators_those_of_all(client: Client, office: Office) -> None:
    mine, theirs = user_in("Viewer"), user_in("Operator")
    create_token(user=mine, name="mine of old")
    other, _ = create_token(user=theirs, name="another's")
    client.force_login(mine)
    listed = client.get(reverse("admin:integrations_apitoken_changelist")).content.decode()
    assert "mine of old" in listed
    assert "another" not in listed
    delete = reverse("admin:integrations_apitoken_delete", args=[other.pk])
    client.post(delete, {"post": "yes"})
    assert ApiToken.objects.filter(pk=other.pk).exists()
    client.force_login(user_in("Administrator"))
    client.post(delete, {"post": "yes"})
    assert not ApiToken.objects.filter(pk=other.pk).exists()


def test_a_token_that_expired_or_whose_user_left_is_refused(office: Office) -> None:
    user = user_in("Viewer")
    token, text = create_token(user=user, name="short", expires_at=timezone.now() + timedelta(hours=1))
    assert call_with(text) == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert token.has_expired is False
    assert call_with(text) == 401
    ApiToken.objects.update(expires_at=None)
    user.is_active = False
    user.save()
    assert call_with(text) == 401


def test_the_last_use_is_noted_once_a_minute(office: Office) -> None:
    _, text = create_token(user=user_in("Viewer"), name="busy")
    assert call_with(text) == 200
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    assert call_with(text) == 200
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    assert call_with(text) == 200
    assert (ApiToken.objects.get().last_used_at or first) >= first


def test_the_command_makes_a_token_that_works_and_nothing_else_does(office: Office) -> None:
    user_in("Operator")
    out = StringIO()
    call_command("create_api_token", "operator", "deploy", days=30, stdout=out)
    assert call_with(out.getvalue().strip()) == 200
    assert ApiToken.objects.get().expires_at is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nobody", "x"], "no user"), (["operator", "x", "--days=0"], "1 to 3650"), (["operator", "x" * 121], "120")],
)
def test_the_command_refuses_what_makes_no_sense(office: Office, arguments: list[str], words: str) -> None:
    user_in("Operator")
    with pytest.raises(CommandError, match=words):
        call_command("create_api_token", *arguments)
    assert not ApiToken.objects.exists()
    assert not IdempotentRequest.objects.exists()


def test_a_token_with_an_end_in_the_past_is_not_made(client: Client, office: Office) -> None:
    client.force_login(user_in("Viewer"))
    page = client.post(reverse(ADD), {"name": "late", "expires_at_0": "2020-01-01", "expires_at_1": "00:00"})
    assert "This time is over" in page.content.decode()
    assert not ApiToken.objects.exists()
