"""The account's budget, shared by all workers on all hosts through the database.

Every window is kept as slots of a sixtieth of its length. A slot counts until all of it has left the window, so what we
spend stays within the product's limit whether the product counts rolling or fixed windows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from integrations.connectors.errors import RateLimited
from integrations.connectors.ports import ObservedLimit, RateWindow
from integrations.models import Account, ApiBudget, ApiUsage

DAY = 86_400
SLOTS = 60
CORRECTED_EVERY = 20
"""Calls after which a day's balance is taken over from the product again."""
LONGEST_WAIT = 20.0
"""Seconds that a worker waits itself; for longer waits the chunk goes back to the queue and the worker is free."""


class AccountLimiter:
    """Leave to call, for one worker. `calls` and `tokens` count what this worker spent.

    Connectors ask from several threads; the database is asked from one thread of its own, so that pool threads hold no
    database connections.
    """

    def __init__(
        self,
        account: Account,
        windows: Sequence[RateWindow],
        *,
        before_call: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.calls = 0
        self.tokens = 0
        self._account_id = account.pk
        self._label = account.name
        self._windows = {window.name: window for window in windows}
        self._capacities: dict[str, int] = {}
        self._before_call = before_call
        self._clock = clock
        self._sleep = sleep
        self._keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="budget")

    def acquire(self, tokens: int, scope: str) -> None:
        """Wait for leave to make a call. Raises RateLimited when that would take longer than LONGEST_WAIT seconds."""
        while True:
            self._before_call()
            wait, window = self._keeper.submit(self._take, tokens, scope).result()
            if wait <= 0:
                self.calls += 1
                self.tokens += tokens
                return
            if wait > LONGEST_WAIT:
                raise RateLimited(f"The {window} limit of {self._label} is used up.", retry_after=wait)
            self._sleep(wait)

    def learn(self, observed: Sequence[ObservedLimit]) -> None:
        """Take over capacities that the product states, and stop where it says that nothing is left."""
        for limit in observed:
            window = self._windows.get(limit.window)
            if window is None:
                continue
            is_news = limit.capacity is not None and limit.capacity != self._capacities.get(window.name)
            is_balance = window.seconds >= DAY and limit.remaining is not None and self.calls % CORRECTED_EVERY == 1
            if is_news or limit.remaining == 0 or is_balance:
                self._keeper.submit(self._correct, window, limit).result()
            if limit.capacity is not None:
                self._capacities[window.name] = limit.capacity

    def close(self) -> None:
        """Account for what was spent, and give the database connection back."""
        # In the keeper's thread: here it would be the caller's connection, and the keeper's would stay open.
        self._keeper.submit(self._account_and_disconnect).result()
        self._keeper.shutdown()

    def _account_and_disconnect(self) -> None:
        try:
            if self.calls:
                day = datetime.fromtimestamp(self._clock(), UTC).date()
                usage, _ = ApiUsage.objects.get_or_create(account_id=self._account_id, day=day)
                ApiUsage.objects.filter(pk=usage.pk).update(
                    calls=F("calls") + self.calls, tokens=F("tokens") + self.tokens
                )
        finally:
            connection.close()

    def _take(self, tokens: int, scope: str) -> tuple[float, str]:
        """Spend, and answer (0, ""), or say how long to wait and for which window."""
        units = {
            window.name: tokens if window.counts_tokens else 1
            for window in self._windows.values()
            if window.scope in ("", scope)
        }
        now = self._clock()
        with transaction.atomic():
            rows = self._rows(units)
            waits = [(_wait(row, units[row.window], now), row.window) for row in rows]
            longest = max(waits, default=(0.0, ""))
            if longest[0] > 0:
                return longest
            for row in rows:
                _spend(row, units[row.window], now)
            ApiBudget.objects.bulk_update(rows, ["spent"])
        return 0.0, ""

    def _rows(self, units: Mapping[str, int]) -> list[ApiBudget]:
        """The windows' rows, locked, in one order so that workers do not wait for each other in a circle."""
        locked = ApiBudget.objects.select_for_update().filter(account_id=self._account_id, window__in=units)
        rows = list(locked.order_by("window"))
        if len(rows) < len(units):
            ApiBudget.objects.bulk_create(
                [
                    ApiBudget(account_id=self._account_id, window=w.name, capacity=w.capacity, seconds=w.seconds)
                    for w in self._windows.values()
                    if w.name in units
                ],
                ignore_conflicts=True,
            )
            rows = list(locked.order_by("window"))
        return rows

    def _correct(self, window: RateWindow, limit: ObservedLimit) -> None:
        with transaction.atomic():
            for row in self._rows({window.name: 0}):
                now = self._clock()
                row.capacity = limit.capacity or row.capacity
                if window.seconds >= DAY and limit.remaining is not None:
                    row.spent = [[_slot(row, now), max(row.capacity - limit.remaining, 0)]]
                if limit.remaining == 0:
                    row.blocked_until = timezone.now() + timedelta(seconds=limit.reset_in or window.seconds)
                row.save()


def allowed(row: ApiBudget) -> int:
    """What we may spend of a window: all but the reserve that is left for people's other tools, one at the least."""
    kept: int = settings.SYNC_BUDGET_RESERVE_PERCENT
    return max(math.floor(row.capacity * (100 - kept) / 100), 1)


def spent(row: ApiBudget, now: float) -> int:
    """Units of the window that count at `now` (unix seconds)."""
    return int(sum(slot[1] for slot in _live(row, now)))


def _slot(row: ApiBudget, now: float) -> float:
    if row.seconds >= DAY:
        return float(now // DAY * DAY)
    length = row.seconds / SLOTS
    return now // length * length


def _live(row: ApiBudget, now: float) -> list[list[float]]:
    """The slots that the window still touches."""
    if row.seconds >= DAY:
        return [slot for slot in row.spent if slot[0] >= now // DAY * DAY]
    return [slot for slot in row.spent if slot[0] + row.seconds / SLOTS + row.seconds > now]


def _wait(row: ApiBudget, units: int, now: float) -> float:
    """Seconds until `units` fit, 0 when they do."""
    if row.blocked_until is not None:
        blocked = row.blocked_until.timestamp() - now
        if blocked > 0:
            return blocked
    slots = _live(row, now)
    excess = sum(slot[1] for slot in slots) + units - max(allowed(row), units)
    for start, spent in sorted(slots):
        if excess <= 0:
            break
        excess -= spent
        if excess <= 0:
            if row.seconds >= DAY:
                midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
                return (midnight + timedelta(days=1)).timestamp() - now
            return max(start + row.seconds / SLOTS + row.seconds - now, 0.001)
    return 0.0


def _spend(row: ApiBudget, units: int, now: float) -> None:
    slots = _live(row, now)
    slot = _slot(row, now)
    if slots and slots[-1][0] == slot:
        slots[-1][1] += units
    else:
        slots.append([slot, units])
    row.spent = slots
