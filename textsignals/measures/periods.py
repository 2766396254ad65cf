"""Weeks, months and quarters: which one a moment falls into, which lie between, which are only partly covered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

STEPS = ("week", "month", "quarter")

_SATURDAY = 5
# That many points make a curve; with fewer months, weeks show more, and over three years quarters do.
_MONTHS_FOR_MONTHS = 3
_MONTHS_FOR_QUARTERS = 37


def period_of(day: date, by: str) -> str:
    """Return the name of the period a day falls into.

    >>> period_of(date(2026, 1, 1), "week"), period_of(date(2027, 1, 1), "week"), period_of(date(2026, 8, 1), "quarter")
    ('2026-W01', '2026-W53', '2026-Q3')
    """
    if by == "week":
        # The ISO year, not the calendar year, goes with an ISO week.
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if by == "month":
        return f"{day:%Y-%m}"
    return f"{day.year}-Q{(day.month + 2) // 3}"


def first_day(period: str) -> date:
    """Return the day a period begins with.

    >>> first_day("2026-W53"), first_day("2026-Q3")
    (datetime.date(2026, 12, 28), datetime.date(2026, 7, 1))
    """
    year, part = period.split("-")
    if part.startswith("W"):
        return date.fromisocalendar(int(year), int(part[1:]), 1)
    return date(int(year), 3 * int(part[1:]) - 2 if part.startswith("Q") else int(part), 1)


def step_of(period: str) -> str:
    """Return which step a period is of: "week", "month" or "quarter"."""
    return "week" if "W" in period else "quarter" if "Q" in period else "month"


def following(period: str) -> str:
    """Return the period after a period of the same step."""
    step = step_of(period)
    # No period is longer than 92 days, none shorter than 7; stepping day by day across the end is always right.
    day = first_day(period) + timedelta(days={"week": 7, "month": 27, "quarter": 89}[step])
    while period_of(day, step) == period:
        day += timedelta(days=1)
    return period_of(day, step)


def between(first: str, last: str) -> list[str]:
    """Return all periods from the first to the last, both included, so that gaps stay gaps."""
    periods = [first]
    while periods[-1] < last:
        periods.append(following(periods[-1]))
    return periods


def partial(period: str, first: date, last: date) -> bool:
    """Return whether data from `first` to `last` leave out a working day (Monday to Friday) of the period."""
    start, end = first_day(period), first_day(following(period)) - timedelta(days=1)
    while start.weekday() >= _SATURDAY:
        start += timedelta(days=1)
    while end.weekday() >= _SATURDAY:
        end -= timedelta(days=1)
    return first > start or last < end


def local_day(moment: datetime, tz: tzinfo) -> date:
    """Return the day of a moment in a zone; local midnight decides, also over changes of the clock."""
    return moment.astimezone(tz).date()


def suggested_step(days: Sequence[date]) -> str:
    """Return "week" for days in fewer than three months of the calendar, "quarter" over three years, else "month"."""
    if not days or len({(day.year, day.month) for day in days}) < _MONTHS_FOR_MONTHS:
        return "week"
    first, last = min(days), max(days)
    span = 12 * (last.year - first.year) + last.month - first.month + 1
    return "quarter" if span >= _MONTHS_FOR_QUARTERS else "month"
