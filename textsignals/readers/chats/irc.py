"""IRC logs as irssi, WeeChat, HexChat, mIRC, ZNC, energymech, eggdrop, supybot, RRSAgent and BotBot write them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, MAX_LINE_CHARS, FileLog, Options, clip
from textsignals.readers.chats.irc_days import Calendar, is_mark
from textsignals.readers.chats.irc_lines import DIALECTS, RENAMED, Dialect, Line, goes_on, is_bot, parse
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import date_in_name, impossible, localise, start_of
from textsignals.records import Message

NAME = "irc"

# So many lines of the head tell the client that wrote it.
_HEAD_LINES = 400
_FIRST_LINES = 20
_CHANNEL = re.compile(r"(?:joined|[Tt]alking (?:in|on)|Ident:|Topic for) (#[^\s,:]{0,63}[^\s,:.])")
_CHANNEL_IN_NAME = re.compile(r"#{1,2}[^\s,/]{0,63}[^\s,/._-]")
_DATE_IN_NAME = re.compile(r"(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d")

# Colours and styles inside of a line.
_STYLES = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04[0-9a-fA-F]{6}|[\x02\x0f\x11\x16\x1d\x1e\x1f]")
# A script that wrote str(bytes) leaves a prefix, escapes and a quote at the end.
_REPR = ("b'", 'b"')
_ESCAPES = {b"n": b"\n", b"r": b"", b"t": b"\t", b"\\": b"\\", b"'": b"'", b'"': b'"'}
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is a log of an IRC client or bot."""
    if isinstance(source, Folder):
        return 0.0
    lines = _head_lines(source)
    dialect, known = _dialect(lines)
    if dialect is None or known < 0.5 * len(lines):
        return 0.0
    stamps = filter(None, map(dialect.stamp.match, lines))
    sorts = {parsed.sort for stamp in stamps if (parsed := parse(stamp.string[stamp.end() :], dialect))}
    # A plan of a day may have bullets behind its times, a table of three columns may begin with a time.
    if sorts <= {"action"} or (dialect.tabbed and sorts <= {"action", "message"}):
        return 0.95 if source.path.suffix.lower() == ".weechatlog" else 0.3
    return 0.95


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield every line: what people said or did, and what the software noted, marked to be left out."""
    assert isinstance(source, Source)
    head = _head_lines(source)
    dialect, known = _dialect(head)
    if dialect is None or not known:
        raise InputError(source.name, "holds no line of a known IRC log", hint="give the log file of the client itself")
    day = date_in_name(source.path)
    problem = impossible(start_of(day, options)) if day else ""
    if problem:
        raise InputError(source.name, problem, hint="mend the date in the name")
    calendar = Calendar(day)
    # RRSAgent tells the day only after it has joined.
    if not day:
        calendar.foresee(head[:_FIRST_LINES])
    yield from _Log(source, log, options, dialect, calendar, _channel(source, head)).messages()


def _head_lines(source: Source) -> list[str]:
    head = source.head()
    text = head.decode("utf-16" if head[:2] in MARKS_16 else "utf-8-sig", errors="replace")
    whole = text if len(head) == source.size else text.rpartition("\n")[0]
    lines = (_STYLES.sub("", line.rstrip()) for line in whole.splitlines())
    found = [line for line in lines if line and line not in ("'", '"')][:_HEAD_LINES]
    if found and found[0].startswith(_REPR):
        found[0] = found[0][2:]
        found = [part for line in found for part in _unescaped(line)][:_HEAD_LINES]
    return found


def _dialect(lines: list[str]) -> tuple[Dialect | None, int]:
    """Return the dialect that knows most lines, and how many; lines that every log may have count for all of them."""
    known = {dialect: sum(_knows(dialect, line) for line in lines) for dialect in DIALECTS}
    best = max(DIALECTS, key=known.__getitem__)
    if not known[best]:
        return None, 0
    return best, known[best] + sum(is_mark(line) or line.startswith("=== ") for line in lines)


def _knows(dialect: Dialect, line: str) -> bool:
    match = dialect.stamp.match(line)
    return bool(match and parse(line[match.end() :], dialect))


def _channel(source: Source, head: list[str]) -> str:
    """Return the channel: of the file's name or folder, else the first that a line names, else the name of the file."""
    for part in reversed(source.path.parts):
        if found := _CHANNEL_IN_NAME.search(_DATE_IN_NAME.sub("", part.removesuffix(source.path.suffix))):
            return found.group(0)
    for line in head:
        if found := _CHANNEL.search(line):
            return found.group(1)
    return _DATE_IN_NAME.sub("", source.path.stem).strip(" -_.") or source.path.stem


@dataclass(slots=True)
class _Entry:
    """A line of which words may still follow, with its place and time."""

    number: int
    line: Line
    moment: datetime | None
    source: str
    precision: str


