"""Matrix rooms as Element exports them (JSON, or a zip with export.json), and pages of events as the API gives them.

A file is read twice: an edit, a redaction or a name may stand behind what it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import MAX_TEXT_CHARS, FileLog, Options, clip
from textsignals.readers.json_stream import elements, is_jsonl
from textsignals.readers.markup import plain
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import from_epoch, impossible
from textsignals.records import Message

NAME = "matrix"

_EXPORT = "export.json"
# Lists of events: of Element, of the API, of a file that is nothing but a list.
_LISTS = frozenset({"messages", "chunk", ""})
_FILES = frozenset({"m.image", "m.file", "m.audio", "m.video", "m.location", "m.sticker", "m.gallery"})
_ENCRYPTED = frozenset({"m.room.encrypted", "m.bad.encrypted"})
_TYPE = re.compile(r"[a-z][a-z0-9_.-]{1,60}")
# A person's name as a link; the bounds keep this linear in a text of any length.
_PILL = re.compile(
    r'<a\s[^<>]{0,200}?href=["\']https://matrix\.to/#/(?:@|%40)[^"\'<>]{1,300}["\'][^<>]{0,200}>@?([^<>]{1,200})</a>',
    re.IGNORECASE,
)
_NO_TAG = re.compile(r"<(?!\w[^<>]*>|/\w[^<>]*>)")
_QUOTES = frozenset({"mx-reply", "blockquote"})
_HTML = "org.matrix.custom.html"

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Edit:
    """The latest edit of one message by its author, and where it stands."""

    event: Raw
    stamp: float
    place: str


@dataclass(slots=True)
class _Room:
    """What the first pass finds: names, and what later events say of earlier ones; it grows with those alone."""

    source: Source
    channel: str
    names: dict[str, str] = field(default_factory=dict)
    edits: dict[tuple[str, str], _Edit] = field(default_factory=dict)
    redacted: set[str] = field(default_factory=set)
    # Ids of messages with an edit: all of them, and those that stand in the file.
    edited: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    # Latest edits passed by; whether their messages stand in the file is known at its end.
    waiting: list[tuple[str, _Edit]] = field(default_factory=list)


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is an export of Element or a page of Matrix events."""
    if isinstance(source, Folder):
        export = _export(source)
        return 0.97 if export and sniff(export) else 0.0
    head = source.head()
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return 0.0
    # An event a line is for the reader of tables.
    if b"\n" in head.strip() and is_jsonl(head.decode("utf-8", errors="replace")):
        return 0.0
    if b'"room_name"' in head and b'"exported_by"' in head and b'"messages"' in head:
        return 0.97
    return 0.9 if b'"origin_server_ts"' in head and b'"sender"' in head and b'"content"' in head else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the events of a room in the order of the file, each message in its latest wording."""
    if isinstance(source, Folder):
        export = _export(source)
        if export is None:
            raise InputError(source.name, f"holds no {_EXPORT}", hint="give the export as Element wrote it")
        log.details["other files"] = len(source.files) - 1
        source = export
    room = _first_pass(source)
    damage: InputError | None = None
    try:
        for place, event in _events(source, log):
            log.met()
            message = _judged(place, event, room, log)
            if message:
                yield message
    except InputError as error:
        damage = error
    yield from _orphans(room, log)
    if damage:
        raise damage


def _export(folder: Folder) -> Source | None:
    """Return the export.json of a folder; it may lie one folder down, with the attachments beside it."""
    found = [path for path in folder.files if PurePosixPath(path).name == _EXPORT and path.count("/") < 2]
    if len(found) != 1:
        return None
    inside = f"{PurePosixPath(found[0]).parent}/" if "/" in found[0] else ""
    return folder.files[found[0]] if all(path.startswith(inside) for path in folder.files) else None


def _events(source: Source, log: FileLog) -> Iterator[tuple[str, Any]]:
    number = 0
    found = False
    for key, value in elements(source, log, frozenset({"messages"})):
        # A page of the API inside of an object gives "messages.chunk".
        if key.removeprefix("messages.") in _LISTS:
            found, number = True, number + 1
            yield f"message {number}", value
        found = found or key == "room_name"
    if not found:
        raise InputError(source.name, "holds no list of messages", hint="export the room as JSON")


def _first_pass(source: Source) -> _Room:
    room = _Room(source, _name_in(source))
    # Damage is told when the file is read in earnest.
    quiet = FileLog(source.name, NAME)
    number = 0
    try:
        for key, value in elements(source, quiet, frozenset({"messages"})):
            if key == "room_name" and isinstance(value, str) and value.strip():
                room.channel = value.strip()
            elif key.removeprefix("messages.") in _LISTS:
                number += 1
                try:
                    _note(value, f"message {number}", room)
                except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
                    continue
    except InputError:
        pass
    return room


def _name_in(source: Source) -> str:
    """Return what the file name says of the room; Element's begins with matrix and ends with a date."""
    stem = source.path.stem if source.path.name != _EXPORT else source.path.parent.name or source.path.stem
    found = re.fullmatch(r"matrix[ -]+(.+?)[ -]+(?:chat )?export.*", stem.removesuffix(".zip"), re.IGNORECASE)
    return found.group(1).strip() if found else stem


