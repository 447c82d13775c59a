"""The processes of a cluster, by what they do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from enum import IntEnum


class Member(IntEnum):
    """What a cluster's guard starts, in that order; there is one worker in these tests."""

    WORKER = 0
    MONITOR = 1
    PUSHER = 2


def guard_of(cluster: int) -> int:
    """The process that watches over the others."""
    return _children(cluster)[0]


def member_of(cluster: int, member: Member) -> int:
    """One of those that the guard watches over."""
    return _children(guard_of(cluster))[member]


def send(number: signal.Signals, pid: int) -> None:
    """To one process; one that is gone already does not mind."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def send_to_all(number: signal.Signals, cluster: int) -> None:
    """To every process of a cluster."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(cluster, number)


def _children(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in table.splitlines()]
    return sorted(int(pid) for pid, ppid in pairs if int(ppid) == parent)
