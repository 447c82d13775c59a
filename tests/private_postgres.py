"""A PostgreSQL server of the tests' own, made by initdb, which may be stopped as hard as one likes."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_WITHIN = 30.0
# A commit must be in the log when it is answered, else a restart takes back what a product was told. That the log is
# not forced to the disk only matters when the whole machine stops.
SETTINGS = ("listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off")


class PrivatePostgres:
    """One server on a free port, with its data in `folder`. `url` is of a database that one may use."""

    def __init__(self, programs: Path, folder: Path) -> None:
        # PostgreSQL refuses to run as root.
        self._user = pwd.getpwnam("postgres" if os.geteuid() == 0 else getpass.getuser())
        self._programs, self._folder, self._data = programs, folder, folder / "data"
        os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        make: list[str | Path] = [programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*make, "--no-sync", "--no-locale"],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            user=self._user.pw_uid,
        )

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and wait until it takes connections. Raises RuntimeError."""
        settings = [f"--{setting}" for setting in SETTINGS]
        place: list[str | Path] = ["-D", self._data, "-k", self._folder, "-p", str(self.port)]
        self._server = subprocess.Popen(
            [self._programs / "postgres", *place, *settings],
            cwd=self._folder,
            stderr=subprocess.DEVNULL,
            user=self._user.pw_uid,
        )
        deadline = time.monotonic() + START_WITHIN
        while not may_create_databases(self.url):
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._programs / 'postgres'} did not start; run it on {self._data} to see why")
            time.sleep(0.2)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends sessions in good order; SIGQUIT drops everything at once, and the next start has to recover."""
        self._server.send_signal(how)
        self._server.wait()

    def end_all_sessions(self) -> int:
        """End every other session, as an administrator would, and say how many there were."""
        with psycopg.connect(self.url, autocommit=True) as session:
            row = session.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
        return row[0] if row else 0


@contextmanager
def private_postgres(programs: Path) -> Iterator[PrivatePostgres]:
    """A running server for as long as the context lasts. `programs` is the folder of PostgreSQL's own programs."""
    with tempfile.TemporaryDirectory(prefix="syncadmin-postgres-") as folder:
        server = PrivatePostgres(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def find_programs() -> Path | None:
    """Where initdb and postgres are, the newest first; None where there are none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    # Debian keeps the servers' programs away from the path.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version, reverse=True)
    return found[0].parent if found else None


def may_create_databases(url: str) -> bool:
    """Whether a server answers there and lets us create databases."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def _version(initdb: Path) -> float:
    try:
        return float(initdb.parts[-3])
    except ValueError:
        return 0.0
