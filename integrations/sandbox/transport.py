"""Serves a `requests.Session` from a sandbox in the same process: no socket, no port."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from io import BytesIO
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.utils import get_encoding_from_headers

from integrations.sandbox.core import ConnectionLost, Request, Response, Sandbox


class SandboxAdapter(BaseAdapter):
    """Mount it on a session for the addresses that the sandbox is to answer.

    `sleep` is called with the seconds that an answer is late. A late answer that exceeds the call's read time-out is
    a ReadTimeout, a dropped connection a ConnectionError, a cut body a ChunkedEncodingError, as over HTTP.
    """

    def __init__(self, sandbox: Sandbox, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._sandbox = sandbox
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer the request. Raises the same exceptions as the HTTP adapter."""
        try:
            answer = self._sandbox.handle(_from_prepared(request))
        except ConnectionLost as error:
            raise requests.ConnectionError("The connection was dropped.", request=request) from error
        self._wait(answer.delay, timeout, request)
        declared = answer.headers.get("Content-Length")
        if declared is not None and int(declared) > len(answer.body):
            raise requests.exceptions.ChunkedEncodingError("The body was cut.", request=request)
        return _to_requests(answer, request)

    def close(self) -> None:
        """Nothing is held open."""

    def _wait(
        self, delay: float, timeout: float | tuple[float, float | None] | None, request: requests.PreparedRequest
    ) -> None:
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        if patience is not None and delay > patience:
            self._sleep(patience)
            raise requests.ReadTimeout("The answer is late.", request=request)
        if delay:
            self._sleep(delay)


def _from_prepared(request: requests.PreparedRequest) -> Request:
    url = request.url or ""
    parts = urlsplit(url)
    headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme, **request.headers}
    body = request.body or b""
    return Request.from_url(
        request.method or "GET", url, headers=headers, body=body.encode() if isinstance(body, str) else bytes(body)
    )


def _to_requests(answer: Response, request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = BytesIO(answer.body)
    response.url = request.url or ""
    response.request = request
    return response
