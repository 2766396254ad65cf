"""The export a person gets of their own chats in Teams or Skype: messages.json, in a tar file or unpacked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.chats.ms_teams_content import fields, listed, parsed, quotes, seen
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Source
from textsignals.readers.times import impossible, localise
from textsignals.records import Message

_SOURCE = "teams"
_WORDS = frozenset({"text", "richtext", "richtext/html"})
_EDIT = re.compile(r"^Edited previous message: ")
_EVENTS = (
    (re.compile(r"^event/call|callrecording|calltranscript|scheduledcall"), "call"),
    (re.compile(r"^threadactivity/(?:addmember|deletemember|memberjoined|memberleft)"), "join or leave"),
    (re.compile(r"^richtext/"), "media only"),
    (re.compile(r"^poll"), "poll"),
    (re.compile(r"^endtoendencryption"), "encrypted"),
    (re.compile(r""), "system"),
)
_OF_PEOPLE = frozenset({None, "empty", "quote", "media only"})


def sniff(head: str) -> float:
    """Return how sure it is, 0 to 1, that a file is of this sort, from its beginning in lower case."""
    return 0.95 if '"conversations"' in head and '"messagelist"' in head else 0.0


def read(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages, conversation by conversation; one conversation at a time is in memory."""
    number = 0
    for key, value in elements(source, log):
        if key != "conversations":
            continue
        number += 1
        chat = fields(value)
        log.details["conversations"] += 1
        messages = chat.get("messagelist")
        if not isinstance(messages, list):
            log.met()
            log.quarantine(f"conversation {number}", "holds no list of messages", file=source.name)
            continue
        for index, raw in enumerate(messages, start=1):
            place = f"conversation {number}, message {index}"
            log.met()
            log.details["messages"] += 1
            try:
                message = _message(fields(raw), place, chat, source, log, options)
            except (TypeError, ValueError, AttributeError, KeyError, OverflowError, OSError) as error:
                log.quarantine(place, f"is damaged ({type(error).__name__})", file=source.name)
                continue
            problem = impossible(message.timestamp) if message.timestamp else "it has no usable time"
            if problem:
                log.quarantine(place, problem, file=source.name)
                continue
            log.details["edited"] += message.edited
            yield message


def _message(
    raw: Mapping[str, Any], place: str, chat: Mapping[str, Any], source: Source, log: FileLog, options: Options
) -> Message:
    if not raw:
        raise TypeError
    properties = fields(raw.get("properties"))
    conversation = str(raw.get("conversationid") or chat.get("id") or "")
    sender = str(raw.get("from") or "").rpartition("/")[2]
    content = str(raw.get("content") or "")
    edited = "<e_m" in content or bool(properties.get("edittime"))
    text = seen(content, _mentioned(properties.get("mentions")))
    text = clip(_EDIT.sub("", text) if edited else text, log)
    kind = str(raw.get("messagetype") or "").lower()
    # Applications have ids that begin so.
    is_bot = sender.startswith("28:")
    deleted = bool(properties.get("deletetime") or properties.get("isdeleted"))
    skip = _skip_reason(kind, content, text, is_bot, deleted)
    moment, assumed = _moment(raw.get("originalarrivaltime"), options, log)
    name = raw.get("displayname") or sender or None
    id_ = str(raw.get("id") or "")
    return Message(
        id=f"{_SOURCE}:{conversation}:{id_}" if id_ else log.identify(_SOURCE, conversation, moment, sender, content),
        source=_SOURCE,
        file=source.name,
        locator=place,
        kind="message" if skip in _OF_PEOPLE else "system",
        text=text if skip in _OF_PEOPLE else "",
        author=str(name) if name else None,
        author_id=sender or None,
        is_bot=is_bot,
        channel=_channel(conversation, chat),
        timestamp=moment,
        time_source="record" if moment else "none",
        time_precision="second" if moment else "none",
        tz_assumed=assumed,
        reactions=_reactions(properties.get("emotions")),
        edited=edited,
        deleted=deleted,
        skip=skip,
    )


def _skip_reason(kind: str, content: str, text: str, is_bot: bool, deleted: bool) -> str | None:
    if kind not in _WORDS:
        return next(reason for pattern, reason in _EVENTS if pattern.search(kind))
    if deleted:
        return "deleted"
    if is_bot:
        return "bot"
    if text:
        return None
    return "quote" if quotes(content) else "media only" if "<img" in content.lower() else "empty"


def _channel(conversation: str, chat: Mapping[str, Any]) -> str:
    """Return the name of a conversation; that of two is called after the other person, which the sign tells."""
    topic = fields(chat.get("threadproperties")).get("topic")
    name = str(topic or chat.get("displayname") or conversation)
    is_group = conversation.startswith("19:") and not conversation.endswith("@unq.gbl.spaces")
    return name if is_group else f"@{name}"


def _moment(value: Any, options: Options, log: FileLog) -> tuple[datetime | None, bool]:
    try:
        return localise(datetime.fromisoformat(str(value)), options, log)
    except (ValueError, OverflowError):
        return None, False


def _mentioned(mentions: Any) -> Callable[[str], str]:
    """Return a function from what a mention says to who it is: ids of people stand for themselves."""
    people = {str(m.get("itemid")): str(m.get("mri") or "") for m in listed(parsed(mentions))}
    return lambda id_: people.get(id_) or (id_ if ":" in id_ else "")


def _reactions(emotions: Any) -> dict[str, int]:
    counts = {}
    for emotion in listed(parsed(emotions)):
        users = emotion.get("users")
        if emotion.get("key") and isinstance(users, list):
            counts[str(emotion["key"])] = len(users)
    return counts
