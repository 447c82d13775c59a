"""The one way to call a product: time-outs, retries, the rate budget, redaction, and errors that say what to do."""

from __future__ import annotations

import logging
import random as random_module
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any, TypeAlias

import msgspec
import requests

from . import exchange
from .errors import (
    AuthenticationFailed,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    TemporaryError,
    Unavailable,
    UnexpectedResponse,
)
from .exchange import NeverSent, RawAnswer
from .ports import Limiter, ObservedLimit, Sleep
from .public_only import public_only
from .redaction import Redactor

logger = logging.getLogger(__name__)

VERSION = "0.1.0"
JSON: TypeAlias = Any
Headers: TypeAlias = Mapping[str, str]
Query: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]
Classify: TypeAlias = Callable[[int, Headers, JSON, str], ConnectorError | None]
"""A vendor's reading of an answer: (status, headers, data or None, text) to an error, None when it is no error.

It is asked of successes too. Headers are case-insensitive. `data` is None when the body is empty or not JSON. The
session adds the status and a redacted sample, and redacts the message. For a 5xx return Unavailable: the session knows
what it means for a write.
"""
Observe: TypeAlias = Callable[[Headers, str], Sequence[ObservedLimit]]
"""What an answer's headers say of the windows that a call of this scope counts in."""

