from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from hypothesis import settings as hypothesis_settings

from tests.database_address import database_address

hypothesis_settings.register_profile("ci", derandomize=True, max_examples=60, deadline=None)
hypothesis_settings.register_profile("dev", max_examples=60, deadline=None)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "dev")

# A shell's background job, as CI may be, ignores Ctrl-C and would pass that on to the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Refuses every connection that would leave this machine, in this process and whatever library asks for it."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def refuse_others(address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise PermissionError(f"a test tried to reach {address[0]}:{address[1]}, beyond this machine")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_others(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_others(address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Django's own hasher takes a quarter of a second for each password, on purpose."""
    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[quick, *django_settings.PASSWORD_HASHERS]):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Gives each test process a database of its own: several may run in one checkout, and a file, unlike memory, can be
    shared with real worker processes and locks as in production."""
    database = django_settings.DATABASES["default"]
    name: Path | str = f"test_{Path(database['NAME']).stem}_{os.getpid()}"
    if "sqlite3" in database["ENGINE"]:
        name = tmp_path_factory.mktemp("database") / "test.sqlite3"
    database.setdefault("TEST", {})["NAME"] = str(name)


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """The test database's address, for the DATABASE_URL of real child processes."""
    return database_address()
