"""Slack conversations as plain text: what slackdump writes, and the TXT export of a single user (experimental)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip, lines
from textsignals.readers.sources import Source
from textsignals.readers.times import impossible, localise
from textsignals.records import Message

_SOURCE = "slack"
# slackdump: "> Name [U0123] @ 31/12/2026 23:59:59 Z:", replies of a thread behind a bar.
_DUMPED = re.compile(r"(?:\|   )?> (.*) \[([A-Z0-9]*)\] @ (\d\d/\d\d/\d{4} \d\d:\d\d:\d\d) (Z|[+-]\d{4}):")
_DUMP_MARK = re.compile(rb"^(?:\|   )?> .{1,200} \[[A-Z0-9]{0,20}\] @ \d\d/\d\d/\d{4} \d\d:\d\d:\d\d ", re.MULTILINE)
_BAR = "|   "
# No export of this sort was at hand: a line that begins with a day and a clock begins a message.
_ENTRY = re.compile(
    r"\[?(\d{4}-\d\d-\d\d)[T ,]{1,2}(\d\d:\d\d(?::\d\d)?)(?:\.\d{1,6})?"
    r" ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?\]?[ \t]*(?:[-|] *)?(?:<([^<>]{1,80})>|([^\s:<>][^:<>]{0,80}):)[ \t]*(.*)"
)
_FOLDERS = frozenset({"channels", "dms", "files"})


@dataclass(slots=True)
class _Entry:
    line: int
    author: str
    author_id: str | None
    written: str
    moment: datetime
    assumed: bool = False
    is_reply: bool = False
    text: list[str] = field(default_factory=list)


def sniff_dump(head: bytes) -> float:
    """Return how sure it is, 0 to 1, that a file is a conversation that slackdump wrote as text."""
    return 0.9 if _DUMP_MARK.search(head) else 0.0


def is_export(files: Mapping[str, Source]) -> bool:
    """Return whether files, by path, are the TXT export of a single user: folders channels, dms and files of texts."""
    tops = {path.partition("/")[0] for path in files}
    return bool(tops & {"channels", "dms"}) and tops <= _FOLDERS and all(path.endswith(".txt") for path in files)


def read_export(files: Mapping[str, Source], log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of a TXT export; a file in which none can be told is quarantined as a whole."""
    for path, source in files.items():
        folder, _, rest = path.partition("/")
        if folder == "files":
            log.leave_out("list of files")
            continue
        title = PurePosixPath(rest).stem
        # Conversations in private are named after people: the sign keeps them from being taken for a team's.
        channel = f"@{title}" if folder == "dms" else title
        try:
            yield from _messages(_entries(source, log, options), channel, source, log)
        except InputError as error:
            log.reject(error)


def read_dump(source: Source, log: FileLog) -> Iterator[Message]:
    """Yield the turns of a text that slackdump wrote: it joins what one person wrote within minutes."""
    log.assume("one message for what one person wrote in a row: slackdump's text does not tell where one ends")
    yield from _messages(_turns(source, log), source.path.stem, source, log)


def _turns(source: Source, log: FileLog) -> Iterator[_Entry]:
    entry: _Entry | None = None
    for number, line in enumerate(lines(source, log), start=1):
        if match := _DUMPED.fullmatch(line.rstrip()):
            if entry:
                yield entry
            name, id_, written, zone = match.groups()
            form = "%d/%m/%Y %H:%M:%S%z"
            stamp = written + zone
            entry = _Entry(number, name, id_ or None, stamp, datetime.strptime(stamp, form), False, line[0] == "|")
        elif entry:
            # Before a reply stands an empty line with a bar.
            is_barred = entry.is_reply or not line.strip(_BAR)
            entry.text.append(line.removeprefix(_BAR) if is_barred else line)
        elif line.strip(_BAR):
            log.met()
            log.quarantine(f"line {number}", "stands before the first message", file=source.name)
    if entry:
        yield entry


def _entries(source: Source, log: FileLog, options: Options) -> Iterator[_Entry]:
    entry: _Entry | None = None
    before = 0
    for number, line in enumerate(lines(source, log), start=1):
        match = _ENTRY.fullmatch(line.strip())
        moment = _stamp(match) if match else None
        if match is None or moment is None:
            before += entry is None and bool(line.strip())
            if entry:
                entry.text.append(line)
            continue
        if entry:
            yield entry
        utc, assumed = localise(moment, options, log)
        entry = _Entry(number, (match[4] or match[5]).strip(), None, moment.isoformat(), utc, assumed, text=[match[6]])
    if entry is None and before:
        hint = "choose JSON when exporting"
        raise InputError(source.name, "holds no line that begins with a day, a time and a name", hint=hint)
    if before:
        log.met(before)
        log.skip("heading", before)
    if entry:
        yield entry


def _stamp(match: re.Match[str]) -> datetime | None:
    zone = match[3] or ""
    zone = "+00:00" if zone in ("UTC", "GMT") else zone
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
    except ValueError:
        return None


def _messages(entries: Iterator[_Entry], channel: str, source: Source, log: FileLog) -> Iterator[Message]:
    root: str | None = None
    for entry in entries:
        log.met()
        place = f"line {entry.line}"
        moment = entry.moment.astimezone(UTC)
        if problem := impossible(moment):
            log.quarantine(place, problem, file=source.name)
            continue
        text = clip("\n".join(entry.text), log)
        id_ = log.identify(_SOURCE, channel, entry.written, entry.author, text)
        root = root if entry.is_reply else id_
        log.details["thread replies"] += entry.is_reply
        yield Message(
            id=id_,
            source=_SOURCE,
            file=source.name,
            locator=place,
            kind="message",
            text=text,
            author=entry.author,
            author_id=entry.author_id,
            channel=channel,
            timestamp=moment,
            time_source="record",
            time_precision="second",
            tz_assumed=entry.assumed,
            thread_id=root if entry.is_reply else None,
            reply_to=root if entry.is_reply else None,
            skip=None if text else "empty",
        )
