from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from integrations.management.company import Company, Member, MemberEndedError, answers, port_is_free


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path / "log")
    yield company
    company.stop(within=5)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def python(name: str, code: str, *, ready: bool = True) -> Member:
    return Member(name, [sys.executable, "-u", "-c", code], lambda: ready)


def test_a_port_in_use_is_told_before_anything_starts(taken_port: int) -> None:
    with pytest.raises(CommandError, match=f"Port {taken_port}, which the web pages would use, is taken.*WEB_PORT"):
        call_command("demo", "--web-port", taken_port, "--sandbox-port", free_port())


def test_production_has_no_demo(settings: Settings) -> None:
    settings.IN_PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        call_command("demo")


@pytest.mark.django_db(transaction=True)
def test_preparing_tells_that_the_sandboxs_records_could_not_be_read(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    (tmp_path / "sandbox.state").write_text("not a state")
    out, told = StringIO(), StringIO()

    call_command("demo", "--prepare", "--sandbox-port", free_port(), stdout=out, stderr=told)

    (aside,) = tmp_path.glob("*.unreadable-*")
    assert f"could not be read and are now {aside}" in told.getvalue()
    assert "The accounts and their connection are ready." in out.getvalue()
    assert (tmp_path / "sandbox.state").exists()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_free_port_is_seen_as_free() -> None:
    assert port_is_free(free_port())


def test_members_are_ready_when_they_answer_and_gone_after_the_stop(company: Company) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    server = Member(
        "server", [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], lambda: answers(url)
    )
    company.start(server)
    assert answers(url)
    company.stop()
    assert not answers(url)


def test_a_member_that_ends_is_named_with_its_exit_code_and_the_end_of_its_log(company: Company) -> None:
    steady = python("steady", "import time; time.sleep(60)")
    hasty = python("hasty", "print('no such table'); raise SystemExit(3)", ready=False)
    with pytest.raises(MemberEndedError) as ended:
        company.start(steady, hasty)
    assert str(ended.value).startswith("The hasty ended with exit code 3.")
    assert "  | no such table" in str(ended.value)


def test_a_member_that_never_gets_ready_is_named(company: Company) -> None:
    with pytest.raises(MemberEndedError, match=r"The slow was not ready after 0\.5 seconds"):
        company.start(python("slow", "import time; time.sleep(60)", ready=False), within=0.5)


def test_a_member_that_does_not_stop_when_asked_is_killed(company: Company) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
    member = python("stubborn", stubborn)
    company.start(member)
    while not company.log_of(member).read_text():
        time.sleep(0.05)
    began = time.monotonic()
    company.stop(within=0.5)
    assert 0.5 <= time.monotonic() - began < 5
