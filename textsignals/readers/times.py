"""Times as exports write them, and days in names and headings, brought to UTC; what a file leaves open is noted."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import PurePosixPath

from textsignals.readers.base import FileLog, Options

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MONTHS = "january february march april may june july august september october november december".split()
_SHORT_MONTHS = [name[:3] for name in _MONTHS]
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS).replace("sep(?:", "sep(?:t|")
_DAY_OF_MONTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_WRITTEN_DATE = re.compile(
    rf"\b(?:{_DAY_OF_MONTH}\s+)?({_MONTH})\.?\s+(?:{_DAY_OF_MONTH},?\s+)?((?:19|20)\d\d)\b", re.IGNORECASE
)
_ISO_DATE = re.compile(r"\b((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})\b")
# Years of two digits below this belong to this century, as the standard library has it, too.
_PIVOT = 69

# What follows a date, up to its clock; then dates with the year first, in figures (the month first, unless told
# otherwise), and with the name of a month.
_AFTER_DATE = r"(?:\.| г\.)?(?![\d-])[ ,T]*(?:(?:a las|alle(?: ore)?|at|klo|kl\.?|om|um|à|às|в) )?"
_DATES = tuple(
    re.compile(form + _AFTER_DATE)
    for form in (
        r"(?P<year>\d{4})[/.年-] ?(?P<month>\d{1,2}|[^\W\d]{3,12})[/.月-] ?(?P<day>\d{1,2})日?",
        r"(?P<month>\d{1,2})(?P<sign>[/.-]) ?(?P<day>\d{1,2})(?P=sign) ?(?P<year>\d{4}|\d\d)",
        r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?[ /-](?:de )?(?P<month>[^\W\d]{3,12})\.?[ /,-]{1,2}(?:de )?"
        r"(?P<year>\d{4}|\d\d)",
        r"(?P<month>[^\W\d]{3,12})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    )
)
_WEEKDAY = re.compile(r"([^\W\d]{2,12})\.?,? (?=\d|[^\W\d]{3,10}\.? \d)")
# Some settings write 14.03; AM and PM may have dots and blanks, or stand before the hour. Scripts name the zone twice.
_CLOCK = re.compile(
    r"(?:(上午|下午|오전|오후|午前|午後) ?)?(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,9}))?)?"
    r"(?: ?([ap])\.? ?m\b\.?)? ?(z|(?:utc|gmt)?(?:[+-]\d\d(?::?\d\d)?)?)(?: \([^()]{0,60}\))?",
    re.IGNORECASE,
)
_AFTERNOON = frozenset(("下午", "오후", "午後", "p", "P"))
_MARKS = re.compile("[\u200e\u200f]")
_MAX_CHARS = 80
_MONTH_NAMES = (
    "januar january janvier januari enero ene gennaio gen janeiro stycznia sty jän jänner янв января",
    "februar february février févr fév februari febrero febbraio fevereiro fev lutego lut фев февраля",
    "märz march mars mrz maart mrt marzo março marca мар марта mär",
    "april avril avr abril abr aprile kwietnia kwi апр апреля",
    "mai mei mayo maggio mag maio maj maja мая май",
    "juni june juin junio giugno giu junho czerwca cze июн июня",
    "juli july juillet juil julio luglio lug julho lipca lip июл июля",
    "august août aoû augustus augusti agosto ago sierpnia sie авг августа",
    "september sept septembre septiembre settembre set setembro września wrz сен сентября",
    "oktober october octobre okt octubre ottobre ott outubro out października paź окт октября",
    # The Finnish one begins like March.
    "november novembre noviembre novembro listopada lis marraskuu marraskuuta ноя ноября",
    "dezember december décembre dez déc diciembre dic dicembre dezembro grudnia gru дек декабря",
)
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
# Days of the week that begin like March.
_TUESDAYS = frozenset(("mardi", "martes", "martedì"))


def localise(moment: datetime, options: Options, log: FileLog) -> tuple[datetime, bool]:
    """Return a moment in UTC, and whether its zone had to be assumed."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC), False
    # Who named another zone need not be told how.
    hint = "; say it with --tz" if options.tz is UTC else ""
    log.assume(f"time zone: {options.tz} for times that name none{hint}")
    return moment.replace(tzinfo=options.tz).astimezone(UTC), True


def start_of(day: date, options: Options) -> datetime:
    """Return where a day begins in the zone of the options, in UTC; a mere date needs no zone to be assumed."""
    return datetime.combine(day, time(), tzinfo=options.tz).astimezone(UTC)


def impossible(moment: datetime) -> str:
    """Return why a time cannot be that of a message, or "" if it can (1990 to a day from now)."""
    if moment < EARLIEST:
        return f"the date {moment:%Y-%m-%d} is before 1990"
    if moment > datetime.now(UTC) + timedelta(days=1):
        return f"the date {moment:%Y-%m-%d} is in the future"
    return ""


def date_in_name(path: PurePosixPath) -> date | None:
    """Return the first date written year-month-day in a path, looking at the file name first.

    >>> date_in_name(PurePosixPath("retro/2019-10-21--core.md"))
    datetime.date(2019, 10, 21)
    """
    for part in reversed(path.parts):
        for year, month, day in _DATE.findall(part):
            found = date_of(int(year), int(month), int(day))
            if found:
                return found
    return None


