"""Slack exports: the zip or its folder, of a workspace or an Enterprise Grid; dumps of the API and of slackdump."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip, decode
from textsignals.readers.chats import slack_text
from textsignals.readers.chats.bots import STANDUP_BOT
from textsignals.readers.json_stream import elements, is_jsonl
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible
from textsignals.records import Message

NAME = "slack"

_LISTS = ("channels", "groups", "dms", "mpims")
_PEOPLE = ("users", "org_users")
_INDEX = frozenset(f"{kind}.json" for kind in (*_LISTS, *_PEOPLE))
# Workspaces of an Enterprise Grid are exports in a folder of that name; what they share lies above it.
_DAY_FILE = re.compile(r"(?:teams/([^/]+)/)?([^/]+)/\d{4}-\d\d-\d\d\.json")
_INDEX_FILE = re.compile(r"(?:teams/[^/]+/)?([^/]+\.json)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# What scripts and slackdump call the channel of a dump, best first.
_TITLES = ("name", "channel_name", "channel_info", "channel", "channel_id", "id")
# Where scripts and slackdump nest the replies of a thread; in exports `replies` only points at them.
_NESTED = ("slackdump_thread_replies", "thread_replies", "replies")
_MARKUP = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
# "X uploaded a file: Y", in the language of the workspace: somebody, some words, a link.
_FILE_SENTENCE = re.compile(r"<@[^<>]*>[^<]*<[^<>]*>")
# Subtypes under which people's own words stand; all others are notices of the software.
_HUMAN = frozenset({"", "file_share", "file_comment", "thread_broadcast", "me_message", "reply_broadcast"})
_SLACKBOT = "USLACKBOT"
# Skipped, but somebody's message all the same.
_OF_PEOPLE = frozenset({None, "empty", "quote", "forwarded", "media only"})
_MAX_DEPTH = 16

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
        return _sniff_folder(source)
    head = source.head()
    if head.lstrip()[:1] not in (b"{", b"["):
        return slack_text.sniff_dump(head)
    # Objects on several lines are a table with a column called ts; a single one is either, and then the ending decides.
    several = b"\n" in head.strip() and is_jsonl(head.decode("utf-8", errors="replace"))
    if several or source.path.suffix.lower() in (".jsonl", ".ndjson"):
        return 0.0
    marks = (b'"ts"', b'"messages"', b'"subtype"', b'"user"')
    return 0.9 if b'"ts"' in head and sum(mark in head for mark in marks) >= 2 else 0.0


def _sniff_folder(folder: Folder) -> float:
    files = _below_wrapper(folder)
    index = {path for path in files if (m := _INDEX_FILE.fullmatch(path)) and m[1] in _INDEX}
    days = [path for path in files if _DAY_FILE.fullmatch(path)]
    if index and days:
        return 0.98
    if {"users.json", "channels.json"} <= index:
        # Nothing was said in the time that was chosen, or the conversations are dumps beside the index.
        return 0.9 if _begins(files["users.json"], lambda file: b'"team_id"' in file.head()) else 0.0
    if index and _dumps(files) and all(path.endswith(".json") for path in files):
        return 0.9
    if slack_text.is_export(files):
        return 0.85
    alone = days or [path for path in files if _DAY.fullmatch(path.removesuffix(".json"))]
    return 0.95 if alone and len(alone) == len(files) and _begins(files[alone[0]], sniff) else 0.0


def _begins(file: Source, as_said: Callable[[Source], float]) -> bool:
    """Return whether a file of a folder begins so; one that cannot be read is told of when its turn comes."""
    try:
        return bool(as_said(file))
    except InputError:
        return False
    finally:
        # There can be thousands.
        file.forget()


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of an export, oldest day first within each conversation."""
    if isinstance(source, Source):
        yield from _single(source, log)
        return
    files = _below_wrapper(source)
    if slack_text.is_export(files):
        yield from slack_text.read_export(files, log, options)
        return
    names = _names(files, log)
    log.details["entries"] = source.entries
    dumps = _dumps(files)
    days = {path: match for path in files if (match := _DAY_FILE.fullmatch(path) or _DAY.match(path))}
    known = {path for path in files if (m := _INDEX_FILE.fullmatch(path)) and m[1] in _INDEX}
    log.details["other files"] = len(source.files) - len(days) - len(dumps) - len(known - dumps.keys())
    for path, match in days.items():
        channel = _channel(match, names) if match.re is _DAY_FILE else _parent(files[path])
        yield from _noted(_day(_Conversation(files[path], channel, names), log), log)
    for dump in dumps.values():
        yield from _noted(_dump(_Conversation(dump, _title(dump, names), names), log), log)


