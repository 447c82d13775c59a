"""A production installation as the guide describes it: its own database, gunicorn, two workers, a proxy's header."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography.fernet import Fernet

from integrations.management.processes import ProcessGroup, manage

HOST = "sync.example.com"
PASSWORD = secrets.token_urlsafe(12)
METRICS_TOKEN = secrets.token_urlsafe(24)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Production:
    """Its environment and its processes."""

    database_url: str
    logs: Path
    port: int = field(default_factory=free_port)
    groups: list[ProcessGroup] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {
            "SYNCADMIN_MODE": "production",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "CREDENTIAL_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": self.database_url,
            "BEHIND_PROXY": "true",
            "ALLOW_OTHER_BASE_URLS": "true",
            "METRICS_TOKEN": METRICS_TOKEN,
            "QUEUE_WORKERS": "1",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }

    def command(self, *arguments: str) -> str:
        """Run a management command to its end; answers what it said."""
        done = subprocess.run(
            manage(*arguments), env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Gunicorn with two processes, and two supervised clusters."""
        gunicorn = [sys.executable, "-m", "gunicorn", "syncadmin.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        self._start("web", [*gunicorn, "--workers", "2", "--threads", "8", "--no-control-socket"])
        for number in (1, 2):
            self._start(f"worker-{number}", manage("worker", "--beat-every", "0.5", "--stop-within", "5"))

    def _start(self, name: str, command: list[str]) -> None:
        self.groups.append(ProcessGroup(command, environment=self.environment, log=self.logs / f"{name}.log"))

    def stop(self) -> list[int | None]:
        """Ask everybody to end; answers their exit codes, None for those that had to be killed."""
        for group in self.groups:
            group.ask_to_stop()
        deadline = time.monotonic() + 20
        while any(group.exit_code() is None for group in self.groups) and time.monotonic() < deadline:
            time.sleep(0.1)
        codes = [group.exit_code() for group in self.groups]
        for group in self.groups:
            group.kill()
        return codes

    def wait_until(self, what: str, happened: Callable[[], bool], *, within: float = 150) -> None:
        """Look again and again; fails with the logs' ends."""
        deadline = time.monotonic() + within
        while not happened():
            ends = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in self.logs.glob("*.log"))
            assert time.monotonic() < deadline, f"{what}, not within {within} seconds\n{ends}"
            assert all(group.exit_code() is None for group in self.groups), ends
            time.sleep(0.2)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str:
        """Where a redirect leads, without its host."""
        parts = urlsplit(self.headers.get("Location", ""))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Browser:
    """A browser behind a proxy that ends HTTPS and says so in a header."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: SimpleCookie = SimpleCookie()

    def get(self, path: str, *, https: bool = True, **headers: str) -> Answer:
        return self._ask("GET", path, "", https=https, headers=headers)

    def submit(self, path: str, **values: str) -> Answer:
        """Send a form as its page would."""
        values["csrfmiddlewaretoken"] = self._cookies["csrftoken"].value
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"https://{HOST}{path}"}
        return self._ask("POST", path, urlencode(values), https=True, headers=headers)

    def _ask(self, method: str, path: str, body: str, *, https: bool, headers: dict[str, str]) -> Answer:
        headers = {"Host": HOST, "Cookie": "; ".join(f"{k}={m.value}" for k, m in self._cookies.items()), **headers}
        if https:
            headers["X-Forwarded-Proto"] = "https"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, body.encode(), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie", []):
            assert "secure" in cookie.lower() or "Max-Age=0" in cookie, cookie
            self._cookies.load(cookie)
        return Answer(response.status, response.headers, text)


def stylesheet_of(page: str) -> str:
    """The address of our own stylesheet on a page."""
    (address,) = re.findall(r'href="(/static/integrations/sync\.[^"]*css)"', page)
    return str(address)
