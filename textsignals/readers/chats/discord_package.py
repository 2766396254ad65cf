"""The data package that Discord gives to one person: a folder a channel, with that person's messages only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, clip
from textsignals.readers.chats import discord_tables
from textsignals.readers.chats.markdown import discord
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible
from textsignals.records import DIRECT_MESSAGES, Message

_MESSAGES = re.compile(r"^(?:.*/)?c?\d{15,20}/messages\.(?:json|csv)$")
_MARKS = (b'"ID"', b'"Timestamp"', b'"Contents"', b'"Attachments"')
# The index stands in the folder of the messages, which may lie in that of the package, which may lie in a wrapper.
_DEEPEST_INDEX = 2

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Owner:
    """The one person whose messages a package holds, as far as it says."""

    name: str | None = None
    id: str | None = None


def is_package_file(head: bytes) -> bool:
    """Return whether a file is the messages.json of a package."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[" and all(mark in head for mark in _MARKS)


def base(folder: Folder) -> str | None:
    """Return the prefix of the folder that holds the channels; None if a folder is not one package as a whole."""
    for path in folder.files:
        prefix = path.removesuffix("index.json")
        if path == f"{prefix}index.json" and (not prefix or prefix.endswith("/")):
            found = any(p.startswith(prefix) and _MESSAGES.match(p) for p in folder.files)
            if found and prefix.count("/") <= _DEEPEST_INDEX and _is_whole(folder, prefix):
                return prefix
    return None


def _is_whole(folder: Folder, prefix: str) -> bool:
    """Return whether all files belong to the package: to its messages, or to the folder that describes its account."""
    above = prefix.rstrip("/").rpartition("/")[0]
    root = f"{above}/" if above else ""
    if _account(folder, root):
        return all(path.startswith(root) for path in folder.files)
    return all(path.startswith(prefix) for path in folder.files)


def _account(folder: Folder, root: str) -> str:
    wanted = f"{root}account/user.json".lower()
    return next((path for path in folder.files if path.lower() == wanted), "")


def read(folder: Folder, log: FileLog) -> Iterator[Message]:
    """Yield the messages of all channels of a package."""
    prefix = base(folder) or ""
    titles, owner = _settings(folder, f"{prefix}index.json", log), _owner(folder, prefix, log)
    channels = [path for path in folder.files if path.startswith(prefix) and _MESSAGES.match(path)]
    log.details["channels"] = len(channels)
    log.details["other files"] = len(folder.files) - len(channels)
    for path in channels:
        place = PurePosixPath(path).parent
        about = _settings(folder, f"{place}/channel.json", log)
        channel = _channel_name(about, place.name.removeprefix("c"), titles)
        try:
            yield from read_file(folder.files[path], log, channel, owner)
        except InputError as error:
            log.reject(error)


def _settings(folder: Folder, path: str, log: FileLog) -> Raw:
    """Return a small file of settings; one that is missing or damaged costs names only."""
    source = folder.files.get(path)
    try:
        return dict(elements(source, log)) if source else {}
    except InputError:
        log.assume(f"{PurePosixPath(path).name} is unusable: ids stand where names would")
        return {}


def _owner(folder: Folder, prefix: str, log: FileLog) -> _Owner:
    above = prefix.rstrip("/").rpartition("/")[0]
    about = _settings(folder, _account(folder, f"{above}/" if above else ""), log)
    name = _word(about.get("global_name")) or _word(about.get("username"))
    return _Owner(name or None, _word(about.get("id")) or None)


def _word(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _channel_name(about: Mapping[str, Any], id_: str, titles: Mapping[str, Any]) -> str:
    """Return the channel's name; a direct message has none, and would be called by that of a person."""
    title, guild = _word(titles.get(id_)), about.get("guild")
    name = _word(about.get("name"))
    if name:
        return name
    if "recipients" in about or title.startswith("Direct Message with "):
        return DIRECT_MESSAGES
    ending = f" in {guild['name']}" if isinstance(guild, dict) and guild.get("name") else ""
    return title.removesuffix(ending) or id_


def read_file(source: Source, log: FileLog, channel: str = "", owner: _Owner | None = None) -> Iterator[Message]:
    """Yield the messages of one channel: messages.json, or in older packages messages.csv."""
    log.assume("a data package of Discord holds the messages of one person only")
    channel = channel or source.path.parent.name.removeprefix("c") or source.path.stem
    for place, raw in _records(source, log):
        log.met()
        log.details["messages"] += 1
        try:
            message = _message(raw, place, channel, owner or _Owner(), source, log)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
            log.quarantine(place, "is damaged", "ask Discord for the package again", file=source.name)
            continue
        problem = impossible(message.timestamp) if message.timestamp else ""
        if problem:
            log.quarantine(place, problem, file=source.name)
        else:
            yield message


def _records(source: Source, log: FileLog) -> Iterator[tuple[str, Any]]:
    if discord_tables.layout(source.head()):
        yield from discord_tables.rows(source, log)
    else:
        for number, (_, raw) in enumerate(elements(source, log), start=1):
            yield f"message {number}", raw


def _message(raw: Raw, place: str, channel: str, owner: _Owner, source: Source, log: FileLog) -> Message:
    moment = datetime.fromisoformat(str(raw["Timestamp"]).strip())
    assumed = moment.tzinfo is None
    if assumed:
        log.assume("time zone: UTC for times that name none, as data packages of Discord have it")
        moment = moment.replace(tzinfo=UTC)
    content, number = str(raw.get("Contents") or ""), _word(raw.get("ID"))
    text = clip(discord(content, {}), log)
    attachments = discord_tables.file_names(str(raw.get("Attachments") or ""), " ")
    return Message(
        id=f"discord:{number}" if number else log.identify("discord", channel, moment, text),
        source="discord",
        file=source.name,
        locator=place,
        kind="message",
        text=text,
        author=owner.name,
        author_id=owner.id,
        channel=channel,
        thread_id=source.path.parent.name.removeprefix("c") if channel == DIRECT_MESSAGES else None,
        timestamp=moment.astimezone(UTC),
        time_source="record",
        time_precision="second",
        tz_assumed=assumed,
        attachments=attachments,
        skip=None if text else "quote" if content.strip() else "media only" if attachments else "empty",
    )
