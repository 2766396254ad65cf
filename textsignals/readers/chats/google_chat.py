"""Google Chat as Google Takeout gives it: the archive, its "Google Chat" folder, or the messages.json of one space."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath, PurePosixPath
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip, decode
from textsignals.readers.chats.bots import STANDUP_BOT
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible, localise, parse_time
from textsignals.records import DIRECT_MESSAGES, Message

NAME = "google-chat"

# How Takeout calls the folder of a conversation of two; those of rooms begin with "Space".
_PRIVATE = "DM "
_MESSAGES, _GROUP, _USER = "messages.json", "group_info.json", "user_info.json"
# What Takeout adds at the top of every archive.
_INDEX = "archive_browser.html"
_MAX_GROUP_BYTES = 16 * 2**20
# So many ids are kept of each space.
_MOST_KEPT = 50_000
# What Takeout calls a conversation without a name of its own.
_NO_TITLE = frozenset({"", "Group Chat"})
_LANGUAGE = "set the language of the Google account to English and export again, or pip install 'textsignals[dates]'"

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Space:
    """A conversation: its file of messages, what it is called, and who wrote the last of them, by their ids."""

    source: Source
    title: str
    channel: str
    writers: dict[str, str | None] = field(default_factory=dict)


def _space(source: Source, title: str) -> _Space:
    """Return a conversation; direct messages are one channel, since their names are names of people."""
    is_private = PurePath(source.name).parent.name.startswith(_PRIVATE)
    return _Space(source, title, DIRECT_MESSAGES if is_private else title)


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a Takeout of Google Chat; a folder must hold nothing else."""
    if isinstance(source, Folder):
        return 0.97 if _is_takeout(source) else 0.0
    head = source.head()
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{" or b'"messages"' not in head:
        return 0.0
    keys = (b'"created_date"', b'"topic_id"', b'"message_id"', b'"creator"')
    return 0.97 if sum(key in head for key in keys) >= 3 else 0.0


def _is_takeout(folder: Folder) -> bool:
    paths = [path for path in map(PurePosixPath, folder.files) if not _is_hidden(path)]
    spaces = {path.parent for path in paths if path.name == _GROUP}
    has_messages = any(path.name == _MESSAGES and path.parent in spaces for path in paths)
    return has_messages and all(path.parent in spaces or path.name in (_GROUP, _USER, _INDEX) for path in paths)


def _is_hidden(path: PurePosixPath) -> bool:
    """Return whether a computer put a file there unasked."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of every space in the order of its file, which is not that of time."""
    if isinstance(source, Source):
        folder = source.path.parent.name
        yield from _messages(_space(source, folder or source.path.stem), log, options)
        if not log.read:
            raise InputError(source.name, "holds no messages", hint=f"give {_MESSAGES} of a Google Chat space")
        return
    for path, member in source.files.items():
        name = PurePosixPath(path).name
        if name == _MESSAGES and not _is_hidden(PurePosixPath(path)):
            log.details["spaces"] += 1
            try:
                yield from _messages(_space(member, _title(source, PurePosixPath(path).parent, log)), log, options)
            except InputError as error:
                log.reject(error)
        elif name not in (_GROUP, _USER, _INDEX) and not _is_hidden(PurePosixPath(path)):
            log.details["attached files"] += 1


def _title(folder: Folder, space: PurePosixPath, log: FileLog) -> str:
    """Return what a space is called, by its folder if it has no name of its own."""
    info = folder.files.get(str(space / _GROUP))
    found: Any = None
    if info is not None and info.size <= _MAX_GROUP_BYTES:
        try:
            found = json.loads(decode(info.read(), FileLog(info.name, NAME)))
        except (InputError, ValueError, RecursionError):
            log.assume(f"{_GROUP} of some spaces is unusable: the folder stands for the name of the space")
    title = found.get("name") if isinstance(found, dict) else None
    return title if isinstance(title, str) and title not in _NO_TITLE else space.name or NAME


def _messages(space: _Space, log: FileLog, options: Options) -> Iterator[Message]:
    number = 0
    for key, raw in elements(space.source, log):
        if key != "messages":
            continue
        number += 1
        log.met()
        log.details["messages"] += 1
        place = f"message {number}"
        if not isinstance(raw, dict):
            log.quarantine(place, "is not a message object", file=space.source.name)
            continue
        try:
            moment, assumed, problem = _moment(raw, options, log)
            if not problem:
                message = _message(raw, space, place, moment, assumed, log)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
            log.quarantine(place, f"is damaged ({type(error).__name__})", "export it again", file=space.source.name)
            continue
        if problem:
            hint = _LANGUAGE if "understood" in problem else ""
            log.quarantine(place, problem, hint, file=space.source.name)
            continue
        yield message


def _moment(raw: Raw, options: Options, log: FileLog) -> tuple[datetime | None, bool, str]:
    """Return when a message was written, whether its zone was assumed, and why that cannot be (or "")."""
    versions = [v for v in raw.get("previous_message_versions") or () if isinstance(v, dict)]
    # Where a file was added later, only the version before has the date.
    written = raw.get("created_date") or next((v["created_date"] for v in versions if v.get("created_date")), None)
    written = written or raw.get("updated_date") or raw.get("deleted_date")
    if not written:
        return None, False, "" if _is_deleted(raw) else "it has no date"
    found = date(str(written))
    if found is None:
        return None, False, "its date is not understood"
    moment, assumed = localise(found, options, log)
    return moment, assumed, impossible(moment)


def date(written: str) -> datetime | None:
    """Return the time that Takeout writes as prose, None if its language is not understood.

    >>> date("Saturday, December 16, 2023 at 12:05:09\\u202fAM UTC")
    datetime.datetime(2023, 12, 16, 0, 5, 9, tzinfo=datetime.timezone.utc)
    """
    try:
        return parse_time(written.strip())
    except ValueError:
        return _in_any_language(written)


def _in_any_language(written: str) -> datetime | None:
    """Return the time in a language not known here, None if the library for that is not there or does not know."""
    if find_spec("dateparser") is None:
        return None
    found = import_module("dateparser").parse(written, settings={"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": True})
    return found if isinstance(found, datetime) else None


def _message(raw: Raw, space: _Space, place: str, moment: datetime | None, assumed: bool, log: FileLog) -> Message:
    creator = raw.get("creator") or {}
    name, address = creator.get("name"), creator.get("email")
    is_bot = str(creator.get("user_type") or "").lower() == "bot"
    from_standup = is_bot and bool(STANDUP_BOT.search(str(name or "")))
    text = clip(str(raw.get("text") or ""), log)
    files = _attachments(raw)
    skip = _skip_reason(raw, text, is_bot and not from_standup, files)
    native, topic = str(raw.get("message_id") or ""), str(raw.get("topic_id") or "")
    author = str(name or address) if name or address else None
    return Message(
        id=_identify(native, author, space) or log.identify(NAME, space.title, native, moment, author, topic, text),
        source=NAME,
        file=space.source.name,
        locator=place,
        kind="system" if skip == "system" or skip == "call" else "status" if from_standup else "message",
        text=text,
        author=author,
        author_id=str(address) if address else None,
        is_bot=is_bot,
        channel=space.channel,
        timestamp=moment,
        time_source="record" if moment else "none",
        time_precision="second" if moment else "none",
        tz_assumed=assumed,
        thread_id=_root(native, topic) if topic else None,
        reply_to=_root(native, topic) if topic and not native.endswith(f"/{topic}") else None,
        reactions=_reactions(raw.get("reactions")),
        edited=_is_edited(raw),
        deleted=_is_deleted(raw),
        attachments=files,
        skip=skip,
    )


def _identify(native: str, author: str | None, space: _Space) -> str:
    """Return the id of a message, "" if it has none or if somebody else's has the same, as in files made by hand."""
    if len(space.writers) >= _MOST_KEPT:
        del space.writers[next(iter(space.writers))]
    return f"{NAME}:{native}" if native and space.writers.setdefault(native, author) == author else ""


def _root(native: str, topic: str) -> str:
    """Return the id of the message that began a topic: its own part of the id is the topic's."""
    space, slash, _ = native.partition("/")
    return f"{NAME}:{space}/{topic}/{topic}" if slash else f"{NAME}:{topic}"


def _is_deleted(raw: Raw) -> bool:
    return raw.get("message_state") == "DELETED" or "deletion_metadata" in raw or "deleted_date" in raw


def _is_edited(raw: Raw) -> bool:
    """Return whether the words were changed; a version is also kept where a file was added."""
    versions = raw.get("previous_message_versions")
    if not versions:
        return bool(raw.get("updated_date"))
    return any(isinstance(v, dict) and v.get("text", "") != raw.get("text", "") for v in versions)


def _skip_reason(raw: Raw, text: str, is_bot: bool, files: tuple[str, ...]) -> str | None:
    if _is_deleted(raw):
        return "deleted"
    if is_bot:
        return "bot"
    if text:
        return None
    if files:
        return "media only"
    notes = [note for note in raw.get("annotations") or () if isinstance(note, dict)]
    if any("video_call_metadata" in note for note in notes):
        return "call"
    return "system" if any("gsuite_integration_metadata" in note for note in notes) else "empty"


def _attachments(raw: Raw) -> tuple[str, ...]:
    """Return the names of files that were uploaded or lie in Drive."""
    files = [file for file in raw.get("attached_files") or () if isinstance(file, dict)]
    notes = [note for note in raw.get("annotations") or () if isinstance(note, dict)]
    drive = [note["drive_metadata"] for note in notes if isinstance(note.get("drive_metadata"), dict)]
    names = [file.get("original_name") or file.get("export_name") for file in files]
    return tuple(str(name or "file") for name in (*names, *(file.get("title") for file in drive)))


def _reactions(given: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for reaction in given if isinstance(given, list) else ():
        emoji = reaction.get("emoji") if isinstance(reaction, dict) else None
        if isinstance(emoji, dict):
            own = emoji.get("custom_emoji")
            sign = emoji.get("unicode") or (own.get("shortcode") if isinstance(own, dict) else None)
            found[str(sign or "other")] = found.get(str(sign or "other"), 0) + len(
                reaction.get("reactor_emails") or [0]
            )
    return found
