"""How the entries of a WhatsApp chat begin: styles of date and clock, and which number is the day, once per file."""

from __future__ import annotations

import re
from typing import NamedTuple

# Marks of writing direction, which phones put around dates, names and their own words; nobody sees them.
UNSEEN = "\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
SPACE = "[ \u00a0\u2007\u2009\u202f]"

# Halves of the day as phones write them, with whether they are the second one.
_HALVES = {
    "上午": False, "凌晨": False, "清晨": False, "早上": False, "中午": True, "下午": True, "傍晚": True, "晚上": True,
    "오전": False, "오후": True, "午前": False, "午後": True, "ص": False, "م": True, "ق.ظ.": False, "ب.ظ.": True,
    "π.μ.": False, "μ.μ.": True, "пр.об.": False, "сл.об.": True, "ÖÖ": False, "ÖS": True, "SA": False, "CH": True,
    "PD": False, "MD": True, "PG": False, "PTG": True, "de.": False, "du.": True, "fm": False, "em": True,
    "पूर्वाह्न": False, "अपराह्न": True, "am": False, "pm": True,
}  # fmt: skip
_HALF = "|".join([rf"[AaPp]\.?{SPACE}?[Mm]\.?", *(re.escape(half) for half in _HALVES if half not in ("am", "pm"))])
_DATE = rf"(\d{{1,4}}\u200f?[./-]{SPACE}?\d{{1,2}}\u200f?[./-]{SPACE}?\d{{1,4}})"
# Words between date and time, such as German "um" and Finnish "klo".
_BETWEEN = rf"(?:\.|{SPACE}г\.)?[,،]?(?:{SPACE}(?:à|às|a las|alle|at|klo|kl\.?|om|um|в))?{SPACE}"
_AFTER_TIME = rf"(?:{SPACE}?(?:Uhr|ч\.|h))?"
_CLOSES = {"]": rf"\]{SPACE}?", "-": rf"{SPACE}[-–—]{SPACE}", ":": rf":{SPACE}"}
_ANY = re.compile(
    rf"[{UNSEEN}]*(\[)?[{UNSEEN}]*{_DATE}{_BETWEEN}(?:({_HALF}){SPACE}?)?(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d))?"
    rf"(?:{SPACE}?({_HALF}))?{_AFTER_TIME}(?:(\]){SPACE}?|{SPACE}([-–—]){SPACE}|(:){SPACE})(.*)"
)
_ORDERS = ("dmy", "mdy", "ymd")
_NUMBER = re.compile(r"\d+")
# What may stand first in such a line.
FIRST = frozenset("[0123456789\u200e\u200f\u202a\u202b\u2068\ufeff٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")

# So many entries, with so many days that tell the order and none that tells another, settle a file.
_ENOUGH_ENTRIES, _ENOUGH_DAYS = 1_000, 5
# A second style is one of the file, not a quotation in it, from this number and this share of the entries.
_STYLE_ENTRIES, _STYLE_SHARE = 10, 0.1
# WhatsApp began in 2009.
_FIRST_YEAR = 2009
# The Buddhist calendar of Thailand is ahead by so many years.
_BUDDHIST = 543


class Style(NamedTuple):
    """How entries begin: what closes the date, where the half of the day stands, whether there are seconds."""

    close: str
    half: str
    seconds: bool

    def pattern(self) -> re.Pattern[str]:
        """Return the pattern of such a line: date, half, hour, minute, second, half, rest."""
        before = rf"({_HALF}){SPACE}?" if self.half == "before" else "()"
        after = rf"{SPACE}?({_HALF})" if self.half == "after" else "()"
        seconds = r"[:.](\d\d)" if self.seconds else "()"
        opens = rf"\[[{UNSEEN}]*" if self.close == "]" else ""
        clock = rf"{before}(\d{{1,2}})[:.](\d\d){seconds}{after}{_AFTER_TIME}"
        return re.compile(rf"[{UNSEEN}]*{opens}{_DATE}{_BETWEEN}{clock}{_CLOSES[self.close]}(.*)")


def start(line: str) -> tuple[Style, str, str] | None:
    """Return style, date and rest of a line that could begin an entry of any chat, else None.

    >>> start("12/9/20, 11:55 p. m. - Ana: hello")
    (Style(close='-', half='after', seconds=False), '12/9/20', 'Ana: hello')
    """
    match = _ANY.match(line)
    if match is None:
        return None
    opens, date, before, _, _, second, after, bracket, dash, _, rest = match.groups()
    if bool(opens) != bool(bracket):
        return None
    half = "before" if before else "after" if after else ""
    return Style("]" if bracket else "-" if dash else ":", half, second is not None), date, rest


