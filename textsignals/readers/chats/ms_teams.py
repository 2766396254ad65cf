"""Microsoft Teams: JSON of Graph, from its API or PowerShell, and the export a person gets of their own chats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, FileLog, Options, clip
from textsignals.readers.chats import ms_teams_personal
from textsignals.readers.chats.bots import STANDUP_BOT
from textsignals.readers.chats.ms_teams_content import fields, listed, parsed, quotes, seen
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import from_epoch, impossible, localise
from textsignals.records import Message

NAME = "teams"

# A dump by PowerShell: teams/<id>/messages_<id>.json and users/<id>/messages_<id>.json, lists beside them.
_MESSAGES_FILE = re.compile(r"(?:.*/)?messages_[^/]+\.json", re.IGNORECASE)
_LISTS = {
    "teamslist": "team",
    "teamssettings": "team",
    "teams": "team",
    "channels": "channel",
    "chats": "channel",
    "userslist": "user",
    "users": "user",
}
_LIST_FILE = re.compile(rf"(?:.*/)?({'|'.join(_LISTS)})(?:_[^/]*)?\.json", re.IGNORECASE)
_NAMES = ("displayname", "name", "topic")
_IDS = ("groupsid", "groupid", "id")
# File names that say nothing about the conversation in them.
_NO_TITLE = re.compile(r"(?:messages?|chats?|value|response)?_?(?:[0-9a-f]{8}-[0-9a-f-]{27})?", re.IGNORECASE)
# Windows PowerShell writes times so.
_DOTNET_DATE = re.compile(r"/Date\((-?\d{1,16})\)/")
_EVENTS = (
    (re.compile(r"^members?(?:added|deleted|joined|left)"), "join or leave"),
    (re.compile(r"^call"), "call"),
    (re.compile(r""), "system"),
)
_OF_PEOPLE = frozenset({None, "empty", "quote", "forwarded", "media only"})

Raw = dict[str, Any]


@dataclass(slots=True)
class _Known:
    """Names by id, of teams, channels and chats, and users, and the ids of authors met."""

    team: dict[str, str] = field(default_factory=dict)
    channel: dict[str, str] = field(default_factory=dict)
    user: dict[str, str] = field(default_factory=dict)
    authors: set[str] = field(default_factory=set)


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is an export of Teams."""
    if isinstance(source, Folder):
        try:
            return _sniff_folder(source)
        except InputError:
            # A file of it cannot be read, which is told when its turn comes.
            return 0.0
    head = _head(source)
    if head[:1] not in ("{", "["):
        return 0.0
    marks = ('"createddatetime"', '"messagetype"', '"body"', '"from"', '"chatid"', '"channelidentity"')
    if marks[0] in head and '"body"' in head and sum(mark in head for mark in marks) >= 4:
        return 0.95
    return ms_teams_personal.sniff(head)


def _sniff_folder(folder: Folder) -> float:
    if _personal(folder):
        return 0.95
    dumps = [path for path in folder.files if _MESSAGES_FILE.fullmatch(path)]
    if not dumps or not all(path.lower().endswith(".json") for path in folder.files):
        return 0.0
    # Many members never wrote in a chat: their files are empty lists.
    largest = max(dumps, key=lambda path: folder.files[path].size)
    return 0.98 if sniff(folder.files[largest]) else 0.0


def _head(source: Source) -> str:
    """Return the beginning of a file in lower case: PowerShell writes keys in capitals and, at times, UTF-16."""
    head = source.head()
    wide = head[:2] in MARKS_16
    return head.decode("utf-16" if wide else "utf-8-sig", errors="replace").lstrip().lower()


