"""A real worker process, for tests that kill and stop things."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from integrations.management.processes import manage
from integrations.models import Heartbeat


class RunningWorker:
    """`manage.py worker` as a real process with real workers, impatient enough for a test."""

    def __init__(self, database_url: str, log: Path, **environment: str) -> None:
        self._log = log
        arguments = manage("worker", "--stale-after", "4", "--beat-every", "0.3", "--stop-within", "5")
        own = {"DATABASE_URL": database_url, "LOG_FORMAT": "json", "QUEUE_WORKERS": "1", **environment}
        with log.open("wb") as output:
            self.process = subprocess.Popen(arguments, env={**os.environ, **own}, stdout=output, stderr=output)

    def events(self, name: str) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [record for record in records if record["event"] == name]

    def wait_until(self, happened: Callable[[], bool], *, within: float = 30) -> None:
        deadline = time.monotonic() + within
        while not happened():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def wait_for_a_beat_of_child(self, number: int) -> None:
        self.wait_until(lambda: Heartbeat.objects.filter(worker__endswith=f"-{self.process.pid}-{number}").exists())

    @property
    def cluster(self) -> int:
        """The process group of the cluster that was started last."""
        pid: int = self.events("worker.started")[-1]["pid"]
        return pid

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        self.process.wait(timeout=20)


def group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True
