from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from integrations.management.processes import ProcessGroup

TAIL_LINES = 20
STOP_WITHIN = 15.0
START_WITHIN = 60.0


class MemberEndedError(Exception):
    """A member ended, or did not get ready, by itself. The message says which and why, with the end of its log."""


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a company. `is_ready` is asked until it says True."""

    name: str
    arguments: Sequence[str]
    is_ready: Callable[[], bool]


class Company:
    """Processes that live and end together; each writes to a log of its own in `logs`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[Member, ProcessGroup]] = []
        logs.mkdir(parents=True, exist_ok=True)

    def log_of(self, member: Member) -> Path:
        return self._logs / f"{member.name}.log"

    def start(self, *members: Member, within: float = START_WITHIN) -> None:
        """Start the members and return when all of them are ready. Raises MemberEndedError."""
        for member in members:
            self._running.append((member, ProcessGroup(member.arguments, log=self.log_of(member))))
        deadline = time.monotonic() + within
        for member in members:
            while not member.is_ready():
                self.raise_if_one_ended()
                if time.monotonic() > deadline:
                    raise MemberEndedError(self._report(member, f"was not ready after {within:g} seconds"))
                time.sleep(0.1)

    def raise_if_one_ended(self) -> None:
        """Raises MemberEndedError when a member has ended since its start."""
        for member, process in self._running:
            code = process.exit_code()
            if code is not None:
                how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
                raise MemberEndedError(self._report(member, how))

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Ask the members to stop, the youngest first, and kill whoever has not stopped in time."""
        for _, process in reversed(self._running):
            if process.exit_code() is None:
                process.ask_to_stop()
        deadline = time.monotonic() + within
        for _, process in reversed(self._running):
            while process.exit_code() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            process.kill()
        self._running.clear()

    def _report(self, member: Member, how: str) -> str:
        log = self.log_of(member)
        tail = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        end_of_log = "\n".join(f"  | {line}" for line in tail) or "  | (it is empty)"
        return f"The {member.name} {how}. The end of its log, {log}:\n{end_of_log}"


def answers(url: str) -> bool:
    """Whether an HTTP server answers at this address, with whatever status; proxies are not asked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", parts.path or "/", headers={"Host": parts.netloc})
        connection.getresponse()
        return True
    return False


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
