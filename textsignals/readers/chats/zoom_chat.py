"""Zoom's chat as text: of recordings (`00:05:41 Name: text`) and saved in the meeting (`From Name to Everyone:`)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from textsignals.readers.base import MARKS_16, MAX_TEXT_CHARS, FileLog, Options, clip, lines
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import hour_of_day, impossible, localise
from textsignals.readers.transcripts.recordings import day_in, meeting_in, moment_of, path_of
from textsignals.records import Message

NAME = "zoom-chat"

_TIME = r"(?:(?P<date>\d{4}-\d\d-\d\d)[ T])?(?P<clock>\d{1,2}:\d\d:\d\d)(?: ?(?P<half>[AaPp][Mm]))?"
_FROM = r"[ \t]{1,4}(?:From|Von|De|Da|Van)[ ]{1,3}"
_TO = r"[ ]{1,3}(?:[Tt]o|[Aa]n|à|[Aa]|[Pp]ara|naar)[ ]{1,3}"
# Who reads along; what goes to any other name is private.
_ALL = (
    r"(?i:everyone|everybody|all panelists|hosts? and panelists|waiting room participants|alle|jeden|tout le monde"
    r"|todos|tutti|iedereen)(?: ?\([^()]{0,60}\))?"
)
# A colon ends the name, so that no words of a message count as one.
_NAME = r"(?P<name>[^\s:](?:(?!\s?:\s)[^\t]){0,120}?)"
_STARTS = (
    # Recordings, in the cloud and on a computer
    re.compile(rf"{_TIME}\t(?P<name>[^\t]{{1,200}}):\t(?P<text>.*)"),
    # Saved in the meeting; a name may hold the word "to" as well
    re.compile(rf"{_TIME}{_FROM}{_NAME}{_TO}(?P<to>{_ALL})[ ]{{0,2}}:(?P<text>.*)"),
    re.compile(rf"{_TIME}{_FROM}{_NAME}{_TO}(?P<to>\S.{{0,120}}?)[ ]{{0,2}}:(?P<text>(?:\s.*)?)$"),
    # Versions of 2020 name who it went to only if it was private
    re.compile(rf"{_TIME}{_FROM}{_NAME}[ ]{{1,2}}:(?P<text>(?:\s.*)?)$"),
)
_TO_ALL = re.compile(_ALL)

# In the languages of Zoom's menus; all but the first two were not seen in a real file.
_REACTIONS = (
    re.compile(r'Reacted to (?:".{0,400}" with .{1,40}|.{1,400} with ".{1,40}")', re.DOTALL),
    re.compile(r'Hat auf ".{0,400}" mit .{1,40} reagiert', re.DOTALL),
    re.compile(r'(?:A réagi à|Reaccionó a|Reagiu a|Ha reagito a|Heeft gereageerd op) ".{0,400}" .{2,60}', re.DOTALL),
    re.compile(r'Removed an? .{1,60} reaction from ".{0,400}"', re.DOTALL),
)
_REPLY = re.compile(
    r'(?:Replying to|Antwort(?:en|et)? auf|(?:En )?[Rr]éponse à|Respondiendo a|Respondendo a|Risposta a) "(.{0,400}?)"'
    r"[ \t]{0,4}(?:\n|$)",
    re.DOTALL,
)
_BOT = re.compile(
    r"fireflies|note ?-?taker|read\.ai|read meeting notes|otter\.?ai|otterpilot|fathom|tl;?dv|meetgeek|sembly|avoma"
    r"|grain\.com|zoom ai companion",
    re.IGNORECASE,
)
# A reply repeats the beginning of a message; one so far back is not looked for.
_REMEMBERED = 500
_SNIPPET = 40


@dataclass(slots=True)
class _Entry:
    """One message as it stands in the file, of which more lines may follow."""

    number: int
    start: re.Match[str]
    lines: list[str]
    size: int = 0


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is the chat of a Zoom meeting."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    wide = head[:2] in MARKS_16
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    found = [line for line in text.splitlines() if line.strip()]
    starts = sum(bool(_start(line)) for line in found)
    if not starts:
        return 0.0
    return 0.95 if _start(found[0]) else 0.85 if starts > len(found) / 4 else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages; reactions, notetakers and private messages are marked to be left out."""
    assert isinstance(source, Source)
    chat = _Chat(source, log, options)
    for entry in _entries(source, log):
        log.met()
        message = chat.message(entry)
        if message:
            yield message


def _start(line: str) -> re.Match[str] | None:
    if not line[:1].isdigit():
        return None
    return next(filter(None, (pattern.match(line) for pattern in _STARTS)), None)


