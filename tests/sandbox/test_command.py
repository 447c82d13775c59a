from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_serves_what_it_prints_until_it_is_interrupted() -> None:
    command = [sys.executable, "manage.py", "sandbox", "--port", "0", "--people", "3", "--no-limits"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found is not None
            people = requests.get(
                f"{found[0]}/pipedrive/api/v2/persons", headers={"x-api-token": "sandbox-pipedrive-token"}, timeout=5
            ).json()
            options = requests.get(f"{found[0]}/_sandbox/options", timeout=5).json()
        finally:
            process.send_signal(signal.SIGINT)
        output = process.stdout.read()

    assert len(people["data"]) == 3
    assert (options["pipedrive"]["limits"], options["replyio"]["limits"]) == (False, False)
    assert "sandbox-reply-key" in output
    assert process.returncode == 0


@pytest.mark.parametrize("option", ["pipedrive.plan=free", "pipedrive.colour=red", "plan"])
def test_an_option_that_makes_no_sense_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match=option.partition("=")[0]):
        call_command("sandbox", "--option", option, "--port", "0")


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} cannot be used"):
            call_command("sandbox", "--port", str(port), "--people", "0")


def test_a_variable_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PEOPLE", "many")

    with pytest.raises(CommandError, match="SANDBOX_PEOPLE"):
        call_command("sandbox", "--port", "0")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_records_outlive_the_command_in_a_state_file(tmp_path: Path, how: signal.Signals) -> None:
    file = tmp_path / "sandbox.state"
    first = _served(file, how, {"product": "pipedrive", "id": 1, "fields": {"name": "Zoe Renamed"}})
    second = _served(file, how, None)

    assert "Zoe Renamed" in first
    assert second == first


def _served(file: Path, how: signal.Signals, change: dict[str, object] | None) -> str:
    command = [sys.executable, "manage.py", "sandbox", "--port", "0", "--people", "3", "--state", str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found is not None
            if change is not None:
                requests.post(f"{found[0]}/_sandbox/change", json=change, timeout=5).raise_for_status()
            return requests.get(f"{found[0]}/_sandbox/state", timeout=5).text
        finally:
            process.send_signal(how)
            process.wait(20)