def _noted(messages: Iterator[Message], log: FileLog) -> Iterator[Message]:
    """Yield the messages of one file of an export; a file that breaks off does not stop the others."""
    try:
        yield from messages
    except InputError as error:
        log.reject(error)


def _below_wrapper(folder: Folder) -> dict[str, Source]:
    """Return the files by path, without the wrapper folder that some exports are zipped in and what macOS adds."""
    files = {path: file for path, file in folder.files.items() if not path.startswith(("__MACOSX/", "."))}
    tops = {path.partition("/")[0] for path in files}
    if len(tops) != 1 or not all("/" in path for path in files) or tops == {"teams"}:
        return files
    if all(_DAY_FILE.fullmatch(path) for path in files):
        return files
    return {path.partition("/")[2]: file for path, file in files.items()}


def _dumps(files: Mapping[str, Source]) -> dict[str, Source]:
    """Return the dumps of single channels that lie beside an index."""
    if any(map(_DAY_FILE.fullmatch, files)):
        return {}
    beside = {path: file for path, file in files.items() if "/" not in path and path not in _INDEX}
    return {p: f for p, f in beside.items() if p.endswith(".json") and not _DAY.match(p) and _begins(f, sniff)}


def _channel(match: re.Match[str], names: Mapping[str, str]) -> str:
    """Return the name of a conversation; in a Grid several workspaces have channels of one name."""
    workspace, folder = match.groups()
    name = names.get(f"#{folder}", folder)
    # Ids of pairs are in capitals, names never are; these and groups have no place of their own in a workspace.
    private = name[:1].isupper() or name.startswith("mpdm-")
    return f"{workspace}/{name}" if workspace and not private else name


def _names(files: Mapping[str, Source], log: FileLog) -> dict[str, str]:
    """Return the names of users by id and of channels by # and id, from all lists of the export."""
    names: dict[str, str] = {}
    counts = {"users": 0, "channels": 0}
    for path, file in files.items():
        match = _INDEX_FILE.fullmatch(path)
        if match is None or match[1] not in _INDEX:
            continue
        is_people = match[1].removesuffix(".json") in _PEOPLE
        for entry in _listing(file, path, log):
            id_ = str(entry.get("id") or "")
            if is_people and id_:
                # A member of several workspaces is listed in each.
                counts["users"] += id_ not in names
                names[id_] = _display_name(entry)
            elif id_ and entry.get("name"):
                counts["channels"] += match[1] == "channels.json" and f"#{id_}" not in names
                names[f"#{id_}"] = str(entry["name"])
    log.details.update(counts)
    return names


def _listing(source: Source, path: str, log: FileLog) -> Iterator[Raw]:
    try:
        for _, entry in elements(source, _Quiet(source.name, NAME)):
            if isinstance(entry, dict):
                yield entry
    except InputError as error:
        log.assume(f"{path} is unusable ({error.problem}): ids stand where names would")


class _Quiet(FileLog):
    """The account of a list beside the messages: what had to be assumed about it matters to nobody."""


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


def _single(source: Source, log: FileLog) -> Iterator[Message]:
    """Yield the messages of one file, which is a day, a page of the API or a dump."""
    if slack_text.sniff_dump(source.head()):
        yield from slack_text.read_dump(source, log)
        return
    yield from _dump(_Conversation(source, _title(source, {}), {}), log)


def _title(source: Source, names: Mapping[str, str]) -> str:
    """Return what a dump calls its channel, else its file name, which is a folder's where files are days."""
    said: dict[str, str] = {}
    try:
        if source.head().lstrip()[:1] == b"{" and b'"messages"' in source.head():
            for key, value in elements(source, _Quiet(source.name, NAME)):
                if key == "messages" and said:
                    break
                value = value.get("name") or value.get("id") if isinstance(value, dict) else value
                if key in _TITLES and isinstance(value, str) and value:
                    said[key] = value
    except InputError:
        pass  # Found again, and told, where the messages are read.
    for key in _TITLES:
        if key in said:
            return names.get(f"#{said[key]}", said[key])
    stem = source.path.stem
    return _parent(source) if _DAY.fullmatch(stem) else names.get(f"#{stem}", stem)


def _parent(source: Source) -> str:
    """Return the folder or archive that a file lies in, as far as its name tells."""
    archive, _, inner = source.name.rpartition("!")
    folder = PurePosixPath(inner).parent.name or PurePosixPath(archive).stem
    return folder or source.path.stem


