from __future__ import annotations

import os
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django_q.management.commands.qcluster import Command as QClusterCommand

LOOK_EVERY = 1.0


class Command(QClusterCommand):  # type: ignore[misc]
    help = (
        "django-q2's qcluster, ended with all its processes when its supervisor is gone. `manage.py worker` starts it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--supervisor", type=int, required=True, metavar="PID", help="the process to live with")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.getpgrp() != os.getpid():
            os.setpgrp()
        threading.Thread(target=_end_with, args=(options["supervisor"],), daemon=True).start()
        super().handle(*args, **options)


def _end_with(supervisor: int) -> None:
    # A killed supervisor cannot stop anybody, and an unsupervised cluster may hang for ever.
    while os.getppid() == supervisor:
        time.sleep(LOOK_EVERY)
    os.killpg(0, signal.SIGKILL)
