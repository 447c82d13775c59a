"""Pipedrive's limits: the company's daily token budget, each token's rolling two seconds, and Cloudflare's patience.

Budget and windows: the rate limiting page. Headers: recorded live answers of May 2026, where the daily balance is the
one before the current call is charged.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.core import Response
from integrations.sandbox.pipedrive import errors
from integrations.sandbox.pipedrive.options import PipedriveOptions

MULTIPLIERS = {"lite": 1, "growth": 2, "premium": 5, "ultimate": 7}
TOKEN_BURSTS = {"lite": 20, "growth": 40, "premium": 100, "ultimate": 120}
OAUTH_FACTOR = 4
SEARCH_BURST = 10
WINDOW = timedelta(seconds=2)
BASE_BUDGET = 30_000
NO_LIMIT = 1_000_000_000
"""What the headers say when limits are off, so that a client that heeds them is not held up."""

# "Continuing after 429 with an api_token" leads to Cloudflare's block; how many are too many is not published.
REFUSALS_BEFORE_BLOCK = 5
REFUSALS_COUNT_FOR = timedelta(seconds=10)
BLOCK_LASTS = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that a limit stops: the answer, and the limit's name for the log."""

    response: Response
    violation: str


def daily_budget(options: PipedriveOptions) -> int:
    """Tokens that the company has for a day."""
    return options.daily_budget or BASE_BUDGET * MULTIPLIERS[options.plan] * options.seats


class Limits:
    """Counts calls and tokens. The caller of `admit` answers with the refusal, else calls `charge` once."""

    def __init__(self) -> None:
        self._spent = 0
        self._day: str = ""
        self._calls: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._refusals: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._blocked_until: dict[str, datetime] = {}

    def admit(
        self, token: str, *, oauth: bool, search: bool, now: datetime, options: PipedriveOptions
    ) -> Refusal | None:
        """Count a call in its windows, or say which limit stops it."""
        self._roll_day(now)
        if not options.limits:
            return None
        if self._blocked_until.get(token, now) > now:
            return Refusal(errors.blocked(), "cloudflare_block")
        if self.remaining_today(options) <= 0:
            midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            return self._refuse(token, oauth, "daily_budget", (midnight - now).total_seconds(), now, options)
        window = self._window(token, now)
        if len(window) >= burst(options, oauth=oauth):
            return self._refuse(token, oauth, "burst", _until_free(window, now), now, options)
        if search:
            searches = self._window(f"search {token}", now)
            if len(searches) >= SEARCH_BURST:
                return self._refuse(token, oauth, "search_burst", _until_free(searches, now), now, options)
            searches.append(now)
        window.append(now)
        return None

    def charge(self, cost: int) -> None:
        """Take tokens from today's budget."""
        self._spent += cost

    def spent_today(self) -> int:
        """Tokens used since midnight."""
        return self._spent

    def remaining_today(self, options: PipedriveOptions) -> int:
        """Tokens left today, never below 0."""
        return max(0, daily_budget(options) - self._spent)

    def headers(self, token: str, *, oauth: bool, now: datetime, options: PipedriveOptions) -> dict[str, str]:
        """The headers that every answer carries. To be asked before `charge`."""
        limit = burst(options, oauth=oauth) if options.limits else NO_LIMIT
        used = len(self._window(token, now)) if options.limits else 0
        shown = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - used)),
            "x-ratelimit-reset": str(int(WINDOW.total_seconds())),
        }
        if options.daily_headers:
            budget = daily_budget(options) if options.limits else NO_LIMIT
            shown["x-daily-ratelimit-token-limit"] = str(budget)
            shown["x-daily-ratelimit-token-remaining"] = str(max(0, budget - self._spent))
        return shown

    def _roll_day(self, now: datetime) -> None:
        today = now.date().isoformat()
        if self._day != today:
            self._day, self._spent = today, 0

    def _window(self, name: str, now: datetime) -> deque[datetime]:
        window = self._calls[name]
        while window and window[0] <= now - WINDOW:
            window.popleft()
        return window

    def _refuse(
        self, token: str, oauth: bool, violation: str, wait: float, now: datetime, options: PipedriveOptions
    ) -> Refusal:
        refusals = self._refusals[token]
        refusals.append(now)
        while refusals[0] <= now - REFUSALS_COUNT_FOR:
            refusals.popleft()
        if not oauth and len(refusals) > REFUSALS_BEFORE_BLOCK:
            self._blocked_until[token] = now + BLOCK_LASTS
            refusals.clear()
            return Refusal(errors.blocked(), "cloudflare_block")
        retry_after = max(1, math.ceil(wait)) if options.retry_after_on_429 else None
        return Refusal(errors.too_many(retry_after), violation)


def burst(options: PipedriveOptions, *, oauth: bool) -> int:
    """Calls that a token may make in any two seconds."""
    return TOKEN_BURSTS[options.plan] * (OAUTH_FACTOR if oauth else 1)


def _until_free(window: deque[datetime], now: datetime) -> float:
    return (window[0] + WINDOW - now).total_seconds()
