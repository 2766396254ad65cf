"""Which day and time a line of an IRC log belongs to: most logs write the time alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from textsignals.readers.times import date_in_text, hour_of_day

# A clock that goes back by more is past midnight; the end of summer time is no new day.
_BACK = timedelta(hours=1)

_DAY_MARK = re.compile(
    r"(?:[-#*;]{1,4} ?|Session )(?:Log (?:opened|closed|started|ended)|Day changed|(?:BEGIN|END(?:ING)?) LOGGING"
    r"|Start|Close|Time|Ident)\b",
    re.IGNORECASE,
)
_NEW_DAY = re.compile(r"-{3} (Day changed\b.*|[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d{4}$)")
_WITHIN_DATE = re.compile(r"\d{1,2}:\d\d(?::\d\d)?")
_LOGGED_AT = re.compile(r".{0,30}<RRSAgent[^<>]{0,8}> logging to https?://\S{1,200}?/(\d{4})/(\d\d)/(\d\d)-")


class Calendar:
    """The day that times without a date belong to: of the file name, then of the lines that name one.

    `source` says where it comes from as in Message, `moment` is the time of the last line that had one.
    """

    def __init__(self, day: date | None) -> None:
        self._day, self.source = day, "filename" if day else "none"
        self._last: datetime | None = None
        self.moment: datetime | None = None

    @property
    def knows_day(self) -> bool:
        """Whether the name of the file or a line so far has told the day."""
        return self._day is not None

    def foresee(self, lines: Iterable[str]) -> None:
        """Go to the day that RRSAgent tells in some lines."""
        for found in filter(None, map(_LOGGED_AT.match, lines)):
            self._begin(date_in_text("-".join(found.groups())))
            return

    def heed(self, line: str) -> bool:
        """Go to the day that a line names; return whether the line is only a mark of the log."""
        if found := _LOGGED_AT.match(line):
            self._begin(date_in_text("-".join(found.groups())))
            return False
        new_day = _NEW_DAY.match(line)
        if not new_day and not _DAY_MARK.match(line):
            return False
        day = date_in_text(" ".join(_WITHIN_DATE.sub(" ", line).split()))
        if day is None and new_day and self._day:
            # In a language whose months are not known here.
            day = self._day + timedelta(days=1)
        self._begin(day)
        return True

    def _begin(self, day: date | None) -> None:
        if day is not None:
            self._day, self.source, self._last = day, "heading", None

    def read(self, stamp: re.Match[str]) -> datetime | None:
        """Return the time of a line, still without a zone unless it names one; None if its day is not known.

        Raises ValueError if there is no such time.
        """
        parts = stamp.groupdict()
        self.moment = self._read(parts, _clock(parts["clock"], parts["half"]))
        return self.moment

    def _read(self, parts: dict[str, str | None], clock: time) -> datetime | None:
        if written := parts.get("date"):
            self.source = "record"
            zone = {"UTC": "+00:00", "GMT": "+00:00", None: ""}.get(parts["zone"], parts["zone"])
            return datetime.fromisoformat(f"{written}T{clock.isoformat()}{zone}")
        if written := parts.get("long"):
            self.source = "record"
            day = date_in_text(written)
            return datetime.combine(day, clock) if day else None
        if self._day is None:
            return None
        if month := parts.get("month"):
            return self._of_year(f"{month} {parts['day']}", clock)
        moment = datetime.combine(self._day, clock)
        if self._last and self._last - moment > _BACK:
            moment += timedelta(days=1)
        self._day, self._last = moment.date(), moment
        return moment

    def _of_year(self, written: str, clock: time) -> datetime:
        assert self._day is not None
        moment = datetime.combine(_day_of(written, self._day.year), clock)
        # Over the end of a year, in either direction.
        if abs(moment.date() - self._day) > timedelta(days=180):
            year = self._day.year + (1 if moment.date() < self._day else -1)
            moment = datetime.combine(_day_of(written, year), clock)
        self._day = moment.date()
        return moment


def _day_of(written: str, year: int) -> date:
    found = date_in_text(f"{written} {year}")
    if found is None:
        raise ValueError(f"{written!r} is no day")
    return found


def _clock(written: str, half: str | None) -> time:
    hour, minute, second = map(int, f"{written}:0".split(":")[:3])
    if half:
        hour = hour_of_day(hour, half.lower() == "pm")
    return time(hour, minute, second)


def is_mark(line: str) -> bool:
    """Return whether a line opens or closes a log or a day."""
    return bool(_DAY_MARK.match(line))
