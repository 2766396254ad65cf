"""Zulip: an organisation's export (tar.gz, zip or folder with realm.json), and pages of messages from the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.chats.bots import STANDUP_BOT
from textsignals.readers.chats.markdown import zulip, zulip_html
from textsignals.readers.json_stream import elements, is_jsonl, json_lines
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible
from textsignals.records import DIRECT_MESSAGES, Message

NAME = "zulip"

_REALM = "realm.json"
_MESSAGES = re.compile(r"^messages-\d{1,9}\.json$")
_API_MARKS = (b'"sender_full_name"', b'"sender_id"', b'"subject"', b'"content_type"')
# Kinds of recipients in realm.json.
_PERSON, _STREAM = 1, 2
# Zulip gives every bot an address such as geekbot-bot@example.org; its own come from a realm of their own.
_BOT_EMAIL = re.compile(r"-bot@|^emailgateway@")
_ZULIP_REALM = "zulipinternal"
_HTML = re.compile(r"\s*<(?:p|div|ul|ol|blockquote|h[1-6]|table|pre)\b[^<>]{0,200}>")

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Sender:
    name: str
    email: str = ""
    is_bot: bool = False


@dataclass(slots=True)
class _Realm:
    """What realm.json says: people by id, streams by id, and where a message goes by the id of its recipient."""

    senders: dict[str, _Sender] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    recipients: dict[str, tuple[int, str]] = field(default_factory=dict)

    def note(self, key: str, entry: Raw) -> None:
        """Take in one entry of a table."""
        id_ = _word(entry.get("id"))
        if key == "zerver_stream":
            self.streams[id_] = _word(entry.get("name"))
        elif key == "zerver_recipient":
            self.recipients[id_] = int(entry["type"]), _word(entry.get("type_id"))
        elif key.startswith("zerver_userprofile"):
            email = _word(entry.get("delivery_email")) or _word(entry.get("email"))
            name = _word(entry.get("full_name")) or email.partition("@")[0]
            self.senders[id_] = _Sender(name, email, entry.get("is_bot") is True or key.endswith("crossrealm"))


@dataclass(frozen=True, slots=True)
class _Told:
    """What both kinds of exports tell of a message, each in its own way."""

    sender: _Sender
    sender_id: str
    channel: str
    thread_id: str
    topic: str | None
    stamp: Any
    is_html: bool
    edited: bool
    reactions: dict[str, int]


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is an export of Zulip."""
    if isinstance(source, Folder):
        return 0.98 if _base(source) is not None else 0.0
    head = source.head()
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first not in (b"{", b"["):
        return 0.0
    page = b'"display_recipient"' in head and sum(mark in head for mark in _API_MARKS) >= 2
    return 0.96 if page or b'"zerver_message"' in head else 0.0


