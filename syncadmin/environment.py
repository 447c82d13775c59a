from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = ("true", "on", "yes", "1")
FALSE_WORDS = ("false", "off", "no", "0")
MAIL_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")


class Environment:
    """Reads settings from environment variables and refuses nonsense.

    django-environ reads an unknown boolean word as False, and lets a bad number or address surface later as somebody
    else's traceback. Every reader here raises ImproperlyConfigured instead, which names the variable, what is wrong
    with its value, and what is accepted. Secrets are never repeated in a message. A variable that is set to nothing
    counts as not set.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        """The value without surrounding blanks; without a default the variable is required."""
        value = self._values.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set, and there is no default for it. See .env.example.")
        return default

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value in TRUE_WORDS:
            return True
        if value in FALSE_WORDS:
            return False
        raise _refusal(name, repr(value), f"one of {', '.join(TRUE_WORDS)} or {', '.join(FALSE_WORDS)}")

    def integer(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """A whole number from minimum to maximum, both included."""
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError:
            number = None
        if number is None or not minimum <= number <= maximum:
            raise _refusal(name, repr(value), f"a whole number from {minimum} to {maximum}")
        return number

    def seconds(self, name: str, default: float, *, minimum: float, maximum: float) -> float:
        """A duration in seconds from minimum to maximum, both included; decimals are accepted."""
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not minimum <= number <= maximum:
            raise _refusal(name, repr(value), f"a number of seconds from {minimum:g} to {maximum:g}")
        return number

    def port(self, name: str, default: int) -> int:
        return self.integer(name, default, minimum=1, maximum=65535)

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of the choices, in whatever case it was written."""
        value = self.text(name, default)
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        raise _refusal(name, repr(value), f"one of {', '.join(choices)}")

    def time_zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise _refusal(name, repr(value), "the name of a time zone such as Europe/Berlin") from None
        return value

    def words(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """The parts of a comma-separated value, without blanks and empty parts."""
        parts = [part.strip() for part in self.text(name, ",".join(default)).split(",")]
        return [part for part in parts if part]

    def url(self, name: str, default: str, schemes: Sequence[str] = ("http", "https")) -> str:
        """An absolute address without a trailing slash; an empty default means that the variable may be left out."""
        value = self.text(name, default)
        if not value:
            return ""
        accepted = f"an address such as {schemes[0]}://host:port, with {' or '.join(schemes)} in front"
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise _refusal(name, "not such an address", accepted)
        return value.rstrip("/")

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Django's mail settings of an address such as smtp+tls://user:password@host:587; empty: no mail is sent."""
        value = self.text(name, default)
        if not value:
            return {}
        accepted = "smtp://, smtp+tls:// or smtp+ssl:// user:password@host:port, or consolemail:"
        scheme = value.partition(":")[0]
        if scheme not in MAIL_SCHEMES:
            raise _refusal(name, f"mail of the kind {scheme!r}", accepted)
        try:
            config: dict[str, Any] = environ.Env.email_url_config(value)
        except ValueError:
            config = {}
        # The address holds a password, so it is not repeated.
        if not config or (scheme != "consolemail" and not config["EMAIL_HOST"]):
            raise _refusal(name, "not readable", accepted)
        return config

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Django's connection settings of a database address (ENGINE, NAME, USER, PASSWORD, HOST, PORT, OPTIONS)."""
        value = self.text(name, default)
        accepted = "sqlite:////absolute/path.sqlite3 or postgres://user:password@host:5432/name"
        scheme, separator, _ = value.partition("://")
        if not separator or scheme not in DATABASE_SCHEMES:
            raise _refusal(name, f"a database of the kind {scheme!r}" if separator else "not an address", accepted)
        try:
            config: dict[str, Any] = environ.Env.db_url_config(value)
        except ValueError as error:
            # The address holds a password, so only the parser's remark is repeated.
            raise _refusal(name, f"not readable ({error})", accepted) from None
        if not config["NAME"] or config["NAME"] == ":memory:":
            raise _refusal(name, "an address without a database name", accepted)
        return config


def _refusal(name: str, problem: str, accepted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {problem}; accepted is {accepted}. See .env.example.")
