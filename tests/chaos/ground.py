"""The database of a world, and what can happen to it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresConnection
from django.db.utils import InterfaceError

from tests.private_postgres import PrivatePostgres, find_programs, private_postgres

_T = TypeVar("_T")

BUSY_SECONDS = 1
"""How long our workers wait for SQLite's write lock."""
HELD_SECONDS = 3.5
_HOLD = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
held.execute("ROLLBACK")
"""


class Ground:
    """The database that the test and all clusters of a world share. `server` is None on SQLite."""

    def __init__(self, url: str, server: PrivatePostgres | None) -> None:
        self.url = url
        self._server = server
        self._holders: list[subprocess.Popen[bytes]] = []

    @property
    def server(self) -> PrivatePostgres:
        assert self._server is not None
        return self._server

    def restart(self) -> None:
        """As after a crash: nobody is asked, and the server recovers from its log."""
        self.server.stop(signal.SIGQUIT)
        self.server.start()

    def end_all_sessions(self) -> None:
        assert self.server.end_all_sessions()

    def hold_the_lock(self) -> None:
        """Another process takes SQLite's only write lock, and keeps it for longer than our workers wait for it."""
        path = str(connection.settings_dict["NAME"])
        command = [sys.executable, "-c", _HOLD, path, str(HELD_SECONDS)]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        self._holders.append(holder)

    def let_go(self) -> None:
        """Wait until nobody holds the lock any more."""
        for holder in self._holders:
            holder.communicate()
        self._holders.clear()


def patiently(look: Callable[[], _T], otherwise: _T) -> _T:
    """What `look` finds; `otherwise` while the database is away, and then the next look has a new connection."""
    try:
        return look()
    except (DatabaseError, InterfaceError):
        connection.close()
        return otherwise


@contextmanager
def own_ground(folder: Path) -> Iterator[Ground]:
    """A database of its own, of the kind that the tests run on: a file in `folder`, or all of a private server."""
    if connection.vendor == "sqlite":
        path = folder / "chaos.sqlite3"
        with _led_to(NAME=str(path)):
            yield Ground(f"sqlite:///{path}", None)
        return
    programs = find_programs()
    if programs is None:
        pytest.skip("needs initdb: the server is to be stopped in mid-run")
    with private_postgres(programs) as server:
        place = urlsplit(server.url)
        # A pool would outlive the server that it leads to.
        options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
        with _led_to(
            HOST=place.hostname, PORT=str(place.port), NAME=place.path[1:], USER=place.username, OPTIONS=options
        ):
            yield Ground(server.url, server)


@contextmanager
def _led_to(**values: Any) -> Iterator[None]:
    """This process's connection leads there meanwhile, where our tables are made."""
    kept = {name: connection.settings_dict[name] for name in values}
    connection.close()
    if "pool" in connection.settings_dict["OPTIONS"] and isinstance(connection, PostgresConnection):
        connection.close_pool()
    connection.settings_dict.update(values)
    try:
        call_command("migrate", verbosity=0)
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)