def _personal(folder: Folder) -> Source | None:
    """Return the file with the messages if a folder is a personal export: that, a list of devices and media."""
    found = [path for path in folder.files if path.rpartition("/")[2] == "messages.json" and path.count("/") < 2]
    if len(found) != 1:
        return None
    base = found[0].removesuffix("messages.json")
    rest = [path.removeprefix(base) for path in folder.files if path != found[0]]
    if not all(path == "endpoints.json" or path.startswith("media/") for path in rest):
        return None
    source = folder.files[found[0]]
    return source if ms_teams_personal.sniff(_head(source)) else None


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the messages of an export; those of a chat lie in it once for each member, under one id."""
    known = _Known()
    if isinstance(source, Source):
        yield from _file(source, known, log, options, alone=True)
        return
    if personal := _personal(source):
        log.details["other files"] = len(source.files) - 1
        yield from _file(personal, known, log, options)
        return
    lists = {path: _LISTS[m[1].lower()] for path in source.files if (m := _LIST_FILE.fullmatch(path))}
    dumps = [path for path in source.files if _MESSAGES_FILE.fullmatch(path)]
    for path, kind in lists.items():
        _learn(source.files[path], path, getattr(known, kind), log)
    log.details["teams"] = len(known.team)
    log.details["other files"] = len(source.files) - len(lists) - len(dumps)
    for path in dumps:
        try:
            yield from _file(source.files[path], known, log, options)
        except InputError as error:
            log.reject(error)


def _learn(source: Source, path: str, names: dict[str, str], log: FileLog) -> None:
    """Take the names from a list of teams, channels or users."""
    try:
        for _, entry in elements(source, FileLog(source.name, NAME)):
            entry = fields(entry)
            id_ = next((str(entry[key]) for key in _IDS if entry.get(key)), "")
            name = next((str(entry[key]) for key in _NAMES if entry.get(key)), "")
            if id_ and name:
                names.setdefault(id_, name)
    except InputError as error:
        log.assume(f"{path} is unusable ({error.problem}): ids stand where names would")


def _file(source: Source, known: _Known, log: FileLog, options: Options, alone: bool = False) -> Iterator[Message]:
    if ms_teams_personal.sniff(_head(source)):
        yield from ms_teams_personal.read(source, log, options)
        return
    title = source.path.stem if alone and not _NO_TITLE.fullmatch(source.path.stem) else ""
    for place, raw in _flat(_records(source, log)):
        log.met()
        log.details["messages"] += 1
        try:
            message = _message(raw, place, source, title, known, log, options)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError, OSError) as error:
            log.quarantine(place, f"is damaged ({type(error).__name__})", file=source.name)
            continue
        problem = impossible(message.timestamp) if message.timestamp else "it has no usable time (createdDateTime)"
        if problem:
            log.quarantine(place, problem, file=source.name)
            continue
        log.details["edited"] += message.edited
        log.details["replies"] += bool(message.meta.get("reply"))
        yield message
    log.details["authors"] = len(known.authors)


def _records(source: Source, log: FileLog) -> Iterator[Any]:
    """Yield what stands in the list of a file, however a script wrapped it; a file may be one message alone."""
    found = False
    single: Raw = {}
    for key, value in elements(source, log):
        if key.lower() in ("", "value", "messages"):
            found = True
            yield value
        elif len(single) < _MAX_KEYS:
            single.setdefault(key, value)
    if not found and "createddatetime" in fields(single):
        yield single


_MAX_KEYS = 100
"""A single message has fewer than this."""


def _flat(raws: Iterable[Any]) -> Iterator[tuple[str, Raw]]:
    """Yield each message, keys in lower case, with its place, and the replies that Graph nests in it on demand."""
    for index, entry in enumerate(raws, start=1):
        raw = fields(entry)
        yield f"message {index}", raw
        replies = raw.get("replies")
        if isinstance(replies, list):
            for number, reply in enumerate(replies, start=1):
                yield f"message {index}, reply {number}", fields(reply)


def _message(
    raw: Raw, place: str, source: Source, title: str, known: _Known, log: FileLog, options: Options
) -> Message:
    if not raw:
        raise TypeError
    where = fields(raw.get("channelidentity"))
    chat, channel_id, team_id = (_id(raw.get("chatid")), _id(where.get("channelid")), _id(where.get("teamid")))
    conversation = chat or channel_id or title or source.path.stem
    root, id_ = _id(raw.get("replytoid")), _id(raw.get("id"))
    moment, assumed = _moment(raw.get("createddatetime"), options, log)
    kind, author, author_id = _sender(raw, known)
    if author_id:
        known.authors.add(author_id)
    text, quoted = _text(raw)
    text = clip(text, log)
    is_bot = kind == "application"
    from_standup = is_bot and bool(STANDUP_BOT.search(author or ""))
    files = _attachments(raw)
    deleted = bool(raw.get("deleteddatetime"))
    skip = _skip_reason(raw, deleted, is_bot and not from_standup) or (None if text else _silence(raw, files, quoted))
    return Message(
        id=_unique(conversation, root, id_)
        if id_
        else log.identify(NAME, conversation, moment.isoformat() if moment else "", author, text),
        source=NAME,
        file=source.name,
        locator=place,
        kind="system" if skip not in _OF_PEOPLE else "status" if from_standup else "message",
        text=text,
        author=author,
        author_id=author_id,
        is_bot=is_bot,
        channel=_channel(chat, channel_id, title, known) or conversation,
        team=known.team.get(team_id),
        timestamp=moment,
        time_source="record" if moment else "none",
        time_precision="second" if moment else "none",
        tz_assumed=assumed,
        thread_id=root or (id_ if channel_id else "") or None,
        reply_to=root or _quoted(raw) or None,
        reactions=_reactions(raw.get("reactions")),
        edited=bool(raw.get("lastediteddatetime")),
        deleted=deleted,
        attachments=files,
        skip=skip,
        meta={"reply": True} if root else {},
    )


def _id(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _unique(conversation: str, root: str, id_: str) -> str:
    """Return an id of a message: Teams numbers them within a conversation and, in channels, within a thread."""
    return ":".join(part for part in (NAME, conversation, root, id_) if part)


def _channel(chat: str, channel_id: str, title: str, known: _Known) -> str:
    name = known.channel.get(chat or channel_id) or title
    # A chat of two has no name of its own: the sign keeps it from being taken for a team.
    return f"@{name or chat}" if chat.endswith("@unq.gbl.spaces") else name


def _moment(value: Any, options: Options, log: FileLog) -> tuple[datetime | None, bool]:
    """Return a time in UTC and whether its zone was assumed; Windows PowerShell writes its own sort of date."""
    value = fields(value).get("value") or fields(value).get("datetime") if isinstance(value, dict) else value
    if not isinstance(value, str):
        return None, False
    try:
        if match := _DOTNET_DATE.fullmatch(value.replace("\\", "")):
            return from_epoch(int(match[1]) / 1000), False
        return localise(datetime.fromisoformat(value.strip()), options, log)
    except (ValueError, OverflowError):
        return None, False


def _sender(raw: Raw, known: _Known) -> tuple[str, str | None, str | None]:
    """Return what sort of sender it is, its name and its id; nobody is named where the account was deleted."""
    sender = fields(raw.get("from"))
    for kind in ("user", "application", "device", "conversation", "guest"):
        who = fields(sender.get(kind))
        if who:
            id_ = _id(who.get("id"))
            name = who.get("displayname") or known.user.get(id_) or ("" if kind == "user" else id_)
            return kind, str(name) if name else None, id_ or None
    return "", None, None


def _text(raw: Raw) -> tuple[str, bool]:
    """Return subject and body as people saw them, and whether words of others were left out of the body."""
    body = fields(raw.get("body"))
    content, quoted = str(body.get("content") or "").strip(), False
    if str(body.get("contenttype") or "html").lower() in ("html", "1"):
        quoted = quotes(content)
        content = seen(content, _mentioned(raw.get("mentions")))
    subject = str(raw.get("subject") or "").strip()
    headline = "\n".join(part for part in (subject, _announcement(raw)) if part)
    return "\n".join(part for part in (headline, content) if part), quoted


def _mentioned(mentions: Any) -> Callable[[str], str]:
    """Return a function from the number of a mention to who it is."""
    people: dict[str, str] = {}
    for mention in mentions if isinstance(mentions, list) else ():
        mention = fields(mention)
        for who in fields(mention.get("mentioned")).values():
            if id_ := _id(fields(who).get("id")):
                people[str(mention.get("id"))] = id_
    return lambda number: people.get(number, "")


def _announcement(raw: Raw) -> str:
    """Return the headline of an announcement, which stands in an attachment and is its author's."""
    for attachment in listed(raw.get("attachments")):
        if str(attachment.get("contenttype")).endswith("card.announcement"):
            return str(fields(parsed(attachment.get("content"))).get("title") or "").strip()
    return ""


