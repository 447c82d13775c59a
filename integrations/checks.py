"""System checks of the settings that only make sense together; the ids are stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django.http.request import validate_host

from syncadmin.log_in import PUBLIC_PASSWORDS


@register
def queue_times_fit(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """syncadmin.E001: retry > timeout > the longest chunk and the one call that may still be on its way.

    A shorter `retry` delivers a task again while it still runs; a shorter `timeout` kills workers in mid-chunk, which
    can leave a lock of the cluster held (django-q2 issue 339).
    """
    queue: dict[str, Any] = settings.Q_CLUSTER
    timeout, retry = queue["timeout"], queue["retry"]
    longest_chunk = settings.SYNC_CHUNK_SECONDS + sum(settings.SYNC_HTTP_TIMEOUT)
    if retry > timeout > longest_chunk:
        return []
    return [
        Error(
            f"QUEUE_RETRY ({retry}) must be longer than QUEUE_TIMEOUT ({timeout}), and that longer than a chunk with "
            f"its last call ({longest_chunk:g} = SYNC_CHUNK_SECONDS + SYNC_HTTP_CONNECT_SECONDS + "
            "SYNC_HTTP_READ_SECONDS).",
            hint="Raise QUEUE_TIMEOUT and QUEUE_RETRY, or lower SYNC_CHUNK_SECONDS.",
            id="syncadmin.E001",
        )
    ]


@register
def lost_writes_can_settle(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """syncadmin.E004: whoever takes over a dead worker's writes looks them up, and must not do so before they settle.

    A lease is renewed every quarter of its time, so that only three quarters of it may be left after the last call.
    """
    settles = settings.SYNC_SETTLE_SECONDS
    if settles * 4 <= settings.SYNC_LEASE_SECONDS * 3:
        return []
    return [
        Error(
            f"SYNC_LEASE_SECONDS ({settings.SYNC_LEASE_SECONDS}) must be a third longer than SYNC_SETTLE_SECONDS "
            f"({settles}), else writes of a dead worker are looked up too early and people may be created twice.",
            hint="Raise SYNC_LEASE_SECONDS, or lower SYNC_SETTLE_SECONDS.",
            id="syncadmin.E004",
        )
    ]


@register(Tags.security)
def credential_keys_are_usable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """syncadmin.E002: every credential key is a Fernet key. The message gives a key's position, never the key."""
    unusable = [str(number) for number, key in enumerate(settings.CREDENTIAL_KEYS, start=1) if not _is_fernet_key(key)]
    if settings.CREDENTIAL_KEYS and not unusable:
        return []
    return [
        Error(
            f"CREDENTIAL_KEYS holds something else than a Fernet key at position {', '.join(unusable)}."
            if unusable
            else "CREDENTIAL_KEYS is empty.",
            hint="A key is 32 bytes in URL-safe base64: "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
            id="syncadmin.E002",
        )
    ]


@register(Tags.security, deploy=True)
def base_urls_are_the_products_own(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """syncadmin.W001: in production, accounts can send their credentials to any address that somebody types."""
    if not (settings.IN_PRODUCTION and settings.ALLOW_OTHER_BASE_URLS):
        return []
    return [
        Warning(
            "ALLOW_OTHER_BASE_URLS is on in production: an account's credentials go to whatever base URL it names.",
            hint="Switch it off unless this installation talks to the sandbox on purpose.",
            id="syncadmin.W001",
        )
    ]


@register(Tags.security, deploy=True)
def public_url_is_answered(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """syncadmin.W003: the address that products and messages are given is one that this installation refuses."""
    parts = urlsplit(settings.PUBLIC_URL)
    is_redirected = settings.SECURE_SSL_REDIRECT and parts.scheme != "https"
    if not parts.hostname or (validate_host(parts.hostname, settings.ALLOWED_HOSTS) and not is_redirected):
        return []
    return [
        Warning(
            "PUBLIC_URL is not answered here: its host is not in ALLOWED_HOSTS, or it is redirected to HTTPS.",
            hint="Webhooks go there and follow no redirect. Give it the host and https:// that people type.",
            id="syncadmin.W003",
        )
    ]


@register(Tags.database, deploy=True)
def sqlite_is_for_one_host(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """syncadmin.W002: production on SQLite works on one host with one writer at a time."""
    if not settings.IN_PRODUCTION or "sqlite3" not in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        Warning(
            "Production runs on SQLite: web and workers must share one host, and write one at a time.",
            hint="Set DATABASE_URL to PostgreSQL for more than one host or more than a few workers.",
            id="syncadmin.W002",
        )
    ]


@register(Tags.database)
def nobody_has_the_demos_password(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """syncadmin.E003: in production, a user of the demo still has the demo's password. Nobody gets in by it, but the
    user may be meant to. Asked by `migrate`, and by `check --database default`."""
    if not (settings.IN_PRODUCTION and databases):
        return []
    try:
        users = list(User.objects.filter(username__in=("demo", "admin"), is_active=True))
    except DatabaseError:  # before the first migration there is nobody
        return []
    known = {*PUBLIC_PASSWORDS, settings.DEMO_PASSWORD} - {""}
    return [
        Error(
            f"The user “{user.username}” has the demo's password, and this is production.",
            hint=f"manage.py changepassword {user.username}, or delete the user.",
            id="syncadmin.E003",
        )
        for user in users
        if any(user.check_password(password) for password in known)
    ]


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
