"""Two products, a connection with a step each way, a database, and clusters: what goes wrong, goes wrong here."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from django.db import connection, transaction
from django.utils import timezone

from integrations.domain.enums import Direction
from integrations.models import ApiBudget, Connection, Member, Run, RunState
from integrations.models.chunks import ChunkState
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.replyio.product import ReplySandbox
from integrations.sandbox.server import ThreadedSandboxServer
from integrations.services.runs import cancel_run, request_run
from tests.commands.running_worker import RunningWorker
from tests.journeys.installation import Installation, assert_books_balance

from .ground import BUSY_SECONDS, Ground, patiently
from .processes import send_to_all
from .strikes import CREATE, Deed, Place, Strike, Strikes, When
from .tally import Expected, Tally, addresses_of, tally, twins_among

NEW, CHANGED = 12, 8
"""People whom somebody makes, and whom somebody changes, on each side before each run."""
WITHIN = 300.0
"""Seconds that a run may take; on a quiet machine it needs a tenth."""
ENROLLED_OWNER = "48101"
STALE_AFTER = 15.0
READ_TIMEOUT, LATER_THAN_THAT = 3.0, 4.0
IMPATIENT = {
    "SYNC_LEASE_SECONDS": "3",
    "SYNC_SETTLE_SECONDS": "1",
    "SYNC_CHUNK_SECONDS": "10",
    "SYNC_HTTP_READ_SECONDS": str(READ_TIMEOUT),
    "SQLITE_BUSY_SECONDS": str(BUSY_SECONDS),
}


@dataclass(slots=True)
class World:
    """One of each, for as many faults as one likes.

    `names` are those that people must have on both sides. `over_at`, monotonic, is when the last run was over.
    """

    app: Installation
    ground: Ground
    strikes: Strikes
    folder: Path
    owners: dict[str, str]
    twins: dict[str, int]
    names: dict[str, str] = field(default_factory=dict)
    newcomers: set[str] = field(default_factory=set)
    workers: list[RunningWorker] = field(default_factory=list)
    rounds: int = 0
    over_at: float = 0.0
    _logs: int = 0
    _in_frozen_hands: dict[int, str] | None = None
    _thawed_at: datetime | None = None

    @property
    def people(self) -> int:
        """How many there are in Pipedrive."""
        return len(self.app.people())

    def start_worker(self) -> RunningWorker:
        """Another `manage.py worker`."""
        self._logs += 1
        log = self.folder / f"worker{self._logs}.log"
        worker = RunningWorker(self.ground.url, log, stale_after=STALE_AFTER, longest_delay=1, **IMPATIENT)
        self.workers.append(worker)
        return worker

    def keep_workers(self, number: int) -> None:
        """Have so many, alive and able, and nothing for them to do."""
        for run in Run.objects.active():
            cancel_run(run=run)
        self.workers = [worker for worker in self.workers if worker.process.poll() is None]
        while len(self.workers) > number:
            self.workers.pop().stop()
        while len(self.workers) < number:
            self.start_worker()
        for worker in self.workers:
            self.wait_until(worker.has_beaten)
        self.wait_until(lambda: not Run.objects.active().exists())
        # What the faults before have spent would be waited for here, and be taken for slow recovery.
        ApiBudget.objects.all().delete()

    def power_cut(self) -> None:
        """Everything of ours ends at once, and is started anew."""
        for worker in self.workers:
            worker.process.kill()
            send_to_all(signal.SIGKILL, worker.cluster)
            worker.process.wait()
        number = len(self.workers)
        self.workers.clear()
        for _ in range(number):
            self.start_worker()

    def live_a_little(self, *, new: int = NEW) -> None:
        """Somebody makes, renames and hands over people on both sides, so that a run has every kind of call to make."""
        self.rounds += 1
        app, number = self.app, self.rounds
        members = list(self.owners)
        self.newcomers = {f"r{each}.r{number}@example.com" for each in range(new)}
        for each in range(new):
            first, last, address = f"P{each}", f"Round{number}", f"p{each}.r{number}@example.com"
            owner = int(members[each % len(members)])
            emails = [{"value": address, "primary": True}]
            app.change("pipedrive", create={"name": f"{first} {last}", "emails": emails, "owner_id": owner})
            self.names[address] = f"{first} {last}"
            first, address = f"R{each}", f"r{each}.r{number}@example.com"
            app.change("reply", create={"email": address, "firstName": first, "lastName": last})
            self.names[address] = f"{first} {last}"
        self._change_some_of_the_last_round()

    def run(self, *, meanwhile: Callable[[Run], None] = lambda run: None) -> Run:
        """Sync both ways with the real workers; answers the run when it is over."""
        run = request_run(connection=self.app.connection)

        def is_over() -> bool:
            run.refresh_from_db()
            meanwhile(run)
            return not run.is_active

        self.wait_until(is_over)
        self.over_at = time.monotonic()
        return run

    def freeze_at(self, place: Place) -> list[Strike]:
        """Arm a strike that stops all of the only worker's processes in mid-call, and starts another worker."""
        frozen = self.workers[0]

        def freeze() -> None:
            with nobody_writing():
                os.kill(frozen.process.pid, signal.SIGSTOP)
                send_to_all(signal.SIGSTOP, frozen.cluster)
            self._in_frozen_hands = {}
            self.start_worker()

        strikes = [Strike(place, Deed("", freeze, When.AT), left_alone=2 if place is CREATE else 0)]
        self.strikes.armed += strikes
        return strikes

    def thaw_once_taken_over(self, run: Run) -> None:
        """Let the frozen worker go on when another has its chunk, or is done with it."""
        if self._in_frozen_hands is None:
            return
        now = dict(run.chunks.filter(state=ChunkState.RUNNING).values_list("pk", "lease"))
        self._in_frozen_hands = self._in_frozen_hands or now
        if self._in_frozen_hands != now:
            self._in_frozen_hands, self._thawed_at = None, timezone.now()
            os.kill(self.workers[0].process.pid, signal.SIGCONT)
            send_to_all(signal.SIGCONT, self.workers[0].cluster)

    def wait_for_the_thawed(self) -> None:
        """Until the worker that was frozen has carried out a task: what it was at before is over then."""
        assert self._thawed_at is not None
        thawed_at = self._thawed_at
        self.wait_until(lambda: self.workers[0].has_beaten(since=thawed_at))

    def assert_all_is_well(self, run: Run) -> None:
        """The run ended well, and accounts for everybody."""
        assert run.state == RunState.SUCCEEDED, (run.state, run.failure, self._words())
        assert_books_balance(run)
        assert not run.entries.filter(outcome__in=["planned", "failed"]).exists()

    def tally(self) -> Tally:
        """How people fared, in all rounds so far."""
        reply = self.app.control("GET", "/state")["reply"]
        expected = Expected(self.owners, self.names, self.twins, ENROLLED_OWNER, self.newcomers)
        return tally(self.app.people(), reply, len(self.strikes.enrolled_again), expected)

    def wait_until(self, happened: Callable[[], bool], *, within: float = WITHIN) -> None:
        deadline = time.monotonic() + within
        while not patiently(happened, False):
            assert time.monotonic() < deadline, self._words()
            time.sleep(0.1)

    def take_up_connection_anew(self) -> None:
        """Forget what this process remembers of accounts."""
        self.app.connection = Connection.objects.get(pk=self.app.connection.pk)

    def _change_some_of_the_last_round(self) -> None:
        before = self.rounds - 1
        people = {address: person for person in self.app.people() for address in addresses_of(person)}
        contacts = self.app.contacts()
        members = list(self.owners)
        for each in range(CHANGED):
            address = f"p{each}.r{before}@example.com"
            if address in self.names:
                self.names[address] = f"P{each} Renamed{self.rounds}"
                owner = int(members[(each + self.rounds) % len(members)])
                fields = {"name": self.names[address], "owner_id": owner}
                self.app.change("pipedrive", id=people[address]["id"], fields=fields)
            address = f"r{each}.r{before}@example.com"
            if address in self.names:
                self.names[address] = f"R{each} Renamed{self.rounds}"
                self.app.change("reply", id=contacts[address]["id"], fields={"lastName": f"Renamed{self.rounds}"})

    def _words(self) -> str:
        return "\n".join(worker.words() for worker in self.workers)


