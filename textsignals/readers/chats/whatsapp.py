"""WhatsApp chats, exported as text by any phone in any language: dates, names, lines that go on, notices left out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, NoReturn
from zlib import crc32

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, MAX_TEXT_CHARS, FileLog, Options, clip, lines
from textsignals.readers.chats.whatsapp_dates import FIRST, Style, Survey, day, is_afternoon, numbers, start
from textsignals.readers.chats.whatsapp_notices import MARKS, is_placeholder, notice, person, sort, split
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import hour_of_day, impossible, localise
from textsignals.records import DIRECT_MESSAGES, NOTHING, Message

NAME = "whatsapp"

_FILE_NAME = re.compile(r"(?:^_chat\b|whats-?app)", re.IGNORECASE)
# "WhatsApp Chat with X", "Chat de WhatsApp con X", "WhatsApp-Chat mit X", and what a computer adds to a second copy.
_CALLED = re.compile(
    r"^(?:whatsapp[ -]chat(?: with| mit| -|\s–)?|chat (?:de|di|whatsapp)(?: de| di)? ?(?:whatsapp)?(?: con| com| avec)?"
    r"|conversa do whatsapp com|discussion whatsapp avec|whatsapp-chat met)\s+(?=\S)",
    re.IGNORECASE,
)
_COPY = re.compile(r"\s*\(\d+\)$")
# Kept from one entry to the next, so that a day or a name is worked out once; a hostile file must not fill it.
_MOST_KEPT = 10_000
_DAY_CHARS = len("20260130")
_NONE: tuple[str, ...] = ()
# Those software reasons that are not words of a person.
_SOFTWARE = frozenset({"join or leave", "system", "call", "encrypted"})

Groups = tuple[str | Any, ...]


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a chat: lines begin with a date, a clock and a name, the first one too."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    wide = head[:2] in MARKS_16
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    if "\x00" in text:
        return 0.0
    written = [line for line in text.splitlines() if line.strip()]
    found = [start(line) if line[0] in FIRST else None for line in written]
    # A log in angle brackets is one of IRC; a name has a colon after it.
    named = [hit for hit in found if hit and hit[2][:1] not in ("<", "*") and split(hit[2])[0]]
    if not named or not any(found[:3]):
        return 0.0
    if _FILE_NAME.search(source.path.name):
        return 1.0
    styles = {hit[0].close for hit in named}
    return 0.9 if len(named) > 1 and styles != {":"} else 0.6


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message an entry; lines without a date go on with the entry above.

    Raises InputError if nothing tells the day from the month.
    """
    assert isinstance(source, Source)
    return _Chat(source, log, options).messages()


