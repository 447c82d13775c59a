"""The test database, as child processes are told of it."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def database_address() -> str:
    """The present database's address, for the DATABASE_URL of real child processes."""
    database = connection.settings_dict
    name = quote(str(database["NAME"]))
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    user, password = quote(database["USER"], safe=""), quote(database["PASSWORD"], safe="")
    return f"postgres://{user}:{password}@{quote(database['HOST'], safe='')}:{database['PORT'] or 5432}/{name}"
