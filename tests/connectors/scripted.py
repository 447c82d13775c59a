"""A transport that gives the answers it was told to give, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter

ROOT = "https://product.test"


@dataclass
class Scripted:
    """One answer. `body` is sent as JSON unless it is text."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The body's bytes."""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class ScriptedTransport(BaseAdapter):
    """Gives its answers in turn, and the last one ever after; an exception is raised instead."""

    def __init__(self, *answers: Scripted | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []
        self.timeouts: list[object] = []

    def session(self) -> requests.Session:
        """A session whose every call comes here."""
        session = requests.Session()
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The next answer."""
        self.requests.append(request)
        self.timeouts.append(options.get("timeout"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = BytesIO(answer.content())
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is held open."""
