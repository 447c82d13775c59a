"""One request and its answer, or how far the request got before things went wrong."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .public_only import PrivateAddress

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes after decompression. A page of a thousand people with hundreds of fields each stays far below."""
LONGEST_ANSWER = 120.0
"""Seconds that an answer may take in all, since a read time-out only limits the pauses between its pieces."""
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer that came in whole, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NeverSent:
    """No connection was made, so the request certainly did not reach the product."""

    what: str


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The request may have reached the product, and its answer did not reach us, or not whole."""

    what: str


_BEFORE_SENDING: tuple[tuple[type[BaseException], str], ...] = (
    (PrivateAddress, "its name leads to a private address"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (socket.gaierror, "its address is not known"),
    (ConnectionRefusedError, "the connection was refused"),
    (NewConnectionError, "no connection could be made"),
    (ConnectTimeoutError, "connecting took too long"),
)
"""What only happens before a request is sent. The order matters: urllib3 wraps the first ones in the last ones."""

Outcome: TypeAlias = RawAnswer | NeverSent | AnswerLost


def send(
    transport: requests.Session, request: requests.Request, timeout: tuple[float, float], clock: Callable[[], float]
) -> Outcome:
    """Send a request once, following no redirect, and read the whole answer."""
    deadline = clock() + LONGEST_ANSWER
    prepared = transport.prepare_request(request)
    # What the environment says of proxies and certificates; `send` alone does not look.
    settings = transport.merge_environment_settings(prepared.url, {}, True, None, None)
    try:
        with transport.send(prepared, timeout=timeout, allow_redirects=False, **settings) as response:
            body = bytearray()
            for piece in response.iter_content(_PIECE):
                body += piece
                if len(body) > LARGEST_ANSWER:
                    return AnswerLost("the answer is too large")
                if clock() > deadline:
                    return AnswerLost("the answer takes too long")
            return RawAnswer(response.status_code, response.headers, bytes(body))
    except requests.RequestException as error:
        return _how_far(error)


def _how_far(error: requests.RequestException) -> NeverSent | AnswerLost:
    causes = tuple(_causes(error))
    for kind, what in _BEFORE_SENDING:
        if any(isinstance(cause, kind) for cause in causes):
            return NeverSent(what)
    if isinstance(error, requests.exceptions.ReadTimeout):
        return AnswerLost("it took too long")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return AnswerLost("the answer was cut short")
    return AnswerLost("the connection was lost")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies below it, where requests and urllib3 keep it: in arguments, reasons and causes."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*each.args, getattr(each, "reason", None), getattr(each, "original_error", None)]
        waiting += [each.__cause__, each.__context__]
