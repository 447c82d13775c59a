from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from integrations.services.workers import QueueAwayError, QueueLockedError

log = structlog.get_logger(__name__)

STEADY_AFTER = timedelta(minutes=1)


class Child(Protocol):
    """One running cluster with all its processes."""

    @property
    def pid(self) -> int: ...

    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""

    def ask_to_stop(self) -> None:
        """Let it finish what it is doing and leave."""

    def kill(self) -> None:
        """End every process of it at once, stopped ones too, and wait until they are gone. Harmless when repeated."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the supervisor touches of the outside world.

    `start` starts a child under a worker name. `pause` waits that many seconds and returns True as soon as the
    supervisor shall stop, at once when it already shall; `sleep` waits in any case. `latest_beat` and `request_beat`
    may raise QueueAwayError.
    """

    start: Callable[[str], Child]
    latest_beat: Callable[[str], datetime | None]
    request_beat: Callable[[], None]
    now: Callable[[], datetime]
    pause: Callable[[float], bool]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds. `start_within` is how long the first beat may take at the least: a busy host starts slowly."""

    stale_after: float
    beat_every: float
    stop_within: float
    start_within: float = 90.0
    longest_delay: float = 30.0


class Supervisor:
    """Keeps one child running, and replaces it when it has exited or has not beaten for too long."""

    def __init__(self, name: str, surroundings: Surroundings, patience: Patience) -> None:
        self._name = name
        self._world = surroundings
        self._patience = patience
        self._started = 0
        self._quick_ends = 0

    def run(self) -> None:
        """Returns when it was asked to stop and its child is gone."""
        stopping = False
        while not stopping:
            self._started += 1
            worker = f"{self._name}-{self._started}"
            began = self._world.now()
            child = self._world.start(worker)
            log.info("worker.started", worker=worker, pid=child.pid)
            try:
                stopping = self._watch(child, worker, began)
                if stopping:
                    self._stop(child, worker)
            finally:
                child.kill()
            stopping = stopping or self._world.pause(self._restart_delay(began))

    def _watch(self, child: Child, worker: str, began: datetime) -> bool:
        """Returns True when the supervisor shall stop, False when the child must be replaced."""
        alive_at = began
        while not self._world.pause(self._patience.beat_every):
            exit_code = child.exit_code()
            if exit_code is not None:
                log.error("worker.exited", worker=worker, pid=child.pid, exit_code=exit_code)
                return False
            try:
                alive_at = max(alive_at, self._world.latest_beat(worker) or alive_at)
                silent_for = (self._world.now() - alive_at).total_seconds()
                if silent_for > self._bearable_silence(has_beaten=alive_at > began):
                    log.error("worker.stale", worker=worker, pid=child.pid, silent_for=round(silent_for, 1))
                    return False
                self._world.request_beat()
            except QueueLockedError as error:
                # SQLite has one write lock. A worker that was stopped while it held it would keep it for ever, so the
                # silence counts, and ends with the child's end.
                log.warning("worker.queue_locked", worker=worker, error=str(error))
            except QueueAwayError as error:
                # Nobody can beat without the queue, and a new child would fare no better.
                alive_at = self._world.now()
                log.warning("worker.queue_away", worker=worker, error=str(error))
        return True

    def _stop(self, child: Child, worker: str) -> None:
        log.info("worker.stopping", worker=worker, pid=child.pid)
        child.ask_to_stop()
        deadline = self._world.now() + timedelta(seconds=self._patience.stop_within)
        while child.exit_code() is None and self._world.now() < deadline:
            self._world.sleep(0.1)
        if child.exit_code() is None:
            log.warning("worker.killed", worker=worker, pid=child.pid, waited=self._patience.stop_within)
        else:
            log.info("worker.stopped", worker=worker)

    def _bearable_silence(self, *, has_beaten: bool) -> float:
        patience = self._patience
        return patience.stale_after if has_beaten else max(patience.stale_after, patience.start_within)

    def _restart_delay(self, began: datetime) -> float:
        """Nothing after a steady life; doubling seconds while one child after the other ends soon after its start."""
        if self._world.now() - began > STEADY_AFTER:
            self._quick_ends = 0
            return 0.0
        self._quick_ends += 1
        return min(self._patience.longest_delay, 2.0 ** (self._quick_ends - 1))
