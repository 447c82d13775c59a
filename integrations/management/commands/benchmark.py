from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from integrations.management.benchmarks.measuring import Measurement
from integrations.management.benchmarks.scenarios import Scenarios
from integrations.management.benchmarks.surroundings import clusters, empty_database, served


class Command(BaseCommand):
    help = "Measures syncs against a sandbox of its own, in a database of its own, and prints a table or JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, nargs="+", default=[1_000], help="sizes (default: 1000)")
        parser.add_argument("--limits", action="store_true", help="with the products' limits, which then set the pace")
        parser.add_argument(
            "--clusters",
            type=int,
            default=0,
            metavar="N",
            help="by so many real clusters; CPU time, queries and memory are then not measured "
            "(default: 0, in one process that is measured)",
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        found: list[Measurement] = []
        number, limits = options["clusters"], options["limits"]
        for people in options["people"]:
            with empty_database(), served(people, limits=limits) as sandbox:
                scenarios = Scenarios(sandbox, people, limits=limits, by_clusters=bool(number))
                with clusters(number) if number else nullcontext():
                    found += scenarios.measured()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], indent=2))
        else:
            self._print(found)

    def _print(self, found: list[Measurement]) -> None:
        rows = [list(COLUMNS), *([column(each) for column in COLUMNS.values()] for each in found)]
        widths = [max(len(row[number]) for row in rows) for number in range(len(COLUMNS))]
        for row in rows:
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            self.stdout.write(" | ".join(["", row[0].ljust(widths[0]), *cells[1:], ""]).strip(" "))


def _of_least(spent: int, least: int) -> str:
    return f"{spent:,} / {least:,} = {spent / least:.2f}" if least else f"{spent:,}"


def _per_thousand(amount: float, people: int) -> str:
    return f"{amount * 1_000 / people:,.2f}" if amount else "-"


COLUMNS: dict[str, Callable[[Measurement], str]] = {
    "scenario": lambda each: each.scenario,
    "people": lambda each: f"{each.people:,}",
    "seen": lambda each: f"{each.seen:,}",
    "written": lambda each: f"{each.written:,}",
    "Pipedrive tokens / least": lambda each: _of_least(each.pipedrive_tokens, each.least_pipedrive_tokens),
    "Reply calls / least": lambda each: _of_least(each.reply_calls, each.least_reply_calls),
    "violations": lambda each: str(each.violations),
    "seconds": lambda each: f"{each.seconds:.1f}",
    "by limits": lambda each: f"{each.limit_seconds:.1f}",
    "people/s": lambda each: f"{each.seen / each.plan_apply_seconds:,.0f}" if each.plan_apply_seconds else "-",
    "planned/s": lambda each: f"{each.seen / each.plan_seconds:,.0f}" if each.plan_seconds else "-",
    "CPU s per 1,000": lambda each: _per_thousand(each.cpu_seconds, each.people),
    "queries per 1,000": lambda each: _per_thousand(each.queries, each.people),
    "peak MB": lambda each: f"{each.peak_megabytes:.0f}" if each.peak_megabytes else "-",
}
