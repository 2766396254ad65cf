"""Telegram Desktop exports in JSON: one chat, or the whole account; their HTML form is refused with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import from_epoch, impossible, localise
from textsignals.records import DIRECT_MESSAGES, Message

NAME = "telegram"

_HTML_HINT = "export the chat again in Telegram Desktop and choose the format JSON, then give result.json"
_AGAIN = "export the chat again"
# The parts of an account that hold chats are entered, so that no chat is in memory as a whole.
_LISTS = ("chats.list[]", "left_chats.list[]")
_INTO = frozenset({"chats", "left_chats", *_LISTS})
# Conversations of one person, called after another, a bot or nobody.
_PRIVATE = frozenset({"personal_chat", "bot_chat", "saved_messages"})
# So many of the last messages of a chat are kept to find the thread an answer belongs to.
_MOST_KEPT = 50_000
# What a message brings beside text or instead of it.
_MEDIA = ("photo", "file", "location_information", "contact_information", "game_title", "invoice_information")
_NOT_INCLUDED = "("
_JOINS = ("join", "invite", "remove_members", "migrate", "create_group", "create_channel")

Raw = dict[str, Any]


class _Chat:
    """A conversation while it is read: what it is called, its topics, and which thread its last messages are in."""

    def __init__(self, header: Raw, source: Source) -> None:
        self.id, kind = str(header.get("id") or ""), str(header.get("type"))
        # Saved messages and chats with deleted accounts have no name.
        nameless = "Saved Messages" if kind == "saved_messages" else f"chat {self.id}" if self.id else _title(source)
        self.name = str(header.get("name") or nameless)
        self.is_private = kind in _PRIVATE
        self.is_with_bot = kind == "bot_chat"
        self.topics: dict[str, str] = {}
        self._roots: dict[str, str] = {}

    def identify(self, number: object) -> str:
        """Return the id of the message with this number."""
        return f"{NAME}:{self.id or self.name}:{number}"

    def root(self, number: str, reply: str) -> str | None:
        """Return the number of the message that began the thread, None if it is not known that there is one."""
        if number in self.topics:
            return number
        if not reply:
            return None
        found = self._roots.get(reply, reply)
        if len(self._roots) >= _MOST_KEPT:
            del self._roots[next(iter(self._roots))]
        self._roots[number] = found
        return found

    def thread(self, root: str | None) -> str | None:
        """Return the id of a thread; all private chats are one channel, in which each is a thread."""
        if root:
            return self.identify(root)
        return f"{NAME}:{self.id}" if self.is_private and self.id else None


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is an export of Telegram Desktop, the HTML form included."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    if _is_html(head):
        return 0.9
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{":
        return 0.0
    has = {key: b'"%s"' % key.encode() in head for key in ("messages", "chats", "type", "text", "from")}
    times = b'"date_unixtime"' in head or b'"date"' in head
    if has["messages"] and times and has["text"] and (b'"from_id"' in head or b'"actor_id"' in head):
        return 0.98
    if has["messages"] and b'"date_unixtime"' in head:
        return 0.95
    if has["messages"] and times and has["type"] and has["text"] and (has["from"] or b'"actor"' in head):
        return 0.85
    # An account begins with contacts and much else before its chats.
    return (
        0.9
        if b'"about"' in head and b"Telegram" in head[:4096] and (b'"personal_information"' in head or has["chats"])
        else 0.0
    )


def _is_html(head: bytes) -> bool:
    start = head[:4096].lower()
    return b"<html" in start and b"exported data" in start and (b"tgme" in head or b"page_wrap" in head)


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of every chat in the order of the file.

    Raises InputError for the HTML form, which leaves out what the JSON form tells.
    """
    assert isinstance(source, Source)
    if _is_html(source.head()):
        raise InputError(source.name, "is the HTML form of a Telegram export", hint=_HTML_HINT)
    header: Raw = {}
    chat: _Chat | None = None
    for key, value in elements(source, log, into=_INTO):
        prefix, _, name = key.rpartition(".")
        if key in _LISTS:
            header, chat = {}, None
            if value is not None:
                log.met()
                log.quarantine(f"chat {log.details['chats'] + 1}", "is no chat with a list of messages", _AGAIN)
        elif name == "messages" and (not prefix or prefix in _LISTS):
            if chat is None:
                chat = _Chat(header, source)
                log.details["chats"] += 1
            if (message := _read_one(value, chat, log, options)) is not None:
                yield message
        elif not prefix or prefix in _LISTS:
            header[name] = value
    if not log.read and "messages" not in header:
        raise InputError(source.name, "holds no messages", hint="export it again with the chats, as JSON")


def _title(source: Source) -> str:
    return source.path.parent.name or source.path.stem


def _read_one(raw: Any, chat: _Chat, log: FileLog, options: Options) -> Message | None:
    """Return one message, None if it went into quarantine."""
    log.met()
    place = f"message {log.read}"
    if not isinstance(raw, dict):
        log.quarantine(place, "is not a message object")
        return None
    try:
        kind = str(raw.get("type") or "message")
        log.details["service messages" if kind == "service" else "messages"] += 1
        message = _message(raw, kind, chat, log, options, place)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        log.quarantine(place, f"is damaged ({type(error).__name__})", _AGAIN)
        return None
    problem = impossible(message.timestamp) if message.timestamp else "it has no usable date"
    if problem:
        log.quarantine(place, problem)
        return None
    return message


