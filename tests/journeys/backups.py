"""Back-ups as the operating guide says, and restoring them to an empty database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection, connections

CAN_BACK_UP = connection.vendor == "sqlite" or shutil.which("pg_dump") is not None


class Backup:
    """One back-up of the test's database. It may be taken from any thread, while others write."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "backup"
        self._database = {key: str(connection.settings_dict[key]) for key in ("NAME", "USER", "HOST", "PORT")}

    def take(self) -> None:
        """Of a moment, whatever is under way."""
        if connection.vendor == "sqlite":
            with (
                closing(sqlite3.connect(self._database["NAME"], timeout=20)) as live,
                closing(sqlite3.connect(self._file)) as copy,
            ):
                live.backup(copy)
        else:
            self._run("pg_dump", "--format", "custom", "--file", str(self._file))

    def restore(self) -> None:
        """Into an empty database, in the place of the one that is lost."""
        connections.close_all()
        if connection.vendor == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(self._database["NAME"] + suffix).unlink(missing_ok=True)
            shutil.copy(self._file, self._database["NAME"])
            return
        connection.close_pool()  # type: ignore[attr-defined]
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.close()
        self._run("pg_restore", "--no-owner", "--exit-on-error", str(self._file))

    def _run(self, *command: str) -> None:
        environment = {
            "PGUSER": self._database["USER"],
            "PGHOST": self._database["HOST"],
            "PGPORT": self._database["PORT"] or "5432",
            "PGDATABASE": self._database["NAME"],
        }
        if command[0] == "pg_restore":
            command = (*command, "--dbname", self._database["NAME"])
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