def is_afternoon(half: str) -> bool:
    """Return whether a half of the day is the second one.

    >>> is_afternoon("p. m."), is_afternoon("上午")
    (True, False)
    """
    return _HALVES[half] if half in _HALVES else half[0] in "Pp"


def numbers(date: str) -> tuple[int, int, int, bool]:
    """Return the three numbers of a date, years in full, and whether the first of them is the year for sure."""
    first, second, third = _NUMBER.findall(date)
    if len(first) > 2:
        return _year(first), int(second), int(third), True
    return int(first), int(second), int(third) if len(third) == 1 else _year(third), False


def _year(written: str) -> int:
    year = int(written) + (2000 if len(written) == 2 else 0)
    # No chat is of the year 2400 of ours.
    return year - _BUDDHIST if year > 2400 else year


def day(date: str, order: str | None) -> tuple[int, int, int] | None:
    """Return year, month and day of a date; None if they depend on the order and that is not known.

    >>> day("1/7/25", "dmy"), day("2025-07-01", None), day("1/7/25", None)
    ((2025, 7, 1), (2025, 7, 1), None)
    """
    first, second, third, sure = numbers(date)
    if sure:
        return first, second, third
    if order == "ymd":
        return 2000 + first, second, third % 100
    if order == "mdy":
        return third, first, second
    return (third, second, first) if order == "dmy" or first == second else None


class _Evidence:
    """What the dates of one style say about their order."""

    def __init__(self) -> None:
        self.entries = self.open = self.clear = self.firsts = self.seconds = 0
        self.back = dict.fromkeys(_ORDERS, 0)
        self.no_ymd = self.too_early = False
        self.example = ""
        self._last = ""
        self._before: dict[str, tuple[int, int, int]] = {}

    def add(self, date: str) -> None:
        self.entries += 1
        if date == self._last:
            return
        self._last = date
        first, second, third, sure = numbers(date)
        if sure or first == second:
            self.clear += 1
        else:
            self.open += 1
            self.example = self.example or date
            self.firsts += first > 12
            self.seconds += second > 12
        self.no_ymd |= not sure and (2000 + first < _FIRST_YEAR or len(_NUMBER.findall(date)[2]) > 2)
        self.too_early |= not sure and third < _FIRST_YEAR
        for order in self.back:
            found = day(date, order)
            if found and found[1] <= 12:
                self.back[order] += found < self._before.get(order, found)
                self._before[order] = found


class Survey:
    """What all entries, or enough of them, say: the styles in use and the order of day and month."""

    def __init__(self) -> None:
        self._evidence: dict[Style, _Evidence] = {}
        self._entries = 0

    def add(self, style: Style, date: str) -> None:
        """Take one line that could begin an entry."""
        self._entries += 1
        if style not in self._evidence:
            self._evidence[style] = _Evidence()
        self._evidence[style].add(date)

    def settled(self) -> bool:
        """Return whether further entries would change nothing."""
        if self._entries < _ENOUGH_ENTRIES or len(self._evidence) > 1:
            return False
        [found] = self._evidence.values()
        return not found.open or (not (found.firsts and found.seconds) and found.firsts + found.seconds >= _ENOUGH_DAYS)

    def styles(self) -> list[Style]:
        """Return the styles of the file, the commonest first; one that is rare is that of a quotation."""
        found = sorted(self._evidence, key=lambda style: -self._evidence[style].entries)
        least = max(_STYLE_ENTRIES, _STYLE_SHARE * self._entries)
        return found[:1] + [style for style in found[1:] if self._evidence[style].entries >= least]

    def order(self, given: str | None = None) -> str | None:
        """Return the order of the numbers: told by one over 12, else the one given, else that in which time goes on.

        None if nothing tells it.
        """
        found = [self._evidence[style] for style in self.styles()]
        firsts, seconds = sum(e.firsts for e in found), sum(e.seconds for e in found)
        back = {order: sum(e.back[order] for e in found) for order in _ORDERS}
        order = given
        if firsts != seconds:
            order = "dmy" if firsts > seconds else "mdy"
        elif given is None:
            earlier, later = sorted(("dmy", "mdy"), key=lambda name: back[name])
            order = earlier if back[later] > 4 * back[earlier] else None
        if any(e.no_ymd for e in found) or given in ("dmy", "mdy"):
            return order
        is_ymd = given == "ymd" or any(e.too_early for e in found) or back[order or "dmy"] > 4 * back["ymd"]
        return "ymd" if is_ymd else order

    def undecided(self) -> str:
        """Return a date that reads two ways if most dates of the file do, else ""."""
        found = [self._evidence[style] for style in self.styles()]
        is_open = sum(e.open for e in found) >= sum(e.clear for e in found)
        return next((e.example for e in found if e.example), "") if is_open else ""
