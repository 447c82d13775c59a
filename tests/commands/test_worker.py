from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.running_worker import RunningWorker, group_exists

pytestmark = [pytest.mark.chaos, pytest.mark.slow]


@pytest.fixture
def worker(database_url: str, tmp_path: Path) -> Iterator[RunningWorker]:
    running = RunningWorker(database_url, tmp_path / "worker.log")
    yield running
    running.stop()


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
