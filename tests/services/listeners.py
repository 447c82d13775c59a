"""Small servers that take alerts: a chat's webhook over HTTP and a mail server over SMTP, for real."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Chat:
    """A webhook that keeps what it is told, and answers with `status`."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


@contextmanager
def chat() -> Iterator[Chat]:
    """Runs a webhook on a port of its own."""
    state = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if state.status == 200:
                state.told.append(body["text"])
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/chat-secret"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Postbox:
    """A mail server that keeps the mails, or refuses them."""

    port: int = 0
    refuses: bool = False
    mails: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)


@contextmanager
def postbox() -> Iterator[Postbox]:
    """Runs a mail server that speaks as much SMTP as it takes to hand over a mail."""
    state = Postbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "QUIT":
                    self.say("221 bye")
                    return
                if verb == "RCPT":
                    state.recipients.append(line.partition("<")[2].partition(">")[0])
                    self.say("550 no such user" if state.refuses else "250 ok")
                elif verb == "DATA":
                    self.say("354 go on")
                    state.mails.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
                    self.say("250 taken")
                else:
                    self.say("250 ok")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
