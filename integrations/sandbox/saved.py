"""Keeps a sandbox's records in a file, so that a sandbox that is started again goes on where the last one ended.

The file is a pickle: load only files that a sandbox of one's own has written.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import threading
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol, cast

from integrations.sandbox import world
from integrations.sandbox.core import Clock, Sandbox
from integrations.sandbox.pipedrive import records as pipedrive_records
from integrations.sandbox.replyio import records as reply_records

SAVE_EVERY = 3.0
_CLOCK = "clock"


class UnreadableStateError(Exception):
    """A file is no state of this sandbox. The message is the end of a sentence about the file."""


class _Keeping(Protocol):
    """A product whose records are all in one attribute, as both of ours are."""

    state: Any


def save(sandbox: Sandbox, file: Path) -> None:
    """Write the records, the world and how far the clock was advanced; a half-written file never takes the place.

    Rate windows, faults, the log and webhooks under way are not kept. Raises OSError.
    """
    buffer = io.BytesIO()
    with sandbox.lock:
        _Pickler(buffer, sandbox.clock).dump(
            {
                "shape": shape_of_records(),
                "advanced": (sandbox.clock.now() - datetime.now(UTC)).total_seconds(),
                "world": sandbox.world,
                "states": {name: cast(_Keeping, product).state for name, product in sandbox.products.items()},
            }
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as out:
        out.write(buffer.getbuffer())
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def load(sandbox: Sandbox, file: Path) -> None:
    """Replace the sandbox's records with the saved ones.

    Raises UnreadableStateError, and leaves the sandbox as it was, when the file is no state that this version wrote.
    """
    try:
        with file.open("rb") as source:
            saved = _Unpickler(source, sandbox.clock).load()
        if saved["shape"] != shape_of_records():
            raise UnreadableStateError("was written by another version of the sandbox")
        states = {name: saved["states"][name] for name in sandbox.products}
        loaded_world, advanced = saved["world"], float(saved["advanced"])
    except UnreadableStateError:
        raise
    except Exception as error:  # A damaged pickle can raise anything.
        raise UnreadableStateError(f"cannot be read ({type(error).__name__}: {error})") from error
    with sandbox.lock:
        sandbox.world = loaded_world
        sandbox.clock.advance(max(0.0, advanced))
        for name, product in sandbox.products.items():
            cast(_Keeping, product).state = states[name]


def load_or_set_aside(sandbox: Sandbox, file: Path) -> str:
    """Load the file if there is one; rename one that cannot be loaded. Returns a sentence on what was done."""
    if not file.exists():
        return f"The records are kept in {file}."
    try:
        load(sandbox, file)
    except UnreadableStateError as error:
        aside = file.with_name(f"{file.name}.unreadable-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
        file.replace(aside)
        return f"{file} {error}. It is now {aside.name}; the sandbox starts anew."
    return f"The records are those of {file}."


class Keeper:
    """Saves a sandbox to its file from a daemon thread, soon after a call that may have changed something."""

    def __init__(self, sandbox: Sandbox, file: Path, every: float = SAVE_EVERY) -> None:
        self._sandbox = sandbox
        self._file = file
        self._every = every
        self._saved = -1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-keeper", daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        save(self._sandbox, self._file)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            changes = self._sandbox.changes
            if changes != self._saved:
                save(self._sandbox, self._file)
                self._saved = changes


def shape_of_records() -> str:
    """A digest of all records' field names: a pickle of other fields would load, and fail only when it is used."""
    classes = {
        f"{module.__name__}.{name}": [one.name for one in fields(kind)]
        for module in (world, pipedrive_records, reply_records)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and is_dataclass(kind)
    }
    return hashlib.sha256(repr(sorted(classes.items())).encode()).hexdigest()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, clock: Clock) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._clock = clock

    def persistent_id(self, obj: Any) -> str | None:
        """Leave the clock out: the records' clock is the running sandbox's."""
        return _CLOCK if obj is self._clock else None

    def reducer_override(self, obj: Any) -> Any:
        """Counters by their next number: Python 3.14 no longer pickles them."""
        if type(obj) is count:
            return count, (int(repr(obj)[len("count(") : -1]),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, clock: Clock) -> None:
        super().__init__(file)
        self._clock = clock

    def persistent_load(self, pid: Any) -> Any:
        """The running sandbox's clock."""
        if pid != _CLOCK:
            raise pickle.UnpicklingError(f"unknown reference {pid!r}")
        return self._clock
