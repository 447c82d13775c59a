from __future__ import annotations

import logging
import logging.config
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from integrations.checks import nobody_has_the_demos_password, public_url_is_answered

SETTINGS = Path(settings.BASE_DIR) / "syncadmin" / "settings.py"
EXAMPLE = Path(settings.BASE_DIR) / ".env.example"
PRODUCTION = {
    "SYNCADMIN_MODE": "production",
    "SECRET_KEY": "a-key-of-this-installation-that-nobody-else-has-ever-seen",
    "CREDENTIAL_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "sync.example.com",
    "DATABASE_URL": "postgres://sync:secret@db.example.com:5433/sync",
}

Load = Callable[..., dict[str, Any]]


def documented() -> dict[str, str]:
    """Variable to value, as in .env.example."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Runs the settings file as a start with only these variables would."""
    monkeypatch.setattr(environ.Env, "read_env", lambda *args: None)
    for name in [*documented(), "SYNCADMIN_WORKER"]:
        monkeypatch.delenv(name, raising=False)

    def with_variables(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return with_variables


def test_every_variable_is_documented_and_nothing_else_is() -> None:
    read = re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', SETTINGS.read_text())
    assert sorted(read) == sorted(documented())


def test_the_example_file_is_a_working_start_with_the_same_values_as_none_at_all(load: Load) -> None:
    def plain(values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name.isupper() and name not in ("LOGGING", "BASE_DIR")}

    assert plain(load()) == plain(load(**documented()))


@pytest.mark.parametrize(
    ("name", "value", "remark"),
    [
        ("DEBUG", "maybe", "one of true, on, yes, 1 or false, off, no, 0"),
        ("WEB_PORT", "80a", "a whole number from 1 to 65535"),
        ("SANDBOX_PORT", "0", "a whole number from 1 to 65535"),
        ("SANDBOX_PORT", "65536", "a whole number from 1 to 65535"),
        ("QUEUE_WORKERS", "0", "a whole number from 1 to 64"),
        ("QUEUE_WORKERS", "2.5", "a whole number from 1 to 64"),
        ("SYNC_HTTP_READ_SECONDS", "nan", "a number of seconds from 0.1 to 300"),
        ("SYNC_HTTP_READ_SECONDS", "long", "a number of seconds from 0.1 to 300"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
        ("SYNCADMIN_MODE", "prod", "one of demo, production"),
        ("SANDBOX_URL", "localhost:8900", "an address such as http://host:port"),
        ("SANDBOX_URL", "http://", "an address such as http://host:port"),
        ("SANDBOX_URL", "http://host:port", "an address such as http://host:port"),
        ("REDIS_URL", "http://host:6379", "an address such as redis://host:port"),
        ("DATABASE_URL", "mysql://root@host/sync", "sqlite:////absolute/path.sqlite3 or postgres://"),
        ("DATABASE_URL", "sync.sqlite3", "sqlite:////absolute/path.sqlite3 or postgres://"),
        ("DATABASE_URL", "sqlite://:memory:", "sqlite:////absolute/path.sqlite3 or postgres://"),
        ("DATABASE_URL", "postgres://host:5432", "sqlite:////absolute/path.sqlite3 or postgres://"),
        ("DATABASE_URL", "postgres://host:port/sync", "sqlite:////absolute/path.sqlite3 or postgres://"),
        ("TIME_ZONE", "Europe/Atlantis", "the name of a time zone such as Europe/Berlin"),
        ("ALLOWED_HOSTS", "sync.example.com", "only this machine"),
    ],
)
def test_nonsense_stops_the_start_with_the_variable_and_what_is_accepted(
    load: Load, name: str, value: str, remark: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**{name: value})
    assert str(refusal.value).startswith(f"{name} is ")
    assert remark in str(refusal.value)


def test_a_refused_database_address_is_not_repeated_since_it_holds_a_password(load: Load) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(DATABASE_URL="postgres://sync:hunter2@host:port/sync")
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize("missing", ["SECRET_KEY", "CREDENTIAL_KEYS", "ALLOWED_HOSTS"])
def test_production_asks_for_its_own_secrets_and_names(load: Load, missing: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{missing} is not set"):
        load(**PRODUCTION | {missing: ""})


@pytest.mark.parametrize("key", ["short", settings.DEMO_SECRET_KEY])
def test_production_refuses_a_secret_key_that_is_weak_or_public(load: Load, key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY is the demo's key, or shorter"):
        load(**PRODUCTION | {"SECRET_KEY": key})


def test_production_refuses_debug(load: Load) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DEBUG is on"):
        load(**PRODUCTION | {"DEBUG": "true"})


def test_production_serves_over_https_and_trusts_no_other_base_urls(load: Load) -> None:
    production = load(**PRODUCTION)
    assert production["SECURE_SSL_REDIRECT"]
    assert production["SESSION_COOKIE_SECURE"]
    assert production["CSRF_TRUSTED_ORIGINS"] == ["https://sync.example.com"]
    assert not production["ALLOW_OTHER_BASE_URLS"]


def test_postgresql_is_pooled_in_the_web_process_and_not_in_a_forking_worker(load: Load) -> None:
    web = load(**PRODUCTION)["DATABASES"]["default"]
    assert (web["HOST"], web["PORT"], web["NAME"]) == ("db.example.com", 5433, "sync")
    assert web["OPTIONS"]["pool"]["max_size"] == 10
    worker = load(**PRODUCTION, SYNCADMIN_WORKER="host-1-1")["DATABASES"]["default"]
    assert "pool" not in worker["OPTIONS"]


def test_sqlite_waits_for_other_writers_and_takes_the_write_lock_first(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "sync.sqlite3"
    database = load(DATABASE_URL=f"sqlite:///{path}")["DATABASES"]["default"]
    assert database["NAME"] == str(path)
    assert path.parent.is_dir()
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_the_queue_moves_to_redis_when_there_is_one(load: Load) -> None:
    assert load()["Q_CLUSTER"]["orm"] == "default"
    queue = load(REDIS_URL="redis://cache.example.com:6379/1")["Q_CLUSTER"]
    assert queue["redis"] == "redis://cache.example.com:6379/1"
    assert "orm" not in queue


def test_mail_goes_to_the_log_in_the_demo_and_nowhere_in_production_until_a_server_is_named(load: Load) -> None:
    assert load()["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert not load(**PRODUCTION)["EMAIL_IS_SET_UP"]
    mail = load(**PRODUCTION, EMAIL_URL="smtp+tls://ops%40example.com:hunter2@mail.example.com:587")
    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"], mail["EMAIL_USE_TLS"]) == ("mail.example.com", 587, True)
    assert (mail["EMAIL_HOST_USER"], mail["EMAIL_HOST_PASSWORD"]) == ("ops@example.com", "hunter2")


@pytest.mark.parametrize("address", ["mail.example.com", "imap://user:hunter2@mail", "smtp://", "smtp://u:hunter2@m:x"])
def test_mail_addresses_that_are_none_stop_the_start_and_are_not_repeated(load: Load, address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_URL is") as refusal:
        load(EMAIL_URL=address)
    assert "hunter2" not in str(refusal.value)


def failed_checks() -> list[str]:
    ids = [message.id or "" for message in run_checks(include_deployment_checks=True)]
    return sorted(identifier for identifier in ids if identifier.startswith("syncadmin."))


def test_the_settings_as_they_come_pass_the_checks() -> None:
    assert failed_checks() == []


@pytest.mark.parametrize(
    ("chunk", "timeout", "retry"),
    [(60, 90, 420), (60, 300, 300), (60, 300, 200), (600, 300, 420)],
    ids=["no time for the last call", "retry = timeout", "retry < timeout", "chunk > timeout"],
)
def test_queue_times_that_overlap_are_found(settings: Settings, chunk: int, timeout: int, retry: int) -> None:
    settings.SYNC_CHUNK_SECONDS = chunk
    settings.Q_CLUSTER = {"timeout": timeout, "retry": retry}
    assert failed_checks() == ["syncadmin.E001"]


def test_a_lease_that_leaves_a_dead_worker_s_writes_no_time_to_settle_is_found(settings: Settings) -> None:
    settings.SYNC_LEASE_SECONDS, settings.SYNC_SETTLE_SECONDS = 45, 34
    assert failed_checks() == ["syncadmin.E004"]
    settings.SYNC_SETTLE_SECONDS = 33
    assert failed_checks() == []


@pytest.mark.parametrize("keys", [[], [Fernet.generate_key().decode(), "not-a-key"]])
def test_unusable_credential_keys_are_found_and_not_repeated(settings: Settings, keys: list[str]) -> None:
    settings.CREDENTIAL_KEYS = keys
    (message,) = [message for message in run_checks() if message.id == "syncadmin.E002"]
    assert "not-a-key" not in str(message)


def test_a_deployment_is_warned_of_foreign_base_urls_and_of_sqlite(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IN_PRODUCTION = True
    settings.ALLOW_OTHER_BASE_URLS = True
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    assert failed_checks() == ["syncadmin.W001", "syncadmin.W002"]


@pytest.mark.parametrize(
    ("address", "redirects", "answered"),
    [
        ("", True, True),
        ("https://sync.example.com", True, True),
        ("https://sync.example.com:8443/x", True, True),
        ("http://sync.example.com", False, True),
        ("http://sync.example.com", True, False),
        ("https://other.example.com", True, False),
    ],
)
def test_a_public_address_that_would_be_refused_is_warned_of(
    settings: Settings, address: str, redirects: bool, answered: bool
) -> None:
    settings.PUBLIC_URL, settings.SECURE_SSL_REDIRECT = address, redirects
    settings.ALLOWED_HOSTS = ["sync.example.com"]
    found = [message.id for message in public_url_is_answered(None)]
    assert found == ([] if answered else ["syncadmin.W003"])


@pytest.mark.django_db
def test_the_root_leads_to_the_admin_under_a_strict_content_policy(client: Client) -> None:
    response = client.get("/", follow=True)
    assert response.redirect_chain == [("/admin/", 302), ("/admin/login/?next=/admin/", 302)]
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_health_is_answered_without_a_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_a_logged_traceback_shows_no_local_variables_since_they_may_be_secrets(load: Load) -> None:
    formatter: Any = logging.config.DictConfigurator(load(LOG_FORMAT="console")["LOGGING"]).configure_formatter(
        load(LOG_FORMAT="console")["LOGGING"]["formatters"]["structured"]
    )

    def fail() -> None:
        password = "hunter" + str(2)
        raise ValueError(len(password))

    try:
        fail()
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "It failed.", (), sys.exc_info())
    said = formatter.format(record)
    assert "ValueError" in said
    assert "hunter2" not in said


def test_the_demo_offers_the_sandboxs_app_and_production_none(load: Load) -> None:
    demo = load(SANDBOX_PORT="8123")["OAUTH_APPS"]["pipedrive"]
    assert (demo["client_id"], demo["url"]) == ("sandbox-client", "http://127.0.0.1:8123/pipedrive")
    production = load(**PRODUCTION)["OAUTH_APPS"]["pipedrive"]
    assert (production["client_id"], production["url"]) == ("", "https://oauth.pipedrive.com")


def test_an_app_of_ones_own_signs_in_at_pipedrive_also_in_the_demo(load: Load) -> None:
    own = load(PIPEDRIVE_CLIENT_ID="id", PIPEDRIVE_CLIENT_SECRET="secret")["OAUTH_APPS"]["pipedrive"]
    assert own == {"client_id": "id", "client_secret": "secret", "url": "https://oauth.pipedrive.com"}


def test_half_an_app_is_refused_and_not_repeated(load: Load) -> None:
    with pytest.raises(ImproperlyConfigured, match="go together") as refusal:
        load(PIPEDRIVE_CLIENT_SECRET="hunter2")
    assert "hunter2" not in str(refusal.value)


def test_another_sign_in_host_is_refused_where_other_addresses_are(load: Load) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^PIPEDRIVE_OAUTH_URL is not"):
        load(**PRODUCTION, PIPEDRIVE_OAUTH_URL="https://oauth.example.com")


@pytest.fixture
def production_start(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs manage.py in a process of its own with production settings and a new database."""

    def manage(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        outside = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
        database = f"sqlite:///{tmp_path}/x.sqlite3"
        environment = {**outside, **PRODUCTION, "DATABASE_URL": database, "PUBLIC_URL": "https://sync.example.com"}
        return subprocess.run(
            [sys.executable, "manage.py", *command], cwd=settings.BASE_DIR, env={**environment, **variables},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return manage


def test_a_deployment_passes_all_of_djangos_checks_and_ours(
    production_start: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """All but the warning that this one is on SQLite."""
    answer = production_start("check", "--deploy")
    warnings = re.findall(r"\(([a-z_]+\.[EW]\d+)\)", answer.stderr)
    assert (answer.returncode, warnings) == (0, ["syncadmin.W002"]), answer.stderr


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "password", "found"), [("demo", "demo", 1), ("admin", "demo", 1), ("demo", "own", 0)])
def test_a_demo_user_with_the_demos_password_stops_a_production_start(
    settings: Settings, name: str, password: str, found: int
) -> None:
    User.objects.create_superuser(name, password=password)
    assert nobody_has_the_demos_password(None, ["default"]) == []
    settings.IN_PRODUCTION = True
    errors = nobody_has_the_demos_password(None, ["default"])
    assert [error.id for error in errors] == ["syncadmin.E003"] * found
