from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from integrations.models import ApiToken, Run, RunState, SyncStep
from integrations.services.roles import ADMINISTRATOR, CONFIGURATOR, OPERATOR, VIEWER
from tests.admin.office import Office, user_in

OURS = [model for model in admin.site._registry if model._meta.app_label == "integrations"]
ROLES = (VIEWER, OPERATOR, CONFIGURATOR, ADMINISTRATOR)


def enter(client: Client, role: str) -> Client:
    client.force_login(user_in(role))
    return client


def allowed(model: type[Model], page: Any, user: Any, verb: str) -> bool:
    """Whether the user has the right and the page has the verb at all."""
    request = RequestFactory().get("/")
    request.user = user
    return bool(getattr(page, f"has_{verb}_permission")(request)) and (
        verb != "view" or user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    )


def expect(client: Client, address: str, is_allowed: bool) -> None:
    """Opened, or refused with the page that says so."""
    answer = client.get(address)
    assert answer.status_code == (200 if is_allowed else 403), address
    if not is_allowed:
        assert "Your roles do not allow this" in answer.content.decode(), address


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_every_role_or_is_refused_properly(client: Client, office: Office, role: str) -> None:
    user = enter(client, role).get("/admin/").wsgi_request.user
    Run.objects.create(connection=office.connection, state=RunState.SUCCEEDED)
    for name in ("index", "records", "why", "password_change"):
        assert client.get(reverse(f"admin:{name}")).status_code == 200, name
    may_connect = user.has_perms(["integrations.add_account", "integrations.add_connection"])
    assert client.get(reverse("admin:connect")).status_code == (200 if may_connect else 403)
    for model, page in admin.site._registry.items():
        name, rights = f"admin:{model._meta.app_label}_{model._meta.model_name}", (model, page, user)
        row: Model | None = model._default_manager.first()
        expect(client, reverse(f"{name}_changelist"), allowed(*rights, "view"))
        expect(client, reverse(f"{name}_add"), allowed(*rights, "add"))
        if row is not None:
            expect(client, reverse(f"{name}_change", args=[row.pk]), allowed(*rights, "view"))
            expect(client, reverse(f"{name}_history", args=[row.pk]), allowed(*rights, "view"))
            expect(client, reverse(f"{name}_delete", args=[row.pk]), allowed(*rights, "delete"))


def posts(text: str) -> set[str]:
    """The addresses that the page's forms post to, without numbers."""
    return {re.sub(r"\d+", "N", address) for address in re.findall(r'<form method="post" action="([^"]+)"', text)}


STEP, CONNECTION = "/admin/integrations/syncstep/N", "/admin/integrations/connection/N"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (VIEWER, set()),
        (OPERATOR, {f"{STEP}/sync-now/", f"{STEP}/preview/"}),
        (CONFIGURATOR, {f"{STEP}/sync-now/", f"{STEP}/preview/"}),
    ],
)
def test_a_steps_page_has_only_the_buttons_of_the_role(
    client: Client, office: Office, role: str, expected: set[str]
) -> None:
    page = enter(client, role).get(reverse("admin:integrations_syncstep_change", args=[office.step.pk]))
    assert {address for address in posts(page.content.decode()) if STEP in address} == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (VIEWER, set()),
        (OPERATOR, {f"{CONNECTION}/sync-now/", f"{CONNECTION}/preview/"}),
        (
            CONFIGURATOR,
            {f"{CONNECTION}/{slug}/" for slug in ("sync-now", "preview", "switch", "add-step")},
        ),
    ],
)
def test_a_connections_page_has_only_the_buttons_of_the_role(
    client: Client, office: Office, role: str, expected: set[str]
) -> None:
    page = enter(client, role).get(reverse("admin:integrations_connection_change", args=[office.connection.pk]))
    assert {address for address in posts(page.content.decode()) if CONNECTION in address} == expected


def test_a_viewer_sees_a_steps_settings_and_no_input(client: Client, office: Office) -> None:
    page = enter(client, VIEWER).get(reverse("admin:integrations_syncstep_change", args=[office.step.pk]))
    text = page.content.decode()
    assert "Ada Pipe" in text
    assert "step-offers" not in text
    assert 'name="_save"' not in text


