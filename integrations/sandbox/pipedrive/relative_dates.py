"""The relative dates of saved filters, such as last_month or 3_weeks_ago, as days."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TypeAlias

Days: TypeAlias = tuple[date, date]
"""First and last day."""

_DISTANT = re.compile(r"(\d+)_(week|month)s?_ago|in_(\d+)_(week|month)s?")


def days_of(token: str, today: date) -> Days | None:
    """The days that a relative date or a `YYYY-MM-DD` stands for; None when it is neither."""
    if token in RELATIVE:
        return RELATIVE[token](today)
    distant = _DISTANT.fullmatch(token)
    if distant is not None:
        sign = -1 if distant[1] else 1
        amount = sign * int(distant[1] or distant[3])
        unit = distant[2] or distant[4]
        day = today + timedelta(weeks=amount) if unit == "week" else add_months(today, amount)
        return day, day
    try:
        day = date.fromisoformat(token)
    except ValueError:
        return None
    return day, day


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _month(today: date, offset: int) -> Days:
    first = add_months(today.replace(day=1), offset)
    return first, add_months(first, 1) - timedelta(days=1)


def _quarter(today: date, offset: int) -> Days:
    first = add_months(today.replace(day=1), -((today.month - 1) % 3) + 3 * offset)
    return first, add_months(first, 3) - timedelta(days=1)


def _week(today: date, offset: int) -> Days:
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=offset)
    return monday, monday + timedelta(days=6)


def _day(today: date, offset: int) -> Days:
    day = today + timedelta(days=offset)
    return day, day


RELATIVE: Mapping[str, Callable[[date], Days]] = {
    "last_quarter": lambda today: _quarter(today, -1),
    "this_quarter": lambda today: _quarter(today, 0),
    "last_month": lambda today: _month(today, -1),
    "this_month": lambda today: _month(today, 0),
    "next_month": lambda today: _month(today, 1),
    "last_week": lambda today: _week(today, -1),
    "this_week": lambda today: _week(today, 0),
    "next_week": lambda today: _week(today, 1),
    "yesterday": lambda today: _day(today, -1),
    "today": lambda today: _day(today, 0),
    "now": lambda today: _day(today, 0),
    "tomorrow": lambda today: _day(today, 1),
    "before_today": lambda today: (date.min, today - timedelta(days=1)),
    "before_tomorrow": lambda today: (date.min, today),
    "later_or_today": lambda today: (today, date.max),
    "later_or_tomorrow": lambda today: (today + timedelta(days=1), date.max),
}
