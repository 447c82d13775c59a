from __future__ import annotations

import pytest

from tests.journeys.conftest import install

__all__ = ["install"]

HEADINGS = ("fault", "times", "people", "duplicates", "lost", "double enrolments", "recovered in (s)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each fault did. The seconds count the pauses that a worker would have waited for."""
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
        terminalreporter.write_line(f"{cells[0]:32}" + "".join(f"{cell!s:>18}" for cell in cells[1:]))
    times = sum(row[1] for row in rows)
    kinds = len({row[0] for row in rows})
    terminalreporter.write_line(f"{times} faults of {kinds} kinds (a kind is a fault at a place)")