def _dump(chat: _Conversation, log: FileLog) -> Iterator[Message]:
    """Yield the messages of one file of any size."""
    keys: set[str] = set()

    def listed() -> Iterator[Any]:
        for key, value in elements(chat.source, log):
            keys.add(key)
            if key in ("", "messages"):
                yield value

    yield from _messages(listed(), chat, log)
    if keys & {"", "messages"} or not keys:
        return
    if "ts" in keys:
        # A single message as the API gives it.
        yield from _messages(_load(chat.source, log), chat, log)
    elif b'"messages"' not in chat.source.head():
        raise InputError(chat.source.name, "holds no list of messages", hint="give a Slack export")


def _day(chat: _Conversation, log: FileLog) -> Iterator[Message]:
    yield from _messages(_load(chat.source, log), chat, log)


def _load(source: Source, log: FileLog) -> Iterable[Any]:
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


def _messages(raws: Iterable[Any], chat: _Conversation, log: FileLog) -> Iterator[Message]:
    details, folder = log.details, chat.source.path.parent.name
    # There even if they stay at nought, and not touched again for each message.
    for unit in ("edited", "by applications", "thread replies"):
        details[unit] += 0
    for place, raw in _flat(raws):
        log.met()
        if not isinstance(raw, dict):
            log.quarantine(place, "is not a message object", file=chat.source.name)
            continue
        try:
            _tally(raw, folder, details)
            message = _message(raw, place, chat, log)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError, OSError) as error:
            log.quarantine(place, f"is damaged ({error})", file=chat.source.name)
            continue
        problem = impossible(message.timestamp) if message.timestamp else "it has no usable time stamp (ts)"
        if problem:
            log.quarantine(place, problem, file=chat.source.name)
            continue
        yield message


