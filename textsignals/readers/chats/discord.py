"""Discord: channels as DiscordChatExporter writes them (JSON, CSV), and the data package of one person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.chats import discord_package, discord_tables
from textsignals.readers.chats.bots import STANDUP_BOT
from textsignals.readers.chats.markdown import discord
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible, localise
from textsignals.records import DIRECT_MESSAGES, Message

NAME = "discord"

# Under these stand people's own words; all other types are notices, with an English sentence as their content.
_HUMAN = frozenset({"Default", "Reply", "0", "19"})
# Answers to commands, which the exporter writes as numbers.
_COMMANDS = frozenset({"20", "23"})
_DELETED = re.compile(r"^deleted[ _]user(?:[ _#]?[0-9a-f]{1,16})?$", re.IGNORECASE)

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Channel:
    """Where messages stand: a thread goes by the channel it belongs to, and is a section of it."""

    name: str
    thread_id: str | None = None
    section: str | None = None


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is an export of Discord."""
    if isinstance(source, Folder):
        return 0.97 if discord_package.base(source) is not None else 0.0
    head = source.head()
    if _is_exporter_json(head) or discord_tables.layout(head):
        return 0.98
    return 0.95 if discord_package.is_package_file(head) else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of one channel, or of all channels of a data package."""
    if isinstance(source, Folder):
        yield from discord_package.read(source, log)
        return
    table = discord_tables.layout(source.head())
    if table == "exporter":
        yield from discord_tables.read(source, log, options)
    elif table or discord_package.is_package_file(source.head()):
        yield from discord_package.read_file(source, log)
    else:
        yield from _exported(source, log, options)


def _is_exporter_json(head: bytes) -> bool:
    marks = (b'"guild"', b'"channel"', b'"dateRange"', b'"timestampEdited"', b'"isPinned"')
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and sum(mark in head for mark in marks) >= 3


def _exported(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield from a JSON file of DiscordChatExporter."""
    channel, number = _about(source, log), 0
    for key, raw in elements(source, log):
        if key == "messages":
            number += 1
            log.met()
            yield from _checked(raw, f"message {number}", channel, source, log, options)
    if not number and channel is None:
        raise InputError(source.name, "holds no messages of Discord", hint="export the channel as JSON")


def _about(source: Source, log: FileLog) -> _Channel | None:
    """Return the channel of a file; it stands before the messages, unless a program has sorted the keys anew."""
    try:
        about = next((value for key, value in elements(source, log) if key == "channel"), None)
    except InputError:
        # Reading on will come to the same place, and say so there.
        return None
    if not isinstance(about, dict):
        return None
    name, parent = _word(about.get("name")), _word(about.get("category"))
    if _word(about.get("type")).endswith("Thread"):
        return _Channel(parent or name, _word(about.get("id")) or None, name or None)
    if _word(about.get("type")) == "DirectTextChat":
        # It goes by the name of the other person.
        return _Channel(DIRECT_MESSAGES, _word(about.get("id")) or None)
    return _Channel(name or source.path.stem)


def _word(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _checked(
    raw: Any, place: str, channel: _Channel | None, source: Source, log: FileLog, options: Options
) -> Iterator[Message]:
    """Yield the message, or put the record in quarantine."""
    if not isinstance(raw, dict):
        log.quarantine(place, "is not a message object")
        return
    try:
        message = _message(raw, place, channel or _Channel(source.path.stem), source, log, options)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
        log.quarantine(place, "is damaged", "export the channel again")
        return
    problem = impossible(message.timestamp) if message.timestamp else "it has no time stamp"
    if problem:
        log.quarantine(place, problem)
    else:
        yield message


def _message(raw: Raw, place: str, channel: _Channel, source: Source, log: FileLog, options: Options) -> Message:
    author = raw.get("author") or {}
    type_ = _word(raw.get("type")) or "Default"
    is_bot = author.get("isBot") is True or type_ in _COMMANDS
    name = _word(author.get("nickname")) or _word(author.get("name"))
    from_standup = is_bot and bool(STANDUP_BOT.search(f"{name} {_word(author.get('name'))}"))
    content = str(raw.get("content") or "")
    written = "\n".join([content, *_embedded(raw)]) if from_standup else content
    people = {_word(m.get("id")): _word(m.get("nickname")) or _word(m.get("name")) for m in raw.get("mentions") or ()}
    text = clip(discord(written, people), log)
    attachments = _names(raw)
    _tally(raw, type_, is_bot, log)
    skip = _skip_reason(raw, type_, is_bot and not from_standup, content, text, attachments)
    reference = raw.get("reference") or {}
    edited, stamp = raw.get("timestampEdited"), raw.get("timestamp")
    moment, assumed = localise(datetime.fromisoformat(str(stamp)), options, log) if stamp else (None, False)
    number = _word(raw.get("id"))
    return Message(
        id=f"{NAME}:{number}" if number else log.identify(NAME, channel.name, moment, author.get("id"), text),
        source=NAME,
        file=source.name,
        locator=place,
        kind="system" if _is_software(type_, is_bot, from_standup) else "status" if from_standup else "message",
        text=text,
        author=None if _DELETED.match(name) else name or None,
        author_id=_word(author.get("id")) or None,
        is_bot=is_bot,
        channel=channel.name,
        timestamp=moment,
        time_source="record",
        time_precision="second",
        tz_assumed=assumed,
        thread_id=channel.thread_id,
        reply_to=_word(reference.get("messageId")) or None,
        section=channel.section,
        reactions={_word(r["emoji"].get("name")): int(r.get("count") or 0) for r in raw.get("reactions") or ()},
        edited=bool(edited),
        attachments=attachments,
        skip=skip,
    )


def _is_software(type_: str, is_bot: bool, from_standup: bool) -> bool:
    return (is_bot and not from_standup) or type_ not in _HUMAN


def _skip_reason(
    raw: Raw, type_: str, is_bot: bool, content: str, text: str, attachments: tuple[str, ...]
) -> str | None:
    if type_ not in _HUMAN | _COMMANDS:
        return f"type {type_}" if type_.isdecimal() else type_[:40]
    if is_bot:
        return "bot"
    if text:
        return None
    if "forwardedMessage" in raw or (raw.get("reference") or {}).get("type") == "Forward":
        return "forwarded"
    return "quote" if content.strip() else "media only" if attachments else "empty"


def _tally(raw: Raw, type_: str, is_bot: bool, log: FileLog) -> None:
    """Count a message in the terms of its export, whatever becomes of it."""
    log.details[f"type {type_[:40]}"] += 1
    log.details["by bots"] += is_bot
    log.details["edited"] += bool(raw.get("timestampEdited"))
    log.details["with reference"] += bool(raw.get("reference"))
    log.details["with empty content"] += not raw.get("content")


def _embedded(raw: Raw) -> list[str]:
    """Return the texts of the cards below a message, in which stand-up bots post the answers."""
    texts = []
    for embed in raw.get("embeds") or ():
        texts += [embed.get("title"), embed.get("description")]
        texts += [text for field in embed.get("fields") or () for text in (field.get("name"), field.get("value"))]
    return [str(text) for text in texts if text]


def _names(raw: Raw) -> tuple[str, ...]:
    files = [str(a.get("fileName") or "file") for a in raw.get("attachments") or ()]
    return (*files, *(str(s.get("name") or "sticker") for s in raw.get("stickers") or ()))