def _entries(source: Source, log: FileLog) -> Iterator[_Entry]:
    """Yield each message with the lines that belong to it."""
    entry: _Entry | None = None
    for number, line in enumerate(lines(source, log), start=1):
        start = _start(line)
        if start:
            if entry:
                yield entry
            entry = _Entry(number, start, [start["text"].strip()])
            log.details["stamped lines"] += 1
        elif entry:
            log.details["continuation lines"] += bool(line.strip())
            # More than a text can hold is not kept.
            if entry.size <= MAX_TEXT_CHARS:
                entry.lines.append(line.strip())
                entry.size += len(line)
        elif line.strip():
            log.met()
            log.quarantine(
                f"line {number}", "text before the first message", "a message begins with 00:05:41 and a name"
            )
    if entry:
        yield entry


class _Chat:
    """One file being read: its day, its channel, and the latest messages, to which replies may belong."""

    def __init__(self, source: Source, log: FileLog, options: Options) -> None:
        self._source, self._log, self._options = source, log, options
        path = path_of(source)
        self._day = day_in(path, options)
        self._moment = moment_of(self._day, source, options)
        self._channel = meeting_in(path)
        # Beginning, id and thread of each.
        self._latest: deque[tuple[str, str, str]] = deque(maxlen=_REMEMBERED)

    def message(self, entry: _Entry) -> Message | None:
        """Return what was written, None (noted) if it was private or its time is impossible."""
        log, start = self._log, entry.start.groupdict()
        name, to = start["name"].strip(), (start.get("to") or "").strip()
        try:
            seconds = _seconds(start["clock"], start["half"])
            own = datetime.fromisoformat(start["date"]) if start["date"] else None
        except ValueError as error:
            log.quarantine(f"line {entry.number}", f"its time is impossible ({error})")
            return None
        if to and not _TO_ALL.fullmatch(to):
            # Words that were not for the team go no further, not even as a record that is left out.
            log.skip("private")
            return None
        moment, assumed, precision = self._when(own, seconds)
        problem = impossible(moment) if moment else ""
        if problem:
            log.quarantine(f"line {entry.number}", problem)
            return None
        whole = "\n".join(entry.lines).strip()
        reply = _REPLY.match(whole)
        text = clip(whole[reply.end() :] if reply else whole, log)
        skip = self._skip(whole, text, name, bool(reply))
        id_ = log.identify(NAME, self._channel, self._day or "", start["date"] or "", seconds, name, whole)
        root = self._root(reply.group(1)) if reply else None
        if not skip:
            self._latest.append((_folded(text)[:_SNIPPET], id_, root or id_))
        return Message(
            id=id_,
            source=NAME,
            file=self._source.name,
            locator=f"line {entry.number}",
            kind="system" if skip in ("reaction", "bot") else "message",
            text=text,
            author=name,
            is_bot=bool(_BOT.search(name)),
            channel=self._channel,
            timestamp=moment,
            time_source="record" if own else "filename" if moment else "none",
            time_precision=precision,
            tz_assumed=assumed,
            thread_id=root,
            reply_to=root,
            skip=skip,
            meta={} if own else {"seconds": seconds},
        )

    def _when(self, own: datetime | None, seconds: int) -> tuple[datetime | None, bool, str]:
        if own:
            hours, rest = divmod(seconds, 3600)
            moment, assumed = localise(
                own.replace(hour=hours, minute=rest // 60, second=rest % 60), self._options, self._log
            )
            return moment, assumed, "second"
        if self._moment is None:
            self._log.assume("no date: neither the chat nor its file or folder name (such as 2026-02-19) gives one")
        return self._moment, False, "day" if self._moment else "none"

    def _skip(self, whole: str, text: str, name: str, is_reply: bool) -> str | None:
        if any(pattern.fullmatch(whole) for pattern in _REACTIONS):
            self._log.details["reactions"] += 1
            return "reaction"
        self._log.details["replies"] += is_reply
        if _BOT.search(name):
            return "bot"
        if not text:
            return "quote" if is_reply else "empty"
        return None

    def _root(self, snippet: str) -> str | None:
        """Return the id of the message that a reply repeats the beginning of, the latest one if there are several."""
        cut = snippet.strip().endswith(("...", "…"))
        beginning = _folded(snippet.strip().removesuffix("...").removesuffix("…"))[:_SNIPPET]
        for known, id_, _ in reversed(self._latest):
            if known == beginning or (cut and beginning and known.startswith(beginning)):
                return id_
        return None


def _folded(text: str) -> str:
    return " ".join(text.split())


def _seconds(clock: str, half: str | None) -> int:
    hours, minutes, seconds = map(int, clock.split(":"))
    if minutes > 59 or seconds > 59:
        raise ValueError(f"{clock} is no time")
    if half:
        hours = hour_of_day(hours, half.lower() == "pm")
    return hours * 3600 + minutes * 60 + seconds
