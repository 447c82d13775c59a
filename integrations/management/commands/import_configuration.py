from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.services.configuration import ConfigurationRefused, import_configuration
from integrations.services.configuration.document import LARGEST_FILE


class Command(BaseCommand):
    help = "Shows what a YAML file of export_configuration would change here, and changes it with --apply."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--apply", action="store_true", help="change it. Default: only show the difference")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            stream = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115 -- closed below
            with stream:
                data = stream.read(LARGEST_FILE + 1)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        name = "standard input" if path == "-" else Path(path).name
        try:
            difference = import_configuration(data, apply=options["apply"], by=None, name=name)
        except ConfigurationRefused as refused:
            mistakes = "\n".join(f"  {problem}" for problem in refused.problems)
            raise CommandError(f"The file was not taken, and nothing was changed.\n{mistakes}") from None
        for line in difference.lines:
            self.stdout.write(str(line))
        for warning in difference.warnings:
            self.stdout.write(f"! {warning}")
        if not difference.lines:
            self.stdout.write("Nothing differs.")
        elif options["apply"]:
            self.stdout.write(f"Done: {len(difference.lines)} changes.")
        else:
            self.stdout.write(
                f"{len(difference.lines)} changes would be made. Nothing was changed; repeat with --apply."
            )
