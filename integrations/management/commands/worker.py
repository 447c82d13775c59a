from __future__ import annotations

import os
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils import timezone

from integrations.management.processes import ProcessGroup, manage
from integrations.services import schedules, workers
from integrations.services.supervisor import Patience, Supervisor, Surroundings

SHORTEST_STALE_AFTER = 90.0
SPARE_SECONDS = 30.0
BEAT_EVERY = 5.0
STOP_WITHIN = 20.0
LONGEST_DELAY = 30.0


class Command(BaseCommand):
    help = "Runs the queue's workers, and replaces them when they die or hang. Stop it with SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--stale-after",
            type=float,
            default=max(
                SHORTEST_STALE_AFTER, settings.SYNC_CHUNK_SECONDS + sum(settings.SYNC_HTTP_TIMEOUT) + SPARE_SECONDS
            ),
            metavar="SECONDS",
            help="replace the workers when no task has come through for so long; must be longer than a chunk takes "
            "(default: %(default)s)",
        )
        parser.add_argument(
            "--beat-every",
            type=float,
            default=BEAT_EVERY,
            metavar="SECONDS",
            help="look at the workers, and give an idle queue a task, so often (default: %(default)s)",
        )
        parser.add_argument(
            "--stop-within",
            type=float,
            default=STOP_WITHIN,
            metavar="SECONDS",
            help="when stopping, wait so long for running tasks; they are taken up again later (default: %(default)s)",
        )

        parser.add_argument(
            "--longest-delay",
            type=float,
            default=LONGEST_DELAY,
            metavar="SECONDS",
            help="wait at most so long before starting workers that keep ending soon again (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        workers.forget_old_beats()
        schedules.ensure()
        Supervisor(
            f"{socket.gethostname()}-{os.getpid()}",
            Surroundings(
                start=_start_cluster,
                latest_beat=_latest_beat,
                request_beat=workers.request_beat,
                now=timezone.now,
                pause=stop.wait,
                sleep=time.sleep,
            ),
            Patience(
                stale_after=options["stale_after"],
                beat_every=options["beat_every"],
                stop_within=options["stop_within"],
                longest_delay=options["longest_delay"],
            ),
        ).run()


def _start_cluster(worker: str) -> ProcessGroup:
    command = manage("cluster", "--supervisor", str(os.getpid()))
    return ProcessGroup(command, environment={workers.WORKER_VARIABLE: worker})


def _latest_beat(worker: str) -> datetime | None:
    # A command has no request whose end would renew a connection that the database has dropped.
    close_old_connections()
    return workers.latest_beat(worker)
