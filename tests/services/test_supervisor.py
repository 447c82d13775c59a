from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integrations.services.supervisor import Patience, Supervisor, Surroundings
from integrations.services.workers import QueueAwayError, QueueLockedError

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
PATIENCE = Patience(stale_after=90, beat_every=5, stop_within=20)


@dataclass
class FakeChild:
    pid: int
    code: int | None = None
    obeys: bool = True
    asked: bool = False
    killed: bool = False

    def exit_code(self) -> int | None:
        return self.code

    def ask_to_stop(self) -> None:
        self.asked = True
        if self.obeys:
            self.code = 0

    def kill(self) -> None:
        self.killed = True
        if self.code is None:
            self.code = -9


@dataclass
class FakeWorld:
    """Time passes only while the supervisor waits. `each_second` is what happens meanwhile."""

    stop_after: float
    each_second: Callable[[FakeWorld], None] = lambda world: None
    now: datetime = START
    beats: dict[str, datetime] = field(default_factory=dict)
    requested: int = 0
    queue_away: bool = False
    queue_locked: bool = False
    children: dict[str, FakeChild] = field(default_factory=dict)
    started_at: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return (self.now - START).total_seconds()

    @property
    def youngest(self) -> str:
        return list(self.children)[-1]

    def start(self, worker: str) -> FakeChild:
        self.started_at.append(self.seconds)
        self.children[worker] = FakeChild(pid=len(self.children) + 1)
        return self.children[worker]

    def latest_beat(self, worker: str) -> datetime | None:
        if self.queue_away:
            raise QueueAwayError("connection refused")
        return self.beats.get(worker)

    def request_beat(self) -> None:
        if self.queue_locked:
            raise QueueLockedError("database is locked")
        self.requested += 1

    def beat(self) -> None:
        self.beats[self.youngest] = self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def pause(self, seconds: float) -> bool:
        until = self.now + timedelta(seconds=seconds)
        while self.now < until and self.seconds < self.stop_after:
            self.now = min(until, self.now + timedelta(seconds=1))
            self.each_second(self)
        return self.seconds >= self.stop_after

    def run(self, patience: Patience = PATIENCE) -> None:
        surroundings = Surroundings(
            start=self.start,
            latest_beat=self.latest_beat,
            request_beat=self.request_beat,
            now=lambda: self.now,
            pause=self.pause,
            sleep=self.sleep,
        )
        Supervisor("host-7", surroundings, patience).run()


def test_a_child_that_beats_is_left_alone_and_asked_to_stop_in_the_end() -> None:
    world = FakeWorld(stop_after=3600, each_second=FakeWorld.beat)
    world.run()
    assert list(world.children) == ["host-7-1"]
    assert world.children["host-7-1"].asked
    assert world.requested > 700


def test_a_child_that_goes_silent_with_the_database_s_write_lock_is_killed() -> None:
    def hang_with_the_lock(world: FakeWorld) -> None:
        world.queue_locked = world.seconds > 60 and world.youngest == "host-7-1"
        if not world.queue_locked:
            world.beat()

    world = FakeWorld(stop_after=600, each_second=hang_with_the_lock)
    world.run()
    assert list(world.children) == ["host-7-1", "host-7-2"]


def test_a_child_that_goes_silent_is_killed_and_replaced_under_a_new_name() -> None:
    def beat_for_a_while(world: FakeWorld) -> None:
        if world.seconds <= 100 or world.youngest == "host-7-2":
            world.beat()

    world = FakeWorld(stop_after=600, each_second=beat_for_a_while)
    world.run()
    assert list(world.children) == ["host-7-1", "host-7-2"]
    assert world.children["host-7-1"].killed
    assert not world.children["host-7-1"].asked
    assert 190 < world.started_at[1] <= 196


def test_a_child_that_never_beats_gets_as_much_time_as_one_that_went_silent() -> None:
    world = FakeWorld(stop_after=200)
    world.run()
    assert 90 < world.started_at[1] <= 96


def test_a_child_that_starts_slowly_is_not_taken_for_one_that_went_silent() -> None:
    world = FakeWorld(stop_after=200, each_second=lambda world: world.beat() if world.seconds > 60 else None)
    world.run(Patience(stale_after=20, beat_every=5, stop_within=20))
    assert list(world.children) == ["host-7-1"]


def test_a_child_that_exits_is_replaced_at_the_next_look_and_its_orphans_are_killed() -> None:
    def die_at_100(world: FakeWorld) -> None:
        world.beat()
        if world.seconds == 100:
            world.children["host-7-1"].code = 1

    world = FakeWorld(stop_after=300, each_second=die_at_100)
    world.run()
    assert world.started_at == [0, 100]
    assert world.children["host-7-1"].killed


def test_children_that_cannot_start_are_retried_more_and_more_slowly() -> None:
    def die_at_once(world: FakeWorld) -> None:
        world.children[world.youngest].code = 1

    world = FakeWorld(stop_after=240, each_second=die_at_once)
    world.run()
    gaps = [later - earlier for earlier, later in zip(world.started_at, world.started_at[1:], strict=False)]
    assert gaps[:7] == [6, 7, 9, 13, 21, 35, 35]


def test_a_queue_that_is_away_is_no_reason_to_kill_even_when_it_comes_back() -> None:
    def lose_the_database(world: FakeWorld) -> None:
        world.queue_away = 10 <= world.seconds < 400
        if not world.queue_away and world.seconds != 400:
            world.beat()

    world = FakeWorld(stop_after=600, each_second=lose_the_database)
    world.run()
    assert list(world.children) == ["host-7-1"]


def test_a_child_that_does_not_stop_when_asked_is_killed_when_the_time_is_up() -> None:
    world = FakeWorld(stop_after=50, each_second=FakeWorld.beat)
    start = world.start

    def start_a_stubborn_one(worker: str) -> FakeChild:
        child = start(worker)
        child.obeys = False
        return child

    world.start = start_a_stubborn_one  # type: ignore[method-assign]
    world.run()
    child = world.children["host-7-1"]
    assert child.asked
    assert child.killed
    assert 70 <= world.seconds < 71
