from __future__ import annotations

import os
import signal
from argparse import ArgumentParser, BooleanOptionalAction
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.page import KEYS
from integrations.sandbox.saved import Keeper, load_or_set_aside
from integrations.sandbox.server import SandboxServer


class Command(BaseCommand):
    help = "Serves imitations of Pipedrive and Reply.io with made-up people, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=settings.SANDBOX_PORT, help="default: SANDBOX_PORT, %(default)s"
        )
        parser.add_argument("--host", default=os.environ.get("SANDBOX_HOST", "127.0.0.1"), help="default: %(default)s")
        parser.add_argument("--people", type=int, default=_number("SANDBOX_PEOPLE", 500), help="default: %(default)s")
        parser.add_argument(
            "--seed", type=int, default=_number("SANDBOX_SEED", 7), help="the same people for the same number"
        )
        parser.add_argument(
            "--reply-overlap",
            type=int,
            default=_number("SANDBOX_REPLY_OVERLAP", 0),
            help="how many of the people Reply has from the start; default: %(default)s",
        )
        parser.add_argument(
            "--limits",
            action=BooleanOptionalAction,
            default=os.environ.get("SANDBOX_LIMITS", "true").lower() not in ("0", "false", "no", "off"),
            help="keep the products' call limits",
        )
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a plan, limit or reading, such as pipedrive.plan=lite; GET /_sandbox/options lists all",
        )
        parser.add_argument(
            "--state",
            type=Path,
            metavar="FILE",
            help="keep the records in this file and go on from it at the next start; "
            "people, seed and overlap then count for the first start only",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = _options(options["option"], limits=options["limits"])
        sandbox = build_sandbox(
            chosen, options["people"], options["seed"], reply_overlap=options["reply_overlap"]
        )  # fmt: skip
        try:
            server = SandboxServer(sandbox, options["host"], options["port"])
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error.strerror}.") from error
        file: Path | None = options["state"]
        words = load_or_set_aside(sandbox, file) if file else ""
        self._welcome(sandbox, server.url, words)
        keeping: AbstractContextManager[object] = Keeper(sandbox, file) if file else nullcontext()
        try:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with keeping:
                server.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("The sandbox has stopped.")
        finally:
            server.server_close()

    def _welcome(self, sandbox: Sandbox, url: str, words: str) -> None:
        self.stdout.write(f"The sandbox, with {len(sandbox.world.contacts)} people: {url}/")
        for name in sandbox.products:
            self.stdout.write(f"  {url}/{name}")
        for what, key in KEYS:
            self.stdout.write(f"  {what}: {key}")
        if words:
            self.stdout.write(words)
        self.stdout.flush()


def _options(named: list[str], *, limits: bool) -> SandboxOptions:
    options = SandboxOptions() if limits else SandboxOptions().without_limits()
    try:
        return options.with_values(dict(_pair(one) for one in named))
    except ValueError as error:
        raise CommandError(str(error)) from error


def _pair(named: str) -> tuple[str, str]:
    name, equals, value = named.partition("=")
    if not equals:
        raise ValueError(f"{named!r} is not NAME=VALUE.")
    return name, value


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable) or str(default)
    if not value.isdigit():
        raise CommandError(f"{variable} is {value!r}; it takes a whole number.")
    return int(value)
