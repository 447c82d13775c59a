from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.chaos.cases import PEOPLE
from tests.chaos.ground import own_ground
from tests.chaos.world import World, a_world

HEADINGS = ("fault", "times", "people", "duplicates", "lost", "double enrolments", "recovered in (s)")


@pytest.fixture(scope="module")
def world(django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all faults, in step on both sides to begin with: each fault only costs what it does itself."""
    folder = tmp_path_factory.mktemp("world")
    with (
        django_db_blocker.unblock(),
        own_ground(folder) as ground,
        a_world(ground, folder, PEOPLE) as world,
    ):
        world.keep_workers(1)
        world.live_a_little()
        world.assert_all_is_well(world.run())
        yield world


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each fault did."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    rows = [
        value
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == "chaos"
    ]
    if not rows:
        return
    terminalreporter.section("chaos")
    for cells in (HEADINGS, *sorted(rows)):
        terminalreporter.write_line(f"{cells[0]:34}" + "".join(f"{cell!s:>18}" for cell in cells[1:]))
    times = sum(row[1] for row in rows)
    terminalreporter.write_line(f"{times} faults of {len({row[0] for row in rows})} kinds")
