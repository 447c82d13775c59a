"""The files that deploy an installation, as far as they can be read without running them."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.db import connection

BASE = Path(settings.BASE_DIR)
UNITS = sorted((BASE / "deploy" / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((BASE / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def our_commands(words: list[str]) -> None:
    """Every `manage.py` command that is named must exist."""
    for before, command in itertools.pairwise(words):
        if before.endswith("manage.py"):
            assert command in get_commands(), command


def test_compose_runs_commands_that_there_are_and_waits_for_the_migration() -> None:
    for name, service in SERVICES.items():
        our_commands(service.get("command", []))
        our_commands(service.get("healthcheck", {}).get("test", []))
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES, f"{name} waits for {needed}"
    for name in ("web", "worker"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"redis", "sandbox"}


def test_no_process_of_ours_in_compose_may_write_or_gain_rights_and_only_web_is_reached_from_the_host() -> None:
    ours = {name: service for name, service in SERVICES.items() if service.get("image") == "syncadmin"}
    assert set(ours) == {"migrate", "web", "worker", "sandbox"}
    for service in ours.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${WEB_PORT:-8000}:8000"]}


def test_compose_gives_only_variables_that_the_settings_read() -> None:
    known = set(re.findall(r"^([A-Z_]+)=", (BASE / ".env.example").read_text(), re.MULTILINE))
    assert set(COMPOSE["x-app"]["environment"]) <= known


def test_the_image_is_built_in_two_stages_runs_as_nobody_special_and_copies_what_the_context_has() -> None:
    text = (BASE / "Dockerfile").read_text().replace("\\\n", " ")
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", text, re.MULTILINE)
    assert [name for _, name in stages] == ["build", ""]
    last = text.rpartition("FROM ")[2]
    assert "USER syncadmin" in last
    assert "RUN pip" not in last
    ignored = (BASE / ".dockerignore").read_text().splitlines()
    for path in [line.lstrip("!") for line in ignored if line.startswith("!")]:
        assert (BASE / path).exists(), path
    script = re.findall(r'"(deploy/container/\w+\.py)"', last)
    assert script
    assert all((BASE / path).is_file() for path in script)


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="once is enough")
def test_what_the_image_is_built_from_is_enough_for_its_build_step(tmp_path: Path) -> None:
    """The step itself, as the file has it, in a folder with nothing but what the build context holds."""
    lines = (BASE / ".dockerignore").read_text().splitlines()
    leave_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    for path in [line.lstrip("!") for line in lines if line.startswith("!")]:
        if (BASE / path).is_dir():
            shutil.copytree(BASE / path, tmp_path / path, ignore=leave_out)
        else:
            shutil.copy(BASE / path, tmp_path / path)
    text = (BASE / "Dockerfile").read_text().replace("\\\n", " ")
    (step,) = [line.removeprefix("RUN ") for line in text.splitlines() if "collectstatic" in line and "RUN " in line]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "-ec", step], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "var" / "static" / "integrations").glob("sync.*.css.gz"))


def test_the_health_check_of_the_image_tells_an_answer_from_none() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_ours = (self.path, self.headers["Host"]) == ("/healthz", "sync.example.com")
            self.send_response(200 if is_ours else 400)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    def check(port: int) -> int:
        environment = {"ALLOWED_HOSTS": "sync.example.com,other", "PORT": str(port)}
        command = [sys.executable, str(BASE / "deploy" / "container" / "healthy.py")]
        return subprocess.run(command, env=environment, capture_output=True, timeout=30).returncode

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        assert check(server.server_port) == 0
        server.shutdown()
    assert check(server.server_port) == 1


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_run_commands_that_there_are(unit: Path) -> None:
    lines = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[0] in ("/opt/syncadmin/.venv/bin/python", "/opt/syncadmin/.venv/bin/gunicorn")
        our_commands(words)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # It wants every program to be there.
        text = re.sub(r"/opt/syncadmin/\.venv/bin/\w+", sys.executable, unit.read_text())
        (tmp_path / unit.name.replace("@", "@1")).write_text(text)
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
