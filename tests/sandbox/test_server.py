from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from integrations.sandbox.build import build_sandbox
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.server import ThreadedSandboxServer
from tests.sandbox.door import PIPEDRIVE_TOKEN, REPLY_KEY

TOKEN = {"x-api-token": PIPEDRIVE_TOKEN}


@pytest.fixture
def server() -> Iterator[ThreadedSandboxServer]:
    options = SandboxOptions().without_limits().with_values({"pipedrive.webhook_retry_scale": 0.01})
    with ThreadedSandboxServer(build_sandbox(options, 20)) as running:
        yield running


def fail(server: ThreadedSandboxServer, **rule: Any) -> None:
    assert requests.post(f"{server.url}/_sandbox/faults", json=rule, timeout=5).status_code == 200


def test_both_products_answer_over_http(server: ThreadedSandboxServer) -> None:
    persons = requests.get(f"{server.url}/pipedrive/api/v2/persons", headers=TOKEN, timeout=5)
    whoami = requests.get(
        f"{server.url}/reply/v3/whoami", headers={"Authorization": f"Bearer {REPLY_KEY}"}, timeout=5
    )  # fmt: skip

    assert len(persons.json()["data"]) == 20
    assert persons.headers["x-ratelimit-reset"] == "2"
    assert whoami.status_code == 200


def test_it_listens_on_this_machine_only(server: ThreadedSandboxServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_a_connection_serves_many_calls(server: ThreadedSandboxServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    connection.connect()
    used = connection.sock
    for number in range(1, 6):
        connection.request("GET", f"/pipedrive/api/v2/persons/{number}", headers=TOKEN)
        assert json.loads(connection.getresponse().read())["data"]["id"] == number
    assert connection.sock is used
    connection.close()


def test_bodies_in_chunks_and_after_a_go_ahead_are_read(server: ThreadedSandboxServer) -> None:
    body = json.dumps({"name": "Chunked Person"}).encode()
    url = f"{server.url}/pipedrive/api/v2/persons"

    chunked = requests.post(url, data=iter((body[:5], body[5:])), headers=TOKEN, timeout=5)
    assert chunked.json()["data"]["name"] == "Chunked Person"

    with socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=5) as raw:  # type: ignore[arg-type]
        head = f"POST /pipedrive/api/v2/persons HTTP/1.1\r\nx-api-token: {PIPEDRIVE_TOKEN}\r\n"
        raw.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 100 Continue")
        raw.sendall(body)
        assert raw.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_reset_connection_gives_no_answer(server: ThreadedSandboxServer) -> None:
    fail(server, kind="reset")

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/pipedrive/api/v2/persons/1", headers=TOKEN, timeout=5)


def test_a_lost_answer_leaves_the_write_in_place(server: ThreadedSandboxServer) -> None:
    url = f"{server.url}/pipedrive/api/v2/persons"
    fail(server, kind="answer_lost", method="POST")

    with pytest.raises(requests.ConnectionError):
        requests.post(url, json={"name": "Lost Answer"}, headers=TOKEN, timeout=5)

    assert len(requests.get(url, headers=TOKEN, timeout=5).json()["data"]) == 21


def test_a_cut_body_breaks_off(server: ThreadedSandboxServer) -> None:
    fail(server, kind="truncated")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{server.url}/pipedrive/api/v2/persons", headers=TOKEN, timeout=5)


def test_a_late_answer_does_not_hold_up_others(server: ThreadedSandboxServer) -> None:
    fail(server, kind="latency", seconds=1.0, path="/persons/1$")
    url = f"{server.url}/pipedrive/api/v2/persons"
    late = threading.Thread(target=lambda: requests.get(f"{url}/1", headers=TOKEN, timeout=5))
    late.start()
    time.sleep(0.1)

    began = time.monotonic()
    requests.get(f"{url}/2", headers=TOKEN, timeout=5)

    assert time.monotonic() - began < 0.7
    late.join()


def test_the_api_domain_of_oauth_is_where_the_sandbox_is(server: ThreadedSandboxServer) -> None:
    form = {"client_id": "sandbox-client", "redirect_uri": "https://x.example/", "decision": "allow", "user_id": "101"}
    consent = requests.post(f"{server.url}/pipedrive/oauth/authorize", data=form, allow_redirects=False, timeout=5)
    code = consent.headers["Location"].partition("code=")[2]
    granted = requests.post(
        f"{server.url}/pipedrive/oauth/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": "https://x.example/"},
        auth=("sandbox-client", "sandbox-secret"),
        timeout=5,
    ).json()

    assert granted["api_domain"] == f"{server.url}/pipedrive"
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}
    assert requests.get(f"{granted['api_domain']}/v1/users/me", headers=bearer, timeout=5).status_code == 200


class Receiver(BaseHTTPRequestHandler):
    """Refuses the first delivery."""

    heard: list[Any] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((json.loads(body), self.headers["Authorization"]))
        self.send_response(500 if len(self.heard) == 1 else 204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_webhooks_are_really_sent_and_tried_again(server: ThreadedSandboxServer) -> None:
    Receiver.heard = []
    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        hook = {
            "subscription_url": f"http://127.0.0.1:{receiver.server_port}/", "event_action": "change",
            "event_object": "person", "name": "Sync", "http_auth_user": "u", "http_auth_password": "p",
        }  # fmt: skip
        requests.post(f"{server.url}/pipedrive/v1/webhooks", json=hook, headers=TOKEN, timeout=5)
        requests.patch(
            f"{server.url}/pipedrive/api/v2/persons/1", json={"name": "New Name"}, headers=TOKEN, timeout=5
        )  # fmt: skip
        deadline = time.monotonic() + 5
        while len(Receiver.heard) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        receiver.shutdown()

    (first, basic), (second, _) = Receiver.heard
    assert (first["meta"]["attempt"], second["meta"]["attempt"]) == (1, 2)
    assert first["meta"]["id"] == second["meta"]["id"]
    assert first["data"]["name"] == "New Name"
    assert basic == "Basic dTpw"


def test_a_mistake_of_the_sandbox_is_told_and_not_dropped(
    server: ThreadedSandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(server.sandbox.products["pipedrive"], "state")

    answer = requests.get(f"{server.url}/pipedrive/v1/users/me", headers=TOKEN, timeout=5)

    assert answer.status_code == 500
    assert "AttributeError" in answer.json()["error"]