class _Log:
    """One log being read: its channel, its day, and who is who after changes of nick."""

    def __init__(
        self, source: Source, log: FileLog, options: Options, dialect: Dialect, calendar: Calendar, channel: str
    ) -> None:
        self._source, self._log, self._options = source, log, options
        self._dialect, self._calendar, self._channel = dialect, calendar, channel
        # Each nick in use that was another before, with the first of them.
        self._first_nick: dict[str, str] = {}

    def messages(self) -> Iterator[Message]:
        """Yield the lines in order; what a copied log wraps onto lines of its own goes to the line above."""
        entry: _Entry | None = None
        for number, line in _lines(self._source, self._log):
            self._log.details["lines"] += 1
            if not line.strip():
                continue
            dialect, stamp = self._stamp(line)
            if entry and not stamp and goes_on(line):
                entry.line.text += " " + line.strip()
                self._log.details["wrapped lines"] += 1
                continue
            if entry:
                yield from self._message(entry)
            self._log.met()
            entry = self._entry(number, line, dialect, stamp)
        if entry:
            yield from self._message(entry)

    def _stamp(self, line: str) -> tuple[Dialect | None, re.Match[str] | None]:
        """Return the time at the start of a line; people change clients, and their logs go on in another form."""
        if stamp := self._dialect.stamp.match(line):
            return self._dialect, stamp
        for dialect in DIALECTS:
            stamp = dialect.stamp.match(line)
            if stamp and parse(line[stamp.end() :], dialect):
                return dialect, stamp
        return None, None

    def _entry(self, number: int, line: str, dialect: Dialect | None, stamp: re.Match[str] | None) -> _Entry | None:
        body = line[stamp.end() :] if stamp else line
        marked = self._calendar.heed(body)
        parsed = Line(body.strip(), None, "event", "log mark") if marked else parse(body, dialect)
        if parsed is None or not (stamp or parsed.sort in ("event", "action")):
            hint = "lines of one log begin alike" if not stamp else ""
            self._log.quarantine(f"line {number}", "is no line of this log", hint)
            return None
        moment, source, precision = self._calendar.moment, self._calendar.source, "minute"
        if stamp:
            try:
                moment = self._calendar.read(stamp)
            except ValueError as error:
                self._log.quarantine(f"line {number}", f"its time is impossible ({error})")
                return None
            source = self._calendar.source
            precision = "second" if stamp["clock"].count(":") == 2 else "minute"
        if moment is None:
            # What opens a log has no time of its own, and may tell the day of all lines below.
            if parsed.sort != "event" and not self._calendar.knows_day:
                self._log.assume("no date: neither the lines nor the file name (such as 2026-02-19) give one")
            source = precision = "none"
        return _Entry(number, parsed, moment, source, precision)

    def _message(self, entry: _Entry) -> Iterator[Message]:
        line, log = entry.line, self._log
        moment, assumed = localise(entry.moment, self._options, log) if entry.moment else (None, False)
        problem = impossible(moment) if moment else ""
        if problem:
            log.quarantine(f"line {entry.number}", problem)
            return
        log.details[f"{line.sort}s"] += 1
        if line.reason == "nick change":
            self._rename(line.text)
        text = clip(line.text, log)
        # Hardly anything but services and bots sends notices.
        by_bot = line.sort == "notice" or (line.sort != "event" and is_bot(line.nick or ""))
        skip = line.reason or ("bot" if by_bot else None if text else "empty")
        yield Message(
            id=log.identify(NAME, self._channel, moment or f"{self._source.path}:{entry.number}", line.nick, text),
            source=NAME,
            file=self._source.name,
            locator=f"line {entry.number}",
            kind="system" if skip and skip != "empty" else "message",
            text=text,
            author=line.nick,
            author_id=self._first_nick.get(line.nick, line.nick) if line.nick else None,
            is_bot=by_bot,
            channel=self._channel,
            timestamp=moment,
            time_source=entry.source,
            time_precision=entry.precision,
            tz_assumed=assumed,
            skip=skip,
        )

    def _rename(self, words: str) -> None:
        if found := RENAMED.match(words):
            old, new = found.groups()
            # The client speaks to its own user.
            if old == "You":
                return
            self._first_nick[new] = self._first_nick.pop(old, old)


def _lines(source: Source, log: FileLog) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, without colours, undoing what str() made of bytes."""
    quoted = False
    for number, line in enumerate(_decoded(source, log), start=1):
        if number == 1 and line.startswith(_REPR):
            quoted, line = True, line[2:]
        if not quoted:
            yield number, _STYLES.sub("", line)
        elif line not in ("'", '"'):
            for part in _unescaped(line):
                yield number, _STYLES.sub("", part)


def _unescaped(line: str) -> list[str]:
    def plain(match: re.Match[bytes]) -> bytes:
        number, sign = match.groups()
        return bytes.fromhex(number.decode()) if number else _ESCAPES.get(sign, match.group(0))

    raw = _ESCAPE.sub(plain, line.encode("utf-8", "surrogatepass"))
    return [part for part in raw.decode("utf-8", errors="replace").split("\n") if part not in ("'", '"')]


def _decoded(source: Source, log: FileLog) -> Iterator[str]:
    """Yield the lines as text; every client wrote in an encoding of its own, so each line is decided by itself."""
    head = source.head()
    wide = head[:2] in MARKS_16
    if b"\x00" in head and not wide:
        raise InputError(
            source.name, f"is not text (zero byte at {head.index(0)})", hint="give the exported file itself"
        )
    encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    with io.TextIOWrapper(source.open(), encoding, errors=errors) as stream:
        while line := stream.readline(MAX_LINE_CHARS):
            line = line.removesuffix("\n")
            yield line if line.isascii() else _mended(line, log)


def _mended(line: str, log: FileLog) -> str:
    """Return a line with bytes that are not UTF-8: it is Windows-1252, else the server cut it within a character."""
    raw = line.encode("utf-8", "surrogateescape")
    whole = raw.decode("utf-8", errors="replace")
    broken = whole.count("\ufffd")
    if not broken:
        return whole
    if broken > sum(sign > "\x7f" and sign != "\ufffd" for sign in whole):
        log.assume("encoding: Windows-1252 for lines that are not UTF-8")
        return raw.decode("cp1252", errors="replace")
    log.assume("encoding: UTF-8 with broken bytes")
    return whole
