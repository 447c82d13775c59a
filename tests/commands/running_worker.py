"""A real worker process, for tests that kill and stop things."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.management.processes import manage
from integrations.models import Heartbeat


class RunningWorker:
    """`manage.py worker` as a real process with real workers, impatient enough for a test."""

    def __init__(
        self, database_url: str, log: Path, *, stale_after: float = 4, longest_delay: float = 30, **environment: str
    ) -> None:
        self._log = log
        patience = {"stale-after": stale_after, "beat-every": 0.3, "stop-within": 5, "longest-delay": longest_delay}
        arguments = manage("worker", *(f"--{name}={seconds}" for name, seconds in patience.items()))
        own = {"DATABASE_URL": database_url, "LOG_FORMAT": "json", "QUEUE_WORKERS": "1", **environment}
        with log.open("wb") as output:
            self.process = subprocess.Popen(arguments, env={**os.environ, **own}, stdout=output, stderr=output)

    def events(self, name: str) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [record for record in records if record["event"] == name]

    def words(self) -> str:
        """All that it has said."""
        return self._log.read_text()

    def wait_until(self, happened: Callable[[], bool], *, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while not happened():
            assert self.process.poll() is None, self.words()
            assert time.monotonic() < deadline, self.words()
            time.sleep(0.1)

    def has_beaten(self, *, since: datetime | None = None) -> bool:
        """Whether the cluster that was started last has carried out a task since then."""
        started = self.events("worker.started")
        beats = Heartbeat.objects.filter(worker=started[-1]["worker"]) if started else Heartbeat.objects.none()
        return (beats.filter(beat_at__gt=since) if since else beats).exists()

    def wait_for_a_beat_of_child(self, number: int) -> None:
        self.wait_until(lambda: Heartbeat.objects.filter(worker__endswith=f"-{self.process.pid}-{number}").exists())

    @property
    def cluster(self) -> int:
        """The process group of the cluster that was started last."""
        pid: int = self.events("worker.started")[-1]["pid"]
        return pid

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.send_signal(signal.SIGCONT)  # a test may have stopped it, and it would not hear
        self.process.terminate()
        self.process.wait(timeout=20)


def group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True
