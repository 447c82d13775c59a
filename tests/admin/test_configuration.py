from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from integrations.models import Connection
from integrations.services.changes import changes_of
from integrations.services.configuration import export_configuration
from integrations.services.roles import CONFIGURATOR, OPERATOR, VIEWER
from tests.admin.office import Office, user_in

PAGE = "/admin/configuration/"


def upload(browser: Client, data: str | bytes, name: str = "north.yaml") -> Any:
    return browser.post(PAGE, {"file": SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)})


def confirm(browser: Client, shown: Any) -> Any:
    """Press the button of the page that shows a difference."""
    inputs = re.findall(r'<input type="hidden" name="(text|name|confirmed)" value="([^"]*)"', shown.content.decode())
    return browser.post(PAGE, {name: html.unescape(value) for name, value in inputs}, follow=True)


def test_what_is_downloaded_changed_and_uploaded_is_shown_first_and_made_on_confirming(
    boss: Client, office: Office
) -> None:
    text = boss.get(reverse("admin:configuration_download")).content.decode()
    assert text == export_configuration()
    shown = upload(boss, text.replace("brake_percent: 30", "brake_percent: 55"))
    assert "<del>30</del> → <ins>55</ins>" in shown.content.decode()
    assert Connection.objects.get().brake_percent == 30
    assert "Imported north.yaml: 1 change." in confirm(boss, shown).content.decode()
    assert Connection.objects.get().brake_percent == 55
    assert changes_of(office.connection)[0].why == "Imported from north.yaml."
    assert changes_of(office.connection)[0].who == "Bo"


def test_a_change_in_between_is_shown_instead_of_overwritten(boss: Client, office: Office) -> None:
    shown = upload(boss, export_configuration().replace("brake_percent: 30", "brake_percent: 55"))
    office.connection.brake_percent = 40
    office.connection.save()
    answer = confirm(boss, shown).content.decode()
    assert "Something was changed meanwhile, so nothing was imported" in answer
    assert "<del>40</del> → <ins>55</ins>" in answer
    assert Connection.objects.get().brake_percent == 40


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("version: 1\nconections: []\n", "Line 2: There is no key “conections” here. Did you mean “connections”?"),
        (b"\xff\xfe\x00", "The file is not UTF-8 text"),
        ("a: &a [1]\nb: *a\n", "Anchors and aliases (&amp; and *) are not read"),
        ("<script>alert(1)</script>", "Expected are keys"),
        (b"x" * (1024 * 1024 + 10), "at most 1,048,576 are read"),
        (b"", "The submitted file is empty"),
    ],
)
def test_a_bad_file_is_refused_on_the_page_with_the_place(
    boss: Client, office: Office, data: str | bytes, said: str
) -> None:
    answer = upload(boss, data)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_without_a_file_the_page_asks_for_one(boss: Client, office: Office) -> None:
    assert "Choose a file" in boss.post(PAGE, {}).content.decode()


def test_one_connection_is_downloaded_from_its_page(boss: Client, office: Office) -> None:
    url = reverse("admin:configuration_download", args=[office.connection.pk])
    page = boss.get(reverse("admin:integrations_connection_change", args=[office.connection.pk])).content.decode()
    assert url in page
    answer = boss.get(url)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.content.decode() == export_configuration(office.connection)
    missing = boss.get(reverse("admin:configuration_download", args=[987]), follow=True)
    assert "no longer exists" in missing.content.decode()


@pytest.mark.parametrize(("role", "may"), [(VIEWER, False), (OPERATOR, False), (CONFIGURATOR, True)])
def test_who_may_look_may_download_and_only_who_may_configure_may_upload(
    client: Client, office: Office, role: str, may: bool
) -> None:
    client.force_login(user_in(role))
    assert client.get(reverse("admin:configuration_download")).status_code == 200
    assert ('type="file"' in client.get(PAGE).content.decode()) is may
    assert upload(client, export_configuration()).status_code == (200 if may else 403)


def test_somebody_without_a_role_gets_neither(client: Client, office: Office, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("new", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.get(reverse("admin:configuration_download")).status_code == 403
