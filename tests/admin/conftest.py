from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.admin.office import Office, make_office


@pytest.fixture
def office(db: None) -> Office:
    """A Pipedrive company and a Reply workspace, connected, with a step towards Reply."""
    return make_office()


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(User.objects.create_superuser("boss", first_name="Bo"))
    return client
