"""Rolodex, a made-up CRM that is as small as one can be: cards, whose keepers are colleagues, over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "rolodex-key"
PAGE = 25


@dataclass
class Rolodex:
    """Its records. `writes` counts the calls that changed something."""

    url: str = ""
    colleagues: dict[int, str] = field(default_factory=dict)
    cards: dict[int, dict[str, Any]] = field(default_factory=dict)
    writes: int = 0

    def add(self, mail: str, full_name: str, keeper: int, town: str = "") -> dict[str, Any]:
        """A new card; a mail address has one card only."""
        card = {"id": len(self.cards) + 1, "mail": mail, "full_name": full_name, "keeper": keeper, "town": town}
        self.cards[len(self.cards) + 1] = card
        return card

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON of a call with the right key."""
        if path == "/me":
            return 200, {"book": 7, "name": "The Book", "user": 1, "user_name": "Ada"}
        if path == "/colleagues":
            return 200, [{"id": number, "mail": mail} for number, mail in self.colleagues.items()]
        if path == "/cards" and method == "GET":
            after = int(query.get("after", ["0"])[0])
            wanted = [int(number) for number in query["ids"][0].split(",")] if "ids" in query else None
            cards = [c for c in self.cards.values() if c["id"] > after and (wanted is None or c["id"] in wanted)]
            return 200, cards[:PAGE]
        self.writes += 1
        if path == "/cards":
            known = next((card for card in self.cards.values() if card["mail"] == body["mail"]), None)
            return (200, known) if known else (201, self.add(**{"keeper": 1, "full_name": "", **body}))
        card = self.cards[int(path.rpartition("/")[2])]
        card |= body
        return 200, card


@contextmanager
def rolodex() -> Iterator[Rolodex]:
    """Runs it on a port of its own."""
    state = Rolodex()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            parts = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            status, data = 401, {"trouble": "Who are you?"}
            if self.headers.get("X-Key") == KEY:
                with lock:
                    status, data = state.answer(self.command, parts.path, parse_qs(parts.query), body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(data).encode())

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 -- named by http.server

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
