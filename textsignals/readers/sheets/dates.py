"""Dates of tables in all spellings; whether days come before months is decided once for a file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import PurePosixPath

from textsignals.readers.base import FileLog, Options
from textsignals.readers.date_order import Evidence, open_date
from textsignals.readers.times import date_in_name, impossible, localise, parse_time, start_of

# So many dates without slashes, and no other will have them.
_ENOUGH = 50
# What was meant as a date, and holds no more than figures.
_SHAPE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}(?:[T ,]+\d{1,2}:[\d:.]{2,12} ?(?:[AaPp][Mm]|Z|[+-][\d:]{2,5})?)?")
# Fewer days than these may stand in order by chance.
_DAYS_IN_ORDER = 3


@dataclass(frozen=True, slots=True)
class When:
    """The time of a row in UTC, where it came from and how exact it is, or why it cannot be one."""

    moment: datetime | None = None
    source: str = "none"
    precision: str = "none"
    assumed: bool = False
    problem: str = ""


def when_by_name(path: PurePosixPath, options: Options) -> When:
    """Return the time that the name of a file gives to the records in it; its problem if that cannot be."""
    day = date_in_name(path)
    if day is None:
        return When()
    return when_on(day, options)


def when_on(day: date, options: Options, source: str = "filename") -> When:
    """Return a day that all records of a file share."""
    moment = start_of(day, options)
    return When(moment, source, "day", problem=impossible(moment))


class Dates:
    """How the dates of one file are read: whether days come first is decided once, since its rows agree.

    Days over 12 tell it, else the order in which the rows stand, else the options; failing all that the month is taken
    to come first, and the log says so.
    """

    def __init__(self, written: Iterable[str], options: Options, log: FileLog, fallback: When | None = None) -> None:
        self._options, self._log = options, log
        self._fallback = fallback or When()
        self.day_first = _day_first(written, options, log)

    def when(self, written: str) -> When:
        """Return the time of a record from its cell; that of the file if the cell is empty."""
        written = written.strip()
        if not written:
            return self._fallback
        try:
            parsed = parse_time(written, self.day_first)
            mere_day = parsed.tzinfo is None and parsed.time() == time() and not re.search(r"\d:\d", written)
            if mere_day:
                moment, assumed = start_of(parsed.date(), self._options), False
            else:
                moment, assumed = localise(parsed, self._options, self._log)
        except (ValueError, OverflowError):
            # What has not the shape of a date may be a name or a text in a row that slipped; it is not repeated.
            shown = repr(written) if _SHAPE.fullmatch(written) else "the cell"
            return When(problem=f"{shown} is not a date")
        return When(moment, "record", "day" if mere_day else "second", assumed, impossible(moment))


def _day_first(written: Iterable[str], options: Options, log: FileLog) -> bool:
    """Decide on as few dates as it takes: the first day over 12 ends it, or enough that leave nothing open."""
    plain, evidence = 0, Evidence()
    for cell in written:
        numbers = open_date(cell)
        if numbers is None:
            plain += bool(cell.strip())
            if plain >= _ENOUGH and not evidence.days:
                return False
            continue
        evidence.add(*numbers)
        if evidence.told:
            return _told(evidence.told, log)
    if not evidence.days:
        return False
    in_sequence = evidence.in_sequence() if evidence.days >= _DAYS_IN_ORDER else None
    if in_sequence:
        return _told(in_sequence, log, ", since the rows are in time order then")
    if options.date_order:
        return _told(options.date_order, log, " (--date-order)")
    return _told("mdy", log)


def _told(order: str, log: FileLog, why: str = "") -> bool:
    log.assume(f"dates with slashes: {'day' if order == 'dmy' else 'month'} first{why}")
    return order == "dmy"