_FIRST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `data` is the parsed body, None when there is none. Header names are case-insensitive."""

    status: int
    headers: Headers
    data: JSON


class ApiSession:
    """Calls one account of a product, from any number of threads.

    `headers` go with every call; their values are taken for secrets. `timeout` is (connect, read) in seconds.
    `attempts` counts the first one. A product's wish to wait longer than `longest_wait` seconds is raised instead.
    Without a `transport` it connects to public addresses only, unless the host `may_be_private`.
    `renew` gives headers that replace `headers`; it is asked once in a session's life, after a 401.
    """

    def __init__(
        self,
        *,
        product: str,
        base_url: str,
        headers: Headers,
        limiter: Limiter,
        classify: Classify,
        observe: Observe = lambda headers, scope: (),
        timeout: tuple[float, float] = (5.0, 30.0),
        transport: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = time.sleep,
        random: Callable[[], float] = random_module.random,
        attempts: int = 4,
        longest_wait: float = 30.0,
        renew: Callable[[], Headers] | None = None,
        may_be_private: bool = False,
    ) -> None:
        self.product = product
        self._base_url = base_url.rstrip("/")
        self._headers = {"User-Agent": f"SyncAdmin/{VERSION} ({product})", "Accept": "application/json", **headers}
        self._secrets = tuple(headers.values())
        self._redact = Redactor(self._secrets)
        self._limiter = limiter
        self._classify = classify
        self._observe = observe
        self._timeout = timeout
        self._owns_transport = transport is None
        self._transport = transport or _stateless_session(may_be_private)
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._attempts = attempts
        self._longest_wait = longest_wait
        self._renew = renew
        self._renewing = Lock()

    def __repr__(self) -> str:
        return f"<ApiSession {self.product} {self._base_url}>"

    def close(self) -> None:
        """Release the connections, unless they were lent to this session."""
        if self._owns_transport:
            self._transport.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: JSON = None,
        tokens: int = 1,
        scope: str = "",
        repeatable: bool | None = None,
    ) -> Answer:
        """Make a call and see it through. `path` starts with a slash; `body` is sent as JSON unless None.

        `tokens` and `scope` are asked of the limiter before each attempt. `repeatable`: the call may be sent again
        though the first may have been carried out; by default true of GET and HEAD only.

        Raises what `classify` says, RateLimited when the wait would be too long, Unavailable when the product could
        not be reached or (repeatable calls) does not answer properly, OutcomeUnknown when a call that is not
        repeatable may have been carried out, UnexpectedResponse for a redirect or a 4xx that nobody knows.
        """
        may_repeat = method in ("GET", "HEAD") if repeatable is None else repeatable
        headers = self._headers
        request = self._request(method, path, query, body, headers)
        attempt = 1
        while True:
            self._limiter.acquire(tokens, scope)
            outcome = self._attempt(request, path, scope, may_repeat)
            if isinstance(outcome, Answer):
                return outcome
            if isinstance(outcome, AuthenticationFailed) and outcome.status == 401:
                if not self._renewed(headers):
                    raise outcome
                headers = self._headers
                request = self._request(method, path, query, body, headers)
                continue
            pause = self._pause(outcome, attempt)
            if pause is None:
                raise outcome
            logger.debug(
                "%s %s %s: %s, again in %.1f s",
                self.product, method, path, type(outcome).__name__, pause,
                extra={"product": self.product, "method": method, "path": path, "attempt": attempt, "pause": pause},
            )  # fmt: skip
            self._sleep(pause)
            attempt += 1

    def _renewed(self, rejected: Headers) -> bool:
        """Whether there are other headers to try than those that were rejected: this thread's doing, or another's."""
        with self._renewing:
            if self._headers is not rejected:
                return True
            if self._renew is None:
                return False
            renew, self._renew = self._renew, None
            fresh = renew()
            self._redact = Redactor([*self._secrets, *fresh.values()])
            self._headers = {**self._headers, **fresh}
            return True

    def _request(
        self, method: str, path: str, query: Query | None, body: JSON, own: Mapping[str, str]
    ) -> requests.Request:
        headers = dict(own)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return requests.Request(
            method,
            self._base_url + path,
            headers=headers,
            params=list(query.items()) if isinstance(query, Mapping) else list(query or ()),
            data=None if body is None else msgspec.json.encode(body),
            # Keeps requests from putting a password of a .netrc file in place of our key.
            auth=lambda prepared: prepared,
        )

    def _attempt(self, request: requests.Request, path: str, scope: str, may_repeat: bool) -> Answer | ConnectorError:
        started = self._clock()
        raw = exchange.send(self._transport, request, self._timeout, self._clock)
        seconds = self._clock() - started
        status = raw.status if isinstance(raw, RawAnswer) else 0
        logger.debug(
            "%s %s %s: %s in %.3f s",
            self.product, request.method, path, status or type(raw).__name__, seconds,
            extra={"product": self.product, "method": request.method, "path": path, "status": status,
                   "seconds": seconds},
        )  # fmt: skip
        if isinstance(raw, RawAnswer):
            if observed := self._observe(raw.headers, scope):
                self._limiter.learn(observed)
            return self._read(raw, may_repeat)
        if isinstance(raw, NeverSent):
            return Unavailable(f"{self.product} could not be reached: {raw.what}.")
        return self._lost(f"{self.product} did not answer: {raw.what}.", may_repeat)

    def _read(self, raw: RawAnswer, may_repeat: bool) -> Answer | ConnectorError:
        data, is_json = _parse(raw.body)
        text = raw.body[:10_000].decode("utf-8", "replace")
        error = self._classify(raw.status, raw.headers, data, text)
        if error is None:
            if 200 <= raw.status < 300 and is_json:
                return Answer(raw.status, raw.headers, data)
            error = self._unclassified(raw)
        if isinstance(error, Unavailable) and not may_repeat:
            error = OutcomeUnknown(
                f"{error.message} Whether the change was made is not known.",
                retry_after=error.retry_after, code=error.code, sample=error.sample,
            )  # fmt: skip
        if isinstance(error, TemporaryError) and raw.status in (429, 503):
            error.retry_after = max(error.retry_after, retry_after(raw.headers))
        error.message = self._redact(error.message)
        error.args = (error.message,)
        error.status = raw.status
        error.sample = self._redact.sample(error.sample or text)
        return error

    def _unclassified(self, raw: RawAnswer) -> ConnectorError:
        if raw.status == 429:
            return RateLimited(f"{self.product} takes no more calls for the moment.")
        if raw.status >= 500:
            return Unavailable(f"{self.product} answered with an error of its own ({raw.status}).")
        if 200 <= raw.status < 300:
            return Unavailable(f"The answer of {self.product} cannot be read: it is cut short or a proxy's page.")
        if 300 <= raw.status < 400:
            return UnexpectedResponse(
                f"{self.product} redirects ({raw.status}), which is not followed. Check the account's address."
            )
        return UnexpectedResponse(f"{self.product} answered with {raw.status}, which is not documented.")

    def _lost(self, message: str, may_repeat: bool) -> ConnectorError:
        if may_repeat:
            return Unavailable(message)
        return OutcomeUnknown(f"{message} Whether the change was made is not known.")

    def _pause(self, error: ConnectorError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt; None: give up."""
        # An unknown outcome is not among these, so a call that is not repeatable is sent again only when it is safe.
        if not isinstance(error, RateLimited | Unavailable) or attempt >= self._attempts:
            return None
        if error.retry_after > self._longest_wait:
            return None
        back_off = _FIRST_PAUSE * float(2 ** (attempt - 1)) * (0.5 + self._random() / 2)
        return min(max(error.retry_after, back_off), self._longest_wait)


def retry_after(headers: Headers) -> float:
    """The seconds of a Retry-After header, which may also be a date; 0 when there is none or it makes no sense."""
    value = headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def _parse(body: bytes) -> tuple[JSON, bool]:
    if not body.strip():
        return None, True
    try:
        return msgspec.json.decode(body), True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, False


def _stateless_session(may_be_private: bool) -> requests.Session:
    """A session that several threads may share, since nothing in it changes from one call to the next."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session if may_be_private else public_only(session)
