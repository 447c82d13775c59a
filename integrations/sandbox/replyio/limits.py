"""100 calls a minute and 3,000 an hour per bucket, as rolling windows on the sandbox's clock.

The headers are those that were observed on live answers: `x-rate-limit-limit` is a window's label, not a number.
`x-rate-limit-reset` is written as an instant; its form is not documented.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.replyio.options import ReplyOptions

NO_LIMIT = 1_000_000_000
"""What the headers say when limits are off, so that a client that heeds them is not held up."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call passes. `broken` names the full window ("minute" or "hour") and is empty when it passes."""

    headers: dict[str, str]
    broken: str = ""
    retry_after: int = 0


class RollingLimits:
    """Counts the calls of each bucket. A refused call is not counted itself."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[datetime]] = {}

    def count(self, bucket: str, now: datetime, options: ReplyOptions) -> Verdict:
        """Count one call, or say which window is full and after how many whole seconds it has room again."""
        calls = self._calls.setdefault(bucket, deque())
        while calls and calls[0] <= now - timedelta(hours=1):
            calls.popleft()
        if options.limits:
            minute = _wait(calls, now, timedelta(minutes=1), options.calls_per_minute)
            hour = _wait(calls, now, timedelta(hours=1), options.calls_per_hour)
            if minute or hour:
                broken = "hour" if hour >= minute else "minute"
                return Verdict(_headers(calls, now, options), broken, max(minute, hour))
        calls.append(now)
        return Verdict(_headers(calls, now, options))

    def clear(self) -> None:
        """Forget every call."""
        self._calls.clear()


def _wait(calls: deque[datetime], now: datetime, window: timedelta, most: int) -> int:
    if len(calls) < most or most <= 0:
        return 0
    leaves = calls[-most] + window
    return max(1, math.ceil((leaves - now).total_seconds())) if leaves > now else 0


def _headers(calls: deque[datetime], now: datetime, options: ReplyOptions) -> dict[str, str]:
    reset = (calls[0] if calls else now) + timedelta(hours=1)
    capacity = options.calls_per_hour if options.limits else NO_LIMIT
    return {
        "x-rate-limit-limit": "1h",
        "x-rate-limit-remaining": str(max(0, capacity - len(calls))),
        "x-rate-limit-reset": reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
