"""The tables of Discord: the CSV of DiscordChatExporter, which says little of a message, and that of data packages."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import PureWindowsPath

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip, lines
from textsignals.readers.chats.markdown import discord
from textsignals.readers.date_order import Evidence, open_date
from textsignals.readers.sources import Source
from textsignals.readers.times import impossible, localise, parse_time
from textsignals.records import DIRECT_MESSAGES, Message

_EXPORTER = {"Author", "Date", "Content", "Attachments"}
_PACKAGE = {"ID", "Timestamp", "Contents", "Attachments"}
_FILE_NAME = re.compile(r"^(?:.* - )?(.+?) \[(\d{1,20})\]")
# What the exporter writes for notices; in a table nothing else marks them.
_NOTICES = (
    ("GuildMemberJoin", re.compile(r"Joined the server\.")),
    ("ChannelPinnedMessage", re.compile(r"Pinned a message\.")),
    ("ThreadCreated", re.compile(r"Started a thread\.")),
    ("Call", re.compile(r"Started a call that lasted [\d,.]{1,20} minutes\.")),
    ("ChannelNameChange", re.compile(r"Changed the channel name(?:\.|: .*)")),
    ("ChannelIconChange", re.compile(r"Changed the channel icon\.")),
    ("RecipientAdd", re.compile(r"Added (?:.{1,100} to the group|a recipient)\.")),
    ("RecipientRemove", re.compile(r"Left the group\.|Removed (?:.{1,100} from the group|a recipient)\.")),
)
_REACTION = re.compile(r"([^,()]{1,100}) \((\d{1,9})\)(?:,|$)")
_PRIVATE = "Direct Messages - Private - "
_NO_DISCRIMINATOR = "#0000"

Row = dict[str, str]


def layout(head: bytes) -> str:
    """Return "exporter" or "package" if a file begins with the header of that table, else ""."""
    first = head[:1024].removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    columns = set(_cells(first[0].decode("utf-8", errors="replace"))) if first else set()
    return "exporter" if columns >= _EXPORTER else "package" if columns >= _PACKAGE else ""


def _cells(line: str) -> list[str]:
    """Return the cells of a header; spreadsheet programs may have put other delimiters."""
    return [cell.strip().strip('"') for cell in line.split(_delimiter(line))]


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def rows(source: Source, log: FileLog) -> Iterator[tuple[str, Row]]:
    """Yield (place, row) for each row below the header; one that cannot be split into cells is quarantined."""
    stream = lines(source, log)
    header = next(stream, "")
    columns = _cells(header)
    reader = csv.reader((f"{line}\n" for line in stream), delimiter=_delimiter(header))
    while True:
        start = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            log.met()
            log.quarantine(f"line {start}", f"cannot be split into cells ({error})", "export it again")
            continue
        if any(cell.strip() for cell in cells):
            padded = cells + [""] * (len(columns) - len(cells))
            yield f"line {start}", dict(zip(columns, padded, strict=False))


def file_names(links: str, delimiter: str) -> tuple[str, ...]:
    """Return the names of the files that a cell links to, on the web or on the computer of the export.

    >>> file_names(r"https://cdn.example/1/plan.pdf?ex=6,talk.csv_Files\\b.png", ",")
    ('plan.pdf', 'b.png')
    """
    # A piece without a slash is part of a folder's name that holds the delimiter.
    found = (link.split("?")[0].strip() for link in links.split(delimiter) if "/" in link or "\\" in link)
    return tuple(PureWindowsPath(link).name for link in found)


def read(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of a CSV of DiscordChatExporter."""
    order = _order(source, options)
    log.assume("a CSV of Discord marks neither applications nor replies; JSON does")
    named = _FILE_NAME.match(source.path.stem)
    channel, id_ = (named.group(1), named.group(2)) if named else (source.path.stem, source.path.stem)
    # Such a channel is called by the name of the other person.
    channel = DIRECT_MESSAGES if source.path.stem.startswith(_PRIVATE) else channel
    for place, row in rows(source, log):
        log.met()
        log.details["rows"] += 1
        try:
            message = _message(row, place, channel, id_, order, source, log, options)
        except (ValueError, OverflowError):
            log.quarantine(place, "the date cannot be read", "export the channel as JSON")
            continue
        problem = impossible(message.timestamp) if message.timestamp else ""
        if problem:
            log.quarantine(place, problem, "if day and month are mixed up: --date-order")
        else:
            yield message


def _order(source: Source, options: Options) -> str:
    """Return the order of day and month in a file, as the user says or its dates show; InputError if neither does."""
    if options.date_order in ("dmy", "mdy"):
        return options.date_order
    evidence = Evidence()
    first: tuple[str, str] | None = None
    # Problems are told when the rows are read in earnest.
    for place, row in rows(source, FileLog(source.name, "discord")):
        written = row.get("Date", "")
        numbers = open_date(written)
        if numbers and evidence.add(*numbers):
            first = first or (place, written.strip())
        if evidence.told:
            return evidence.told
    if first is None:
        return "dmy"
    # Exporters write the oldest message first.
    order = evidence.in_sequence(rising=True)
    if order is None:
        hint = "say --date-order dmy or --date-order mdy, or export the channel as JSON"
        problem = f"days and months cannot be told apart, as in {first[1]}"
        raise InputError(source.name, problem, place=first[0], hint=hint)
    return order


def _message(
    row: Row, place: str, channel: str, id_: str, order: str, source: Source, log: FileLog, options: Options
) -> Message:
    written = row.get("Date", "")
    moment, assumed = localise(parse_time(written.strip(), order == "dmy"), options, log)
    content = row.get("Content", "")
    text = clip(discord(content, {}), log)
    attachments = file_names(row.get("Attachments", ""), ",")
    notice = next((name for name, pattern in _NOTICES if pattern.fullmatch(content.strip())), None)
    author, author_id = row.get("Author", "").removesuffix(_NO_DISCRIMINATOR), row.get("AuthorID", "")
    return Message(
        id=log.identify("discord", id_, moment.isoformat(), author_id or author, text, *attachments),
        source="discord",
        file=source.name,
        locator=place,
        kind="system" if notice else "message",
        text=text,
        author=author or None,
        author_id=author_id or None,
        channel=channel,
        timestamp=moment,
        time_source="record",
        time_precision="second" if re.search(r":\d\d:\d\d", written) else "minute",
        tz_assumed=assumed,
        reactions={name.strip(): int(n) for name, n in _REACTION.findall(row.get("Reactions", ""))},
        attachments=attachments,
        skip=notice or (None if text else "quote" if content.strip() else "media only" if attachments else "empty"),
    )