@pytest.mark.parametrize("slug", ["sync-now", "preview"])
def test_the_server_refuses_a_viewer_too(client: Client, office: Office, slug: str) -> None:
    enter(client, VIEWER)
    url = reverse(f"admin:integrations_syncstep_{slug.replace('-', '_')}", args=[office.step.pk])
    assert client.post(url).status_code == 403
    assert not Run.objects.exists()


def test_an_operator_cannot_change_a_step(client: Client, office: Office) -> None:
    enter(client, OPERATOR)
    change = reverse("admin:integrations_syncstep_change", args=[office.step.pk])
    assert client.post(change, {"name": "x"}).status_code == 403
    assert client.get(reverse("admin:integrations_syncstep_apply_all", args=[office.step.pk])).status_code == 403
    move = reverse("admin:integrations_syncstep_move", args=[office.step.pk])
    assert client.post(move, {"place": "1"}).status_code == 403
    assert SyncStep.objects.get().name == ""


def test_only_an_administrator_may_touch_accounts(client: Client, office: Office) -> None:
    enter(client, CONFIGURATOR)
    assert client.get(reverse("admin:integrations_account_add")).status_code == 403
    assert client.get(reverse("admin:connect")).status_code == 403
    assert client.get(reverse("admin:integrations_account_reconnect", args=[office.reply.pk])).status_code == 403
    client.force_login(user_in(ADMINISTRATOR))
    assert client.get(reverse("admin:integrations_account_add")).status_code == 200
    assert client.get(reverse("admin:connect")).status_code == 200
    assert client.get(reverse("admin:integrations_account_reconnect", args=[office.reply.pk])).status_code == 200


def test_somebody_without_a_role_is_told_to_ask_for_one(
    client: Client, office: Office, django_user_model: type
) -> None:
    client.force_login(django_user_model.objects.create_user("new", is_staff=True))  # type: ignore[attr-defined]
    assert "Ask an administrator for the role Viewer" in client.get("/admin/").content.decode()


def test_a_form_that_is_sent_after_the_session_ended_is_not_lost_silently(client: Client, office: Office) -> None:
    url = reverse("admin:integrations_syncstep_change", args=[office.step.pk])
    assert "Your session had ended" in client.post(url, {"name": "x"}, follow=True).content.decode()
    assert SyncStep.objects.get().name == ""


def test_parts_of_a_page_say_that_the_session_ended_instead_of_showing_the_log_in(
    client: Client, office: Office
) -> None:
    live = reverse("admin:integrations_syncstep_live", args=[office.step.pk])
    asked = client.post(live, {}, headers={"HX-Request": "true"})
    assert "Press Save: you can then log in" in asked.content.decode()
    assert "Your session had ended" not in client.get(reverse("admin:login")).content.decode()


def test_after_logging_in_again_a_lost_post_is_explained_and_not_done(boss: Client, office: Office) -> None:
    answer = boss.get(reverse("admin:integrations_connection_sync_now", args=[office.connection.pk]), follow=True)
    assert "Nothing was done. Press “Sync Now” again" in answer.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_the_server_refuses_every_button_that_a_role_does_not_have(client: Client, office: Office, role: str) -> None:
    user = user_in(role)
    client.force_login(user)
    Run.objects.create(connection=office.connection, state=RunState.SUCCEEDED)
    refused = 0
    for model, page in admin.site._registry.items():
        record = model._default_manager.first()
        for action in getattr(page, "record_actions", ()) if record is not None else ():
            if not user.has_perm(action.permission):
                url = reverse(f"admin:{page.action_name(action.slug)}", args=[record.pk])  # type: ignore[attr-defined,union-attr]
                assert client.post(url, {"confirmed": "yes", "enabled": "on"}).status_code == 403, (role, url)
                refused += 1
    assert refused > (8 if role == VIEWER else 2 if role == OPERATOR else -1)
    assert Run.objects.count() == 1 or role in (CONFIGURATOR, ADMINISTRATOR)


@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
def test_nothing_can_be_added_or_deleted_below_the_configurator(client: Client, office: Office, role: str) -> None:
    client.force_login(user_in(role))
    for model in OURS:
        if model is ApiToken:  # everybody's own
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.post(reverse(f"{name}_add"), {}).status_code == 403, model
        row = model._default_manager.first()
        if row is not None:
            assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403, model
            chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            client.post(reverse(f"{name}_changelist"), chosen)
            assert model._default_manager.filter(pk=row.pk).exists(), model
