from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.models import Connection
from integrations.services.configuration import export_configuration


class Command(BaseCommand):
    help = "Prints connections, steps and their rows as YAML, without secrets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", help="the name of the one connection to print. Default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = None
        if options["connection"]:
            found = Connection.objects.filter(name=options["connection"])
            if len(found) != 1:
                names = ", ".join(f"“{each}”" for each in Connection.objects.all()) or "none"
                raise CommandError(f"{len(found)} connections are named “{options['connection']}”; there are: {names}.")
            connection = found[0]
        self.stdout.write(export_configuration(connection), ending="")