def _note(event: Raw, place: str, room: _Room) -> None:
    """Keep what an event says of others: a name, a redaction, an edit."""
    content = _object(event.get("content"))
    match event.get("type"):
        case "m.room.member":
            name = content.get("displayname")
            if isinstance(name, str) and name.strip():
                room.names[str(event.get("state_key") or event.get("sender"))] = name.strip()
        case "m.room.redaction":
            room.redacted.add(str(event.get("redacts") or content.get("redacts")))
        case "m.room.message" if target := _edited(content):
            room.edited.add(target)
            key, stamp = (target, str(event.get("sender"))), float(event["origin_server_ts"])
            if key not in room.edits or room.edits[key].stamp <= stamp:
                room.edits[key] = _Edit(event, stamp, place)


def _object(value: Any) -> Raw:
    return value if isinstance(value, dict) else {}


def _edited(content: Raw) -> str | None:
    """Return the id of the message that some content replaces."""
    relation = _object(content.get("m.relates_to"))
    return str(relation.get("event_id")) if relation.get("rel_type") == "m.replace" else None


def _judged(place: str, event: Any, room: _Room, log: FileLog) -> Message | None:
    """Return the message of one event; None if it is accounted for without one, or an edit that has to wait."""
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        log.quarantine(place, "is not an event of Matrix", file=room.source.name)
        return None
    sort = event["type"]
    log.details[sort if _TYPE.fullmatch(sort) else "other types"] += 1
    id_ = str(event.get("event_id"))
    if id_ in room.edited:
        room.met.add(id_)
    target = _edited(_object(event.get("content"))) if sort == "m.room.message" else None
    if target is None:
        return _message(place, event, room, log)
    edit = room.edits.get((target, str(event.get("sender"))))
    if edit and edit.place == place:
        room.waiting.append((target, edit))
    else:
        log.skip("edit")
    return None


def _orphans(room: _Room, log: FileLog) -> Iterator[Message]:
    """Yield the edits of messages that do not stand in the file: their words would be lost."""
    for target, edit in room.waiting:
        if target in room.met or target in room.redacted:
            log.skip("edit")
            continue
        content = _new_content(_object(edit.event.get("content")))
        message = _message(edit.place, {**edit.event, "event_id": target, "content": content}, room, log)
        if message:
            yield message


def _new_content(content: Raw) -> Raw:
    """Return the content that an edit puts in place; old ones only repeat it behind an asterisk."""
    if isinstance(new := content.get("m.new_content"), dict):
        return new
    return {"msgtype": content.get("msgtype"), "body": str(content.get("body", "")).removeprefix("* ")}


def _message(place: str, event: Raw, room: _Room, log: FileLog) -> Message | None:
    try:
        message = _built(place, event, room, log)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        log.quarantine(place, f"is damaged ({error})", "export it again", file=room.source.name)
        return None
    problem = impossible(message.timestamp) if message.timestamp else ""
    if problem:
        log.quarantine(place, problem, file=room.source.name)
        return None
    return message


def _built(place: str, event: Raw, room: _Room, log: FileLog) -> Message:
    content, unsigned = event.get("content"), _object(event.get("unsigned"))
    if not isinstance(content, dict):
        raise TypeError("it has no content")
    id_, sender, stamp = event.get("event_id"), str(event.get("sender") or "") or None, event.get("origin_server_ts")
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        raise TypeError("it has no usable time, origin_server_ts")
    moment = from_epoch(stamp)
    relation, bundled = _object(content.get("m.relates_to")), _object(unsigned.get("m.relations"))
    latest = _latest(str(id_), sender, bundled, room)
    shown = latest or content
    deleted = str(id_) in room.redacted or "redacted_because" in unsigned
    text, skip = _judge(event["type"], shown, deleted)
    text = clip(text, log)
    skip = skip or (None if text else _why_empty(shown))
    is_bot = shown.get("msgtype") in ("m.notice", "m.server_notice")
    thread, reply = _thread(str(id_), relation, bundled)
    return Message(
        id=f"{NAME}:{id_}" if id_ else log.identify(NAME, room.channel, stamp, sender, text),
        source=NAME,
        file=room.source.name,
        locator=place,
        kind="message" if skip in (None, "empty", "quote", "media only", "encrypted", "deleted", "poll") else "system",
        text=text,
        author=room.names.get(sender, sender) if sender else None,
        author_id=sender,
        is_bot=is_bot,
        channel=room.channel,
        timestamp=moment,
        time_source="record",
        time_precision="second",
        thread_id=thread,
        reply_to=reply,
        reactions=_reactions(bundled),
        edited=latest is not None or "m.new_content" in content,
        deleted=skip == "deleted",
        attachments=_attachments(event["type"], shown),
        skip=skip,
    )


