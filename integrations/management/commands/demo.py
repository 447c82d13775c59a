from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.management.company import Company, Member, MemberEndedError, answers, port_is_free
from integrations.management.processes import manage
from integrations.services import workers
from integrations.services.demo import prepare

USER_NAME = "demo"
STATE_FILE = "sandbox.state"
OTHER_WAYS_TO_STOP = (signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = "Runs the whole demo on this machine, sandbox, workers and web pages, until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help=f"only make the database, the user {USER_NAME!r}, the demo's accounts and their connection; "
            "may be repeated, which sets the user's password anew",
        )
        parser.add_argument("--web-port", type=int, default=settings.WEB_PORT, help="default: WEB_PORT, %(default)s")
        parser.add_argument(
            "--sandbox-port", type=int, default=settings.SANDBOX_PORT, help="default: SANDBOX_PORT, %(default)s"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IN_PRODUCTION:
            raise CommandError("The demo is not for production: its accounts and secrets are public.")
        sandbox_port: int = options["sandbox_port"]
        if options["prepare"]:
            moved = sandbox_port != settings.SANDBOX_PORT
            self._prepare(sandbox_port, _local(sandbox_port) if moved else settings.SANDBOX_URL)
        else:
            self._run(sandbox_port, options["web_port"])

    def _prepare(self, sandbox_port: int, sandbox_url: str) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write("The database is ready.")
        password = settings.DEMO_PASSWORD or secrets.token_urlsafe(9)
        user, _ = get_user_model().objects.update_or_create(
            username=USER_NAME, defaults={"is_staff": True, "is_superuser": True, "is_active": True}
        )
        user.set_password(password)
        user.save(update_fields=["password"])
        self.stdout.write(f"The user is ready: {USER_NAME}, password {password}")
        with _company() as company:
            if not answers(sandbox_url):
                self._start_sandbox(company, sandbox_port)
            prepare(sandbox_url)
        self.stdout.write("The accounts and their connection are ready.")

    def _run(self, sandbox_port: int, web_port: int) -> None:
        _refuse_if_taken(sandbox_port, "sandbox", "SANDBOX_PORT", "--sandbox-port")
        _refuse_if_taken(web_port, "web pages", "WEB_PORT", "--web-port")
        if sandbox_port != settings.SANDBOX_PORT:
            # Where the web pages' processes find its sign-in.
            os.environ["SANDBOX_URL"] = _local(sandbox_port)
        if not settings.PUBLIC_URL:
            # The sandbox delivers its webhooks to this machine.
            os.environ["PUBLIC_URL"] = _local(web_port)
        for number in OTHER_WAYS_TO_STOP:
            signal.signal(number, signal.default_int_handler)
        try:
            self._run_until_interrupted(sandbox_port, web_port)
        except KeyboardInterrupt:
            self.stdout.write("Everything has stopped.")

    def _run_until_interrupted(self, sandbox_port: int, web_port: int) -> None:
        with _company() as company:
            self.stdout.write("Starting the sandbox, the workers and the web pages ...")
            self._start_sandbox(company, sandbox_port)
            company.start(_worker(), _web(web_port))
            self.stdout.write(
                f"\n  Open {_local(web_port)}/admin/\n  Log in as {USER_NAME}, password "
                f"{settings.DEMO_PASSWORD or '(as --prepare has printed it)'}\n\n"
                f"The sandbox, with its keys and controls, is at {_local(sandbox_port)}/\n"
                f"Everything is kept in {settings.VAR_DIR}, logs too; delete that folder to begin anew.\n"
                "Ctrl-C stops everything."
            )
            while True:
                company.raise_if_one_ended()
                time.sleep(0.5)

    def _start_sandbox(self, company: Company, port: int) -> None:
        earlier = _set_aside()
        company.start(_sandbox(port))
        for file in sorted(_set_aside() - earlier):
            # The sandbox says so too, in a log that its next start overwrites.
            self.stderr.write(
                f"The sandbox's records could not be read and are now {file}. The sandbox has begun anew, so people "
                f"who were linked before may be missing in it; delete {settings.VAR_DIR} to begin wholly anew."
            )


@contextmanager
def _company() -> Iterator[Company]:
    company = Company(settings.VAR_DIR / "log")
    try:
        yield company
    except MemberEndedError as error:
        raise CommandError(str(error)) from error
    finally:
        # A second Ctrl-C would leave processes behind.
        signals = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *OTHER_WAYS_TO_STOP)}
        company.stop()
        for number, handler in signals.items():
            signal.signal(number, handler)


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _sandbox(port: int) -> Member:
    command = manage("sandbox", "--port", str(port), "--state", str(settings.VAR_DIR / STATE_FILE))
    return Member("sandbox", command, lambda: answers(_local(port)))


def _set_aside() -> set[Path]:
    return set(settings.VAR_DIR.glob(f"{STATE_FILE}.unreadable-*"))


def _worker() -> Member:
    began = timezone.now()
    command = manage("worker", "--beat-every", "2", "--stop-within", "5")
    return Member("worker", command, lambda: workers.any_beat_since(began))


def _web(port: int) -> Member:
    # One process with threads: the pages wait for the database far more than they compute.
    gunicorn = [sys.executable, "-m", "gunicorn", "syncadmin.wsgi", "--bind", f"127.0.0.1:{port}"]
    return Member(
        "web-server", [*gunicorn, "--threads", "8", "--no-control-socket"], lambda: answers(f"{_local(port)}/healthz")
    )


def _refuse_if_taken(port: int, what: str, variable: str, option: str) -> None:
    if not port_is_free(port):
        raise CommandError(
            f"Port {port}, which the {what} would use, is taken by another program. Stop that one, or choose another "
            f"port with {variable} in the environment or {option}."
        )
