"""Whether days or months come first in dates such as 3/4/2026: decided once for a file, never line by line."""

from __future__ import annotations

import re
from datetime import date

from textsignals.readers.times import date_of

# With dots the day comes first everywhere.
_OPEN = re.compile(r"(?:[^\W\d]{2,12}\.?,?\s+)?(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d\d)(?![\w-])")


def open_date(written: str) -> tuple[int, int, int] | None:
    """Return the numbers of a date at the beginning of a text whose order its form leaves open, None for all others.

    >>> open_date("3/4/2026 10:00"), open_date("3.4.2026 10:00")
    ((3, 4, 2026), None)
    """
    found = _OPEN.match(written.strip())
    return (int(found[1]), int(found[3]), int(found[4])) if found else None


class Evidence:
    """What the dates of a file say about their order, in the order in which they stand.

    `told` is "dmy" or "mdy" from the first date on that can be read in one order alone, `days` how many days there are,
    where those that follow each other count once.
    """

    def __init__(self) -> None:
        self.told: str | None = None
        self.days = 0
        self._last: dict[str, date] = {}
        self._rises = {"dmy": True, "mdy": True}
        self._falls = {"dmy": True, "mdy": True}

    def add(self, first: int, second: int, year: int) -> bool:
        """Take a date whose year stands last; return whether it can be read in two ways that differ."""
        readings = {"dmy": date_of(year, second, first), "mdy": date_of(year, first, second)}
        possible = {order: day for order, day in readings.items() if day}
        if len(possible) < 2:
            # A date that is none in either order decides nothing.
            self.told = self.told or next(iter(possible), None)
            return False
        self.days += possible != self._last
        for order, day in possible.items():
            before = self._last.get(order, day)
            self._rises[order] &= before <= day
            self._falls[order] &= before >= day
        self._last = possible
        return first != second

    def in_sequence(self, rising: bool = False) -> str | None:
        """Return the only order in which the days run on, upwards or (unless `rising`) downwards, None if none is."""
        found = [order for order in self._rises if self._rises[order] or (self._falls[order] and not rising)]
        return found[0] if len(found) == 1 else None
