from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.management.processes import manage
from integrations.models import Heartbeat

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


class RunningWorker:
    """`manage.py worker` as a real process with real workers, impatient enough for a test."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._log = log
        arguments = manage("worker", "--stale-after", "4", "--beat-every", "0.3", "--stop-within", "5")
        environment = {**os.environ, "DATABASE_URL": database_url, "LOG_FORMAT": "json", "QUEUE_WORKERS": "1"}
        with log.open("wb") as output:
            self.process = subprocess.Popen(arguments, env=environment, stdout=output, stderr=output)

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


@pytest.fixture
def worker(database_url: str, tmp_path: Path) -> Iterator[RunningWorker]:
    running = RunningWorker(database_url, tmp_path / "worker.log")
    yield running
    running.process.terminate()
    running.process.wait(timeout=20)


def group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_cluster_that_hangs_while_it_looks_alive_is_replaced(worker: RunningWorker) -> None:
    worker.wait_for_a_beat_of_child(1)
    hanging = worker.events("worker.started")[0]["pid"]
    os.killpg(hanging, signal.SIGSTOP)
    worker.wait_for_a_beat_of_child(2)
    assert [event["pid"] for event in worker.events("worker.stale")] == [hanging]
    # Killed processes stay visible until whoever has inherited them takes note.
    worker.wait_until(lambda: not group_exists(hanging), within=10)


def test_a_cluster_that_is_killed_is_replaced_and_the_replacement_stops_when_asked(worker: RunningWorker) -> None:
    worker.wait_for_a_beat_of_child(1)
    os.kill(worker.events("worker.started")[0]["pid"], signal.SIGKILL)
    worker.wait_for_a_beat_of_child(2)
    assert [event["exit_code"] for event in worker.events("worker.exited")] == [-signal.SIGKILL]

    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(timeout=20) == 0
    assert not any(group_exists(event["pid"]) for event in worker.events("worker.started"))


def test_a_supervisor_that_is_killed_takes_its_cluster_with_it(worker: RunningWorker) -> None:
    worker.wait_for_a_beat_of_child(1)
    cluster = worker.events("worker.started")[0]["pid"]
    worker.process.kill()
    deadline = time.monotonic() + 15
    while group_exists(cluster):
        assert time.monotonic() < deadline
        time.sleep(0.1)