class _Chat:
    """One file while it is read."""

    def __init__(self, source: Source, log: FileLog, options: Options) -> None:
        self._source, self._log, self._options = source, log, options
        self._channel = title = _title(source)
        self._partner = _comparable(title)
        self._thread: str | None = None
        self._others: set[str] = set()
        self._names: dict[str, str] = {}
        self._people: set[str] = set()
        self._days: dict[str, tuple[int, int, int, str] | str] = {}
        self._long_names: tuple[str, ...] = ()
        self._tz = options.tz
        self._order: str | None = None
        # A chat may be called like a person.
        chat = blake2b(title.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        self._prefix = f"{NAME}:{chat}:"
        self._today = ""
        self._ids: dict[str, int] = {}
        self._before = self._nameless = self._continued = 0
        self._complete = False

    def messages(self) -> Iterator[Message]:
        """Yield the messages of the file."""
        self._survey(whole=False)
        try:
            yield from self._entries()
        finally:
            self._log.details["entries"] = self._log.read - self._before
            self._log.details["without a name"] = self._nameless
            self._log.details["continuation lines"] = self._continued
            self._log.details["names"] = len(self._people)

    def _survey(self, *, whole: bool) -> None:
        """Look through the file for its styles and the order of its dates; it stops when these are clear."""
        survey, long_names = Survey(), Counter[str]()
        style: Style | None = None
        match: Callable[[str], re.Match[str] | None] | None = None
        for line in lines(self._source, self._log):
            # Most begin as the one before, whose own pattern takes a third of the time of that for all styles.
            if match and style and (hit := match(line)):
                found = style, hit[1], hit[7]
            elif line[:1] in FIRST and (other := start(line)):
                found = other
                style, match = other[0], other[0].pattern().match
            else:
                continue
            survey.add(found[0], found[1])
            if not (whole or self._thread) and self._is_of_partner(found[2]):
                # All private chats are one channel, in which each is a thread.
                self._channel, self._thread = DIRECT_MESSAGES, self._prefix.rstrip(":")
            name, colon, last = found[2].rpartition(": ")
            if colon and ": " in name and len(long_names) < _MOST_KEPT and is_placeholder(last):
                long_names[name] += 1
            if not whole and survey.settled():
                break
        else:
            self._complete = True
        styles = survey.styles()
        if not styles:
            raise InputError(self._log.file, "holds no entry of a WhatsApp chat", hint="export the chat again")
        self._styles = [(style, style.pattern().match) for style in styles]
        self._long_names = tuple(name for name, n in long_names.items() if n > 1)
        self._decide(survey)

    def _is_of_partner(self, rest: str) -> bool:
        """Return whether whom the chat is called after wrote an entry; a private chat is called after a person.

        Phones also put the name of a group before notices.
        """
        before = rest.partition(":")[0]
        if before in self._others:
            return False
        name, text = split(rest)
        if not name or _comparable(name) != self._partner:
            if len(self._others) < _MOST_KEPT:
                self._others.add(before)
            return False
        found = sort(text, False)
        return not text.startswith(MARKS) and (found is None or found.skip not in _SOFTWARE)

    def _decide(self, survey: Survey) -> None:
        order = survey.order(self._options.date_order)
        example = survey.undecided() if self._complete and order is None else ""
        if example:
            raise InputError(
                self._log.file,
                f"its dates can be read in two ways ({example})",
                hint="say which number is the day: --date-order dmy (day first) or --date-order mdy (month first)",
            )
        # Decided once: what was yielded must not be read in another way than the rest.
        self._order = self._order or order
        if self._order and self._order != self._options.date_order:
            self._log.assume(f"date order: {self._order}, as all dates of the file together show")

    def _entries(self) -> Iterator[Message]:
        own, match = self._styles[0]
        pending: Groups | None = None
        style, at, size, body = own, 0, 0, list[str]()
        for number, line in enumerate(lines(self._source, self._log), 1):
            found = match(line)
            next_style = own
            if found is None:
                if line[:1] in FIRST:
                    found, next_style = self._other(line)
                if found is None:
                    if pending is None:
                        self._unowned(number, line)
                        continue
                    self._continued += line != ""
                    if size <= MAX_TEXT_CHARS:
                        body.append(line)
                        size += len(line) + 1
                    continue
            if pending is not None and (message := self._message(style, at, pending, body)):
                yield message
            pending, style, at = found.groups(), next_style, number
            if body:
                body.clear()
                size = 0
        if pending is not None and (message := self._message(style, at, pending, body)):
            yield message

    def _unowned(self, number: int, line: str) -> None:
        """Account, once, for text above the first entry."""
        if line.strip() and not self._before:
            self._before = 1
            self._log.met()
            self._log.quarantine(f"line {number}", "text before the first dated entry", "it belongs to no message")

    def _other(self, line: str) -> tuple[re.Match[str] | None, Style]:
        """Return how a line begins an entry in another style that the file has; no match if it is a quotation."""
        own = self._styles[0][0]
        if start(line) is None:
            return None, own
        if not self._complete:
            self._survey(whole=True)
        for style, match in self._styles:
            if hit := match(line):
                return hit, style
        self._log.details["other lines that begin with a date"] += 1
        return None, own

    def _message(self, style: Style, at: int, groups: Groups, body: list[str]) -> Message | None:
        """Return the message of an entry, None if it went into quarantine."""
        log = self._log
        log.read += 1
        date_, early, hour, minute, second, late, rest = groups
        known = self._days.get(date_) or self._day(date_)
        half = early or late
        try:
            year, month, day_, written = known if isinstance(known, tuple) else _raise(known)
            hours = hour_of_day(int(hour), is_afternoon(half)) if half else int(hour)
            moment = datetime(year, month, day_, hours, int(minute), int(second) if second else 0, 0, self._tz)
            if self._tz is not UTC:
                moment = moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            log.quarantine(f"line {at}", _told(error), self._hint())
            return None
        name, colon, text = rest.partition(": ")
        if (known_name := self._names.get(name)) is None or not colon or self._long_names:
            name, text = self._split(rest)
        else:
            name = known_name
        if body:
            text = f"{text}\n" + "\n".join(body)
        if name:
            skip, edited, files = "", False, _NONE
            if found := sort(text, style.close == "]"):
                text, skip, edited, files = found
        else:
            self._nameless += 1
            skip, edited, files = notice(text), False, _NONE
        software = skip in _SOFTWARE
        text = clip(text, log)
        # By place and not by name, which takes a quarter of the time; the order is that of the fields.
        return Message(
            self._identify(f"{written}:{hours}:{minute}:{second}", name, text),
            NAME,
            log.file,
            f"line {at}",
            "system" if software else "message",
            text,
            None if software else name or None,
            None,
            False,
            self._channel,
            None,
            moment,
            "record",
            "second" if second else "minute",
            True,
            self._thread,
            None,
            None,
            None,
            NOTHING,
            edited,
            skip == "deleted",
            files,
            skip or (None if text else "empty"),
        )

    def _identify(self, when: str, name: str, text: str) -> str:
        """Return an id from the local time, so that no option changes it; twins of one day get different ones.

        A twin that comes after another day is one of an export that overlaps with the first, in the same file.
        """
        if when[:_DAY_CHARS] != self._today:
            self._today = when[:_DAY_CHARS]
            self._ids.clear()
        # A checksum is enough within a second of one chat, as what it has in common gets numbers too.
        told = f"{name}\x1f{text}".encode("utf-8", "surrogatepass")
        id_ = f"{self._prefix}{when}:{crc32(told):x}"
        self._ids[id_] = nth = self._ids.get(id_, 0) + 1
        return f"{id_}.{nth}" if nth > 1 else id_

    def _split(self, rest: str) -> tuple[str, str]:
        """Return the name, cleaned, and the text."""
        for long_name in self._long_names:
            if rest.startswith(f"{long_name}: "):
                name, text = long_name, rest[len(long_name) + 2 :]
                break
        else:
            name, text = split(rest)
        shown = person(name)
        if shown:
            if len(self._names) > _MOST_KEPT:
                self._names.clear()
            self._names[name] = shown
            if len(self._people) < _MOST_KEPT:
                self._people.add(shown)
        return shown, text if shown else rest

    def _day(self, written: str) -> tuple[int, int, int, str] | str:
        """Return year, month, day and a day as it goes into ids; or why it is none. Kept for the next entry."""
        found = day(written, self._order)
        if found is None and not self._complete:
            self._survey(whole=True)
            found = day(written, self._order)
        if len(self._days) > _MOST_KEPT:
            self._days.clear()
        self._days[written] = known = self._checked(written, found)
        return known

    def _checked(self, written: str, found: tuple[int, int, int] | None) -> tuple[int, int, int, str] | str:
        if found is None:
            return f"the date {written} can be read in two ways"
        try:
            moment, _ = localise(datetime(*found), self._options, self._log)
            problem = impossible(moment)
        except (ValueError, OverflowError):
            problem = f"{written} is no date" + (f" in the order {self._order}" if not numbers(written)[3] else "")
        return problem or (*found, date(*found).strftime("%Y%m%d"))

    def _hint(self) -> str:
        return "give --date-order dmy or mdy" if self._order is None else "correct the line, or export the chat again"


def _raise(problem: str) -> NoReturn:
    raise ValueError(problem)


def _told(error: Exception) -> str:
    told = str(error)
    return told if "date" in told else "its time is none"


def _comparable(name: str) -> str:
    """Return a name as it is compared; a Mac writes the accents of file names as signs of their own."""
    return unicodedata.normalize("NFC", person(name)).casefold()


def _title(source: Source) -> str:
    """Return what a chat is called: iPhones say it in the name of the zip, others in that of the file."""
    stem = _COPY.sub("", source.path.stem)
    if stem.startswith("_chat") and source.path.parent.name:
        stem = _COPY.sub("", source.path.parent.name.removesuffix(".zip"))
    return _CALLED.sub("", stem)