def _flat(raws: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each message with its place, the replies that are nested in one after it."""
    for index, raw in enumerate(raws, start=1):
        place = f"message {index}"
        yield place, raw
        if isinstance(raw, dict):
            for key in _NESTED:
                if key in raw and isinstance(raw[key], list):
                    for number, reply in enumerate(raw[key], start=1):
                        if isinstance(reply, dict) and "text" in reply:
                            yield f"{place}, reply {number}", reply


def _tally(raw: Raw, folder: str, details: Counter[str]) -> None:
    """Count a message in the terms of its export, whatever becomes of it."""
    subtype, thread = raw.get("subtype"), raw.get("thread_ts")
    if folder:
        details[f"{folder}/"] += 1
    details[f"subtype {subtype}" if subtype else "plain"] += 1
    if "edited" in raw:
        details["edited"] += 1
    if _is_bot(raw):
        details["by applications"] += 1
    if thread and str(thread) != str(raw.get("ts") or ""):
        details["thread replies"] += 1


def _message(raw: Raw, place: str, chat: _Conversation, log: FileLog) -> Message:
    subtype, user = str(raw.get("subtype") or ""), _user_id(raw)
    is_bot = _is_bot(raw) or user == _SLACKBOT
    # A bot may post under the name of the member it asked.
    from_standup = is_bot and any(STANDUP_BOT.search(name) for name in _bot_names(raw))
    own, text = _text(raw, from_standup, chat.names)
    text = clip(text, log)
    skip = _skip_reason(subtype, is_bot, from_standup) or (None if text else _silence(raw, own))
    author_id = user or raw.get("bot_id")
    stamp, moment = _moment(raw.get("ts"))
    thread = str(raw.get("thread_ts") or "") or None
    reactions, files = raw.get("reactions"), raw.get("files") or ([raw["file"]] if "file" in raw else None)
    return Message(
        id=f"slack:{chat.channel}:{stamp}",
        source=NAME,
        file=chat.source.name,
        locator=place,
        kind="system" if skip not in _OF_PEOPLE else "status" if from_standup else "message",
        text=text,
        author=chat.names.get(str(user)) or _author(raw, user),
        author_id=str(author_id) if author_id else None,
        is_bot=is_bot,
        channel=chat.channel,
        timestamp=moment,
        time_source="record",
        time_precision="second",
        thread_id=thread,
        reply_to=thread if thread != stamp else None,
        reactions=_reactions(reactions) if reactions else {},
        edited="edited" in raw,
        deleted=subtype == "tombstone",
        attachments=_file_names(files) if files else (),
        skip=skip,
    )


def _moment(stamp: Any) -> tuple[str, datetime | None]:
    """Return the time stamp as Slack writes it, which is a message's id in its channel, and the time it means."""
    try:
        seconds = float(stamp or "nan")
        moment = datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return str(stamp), None
    # Scripts write it as a number, which drops zeros at its end.
    return stamp if isinstance(stamp, str) else f"{seconds:.6f}", moment


def _reactions(raws: Any) -> dict[str, int]:
    counts = {}
    for raw in raws:
        if "name" in raw:
            count = raw.get("count")
            counts[str(raw["name"])] = count if isinstance(count, int) else len(raw.get("users") or ())
    return counts


def _file_names(files: Any) -> tuple[str, ...]:
    return tuple(str(f.get("name") or f.get("title") or "file") for f in files if isinstance(f, dict))


def _is_bot(raw: Raw) -> bool:
    return bool(raw.get("bot_id")) or str(raw.get("subtype") or "").startswith("bot_")


def _bot_names(raw: Raw) -> list[str]:
    """Return the names an application goes by: the one of this message, then its own."""
    return [str(name) for name in (raw.get("username"), (raw.get("bot_profile") or {}).get("name")) if name]


def _user_id(raw: Raw) -> Any:
    return raw.get("user") or ((raw.get("comment") or {}).get("user") if "comment" in raw else None)


def _skip_reason(subtype: str, is_bot: bool, from_standup: bool) -> str | None:
    if subtype == "tombstone":
        return "deleted"
    if is_bot and not from_standup:
        return subtype or "bot_message"
    if subtype not in _HUMAN and not (from_standup and subtype == "bot_message"):
        return subtype
    return None


def _silence(raw: Raw, own: str) -> str:
    """Return why a message says nothing in its author's own words."""
    if own.strip() and "&gt;" in own:
        return "quote"
    if any(a.get("is_share") or a.get("is_msg_unfurl") for a in raw.get("attachments") or ()):
        return "forwarded"
    return "media only" if raw.get("files") or raw.get("file") else "empty"


def _author(raw: Raw, user: Any) -> str | None:
    """Return the name of somebody who is on no list; guests and people of shared channels are in the message itself."""
    profile = raw.get("user_profile") or {}
    candidates = (profile.get("display_name"), profile.get("real_name"), *_bot_names(raw), user)
    return next((str(name) for name in candidates if name), None)


def _text(raw: Raw, from_standup: bool, names: Mapping[str, str]) -> tuple[str, str]:
    """Return what an author wrote, as it stands in the file, and as people saw it, without what others said."""
    own = str(raw.get("text") or "")
    if "comment" in raw or "file" in raw:
        own = _on_file(raw, own)
    elif not own:
        own = _block_text(raw.get("blocks"))
    text = _clean(_without_quotes(own), names).strip()
    if from_standup:
        answers = (_clean(str(a.get("text")), names).strip() for a in raw.get("attachments") or () if a.get("text"))
        text = "\n".join(part for part in (text, *answers) if part)
    return own, text


def _on_file(raw: Raw, text: str) -> str:
    """Return what somebody said about a file: old exports wrap it in a sentence of their own."""
    comment = (raw.get("comment") or {}).get("comment")
    sentence = _FILE_SENTENCE.match(text)
    if comment or sentence is None or raw.get("subtype") != "file_share":
        return str(comment or text)
    said = str(((raw.get("file") or {}).get("initial_comment") or {}).get("comment") or "")
    return said if said and text.endswith(said) else text[sentence.end() :].partition(": ")[2]


def _without_quotes(text: str) -> str:
    """Return the text without its quoted lines, which repeat what others said; >>> quotes all that follows."""
    if "&gt;" not in text:
        return text
    kept = []
    for line in text.split("\n"):
        if line.startswith("&gt;&gt;&gt;"):
            break
        if not line.startswith("&gt;"):
            kept.append(line)
    return "\n".join(kept)


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

    if "<" in text:
        text = _MARKUP.sub(shown, text)
    return html.unescape(text) if "&" in text else text


# How the parts of rich text that are no text are written in a message's own.
_PIECES = {
    "user": ("user_id", "<@{}>"),
    "channel": ("channel_id", "<#{}>"),
    "usergroup": ("usergroup_id", "<!subteam^{}>"),
    "broadcast": ("range", "<!{}>"),
    "emoji": ("name", ":{}:"),
    "link": ("url", "{}"),
}


def _block_text(blocks: Any, depth: int = 0) -> str:
    """Return the text inside rich-text blocks, for messages whose own text is empty; each block on a line."""
    if depth > _MAX_DEPTH or not isinstance(blocks, list):
        return ""
    parts, separator = [], "\n"
    for block in blocks:
        if not isinstance(block, dict) or block.get("type") == "rich_text_quote":
            continue
        own = block.get("text")
        key, form = _PIECES.get(str(block.get("type")), ("", ""))
        if isinstance(own, str) or key:
            # Pieces of one line, cut where its style changes.
            separator = ""
        own = own.get("text") if isinstance(own, dict) else own
        if key and not own:
            own = form.format(block.get(key))
        parts.append(own if isinstance(own, str) else _block_text(block.get("elements"), depth + 1))
    return separator.join(parts)