def _message(raw: Raw, kind: str, chat: _Chat, log: FileLog, options: Options, place: str) -> Message:
    number = str(raw.get("id") or "")
    moment, assumed = _moment(raw, options, log)
    text = clip(_text(raw.get("text", raw.get("text_entities"))), log)
    action = str(raw.get("action") or "")
    reply = str(raw.get("reply_to_message_id") or "")
    # An answer into another chat names a message that is not of this one.
    reply = "" if raw.get("reply_to_peer_id") else reply
    title = raw.get("title") or raw.get("new_title")
    if title and action in ("topic_created", "topic_edit"):
        chat.topics[number if action == "topic_created" else reply] = str(title)
    root = chat.root(number, reply)
    author, author_id = _author(raw, kind)
    is_bot = bool(raw.get("via_bot")) or (chat.is_with_bot and author_id in (chat.id, f"user{chat.id}"))
    return Message(
        id=chat.identify(number)
        if number
        else log.identify(NAME, chat.id or chat.name, moment, author_id, author, text),
        source=NAME,
        file=log.file,
        locator=f"message {number}" if number else place,
        kind="system" if kind != "message" else "message",
        text=text,
        author=author,
        author_id=author_id,
        is_bot=is_bot,
        channel=DIRECT_MESSAGES if chat.is_private else chat.name,
        timestamp=moment,
        time_source="record" if moment else "none",
        time_precision="second" if moment else "none",
        tz_assumed=assumed,
        thread_id=chat.thread(root),
        # What only names its topic answers nobody.
        reply_to=chat.identify(reply) if reply and reply not in chat.topics else None,
        section=chat.topics.get(root or ""),
        reactions=_reactions(raw.get("reactions")),
        # Old exports write the year 1970 for what was never edited.
        edited=not str(raw.get("edited") or "1970").startswith("1970"),
        attachments=_attachments(raw),
        skip=_skip_reason(raw, kind, action, text) or ("bot" if is_bot else None),
    )


def _moment(raw: Raw, options: Options, log: FileLog) -> tuple[datetime | None, bool]:
    """Return when it was sent; old exports have only the local time of the computer that made them."""
    epoch, local = raw.get("date_unixtime"), raw.get("date")
    if epoch:
        return from_epoch(float(epoch)), False
    if not local:
        return None, False
    return localise(datetime.fromisoformat(str(local)), options, log)


def _author(raw: Raw, kind: str) -> tuple[str | None, str | None]:
    """Return name and id; the name is null for deleted accounts, and ids are numbers in old exports."""
    who = "actor" if kind == "service" else "from"
    name, id_ = raw.get(who), raw.get(f"{who}_id")
    return (str(name) if name else None), (str(id_) if id_ else None)


def _skip_reason(raw: Raw, kind: str, action: str, text: str) -> str | None:
    if kind == "service":
        if "call" in action:
            return "call"
        return "join or leave" if action.startswith(_JOINS) else action or "system"
    if kind != "message":
        return kind
    if raw.get("forwarded_from") or raw.get("forwarded_from_id") or "saved_from" in raw:
        return "forwarded"
    if "poll" in raw:
        return "poll"
    if text:
        return None
    if raw.get("media_type") or any(raw.get(key) for key in _MEDIA):
        return "media only"
    return "quote" if raw.get("text") else "empty"


def _text(written: Any) -> str:
    """Return text as people saw it, from a string or from a list of pieces with and without a style.

    >>> _text(["look at ", {"type": "text_link", "text": "the plan", "href": "https://example.org"}])
    'look at the plan'
    """
    if isinstance(written, list):
        return "".join(map(_piece, written))
    return _piece(written)


def _piece(piece: Any) -> str:
    if isinstance(piece, dict):
        # Other people's words, and program text, are not the author's.
        if piece.get("type") in ("blockquote", "pre"):
            return "\n"
        text = piece.get("text")
        shown = text if isinstance(text, str) else ""
        return f"@{shown.lstrip('@')}" if piece.get("type") in ("mention", "mention_name") and shown else shown
    return piece if isinstance(piece, str) else ""


def _reactions(given: Any) -> dict[str, int]:
    """Return how often each sign was given; paid and own pictures have no sign, so their kind stands for it."""
    found: dict[str, int] = {}
    for reaction in given if isinstance(given, list) else ():
        if isinstance(reaction, dict):
            sign = str(reaction.get("emoji") or reaction.get("type") or "other")
            found[sign] = found.get(sign, 0) + int(reaction.get("count") or 0)
    return found


def _attachments(raw: Raw) -> tuple[str, ...]:
    """Return the names of files; where they were not exported, a note in brackets stands for the path."""
    found = []
    for key in ("photo", "file"):
        path = raw.get(key)
        if isinstance(path, str) and path:
            name = raw.get("file_name") if path.startswith(_NOT_INCLUDED) else path.rsplit("/", 1)[-1]
            found.append(str(name or raw.get("media_type") or key))
    return tuple(found)