def _base(folder: Folder) -> str | None:
    """Return the prefix of an organisation's export, which may lie in a folder of its own; None if there is none."""
    tops = {path.partition("/")[0] for path in folder.files}
    for base in ("", f"{next(iter(tops))}/" if len(tops) == 1 else ""):
        if f"{base}{_REALM}" in folder.files and any(
            path.startswith(base) and _MESSAGES.match(path[len(base) :]) for path in folder.files
        ):
            return base
    return None


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of an export."""
    if isinstance(source, Folder):
        yield from _organisation(source, log)
    elif b'"zerver_message"' in source.head():
        log.assume("realm.json is not here: ids stand where names of people and streams would")
        yield from _stored(source, _Realm(), log)
    else:
        yield from _pages(source, log)


def _organisation(folder: Folder, log: FileLog) -> Iterator[Message]:
    base = _base(folder)
    if base is None:
        raise InputError(folder.name, f"holds no {_REALM} beside messages", hint="give the whole export")
    realm = _realm(folder.files[f"{base}{_REALM}"], log)
    log.details["users"] = len(realm.senders)
    log.details["streams"] = len(realm.streams)
    files = [path for path in folder.files if path.startswith(base) and _MESSAGES.match(path[len(base) :])]
    log.details["files of messages"] = len(files)
    log.details["other files"] = len(folder.files) - len(files) - 1
    unfinished = sum(path.endswith(".json.partial") for path in folder.files)
    if unfinished:
        log.assume(f"the export was not finished: {unfinished} files of messages end in .partial and are not read")
    for path in files:
        try:
            yield from _stored(folder.files[path], realm, log)
        except InputError as error:
            log.reject(error)


def _realm(source: Source, log: FileLog) -> _Realm:
    """Return what realm.json says; if it breaks off, what it says up to there."""
    realm = _Realm()
    # Names with broken bytes are no damage to the messages.
    own = FileLog(source.name, NAME)
    try:
        for key, entry in elements(source, own):
            try:
                realm.note(key, entry)
            except (TypeError, ValueError, AttributeError, KeyError):
                log.assume(f"{_REALM} holds entries that are damaged: ids stand where their names would")
    except InputError as error:
        log.assume(f"{_REALM} is unusable from some place on ({error.problem}): ids stand where names would")
    return realm


def _stored(source: Source, realm: _Realm, log: FileLog) -> Iterator[Message]:
    """Yield from one file of an organisation's export."""
    number = 0
    for key, raw in elements(source, log):
        if key == "zerver_message":
            number += 1
            yield from _checked(raw, f"message {number}", realm, source, log)
        elif key == "zerver_reaction":
            log.details["reactions"] += 1


def _pages(source: Source, log: FileLog) -> Iterator[Message]:
    """Yield from a page of the API, a list of pages or of messages, or lines of either."""
    number = 0
    for raw in _listed(source, log):
        number += 1
        yield from _checked(raw, f"message {number}", None, source, log)
    if not number and b'"messages"' not in source.head():
        raise InputError(source.name, "holds no messages of Zulip", hint="give an export, or pages of /messages")


def _listed(source: Source, log: FileLog) -> Iterator[Any]:
    head = source.head().decode("utf-8", errors="replace")
    if is_jsonl(head):
        for _, value in json_lines(source, log):
            yield from _unpacked(value)
        return
    for key, value in elements(source, log):
        if key == "messages":
            yield value
        elif not key:
            yield from _unpacked(value)


def _unpacked(value: Any) -> Iterator[Any]:
    messages = value.get("messages") if isinstance(value, dict) else None
    yield from messages if isinstance(messages, list) else [value]


def _checked(raw: Any, place: str, realm: _Realm | None, source: Source, log: FileLog) -> Iterator[Message]:
    """Yield the message, or put the record in quarantine."""
    log.met()
    if not isinstance(raw, dict):
        log.quarantine(place, "is not a message object", file=source.name)
        return
    try:
        told = _told_by_api(raw) if realm is None else _told_by_realm(raw, realm)
        message = _message(raw, told, place, source, log)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError, OSError):
        log.quarantine(place, "is damaged", "export it again", file=source.name)
        return
    problem = impossible(message.timestamp) if message.timestamp else "it has no time"
    if problem:
        log.quarantine(place, problem, file=source.name)
    else:
        yield message


def _told_by_realm(raw: Raw, realm: _Realm) -> _Told:
    sender_id, recipient, topic = _word(raw.get("sender")), _word(raw.get("recipient")), _word(raw.get("subject"))
    kind, target = realm.recipients.get(recipient, (_STREAM if topic else 0, f"stream of recipient {recipient}"))
    channel = realm.streams.get(target, target)
    if kind != _STREAM:
        # A message to one person goes to that person's recipient, so the thread is the pair of the two.
        pair = sorted({sender_id, target}, key=lambda id_: (len(id_), id_))
        channel, thread_id, topic = DIRECT_MESSAGES, "+".join(pair) if kind == _PERSON else f"group {target}", ""
    else:
        thread_id = f"{channel} > {topic}"
    return _Told(
        sender=realm.senders.get(sender_id, _Sender("")),
        sender_id=sender_id,
        channel=channel,
        thread_id=thread_id,
        topic=topic or None,
        stamp=raw.get("date_sent"),
        is_html=False,
        edited=_is_edited(raw),
        reactions={},
    )


