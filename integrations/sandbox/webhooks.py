"""Sends the products' webhooks by real HTTP, with their retries, or keeps them for a test to look at."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from integrations.sandbox.core import Delivery

ANSWER_WITHIN_SECONDS = 10
_SENDERS = 4


@dataclass(slots=True)
class RecordedDeliveries:
    """Keeps deliveries and sends nothing: the deliverer of in-process tests."""

    deliveries: list[Delivery] = field(default_factory=list)

    def deliver(self, delivery: Delivery) -> None:
        """Keep it."""
        self.deliveries.append(delivery)


class WebhookSender:
    """Sends deliveries from a few daemon threads. `lock` is held while a product is told how an attempt went."""

    def __init__(self, lock: threading.RLock | None = None) -> None:
        self._lock = lock or threading.RLock()
        self._due: list[tuple[float, int, Delivery, int]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._senders: ThreadPoolExecutor | None = None
        self._unfinished = 0

    def deliver(self, delivery: Delivery) -> None:
        """Send it soon, and again after its delays until it is accepted. Returns at once."""
        with self._wake:
            self._unfinished += 1
            self._schedule(0.0, delivery, 1)

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until every delivery has been accepted or given up; whether that came true in time (seconds)."""
        with self._wake:
            return self._wake.wait_for(lambda: self._unfinished == 0, timeout)

    def _schedule(self, delay: float, delivery: Delivery, attempt: int) -> None:
        heapq.heappush(self._due, (time.monotonic() + delay, next(self._order), delivery, attempt))
        if self._thread is None:
            self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="sandbox-webhook")
            self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._wake.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                _, _, delivery, attempt = heapq.heappop(self._due)
            if self._senders is not None:
                self._senders.submit(self._attempt, delivery, attempt)

    def _attempt(self, delivery: Delivery, attempt: int) -> None:
        status = _post(delivery, attempt)
        if delivery.attempted is not None:
            with self._lock:
                delivery.attempted(attempt, status)
        accepted = status is not None and 200 <= status < 300
        with self._wake:
            if accepted or attempt > len(delivery.retry_delays):
                self._unfinished -= 1
                self._wake.notify_all()
            else:
                self._schedule(delivery.retry_delays[attempt - 1], delivery, attempt + 1)


def _post(delivery: Delivery, attempt: int) -> int | None:
    try:
        answer = requests.post(
            delivery.url,
            data=delivery.body_of_attempt(attempt),
            headers=dict(delivery.headers),
            timeout=ANSWER_WITHIN_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    return answer.status_code