def _attachments(raw: Raw) -> tuple[str, ...]:
    names = (a.get("name") for a in listed(raw.get("attachments")) if a.get("contenttype") != "messageReference")
    return tuple(str(name) for name in names if name)


def _quoted(raw: Raw) -> str:
    """Return the id of the message that one in a chat answers by quoting it."""
    for attachment in listed(raw.get("attachments")):
        if attachment.get("contenttype") == "messageReference":
            return _id(attachment.get("id"))
    return ""


def _reactions(reactions: Any) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for reaction in listed(reactions):
        name = str(reaction.get("reactiontype") or "")
        if name:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _skip_reason(raw: Raw, deleted: bool, is_bot: bool) -> str | None:
    event = fields(raw.get("eventdetail"))
    sort = str(raw.get("messagetype") or "message").lower()
    if event or sort not in ("message", "0"):
        name = str(event.get("@odata.type") or "").rpartition(".")[2].lower()
        return next(reason for pattern, reason in _EVENTS if pattern.search(name))
    if deleted:
        return "deleted"
    return "bot" if is_bot else None


def _silence(raw: Raw, files: tuple[str, ...], quoted: bool) -> str:
    """Return why a message says nothing in its author's own words."""
    sorts = {attachment.get("contenttype") for attachment in listed(raw.get("attachments"))}
    if "forwardedMessageReference" in sorts:
        return "forwarded"
    if quoted or "messageReference" in sorts:
        return "quote"
    return "media only" if files or "<img" in str(fields(raw.get("body")).get("content")).lower() else "empty"