def _told_by_api(raw: Raw) -> _Told:
    to, topic = raw.get("display_recipient"), _word(raw.get("subject"))
    if isinstance(to, list):
        ids = sorted((_word(person.get("id")) for person in to), key=lambda id_: (len(id_), id_))
        channel, thread_id, topic = DIRECT_MESSAGES, "+".join(ids), ""
    else:
        channel = _word(to) or f"stream {_word(raw.get('stream_id'))}"
        thread_id = f"{channel} > {topic}"
    email = _word(raw.get("sender_email"))
    is_bot = bool(_BOT_EMAIL.search(email)) or raw.get("sender_realm_str") == _ZULIP_REALM
    reactions: dict[str, int] = {}
    for reaction in raw.get("reactions") or ():
        name = str(reaction["emoji_name"])
        reactions[name] = reactions.get(name, 0) + 1
    type_ = _word(raw.get("content_type"))
    return _Told(
        sender=_Sender(_word(raw.get("sender_full_name")), email, is_bot),
        sender_id=_word(raw.get("sender_id")),
        channel=channel,
        thread_id=thread_id,
        topic=topic or None,
        stamp=raw.get("timestamp"),
        is_html=type_ == "text/html" or (not type_ and bool(_HTML.match(_word(raw.get("content"))))),
        edited=_is_edited(raw),
        reactions=reactions,
    )


def _is_edited(raw: Raw) -> bool:
    """Return whether the words were changed; moving a message to another topic leaves a trace of the same name."""
    history = raw.get("edit_history")
    history = json.loads(history) if isinstance(history, str) and history else history
    if isinstance(history, list) and history:
        return any("prev_content" in change for change in history)
    return bool(raw.get("last_edit_time") or raw.get("last_edit_timestamp"))


def _message(raw: Raw, told: _Told, place: str, source: Source, log: FileLog) -> Message:
    content, sender = str(raw.get("content") or ""), told.sender
    text, files = zulip_html(content) if told.is_html else zulip(content)
    text = clip(text, log)
    from_standup = sender.is_bot and bool(STANDUP_BOT.search(f"{sender.name} {sender.email}"))
    is_bot = sender.is_bot and not from_standup
    number, seconds = _word(raw.get("id")), float(told.stamp or 0)
    if not number:
        raise ValueError("a message without an id")
    log.details["by bots"] += sender.is_bot
    log.details["direct"] += told.channel == DIRECT_MESSAGES
    return Message(
        # Servers number their messages from 1 each; with the second they differ.
        id=f"{NAME}:{number}:{int(seconds)}",
        source=NAME,
        file=source.name,
        locator=place,
        kind="system" if is_bot else "status" if from_standup else "message",
        text=text,
        author=sender.name or told.sender_id or None,
        author_id=told.sender_id or None,
        is_bot=sender.is_bot,
        channel=told.channel,
        timestamp=datetime.fromtimestamp(seconds, tz=UTC) if seconds else None,
        time_source="record",
        time_precision="second",
        thread_id=told.thread_id,
        section=told.topic,
        reactions=told.reactions,
        edited=told.edited,
        attachments=files,
        skip=_skip_reason(content, text, is_bot, files),
    )


def _skip_reason(content: str, text: str, is_bot: bool, files: tuple[str, ...]) -> str | None:
    if is_bot:
        return "bot"
    # Polls are typed as a command, whose lines are the question and the options.
    if text.startswith("/poll"):
        return "poll"
    if text:
        return None
    return "media only" if files else "quote" if content.strip() else "empty"


def _word(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
