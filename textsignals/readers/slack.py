"""Slack exports: the zip (or the unzipped folder), and single channel files as the API and slackdump give them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Folder, Options, Source, clip, decode, impossible
from textsignals.readers.rows import is_jsonl
from textsignals.records import Message

NAME = "slack"

_DAY_FILE = re.compile(r"^(?:.*/)?[^/]+/\d{4}-\d\d-\d\d\.json$")
_LISTS = ("channels", "groups", "dms", "mpims")
_MARKUP = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
# Subtypes under which people's own words stand; all others are notices of the software.
_HUMAN = frozenset({"", "file_share", "file_comment", "thread_broadcast", "me_message", "reply_broadcast"})
# These applications post what members answered, so their posts are members' words.
_STANDUP_BOT = re.compile(r"geekbot|standuply|dailybot|stand-?up", re.IGNORECASE)

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Conversation:
    """A file of messages, its channel, and the names that stand for ids in it: of users, and of channels after a #."""

    source: Source
    channel: str
    names: Mapping[str, str]


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is a Slack export."""
    if isinstance(source, Folder):
        listed = any(_base(source) + f"{kind}.json" in source.files for kind in (*_LISTS, "users"))
        return 0.98 if listed and any(map(_DAY_FILE.match, source.files)) else 0.0
    head = source.head()
    if head.lstrip()[:1] not in (b"{", b"["):
        return 0.0
    # Objects on several lines are a table with a column called ts; a single one is either, and then the ending decides.
    several = b"\n" in head.strip() and is_jsonl(head.decode("utf-8", errors="replace"))
    if several or source.path.suffix.lower() in (".jsonl", ".ndjson"):
        return 0.0
    marks = (b'"ts"', b'"messages"', b'"subtype"', b'"user"')
    return 0.9 if b'"ts"' in head and sum(mark in head for mark in marks) >= 2 else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of an export, oldest day first within each conversation."""
    if isinstance(source, Source):
        yield from _messages(_load(source, log), _Conversation(source, source.path.stem, {}), log)
        return
    users = _users(source, log)
    channels = {str(c["id"]): str(c["name"]) for c in _listing(source, "channels", log) if "id" in c and "name" in c}
    names = users | {f"#{id_}": name for id_, name in channels.items()}
    known = {_base(source) + f"{kind}.json" for kind in (*_LISTS, "users", "org_users")}
    log.details["entries"] = source.entries
    log.details["users"] = len(users)
    log.details["channels"] = len(channels)
    log.details["other files"] = sum(path not in known and not _DAY_FILE.match(path) for path in source.files)
    for path, day in source.files.items():
        if _DAY_FILE.match(path):
            try:
                raw = _load(day, log)
            except InputError as error:
                log.reject(error)
                continue
            folder = PurePosixPath(path).parent.name
            yield from _messages(raw, _Conversation(day, channels.get(folder, folder), names), log)


def _base(folder: Folder) -> str:
    """Return the wrapper folder's prefix: some exports are zipped one level down."""
    tops = {path.split("/")[0] for path in folder.files if "/" in path}
    return f"{next(iter(tops))}/" if len(tops) == 1 and all("/" in p for p in folder.files) else ""


def _load(source: Source, log: FileLog) -> Iterable[Raw]:
    # Errors name the file inside the export; what was assumed belongs to the account of the whole.
    own = FileLog(source.name, NAME)
    text = decode(source.read(), own)
    log.broken_bytes |= own.broken_bytes
    for assumption in own.assumptions:
        log.assume(assumption)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(source.name, "is not complete JSON", place=place, hint="export it again") from error
    if isinstance(data, dict):
        data = data.get("messages", [data] if "ts" in data else None)
    if not isinstance(data, list):
        raise InputError(source.name, "holds no list of messages", hint="give a Slack export")
    return data


def _listing(folder: Folder, kind: str, log: FileLog) -> list[Raw]:
    source = folder.files.get(_base(folder) + f"{kind}.json")
    if source is None:
        return []
    try:
        return [entry for entry in _load(source, log) if isinstance(entry, dict)]
    except InputError as error:
        log.assume(f"{kind}.json is unusable ({error.problem}): ids stand where names would")
        return []


def _users(folder: Folder, log: FileLog) -> dict[str, str]:
    entries = [*_listing(folder, "users", log), *_listing(folder, "org_users", log)]
    return {str(user["id"]): _display_name(user) for user in entries if "id" in user}


def _display_name(user: Mapping[str, Any]) -> str:
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    candidates = (
        profile.get("display_name"),
        profile.get("real_name"),
        user.get("real_name"),
        user.get("name"),
    )
    return next((str(name) for name in candidates if name), str(user.get("id", "")))


