"""How much of every account's limits is spent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from integrations.engine.limiter import allowed, spent
from integrations.models import Account, ApiBudget, ApiUsage


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of an account: `spent` of `capacity`, in the limit's unit, within `seconds`.

    `usable` is what syncs may spend: the capacity without the reserve.
    """

    name: str
    seconds: float
    spent: int
    capacity: int
    usable: int
    blocked_until: datetime | None = None

    @property
    def percent(self) -> int:
        """0 to 100."""
        return min(100, round(100 * self.spent / self.capacity)) if self.capacity else 0


@dataclass(frozen=True, slots=True)
class AccountBudget:
    """An account's limits, the shortest first, and what was called today (UTC). No limits before the first call."""

    account: Account
    windows: tuple[Window, ...]
    calls_today: int
    tokens_today: int


def account_budgets(accounts: list[Account]) -> Iterator[AccountBudget]:
    """The budgets of these accounts, in two queries."""
    today, now = timezone.now().date(), timezone.now().timestamp()
    usage = {row.account_id: row for row in ApiUsage.objects.filter(day=today, account__in=accounts)}
    windows: dict[int, list[Window]] = {}
    for row in ApiBudget.objects.filter(account__in=accounts).order_by("seconds", "window"):
        windows.setdefault(row.account_id, []).append(_window(row, now))
    for account in accounts:
        used = usage.get(account.pk)
        yield AccountBudget(
            account, tuple(windows.get(account.pk, ())), used.calls if used else 0, used.tokens if used else 0
        )


def _window(row: ApiBudget, now: float) -> Window:
    return Window(row.window, row.seconds, spent(row, now), row.capacity, allowed(row), row.blocked_until)
