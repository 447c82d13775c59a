"""Runs the tests on SQLite and then on PostgreSQL; arguments go to pytest. `make test` calls this.

PostgreSQL is, in this order: the one at TEST_POSTGRES_URL; one on the local port 5432 that lets us create databases;
one of our own, made by initdb for this run. With REQUIRE_POSTGRES=1 it is a failure when there is none.
"""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN = 30.0
# What decides and what translates is small, pure and wholly tested; docs/decisions say so.
WHOLLY_COVERED = "integrations/domain/*,integrations/connectors/*/translate.py"


def main(arguments: Sequence[str]) -> int:
    announce("SQLite")
    # Coverage says something about the whole suite only.
    coverage = [] if arguments else ["--cov", "--cov-report="]
    code = run_pytest(f"sqlite:///{ROOT / 'var' / 'syncadmin.sqlite3'}", [*coverage, *arguments])
    if code == 0 and coverage:
        code = report_coverage()
    if code != 0:
        return code
    with postgres() as url:
        if url is None:
            return refuse_or_warn()
        announce(f"PostgreSQL at {url.rpartition('@')[2]}")
        return run_pytest(url, arguments)


def run_pytest(database_url: str, arguments: Sequence[str]) -> int:
    environment = {**os.environ, "SYNCADMIN_MODE": "demo", "DATABASE_URL": database_url}
    command = [sys.executable, "-m", "pytest", "--numprocesses=auto", "--dist=worksteal", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def report_coverage() -> int:
    command = [sys.executable, "-m", "coverage", "report", f"--include={WHOLLY_COVERED}", "--fail-under=100"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@contextmanager
def postgres() -> Iterator[str | None]:
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    url = running_postgres()
    if url:
        yield url
        return
    initdb = find_initdb()
    if initdb is None:
        yield None
        return
    with private_postgres(initdb.parent) as url:
        yield url


def running_postgres() -> str | None:
    for role in dict.fromkeys([getpass.getuser(), "postgres"]):
        url = f"postgres://{role}@127.0.0.1:5432/postgres"
        if may_create_databases(url):
            return url
    return None


def may_create_databases(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def find_initdb() -> Path | None:
    on_path = shutil.which("initdb")
    # Debian keeps the servers' programs away from the path.
    candidates = [Path(on_path)] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return candidates[0] if candidates else None


@contextmanager
def private_postgres(programs: Path) -> Iterator[str]:
    """A server on a free port, with data that need not survive a power cut, for as long as the context lasts."""
    # PostgreSQL refuses to run as root.
    user = pwd.getpwnam("postgres" if os.geteuid() == 0 else getpass.getuser())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="syncadmin-postgres-") as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        data = Path(folder) / "data"
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--no-locale",
            ],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            user=user.pw_uid,
        )
        settings = ("listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=off", "full_page_writes=off")
        server = subprocess.Popen(
            [
                programs / "postgres",
                "-D",
                data,
                "-k",
                folder,
                "-p",
                str(port),
                *(f"--{setting}" for setting in settings),
            ],
            cwd=folder,
            stderr=subprocess.DEVNULL,
            user=user.pw_uid,
        )
        try:
            url = f"postgres://postgres@127.0.0.1:{port}/postgres"
            deadline = time.monotonic() + START_WITHIN
            while not may_create_databases(url):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{programs / 'postgres'} did not start; run it on {data} to see why")
                time.sleep(0.2)
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def announce(database: str) -> None:
    sys.stdout.write(f"\n######## The tests on {database} ########\n")
    sys.stdout.flush()


def refuse_or_warn() -> int:
    required = os.environ.get("REQUIRE_POSTGRES") == "1"
    sys.stdout.write(
        f"\n######## {'FAILED' if required else 'WARNING'}: PostgreSQL was NOT tested ########\n"
        "There is none at TEST_POSTGRES_URL, none on port 5432 that lets this user create databases, and no initdb.\n"
    )
    return 1 if required else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
