"""Many webhooks at a steady pace against real gunicorn workers: what is answered, how fast, and whether all is kept.

`python -m tests.load.deliveries` measures at the size that is promised, in a database of its own, and prints JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.deploy.installation import free_port

SENDERS = 40
"""Connections at a time at the most; each delivery opens one of its own."""
PATH_SECRET, USER, PASSWORD = "load-path-secret", "load-user", "load-password"
STARTS_WITHIN = 60


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery: the answer, and the seconds from when it was due, so that waiting for a free sender counts too."""

    status: int
    seconds: float


@contextmanager
def served(database_url: str) -> Iterator[str]:
    """The web pages' address, by gunicorn with two workers."""
    port = free_port()
    gunicorn = [sys.executable, "-m", "gunicorn", "syncadmin.wsgi", "--bind", f"127.0.0.1:{port}"]
    command = [*gunicorn, "--workers", "2", "--threads", "8", "--no-control-socket"]
    with tempfile.TemporaryFile() as log:
        environment = {**os.environ, "DATABASE_URL": database_url}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def send(url: str, people: Sequence[int], *, per_second: float) -> list[Delivered]:
    """Deliver one change of each of the people, at that pace, whether or not the answers keep up."""
    bodies = [delivery(person) for person in people]
    began = time.perf_counter() + 0.2
    due = iter([(began + number / per_second, body) for number, body in enumerate(bodies)])
    lock, done = threading.Lock(), list[Delivered]()

    def work() -> None:
        while True:
            with lock:
                at, body = next(due, (0.0, b""))
            if not body:
                return
            time.sleep(max(0.0, at - time.perf_counter()))
            status = _deliver(url, body)
            took = time.perf_counter() - at
            with lock:
                done.append(Delivered(status, took))

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def delivery(person: int) -> bytes:
    """A body of some two kilobytes, as Pipedrive's are."""
    record = {"id": person, "name": f"Person {person}", "custom_fields": {f"{n:040x}": None for n in range(30)}}
    meta = {
        "action": "change", "entity": "person", "entity_id": str(person), "company_id": "1", "user_id": "1",
        "attempt": 1, "webhook_id": "1", "version": "2.0", "change_source": "app", "permitted_user_ids": ["1"] * 20,
    }  # fmt: skip
    return json.dumps({"data": record, "previous": {"name": "Before"}, "meta": meta}).encode()


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _deliver(url: str, body: bytes) -> int:
    parts = urlsplit(url)
    login = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as connection:
        try:
            connection.request("POST", parts.path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return 0
        return answer.status


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("gunicorn did not start") from None
            time.sleep(0.1)


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--per-second", type=int, default=200)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "syncadmin.settings")
    import django

    django.setup()
    from django.db import connection

    from integrations.models import ChangeHint
    from tests.database_address import database_address
    from tests.load.listening import listen

    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "load.sqlite3"
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(own)
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            listen()
            people = range(1, options.seconds * options.per_second + 1)
            with served(database_address()) as base:
                url = f"{base}/hooks/pipedrive/{PATH_SECRET}/"
                send(url, [1] * 200, per_second=100)  # until both workers have their database connections
                done = send(url, people, per_second=options.per_second)
            kept = ChangeHint.objects.filter(person_external_id__in=[str(person) for person in people]).count()
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)
    seconds = [each.seconds for each in done]
    found = {
        "database": connection.vendor,
        "sent": len(people),
        "answers": dict(Counter(each.status for each in done)),
        "kept": kept,
        **{f"p{share * 100:g} ms": round(percentile(seconds, share) * 1000, 1) for share in (0.5, 0.9, 0.99, 1.0)},
        "load average": os.getloadavg()[0],
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