def date_in_text(text: str) -> date | None:
    """Return the first full date in a heading or title.

    >>> date_in_text("Weekly sync, Oct 21, 2019")
    datetime.date(2019, 10, 21)
    """
    for year, month, day in _ISO_DATE.findall(text):
        found = date_of(int(year), int(month), int(day))
        if found:
            return found
    for before, month, after, year in _WRITTEN_DATE.findall(text):
        found = date_of(int(year), month_number(month), int(before or after or 0))
        if found:
            return found
    return None


def date_of(year: int, month: int, day: int) -> date | None:
    """Return a date, whose year may have two digits, None if there is none.

    >>> date_of(26, 3, 13), date_of(2026, 13, 3)
    (datetime.date(2026, 3, 13), None)
    """
    try:
        return date(full_year(year), month, day)
    except ValueError:
        return None


def full_year(year: int) -> int:
    """Return a year with its century.

    >>> full_year(26), full_year(99), full_year(2026)
    (2026, 1999, 2026)
    """
    return year if year > 99 else year + (2000 if year < _PIVOT else 1900)


def month_number(name: str) -> int:
    """Return 1 to 12 for the name of a month, whole or short, in the languages that are known here, else 0.

    >>> month_number("Sept"), month_number("juin"), month_number("Tuesday")
    (9, 6, 0)
    """
    name = name.casefold()
    found = _MONTH_NUMBERS.get(name, 0)
    if found or name in _TUESDAYS:
        return found
    return 1 + _SHORT_MONTHS.index(name[:3]) if name[:3] in _SHORT_MONTHS else 0


def hour_of_day(hour: int, is_afternoon: bool) -> int:
    """Return the hour of 24 for one beside AM or PM; 12 stands for 0 there, and some write 00 or 13 as well.

    >>> hour_of_day(12, is_afternoon=False), hour_of_day(8, is_afternoon=True), hour_of_day(13, is_afternoon=True)
    (0, 20, 13)
    """
    return hour % 12 + 12 * is_afternoon if hour <= 12 else hour


def parse_time(written: str, day_first: bool = False) -> datetime:
    """Return a time in ISO 8601, since 1970, or as tables, settings, letters and people write it, in any order.

    >>> parse_time("2018-12-18 19:50:31"), parse_time("3/2/26 9:05 p. m.", day_first=True)
    (datetime.datetime(2018, 12, 18, 19, 50, 31), datetime.datetime(2026, 2, 3, 21, 5))
    >>> parse_time("14/Jul/25 3:42 PM"), parse_time("14. Juli 2025")
    (datetime.datetime(2025, 7, 14, 15, 42), datetime.datetime(2025, 7, 14, 0, 0))

    `day_first` says which number is the day where both could be. Raises ValueError if it is no time.
    """
    if re.fullmatch(r"\d{9,13}(?:\.\d+)?", written):
        return from_epoch(float(written))
    if re.fullmatch(r"\d{16}|\d{19}", written):
        # Databases count in millionths and billionths of a second.
        return from_epoch(float(f"{written[:10]}.{written[10:]}"))
    for read in (datetime.fromisoformat, partial(_as_people_write, day_first=day_first), _as_letters_have_it):
        try:
            return read(written)
        except ValueError:
            continue
    raise ValueError(f"{written!r} is not a date")


def _as_people_write(written: str, day_first: bool) -> datetime:
    plain = " ".join(_MARKS.sub("", written[:_MAX_CHARS]).split())
    weekday = _WEEKDAY.match(plain)
    if weekday and not month_number(weekday[1]):
        plain = plain[weekday.end() :]
    day, end = _leading_date(plain, day_first)
    return datetime.combine(day, _clock(plain[end:]) if plain[end:] else time())


def _leading_date(written: str, day_first: bool) -> tuple[date, int]:
    """Return the date at the beginning and where it ends; ValueError if there is none."""
    found = next(filter(None, (form.match(written) for form in _DATES)), None)
    if found is None:
        raise ValueError("no date")
    year, month, day, sign = found["year"], found["month"], found["day"], found.groupdict().get("sign")
    # Nobody writes the month first with dots.
    if sign == "." or (sign and day_first):
        month, day = day, month
    number = int(month) if month.isdecimal() else month_number(month)
    return date(full_year(int(year)), number, int(day)), found.end()


def _clock(written: str) -> time:
    found = _CLOCK.fullmatch(written)
    if found is None:
        raise ValueError("no clock")
    before, hours, minute, second, part, after, zone = found.groups()
    half = before or after
    hour = hour_of_day(int(hours), half in _AFTERNOON) if half else int(hours)
    return time(hour, int(minute), int(second or 0), int(f"{part or 0:0<6}"[:6]), _zone(zone))


def _zone(written: str) -> tzinfo | None:
    if not written:
        return None
    offset = re.sub("[^0-9+-]", "", written).ljust(5, "0")
    return datetime.strptime(offset, "%z").tzinfo if offset[0] in "+-" else UTC


def _as_letters_have_it(written: str) -> datetime:
    """Return a time such as Fri, 13 Mar 2026 10:00:00 EST."""
    if "," not in written[:4]:
        raise ValueError("no date of a letter")
    try:
        return parsedate_to_datetime(written[:_MAX_CHARS])
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("no date of a letter") from error


def from_epoch(number: float) -> datetime:
    """Return a time given as seconds or milliseconds since 1970, in UTC; raises ValueError if it is beyond all dates.

    >>> from_epoch(1736554746.25) == from_epoch(1736554746250)
    True
    """
    # Seconds stay below 10^11 until the year 5138.
    try:
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, tz=UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{number} is not a time") from error
