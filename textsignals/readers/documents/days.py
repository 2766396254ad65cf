"""The day of a document and of its sections: from headings, labels, the title and the name of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath

from textsignals.readers.base import FileLog, Options
from textsignals.readers.date_order import Evidence
from textsignals.readers.times import date_in_name, date_in_text, date_of, impossible, start_of

# Notion and others put 32 hexadecimal digits into names; some of them look like a date.
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_LABELLED = re.compile(
    r"^\W{0,4}(?:(?:meeting )?(?:date|day)|period|when|created(?: at| on| time)?|date (?:and|&) time)\b"
    r"[^:\n]{0,20}:(.{1,80})",
    re.I,
)
_NUMBERS = re.compile(r"(?<![\w.])(\d{1,2})([/.-])(\d{1,2})\2((?:19|20)\d\d|\d\d)(?![\w]|\.\d)")
_SIX = re.compile(r"(?<![0-9A-Za-z])(\d\d)(\d\d)(\d\d)(?![0-9A-Za-z])")
_ORDERS = {"mdy": (2, 0, 1), "ymd": (0, 1, 2), "dmy": (2, 1, 0)}
_AMBIGUOUS = "days such as 05/08/2026 can be read two ways and were not used: give --date-order"
# A date that stands alone near the top is that of the document; one in a sentence need not be.
_TOP = 8
_WORDS_AROUND = 7


class Days:
    """Gives each section of a document its day; what the file leaves open is noted in the log.

    `blocks` are (kind, section, text). The order of numbers is decided once for the file, never line by line.
    """

    def __init__(
        self,
        path: PurePosixPath,
        title: str,
        front: str,
        blocks: Sequence[tuple[str, str, str]],
        options: Options,
        log: FileLog,
    ) -> None:
        self._options, self._log = options, log
        headings = dict.fromkeys(text for kind, _, text in blocks if kind == "heading")
        labelled = [m.group(1) for _, _, text in blocks for line in text.split("\n") if (m := _LABELLED.match(line))]
        self._order = _order([title, *headings, *labelled, path.stem], options)
        self._sections: dict[str, tuple[datetime | None, str]] = {}
        self._whole = self._of_file(path, title, front, labelled, [text for _, _, text in blocks[:_TOP]])

    def of(self, section: str) -> tuple[datetime | None, str]:
        """Return when a section was written and where that stands: in a heading, else as for the whole document."""
        if section not in self._sections:
            self._sections[section] = self._decide(section)
        return self._sections[section]

    def _decide(self, section: str) -> tuple[datetime | None, str]:
        day, origin = self._whole
        for heading in reversed(section.split(" > ")):
            if found := self._day(heading):
                # "Plan for December" in the notes of today is a plan, not a date of the notes.
                if day is None or _is_possible(found) or not _is_possible(day):
                    day, origin = found, "heading"
                break
        return (start_of(day, self._options) if day else None), origin

    def _of_file(
        self, path: PurePosixPath, title: str, front: str, labelled: Iterable[str], top: Iterable[str]
    ) -> tuple[date | None, str]:
        name = PurePosixPath(*(_ID.sub("", part) for part in path.parts)) if path.parts else path
        if named := date_in_name(name) or date_in_text(name.stem.replace("_", " ")) or self._numbers(name.stem):
            return named, "filename"
        dated = [line for line in front.splitlines() if _LABELLED.match(line)]
        alone = [text for text in top if len(text.split()) <= _WORDS_AROUND]
        for text in (title, *dated, front, *labelled, *alone):
            if found := self._day(text):
                return found, "document"
        if six := self._six(name.stem):
            return six, "filename"
        return None, "none"

    def _day(self, text: str) -> date | None:
        return date_in_text(text) or self._numbers(text)

    def _numbers(self, text: str) -> date | None:
        """Return a date such as 13.3.2026 or 3/13/2026 in a text, if its order is known."""
        for first, _, second, year in _NUMBERS.findall(text):
            if self._order is None:
                self._log.assume(_AMBIGUOUS)
                return None
            day, month = (first, second) if self._order == "dmy" else (second, first)
            if found := date_of(int(year), int(month), int(day)):
                self._log.assume(f"dates with numbers: {'day' if self._order == 'dmy' else 'month'} first")
                return found
        return None

    def _six(self, stem: str) -> date | None:
        """Return the date of a name such as 111222-sync: month, day, year unless that cannot be."""
        wanted = self._options.date_order
        for digits in _SIX.findall(stem):
            for order, (year, month, day) in _ORDERS.items():
                found = date_of(2000 + int(digits[year]), int(digits[month]), int(digits[day]))
                if found and _is_possible(found) and wanted in (None, order):
                    self._log.assume(f"six digits in a file name: {order}")
                    return found
        return None


def _order(texts: Iterable[str], options: Options) -> str | None:
    """Return "dmy" or "mdy" for dates in numbers, None if the texts leave it open."""
    if options.date_order in ("dmy", "mdy"):
        return options.date_order
    found = [match for text in texts for match in _NUMBERS.findall(text)]
    if any(sign == "." for _, sign, _, _ in found):
        return "dmy"
    evidence = Evidence()
    for first, _, second, year in found:
        evidence.add(int(first), int(second), int(year))
    return evidence.told


def _is_possible(day: date) -> bool:
    return not impossible(datetime.combine(day, time(), tzinfo=UTC))