def _latest(id_: str, sender: str | None, bundled: Raw, room: _Room) -> Raw | None:
    """Return the latest content of an edited message: the edit stands in the file, or inside of the message."""
    edit = room.edits.get((id_, str(sender)))
    if edit and str(edit.event.get("event_id")) not in room.redacted:
        return _new_content(_object(edit.event.get("content")))
    inside = _object(_object(bundled.get("m.replace")).get("content"))
    return _new_content(inside) if "m.new_content" in inside else None


def _judge(sort: str, content: Raw, deleted: bool) -> tuple[str, str | None]:
    """Return the words of an event, and why it is left out, if it is."""
    msgtype = content.get("msgtype")
    if deleted or (sort == "m.room.message" and not content):
        return "", "deleted"
    if sort in _ENCRYPTED or msgtype in _ENCRYPTED:
        return "", "encrypted"
    if sort == "m.sticker" or msgtype in _FILES:
        caption = _caption(content)
        return caption, None if caption else "media only"
    if sort != "m.room.message":
        return "", _reason(sort)
    if str(msgtype).startswith("m.key.verification"):
        return "", "system"
    return _text(content), "bot" if msgtype in ("m.notice", "m.server_notice") else None


def _reason(sort: str) -> str:
    """Return why an event that is no message is left out; its type says it best."""
    if sort == "m.room.member":
        return "join or leave"
    for part, reason in (("poll.", "poll"), ("call", "call"), ("m.reaction", "reaction")):
        if part in sort:
            return reason
    return sort if _TYPE.fullmatch(sort) else "system"


def _text(content: Raw) -> str:
    """Return the author's own words: HTML if there is some, since only there quotes and names are marked."""
    html, body = content.get("formatted_body"), content.get("body")
    if content.get("format") == _HTML and isinstance(html, str) and html.strip():
        # Comments and tags without an end are not part of Matrix's HTML, and cost the parser a search each.
        own = _NO_TAG.sub("&lt;", html[: 4 * MAX_TEXT_CHARS])
        return plain(_PILL.sub(r"@\1", own), without=_QUOTES)
    if not isinstance(body, str):
        raise TypeError("it has no text, body")
    return "\n".join(line for line in body.split("\n") if not (line.startswith("> ") or line == ">")).strip()


def _caption(content: Raw) -> str:
    """Return what was written below a picture or file; without a name of its own, the text is the name."""
    body, name = content.get("body"), content.get("filename")
    return _text(content) if isinstance(body, str) and isinstance(name, str) and name != body else ""


def _why_empty(content: Raw) -> str:
    body = content.get("body")
    return "quote" if isinstance(body, str) and body.strip() else "empty"


def _attachments(sort: str, content: Raw) -> tuple[str, ...]:
    name = content.get("filename") or content.get("body")
    is_file = sort == "m.sticker" or content.get("msgtype") in _FILES
    return (name,) if is_file and isinstance(name, str) else ()


def _thread(id_: str, relation: Raw, bundled: Raw) -> tuple[str | None, str | None]:
    """Return the root of the thread and what is replied to; old apps see a thread as replies that nobody wrote."""
    reply = _object(relation.get("m.in_reply_to")).get("event_id")
    reply = str(reply) if reply else None
    if relation.get("rel_type") == "m.thread":
        root = str(relation.get("event_id"))
        return root, root if relation.get("is_falling_back") or not reply else reply
    return (id_ if "m.thread" in bundled else None), reply


def _reactions(bundled: Mapping[str, Any]) -> dict[str, int]:
    chunk = _object(bundled.get("m.annotation")).get("chunk")
    found = (
        [r for r in chunk if isinstance(r, dict) and isinstance(r.get("key"), str)] if isinstance(chunk, list) else []
    )
    return {r["key"]: int(r.get("count") or 1) for r in found}