def _messages(raws: Iterable[Any], chat: _Conversation, log: FileLog) -> Iterator[Message]:
    for index, raw in enumerate(raws):
        log.met()
        place = f"message {index + 1}"
        if not isinstance(raw, dict):
            log.quarantine(place, "is not a message object", file=chat.source.name)
            continue
        try:
            _tally(raw, chat.source, log)
            message = _message(raw, place, chat, log)
        except (TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
            log.quarantine(place, f"is damaged ({error})", file=chat.source.name)
            continue
        problem = impossible(message.timestamp) if message.timestamp else "it has no usable time stamp (ts)"
        if problem:
            log.quarantine(place, problem, file=chat.source.name)
            continue
        yield message


def _message(raw: Raw, place: str, chat: _Conversation, log: FileLog) -> Message:
    subtype, is_bot = str(raw.get("subtype") or ""), _is_bot(raw)
    # A bot may post under the name of the member it asked.
    from_standup = is_bot and any(_STANDUP_BOT.search(name) for name in _bot_names(raw))
    text = clip(_text(raw, from_standup, chat.names), log)
    skip = _skip_reason(subtype, text, is_bot, from_standup)
    author_id = _user_id(raw) or raw.get("bot_id")
    stamp = str(raw.get("ts") or "")
    thread = str(raw.get("thread_ts") or "") or None
    return Message(
        id=f"slack:{chat.channel}:{stamp}",
        source=NAME,
        file=chat.source.name,
        locator=place,
        kind="system" if skip and skip != "empty" else "status" if from_standup else "message",
        text=text,
        author=_author(raw, chat.names),
        author_id=str(author_id) if author_id else None,
        is_bot=is_bot,
        channel=chat.channel,
        timestamp=datetime.fromtimestamp(float(stamp), tz=UTC) if stamp else None,
        time_source="record",
        time_precision="second",
        thread_id=thread,
        reply_to=thread if thread != stamp else None,
        reactions={str(r["name"]): int(r.get("count", 0)) for r in raw.get("reactions") or () if "name" in r},
        edited="edited" in raw,
        deleted=subtype == "tombstone",
        attachments=tuple(str(f.get("name") or "file") for f in raw.get("files") or () if isinstance(f, dict)),
        skip=skip,
    )


def _tally(raw: Raw, source: Source, log: FileLog) -> None:
    """Count a message in the terms of its export, whatever becomes of it."""
    subtype, thread = raw.get("subtype"), raw.get("thread_ts")
    if source.path.parent.name:
        log.details[f"{source.path.parent.name}/"] += 1
    log.details[f"subtype {subtype}" if subtype else "plain"] += 1
    log.details["edited"] += "edited" in raw
    log.details["by applications"] += _is_bot(raw)
    log.details["thread replies"] += bool(thread) and str(thread) != str(raw.get("ts") or "")


def _is_bot(raw: Raw) -> bool:
    return bool(raw.get("bot_id")) or str(raw.get("subtype") or "").startswith("bot_")


def _bot_names(raw: Raw) -> list[str]:
    """Return the names an application goes by: the one of this message, then its own."""
    return [str(name) for name in (raw.get("username"), (raw.get("bot_profile") or {}).get("name")) if name]


def _text(raw: Raw, from_standup: bool, names: Mapping[str, str]) -> str:
    # Old exports wrap a comment on a file in a sentence of their own.
    own = (raw.get("comment") or {}).get("comment") or raw.get("text") or _block_text(raw.get("blocks"))
    answers = [a.get("text") for a in raw.get("attachments") or ()] if from_standup else []
    parts = (_clean(str(part), names).strip() for part in (own, *answers) if part)
    return "\n".join(part for part in parts if part)


def _user_id(raw: Raw) -> Any:
    return raw.get("user") or (raw.get("comment") or {}).get("user")


def _skip_reason(subtype: str, text: str, is_bot: bool, from_standup: bool) -> str | None:
    if subtype == "tombstone":
        return "deleted"
    if is_bot and not from_standup:
        return subtype or "bot_message"
    if subtype not in _HUMAN and not (from_standup and subtype == "bot_message"):
        return subtype
    return None if text else "empty"


def _author(raw: Raw, names: Mapping[str, str]) -> str | None:
    """Return the display name; guests and people of shared channels are only in the message's own profile."""
    id_ = str(_user_id(raw) or "")
    if id_ in names:
        return names[id_]
    profile = raw.get("user_profile") or {}
    candidates = (profile.get("display_name"), profile.get("real_name"), *_bot_names(raw), id_)
    return next((str(name) for name in candidates if name), None)


def _clean(text: str, names: Mapping[str, str]) -> str:
    """Return the text as people saw it; entities are undone last, since they may spell markup."""

    def shown(match: re.Match[str]) -> str:
        sign, target, label = match.groups()
        if sign == "@":
            return "@" + (names.get(target) or label or target)
        if sign == "#":
            return "#" + (label or names.get(f"#{target}") or target)
        if sign == "!" and target.startswith("date^"):
            return label or target
        if sign == "!":
            return label if label and label.startswith("@") else "@" + (label or target.split("^")[0])
        return label or target.removeprefix("mailto:")

    return html.unescape(_MARKUP.sub(shown, text))


def _block_text(blocks: Any, depth: int = 0) -> str:
    """Return the text inside rich-text blocks, for messages whose own text is empty; each block on a line."""
    if depth > 16 or not isinstance(blocks, list):
        return ""
    parts, separator = [], "\n"
    for block in blocks:
        if isinstance(block, dict):
            own = block.get("text")
            if isinstance(own, str):
                # Pieces of one line, cut where its style changes.
                separator = ""
            own = own.get("text") if isinstance(own, dict) else own
            parts.append(own if isinstance(own, str) else _block_text(block.get("elements"), depth + 1))
    return separator.join(parts)
