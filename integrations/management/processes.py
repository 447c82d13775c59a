from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings


class ProcessGroup:
    """A command of ours with everything it starts, in a session of its own.

    The terminal's Ctrl-C does not reach it, so whoever started it decides how it ends; and its descendants can be ended
    together, also those whose parent has died. Output goes to `log`, which is started anew, or is inherited.
    """

    def __init__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str] | None = None, log: Path | None = None
    ) -> None:
        output = log.open("wb") if log else None
        try:
            self._process = subprocess.Popen(  # noqa: S603
                arguments,
                cwd=settings.BASE_DIR,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            if output:
                output.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        return self._process.poll()

    def ask_to_stop(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        # SIGKILL ends processes that are stopped or hang in a lock as well.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def manage(*arguments: str) -> list[str]:
    """The command line of one of our management commands under this same Python."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
