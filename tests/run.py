"""Runs the tests on SQLite and then on PostgreSQL; arguments go to pytest. `make test` calls this.

PostgreSQL is, in this order: the one at TEST_POSTGRES_URL; one on the local port 5432 that lets us create databases;
one of our own, made by initdb for this run. With REQUIRE_POSTGRES=1 it is a failure when there is none.
"""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.private_postgres import find_programs, may_create_databases, private_postgres

ROOT = Path(__file__).resolve().parent.parent
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
    programs = find_programs()
    if programs is None:
        yield None
        return
    with private_postgres(programs) as server:
        yield server.url


def running_postgres() -> str | None:
    for role in dict.fromkeys([getpass.getuser(), "postgres"]):
        url = f"postgres://{role}@127.0.0.1:5432/postgres"
        if may_create_databases(url):
            return url
    return None


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