@contextmanager
def nobody_writing() -> Iterator[None]:
    """Hold SQLite's write lock. A process that is stopped while it has that lock keeps everybody else out for good."""
    try:
        with transaction.atomic():
            yield
    finally:
        connection.close()


@contextmanager
def a_world(ground: Ground, folder: Path, people: int) -> Iterator[World]:
    """A world with so many people in Pipedrive, whom Reply has not got yet."""
    sandbox = build_sandbox(SandboxOptions().without_limits(), people=people)
    strikes = Strikes(reply=cast(ReplySandbox, sandbox.products["reply"]).state)
    sandbox.faults = strikes
    with ThreadedSandboxServer(sandbox) as server:
        app = Installation.connect(sandbox, server.url)
        Connection.objects.filter(pk=app.connection.pk).update(
            brake_percent=100, brake_owner_changes=100_000, enrolment_cap=100_000
        )
        there, back = app.step(Direction.TO_OUTREACH), app.step(Direction.TO_CRM)
        # Nobody is synced for a pair with a member who left.
        left = [member.email for member in Member.objects.filter(account=app.crm) if not member.can_own]
        owners = app.map_owners(there, leave_out=left)
        app.map_owners(back)
        app.enrol(there, ENROLLED_OWNER)
        world = World(app, ground, strikes, folder, owners, twins_among(app.people()))
        try:
            yield world
        finally:
            for worker in world.workers:
                worker.stop()
            ground.let_go()
