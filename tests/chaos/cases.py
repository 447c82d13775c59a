"""What goes wrong, how often, and where in a run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .processes import Member, guard_of, member_of, send, send_to_all
from .strikes import (
    CHANGE,
    CREATE,
    ENROL,
    IMPORT,
    OWNER,
    PATCH,
    PLACES,
    READ,
    READ_REPLY,
    WRITES,
    Deed,
    Place,
    Strike,
    When,
    failing,
)
from .world import LATER_THAN_THAT, NEW, World

LONG = os.environ.get("CHAOS") == "long"
PEOPLE = 2_000 if LONG else 40
STORM, SHORT_STORM = 6, 3
"""Calls of one kind that fail one after the other: more than are tried in one go. After each call that is not repeated
in one go, a run pauses, and each time for twice as long."""

Arm = Callable[[World], list[Strike]]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of fault, and the strikes that a run must get over. `only_on` names the database that can have it."""

    kind: str
    arm: Arm
    workers: int = 1
    only_on: str = ""
    new: int = NEW

    def __str__(self) -> str:
        return self.kind


def answers(kind: str, places: Sequence[Place]) -> Arm:
    """A call at each place is answered wrongly, or not at all."""
    return lambda world: [
        Strike(place, failing(kind, seconds=LATER_THAN_THAT), left_alone=number % 2 if place in (CREATE, PATCH) else 0)
        for number, place in enumerate(places)
    ]


def storm(kind: str, places: Sequence[Place]) -> Arm:
    """Every call of some kinds fails, for a while."""
    return lambda world: [
        Strike(place, failing(kind))
        for place in places
        for _ in range(SHORT_STORM if place in (IMPORT, CHANGE, ENROL) else STORM)
    ]


def done(what: Callable[[World], Callable[[], None]], when: When, places: Sequence[Place]) -> Arm:
    """Something is done to our own side at a call of each place."""
    return lambda world: [
        Strike(place, Deed("", what(world), when), left_alone=2 if place in (CREATE, PATCH, CHANGE) else 0)
        for place in places
    ]


def in_turn(*arms: Arm) -> Arm:
    """All of them in one run."""
    return lambda world: [strike for arm in arms for strike in arm(world)]


def cluster_killed(world: World) -> Callable[[], None]:
    return lambda: send_to_all(signal.SIGKILL, world.workers[0].cluster)


def other_cluster_killed(world: World) -> Callable[[], None]:
    return lambda: send_to_all(signal.SIGKILL, world.workers[1].cluster)


def cluster_frozen(world: World) -> Callable[[], None]:
    return lambda: send_to_all(signal.SIGSTOP, world.workers[0].cluster)


def guard_killed(world: World) -> Callable[[], None]:
    return lambda: send(signal.SIGKILL, guard_of(world.workers[0].cluster))


def killed(member: Member) -> Callable[[World], Callable[[], None]]:
    return lambda world: lambda: send(signal.SIGKILL, member_of(world.workers[0].cluster, member))


def power_cut(world: World) -> Callable[[], None]:
    return world.power_cut


def restarted(world: World) -> Callable[[], None]:
    return world.ground.restart


def sessions_ended(world: World) -> Callable[[], None]:
    return world.ground.end_all_sessions


def locked(world: World) -> Callable[[], None]:
    return world.ground.hold_the_lock


ANSWERS = ("answer_lost", "reset", "truncated", "not_json", "status_429", "status_500", "status_503", "timeout")
SHORT_ANSWERS = ("answer_lost", "reset", "truncated", "not_json", "status_429", "status_503")


def long_cases() -> list[Case]:
    everything = in_turn(
        *(answers(kind, (READ, READ_REPLY, OWNER, CREATE, PATCH)) for kind in ANSWERS),
        answers("answer_lost", (IMPORT, CHANGE)),
        answers("status_503", (IMPORT, CHANGE, ENROL)),
        done(cluster_killed, When.SOON, WRITES),
        done(power_cut, When.AFTER, (CREATE,)),
    )
    return [
        *(Case(kind, answers(kind, PLACES)) for kind in ANSWERS),
        Case("storm of 429", storm("status_429", (READ_REPLY, OWNER, CREATE))),
        Case("storm of 500", storm("status_500", (READ, IMPORT, PATCH))),
        Case("storm of resets", storm("reset", (CHANGE, ENROL))),
        Case("cluster killed before a call", done(cluster_killed, When.BEFORE, PLACES)),
        Case("cluster killed before its record", done(cluster_killed, When.AFTER, WRITES)),
        Case("cluster killed with the answer", done(cluster_killed, When.SOON, WRITES)),
        Case("worker killed", done(killed(Member.WORKER), When.AFTER, WRITES)),
        Case("guard killed", done(guard_killed, When.AFTER, (IMPORT, CREATE))),
        Case("monitor killed", done(killed(Member.MONITOR), When.AT, (IMPORT, CREATE))),
        Case("pusher killed", done(killed(Member.PUSHER), When.AT, (IMPORT, CREATE))),
        Case("power cut", done(power_cut, When.AFTER, (IMPORT, OWNER, CREATE))),
        Case("cluster frozen", done(cluster_frozen, When.AT, (IMPORT, PATCH))),
        Case(
            "one of two clusters killed",
            in_turn(
                done(cluster_killed, When.AFTER, (IMPORT, ENROL, CREATE)),
                done(other_cluster_killed, When.AFTER, (READ_REPLY, OWNER, PATCH)),
            ),
            workers=2,
        ),
        Case("database restarted", done(restarted, When.AFTER, WRITES), only_on="postgresql"),
        Case("sessions ended", done(sessions_ended, When.AT, PLACES), only_on="postgresql"),
        Case("database locked", done(locked, When.AT, PLACES), only_on="sqlite"),
        Case("all at once, for everybody", everything, workers=2, new=PEOPLE // 2),
    ]


def short_cases() -> list[Case]:
    """What the suite has time for: each way of going wrong. That a frozen cluster is replaced is tested apart."""
    return [
        Case("each wrong answer", in_turn(*(answers(k, (p,)) for k, p in zip(SHORT_ANSWERS, WRITES, strict=True)))),
        Case("storm of 429", storm("status_429", (CREATE,))),
        Case("wrong answers to reads", in_turn(answers("truncated", (READ,)), answers("reset", (READ_REPLY,)))),
        Case("cluster killed before its record", done(cluster_killed, When.AFTER, (IMPORT, ENROL, CREATE))),
        Case("cluster killed with the answer", done(cluster_killed, When.SOON, (CHANGE, PATCH))),
        Case("power cut", done(power_cut, When.AFTER, (CREATE,))),
        Case("database restarted", done(restarted, When.AFTER, (IMPORT, CREATE)), only_on="postgresql"),
        Case("sessions ended", done(sessions_ended, When.AT, (OWNER, PATCH)), only_on="postgresql"),
        Case("database locked", done(locked, When.AT, (IMPORT, CREATE)), only_on="sqlite"),
        Case("one of two clusters killed", done(cluster_killed, When.AFTER, (IMPORT, CREATE)), workers=2),
    ]


CASES = long_cases() if LONG else short_cases()
REVOKED = (IMPORT, OWNER, ENROL, CREATE) if LONG else (CREATE,)
# A call that was just about to leave a frozen process leaves it when that thaws, and Pipedrive has no means to refuse
# it: creating there is tried in the long form, where a double tells how often that happens.
THAWED = (IMPORT, OWNER, ENROL, CREATE) if LONG else (IMPORT,)
