"""The account's budget, shared by all workers on all hosts through the database.

A worker books a block of calls in every window at once and spends it without asking again until the shortest window's
slot ends. Slow limits thus cost one short transaction a call, and fast ones some thirty a second, however many calls.
The hosts' clocks must agree to within a second, as those that NTP keeps do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from integrations.connectors.errors import RateLimited
from integrations.connectors.ports import ObservedLimit, RateWindow
from integrations.domain.rates import DAY, Window
from integrations.models import Account, ApiBudget, ApiUsage
from integrations.models.bulk import overwrite

HOUR = 3_600
CORRECTED_EVERY = 20
"""Calls after which the balance of an hour or a day is compared with the product's again."""
LONGEST_WAIT = 20.0
"""Seconds that a worker waits itself; for longer waits the chunk goes back to the queue and the worker is free."""
LARGEST_BLOCK = 100
KEPT_FOR_SMALL_RUNS = 0.1
"""The share of a day's calls that a large run leaves, so that small ones still get through when the day is short."""


@dataclass(slots=True)
class _Block:
    """Calls that are booked and not made yet."""

    booked_at: float
    good_until: float
    calls: int


class AccountLimiter:
    """Leave to call, for one worker. `calls` and `tokens` count what this worker spent.

    Connectors ask from several threads; the database is asked from one thread of its own, so that pool threads hold no
    database connections. `is_small`: the calls are those of a small run, which may use up the day.
    """

    def __init__(
        self,
        account: Account,
        windows: Sequence[RateWindow],
        *,
        before_call: Callable[[], None] = lambda: None,
        is_small: bool = True,
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
        self._is_small = is_small
        self._clock = clock
        self._sleep = sleep
        self._keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="budget")
        self._lock = Lock()
        self._blocks: dict[tuple[int, str], _Block] = {}

    def acquire(self, tokens: int, scope: str) -> None:
        """Wait for leave to make a call. Raises RateLimited when that would take longer than LONGEST_WAIT seconds."""
        while True:
            self._before_call()
            with self._lock:
                wait, window = self._take(tokens, scope)
                if wait <= 0:
                    # The database may have kept us waiting, and the whole process may have been frozen meanwhile.
                    self._before_call()
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
            is_balance = window.seconds >= HOUR and limit.remaining is not None and self.calls % CORRECTED_EVERY == 1
            if is_news or limit.remaining == 0 or is_balance:
                with self._lock:
                    self._keeper.submit(self._correct, window, limit).result()
            if limit.capacity is not None:
                self._capacities[window.name] = limit.capacity

    def close(self) -> None:
        """Account for what was spent, give back what was not, and the database connection as well."""
        # In the keeper's thread: here it would be the caller's connection, and the keeper's would stay open.
        try:
            self._keeper.submit(self._account_and_disconnect).result()
        finally:
            self._keeper.shutdown()

    def _account_and_disconnect(self) -> None:
        connection.close_if_unusable_or_obsolete()
        try:
            if any(block.calls for block in self._blocks.values()):
                self._return_all()
            if self.calls:
                day = datetime.fromtimestamp(self._clock(), UTC).date()
                usage, _ = ApiUsage.objects.get_or_create(account_id=self._account_id, day=day)
                ApiUsage.objects.filter(pk=usage.pk).update(
                    calls=F("calls") + self.calls, tokens=F("tokens") + self.tokens
                )
        finally:
            connection.close()

    def _take(self, tokens: int, scope: str) -> tuple[float, str]:
        """Spend a call, and answer (0, ""), or say how long to wait and for which window."""
        block = self._blocks.get((tokens, scope))
        if block is None or not block.calls or block.good_until <= self._clock():
            wait, window = self._keeper.submit(self._lease, tokens, scope).result()
            if wait > 0:
                return wait, window
            block = self._blocks[tokens, scope]
        block.calls -= 1
        return 0.0, ""

    def _lease(self, tokens: int, scope: str) -> tuple[float, str]:
        """Book the next block, or say how long to wait and for which window."""
        now = self._clock()
        with transaction.atomic():
            rows = {row.window: row for row in self._rows()}
            self._give_back(rows, [key for key, block in self._blocks.items() if block.good_until <= now])
            units = self._units(tokens, scope)
            windows = {name: window_of(rows[name], leaves=self._leaves(rows[name])) for name in units}
            wait, full = max((_wait(rows[name], windows[name], units[name], now), name) for name in units)
            if wait <= 0:
                calls = self._block_size(windows, units, now)
                for name, window in windows.items():
                    rows[name].spent = window.book(calls * units[name], now)
                good_until = min(window.slot_ends(now) for window in windows.values())
                self._blocks[tokens, scope] = _Block(now, good_until, calls)
            overwrite(ApiBudget, rows.values(), ["spent"])
        return wait, full

    def _block_size(self, windows: Mapping[str, Window], units: Mapping[str, int], now: float) -> int:
        fitting = min(min(window.at_once, window.room(now)) // units[name] for name, window in windows.items())
        return max(1, min(fitting, LARGEST_BLOCK))

    def _return_all(self) -> None:
        with transaction.atomic():
            rows = {row.window: row for row in self._rows()}
            self._give_back(rows, list(self._blocks))
            overwrite(ApiBudget, rows.values(), ["spent"])

    def _give_back(self, rows: Mapping[str, ApiBudget], keys: Sequence[tuple[int, str]]) -> None:
        """Take what was not called out of the books again."""
        for tokens, scope in keys:
            block = self._blocks.pop((tokens, scope))
            for name, units in self._units(tokens, scope).items():
                rows[name].spent = window_of(rows[name]).book(-block.calls * units, block.booked_at)

    def _units(self, tokens: int, scope: str) -> dict[str, int]:
        """What one call takes of each window that it counts in."""
        return {
            window.name: tokens if window.counts_tokens else 1
            for window in self._windows.values()
            if window.scope in ("", scope)
        }

    def _leaves(self, row: ApiBudget) -> float:
        return KEPT_FOR_SMALL_RUNS if row.seconds >= DAY and not self._is_small else 0.0

    def _rows(self) -> list[ApiBudget]:
        """The windows' rows, locked, in one order so that workers do not wait for each other in a circle."""
        locked = ApiBudget.objects.select_for_update().filter(account_id=self._account_id, window__in=self._windows)
        rows = list(locked.order_by("window"))
        if len(rows) < len(self._windows):
            ApiBudget.objects.bulk_create(
                [_unused(window, self._account_id) for window in self._windows.values()],
                ignore_conflicts=True,
            )
            rows = list(locked.order_by("window"))
        return rows

    def _correct(self, named: RateWindow, limit: ObservedLimit) -> None:
        now = self._clock()
        with transaction.atomic():
            rows = {row.window: row for row in self._rows()}
            # A block is of the old capacity, and its unmade calls would be taken for others' in the comparison.
            self._give_back(rows, list(self._blocks))
            row = rows[named.name]
            row.capacity = limit.capacity or row.capacity
            window = window_of(row)
            if limit.remaining == 0:
                fresh_in = limit.reset_in or (window.slot_ends(now) - now if named.seconds >= DAY else named.seconds)
                row.blocked_until = datetime.fromtimestamp(now + fresh_in, UTC)
            elif named.seconds >= HOUR and limit.remaining is not None:
                row.spent = _corrected(window, row.capacity - limit.remaining, row.capacity, now)
            overwrite(ApiBudget, rows.values(), ["spent", "capacity", "blocked_until"])


def windows_of(account: Account, windows: Sequence[RateWindow]) -> list[tuple[Window, bool]]:
    """Every limit of all calls as it stands now, with whether it counts tokens. Limits never used yet are empty."""
    rows = {row.window: row for row in ApiBudget.objects.filter(account=account)}
    return [
        (window_of(rows.get(named.name) or _unused(named, account.pk)), named.counts_tokens)
        for named in windows
        if not named.scope
    ]


def _unused(window: RateWindow, account_id: int) -> ApiBudget:
    return ApiBudget(account_id=account_id, window=window.name, capacity=window.capacity, seconds=window.seconds)


def window_of(row: ApiBudget, *, leaves: float = 0.0) -> Window:
    """The limit as arithmetic, without the reserve and the share that `leaves` is."""
    most = max(math.floor(allowed(row) * (1 - leaves)), 1)
    return Window(row.window, row.seconds, most, tuple((start, units) for start, units in row.spent))


def allowed(row: ApiBudget) -> int:
    """What we may spend of a window: all but the reserve that is left for people's other tools, one at the least."""
    kept: int = settings.SYNC_BUDGET_RESERVE_PERCENT
    return max(math.floor(row.capacity * (100 - kept) / 100), 1)


def spent(row: ApiBudget, now: float) -> int:
    """Units of the window that count at `now` (unix seconds)."""
    return int(window_of(row).used(now))


def _corrected(window: Window, theirs: float, capacity: int, now: float) -> Sequence[tuple[float, float]]:
    """The slots when the product counts `theirs`.

    Others' calls are added. Ours may be on their way or kept in blocks, so a lower count is believed only when it is so
    much lower that the product must have begun a new day.
    """
    ours = window.used(now)
    if theirs > ours or theirs < ours - capacity / 10:
        return window.book(theirs - ours, now)
    return window.booked


def _wait(row: ApiBudget, window: Window, units: int, now: float) -> float:
    """Seconds until `units` fit and the product answers again, 0 when that is now."""
    blocked = row.blocked_until.timestamp() - now if row.blocked_until is not None else 0.0
    return max(blocked, window.wait(units, now), 0.0)
