"""Mattermost: the bulk export (JSON lines, alone or in a zip beside data/), and posts as the API gives them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.chats.bots import STANDUP_BOT
from textsignals.readers.chats.markdown import mattermost
from textsignals.readers.json_stream import elements, is_jsonl, json_lines
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible
from textsignals.records import DIRECT_MESSAGES, Message

NAME = "mattermost"

# What a line of a bulk export can be; its content stands under a key of the same name.
_TYPES = frozenset("version team channel user bot post direct_channel direct_post emoji role scheme".split())
# Where exports put the files that were attached.
_ATTACHED = frozenset({"data", "bulk-export-attachments", "exported_emoji"})
_POSTS = ("post", "direct_post")
_API_MARKS = (b'"create_at"', b'"channel_id"', b'"user_id"', b'"root_id"', b'"message"')
# Pages that were put together may begin with more ids than are looked at.
_ORDER = re.compile(rb'\s*\{\s*"order"\s*:\s*\[\s*"[a-z0-9]{26}"')
# Types under which people's own words stand; applications add types of their own, which begin with "custom_".
_HUMAN = frozenset({"", "me", "slack_attachment", "reminder", "burn_on_read"})
_TRUE = frozenset({True, "true", "True"})
# Exports that were converted, or are old, give the server's notices as plain text: "ana joined the channel."
_JOINED = re.compile(
    r"@?(\S+) (?:has )?(?:joined|left) the (?:channel|team)(?: as a guest)?\.?"
    r"|@?(\S+) (?:was )?(?:added to|removed from) the (?:channel|team)(?: as a guest)?(?: by @?(\S+?))?\.?"
)
_RENAMED = re.compile(
    r"@?(\S+) (?:(?:updated|removed) the channel (?:header|purpose|display name)(?: from:| to:| \(was:)[\s\S]*"
    r"|(?:un)?archived the channel\.?)"
)

Raw = dict[str, Any]


@dataclass(slots=True)
class _People:
    """What a bulk export says of people before it comes to their posts: display names by user name, applications."""

    names: dict[str, str] = field(default_factory=dict)
    bots: set[str] = field(default_factory=set)

    def note(self, type_: str, about: Raw) -> None:
        username = _word(about.get("username"))
        if type_ == "bot":
            self.bots.add(username)
        full = " ".join(filter(None, (_word(about.get("first_name")), _word(about.get("last_name")))))
        self.names[username] = full or _word(about.get("nickname") or about.get("display_name")) or username


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a post stands."""

    locator: str
    channel: str
    team: str | None = None
    # What tells a channel from others of its name: its team, or the members of a direct channel.
    key: str = ""
    root: str | None = None


def sniff(source: Source | Folder) -> float:
    """Return how sure it is, 0 to 1, that this is an export of Mattermost."""
    if isinstance(source, Folder):
        return 0.97 if _bulk_file(source) else 0.0
    head = source.head()
    if _is_bulk(head):
        return 0.98
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    page = first == b"{" and b'"order"' in head and b'"posts"' in head
    if _ORDER.match(head.removeprefix(b"\xef\xbb\xbf")):
        return 0.95
    marks = sum(mark in head for mark in _API_MARKS)
    return 0.95 if (page and marks >= 2) or (first in (b"{", b"[") and marks == len(_API_MARKS)) else 0.0


def _is_bulk(head: bytes) -> bool:
    """Return whether a file begins with a line of a bulk export; such a line may be longer than what is looked at."""
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    match = re.match(rb'\{\s*"type"\s*:\s*"(\w{4,14})"\s*,\s*"(\w{4,14})"\s*:', line)
    if match:
        return match[1] == match[2] and match[1].decode() in _TYPES
    try:
        entry = json.loads(line.split(b"\n", 1)[0])
        return entry["type"] in _TYPES and entry["type"] in entry
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _bulk_file(folder: Folder) -> Source | None:
    """Return the one bulk export in a folder, beside which only attachments lie."""
    found = []
    for path, source in folder.files.items():
        parts = PurePosixPath(path).parts
        if _ATTACHED.intersection(parts[:-1]) or any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        found.append(source)
        if len(found) > 1 or not path.lower().endswith((".jsonl", ".json", ".ndjson")):
            return None
    try:
        return found[0] if found and len(folder.files) > 1 and _is_bulk(found[0].head()) else None
    except InputError:
        return None


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the posts of an export, each before the replies to it."""
    if isinstance(source, Folder):
        bulk = _bulk_file(source)
        if bulk is None:
            raise InputError(source.name, "holds no bulk export of Mattermost", hint="give the file itself")
        log.details["attached files"] = len(source.files) - 1
        yield from _bulk(bulk, log)
    elif _is_bulk(source.head()):
        yield from _bulk(source, log)
    else:
        yield from _api(source, log)


def _bulk(source: Source, log: FileLog) -> Iterator[Message]:
    people = _People()
    for number, entry in json_lines(source, log):
        log.details["lines"] += 1
        place = f"line {number}"
        try:
            type_ = entry["type"]
            about = entry[type_] if type_ != "version" else {}
            is_entry = isinstance(type_, str) and isinstance(about, dict)
        except (KeyError, TypeError):
            is_entry = False
        if not is_entry:
            log.met()
            log.quarantine(place, "is not an entry of a bulk export", "export it again", file=source.name)
            continue
        log.details[type_[:20]] += 1
        if type_ in _POSTS:
            yield from _post_and_replies(about, place, people, source, log)
        elif type_ in ("user", "bot"):
            people.note(type_, about)


def _post_and_replies(post: Raw, place: str, people: _People, source: Source, log: FileLog) -> Iterator[Message]:
    members = post.get("channel_members")
    if isinstance(members, list):
        where = _Place(place, DIRECT_MESSAGES, None, ",".join(sorted(map(str, members))))
    else:
        team = _word(post.get("team"))
        where = _Place(place, _word(post.get("channel")), team or None, team)
    replies = post.get("replies") or []
    if not isinstance(replies, list):
        replies = [replies]
    root: str | None = None
    for number, raw in enumerate([post, *replies]):
        log.met()
        here = where
        if number:
            log.details["reply"] += 1
            here = _Place(f"{place}, reply {number}", where.channel, where.team, where.key, root)
        message = _checked(partial(_bulk_message, people=people, replied=bool(replies)), raw, here, source, log)
        if message is not None:
            yield message
            root = root or message.id


def _checked(
    make: Callable[[Raw, _Place, Source, FileLog], Message], raw: Any, place: _Place, source: Source, log: FileLog
) -> Message | None:
    """Return the message, or None after putting the record in quarantine."""
    if not isinstance(raw, dict):
        log.quarantine(place.locator, "is not a post", file=source.name)
        return None
    try:
        message = make(raw, place, source, log)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError, OSError):
        log.quarantine(place.locator, "is damaged", "export it again", file=source.name)
        return None
    problem = impossible(message.timestamp) if message.timestamp else "it has no time"
    if problem:
        log.quarantine(place.locator, problem, file=source.name)
        return None
    return message


def _bulk_message(raw: Raw, place: _Place, source: Source, log: FileLog, *, people: _People, replied: bool) -> Message:
    user = _word(raw.get("user"))
    files = tuple(PurePosixPath(str(a["path"])).name for a in raw.get("attachments") or ())
    id_ = log.identify(NAME, place.key, place.channel, user, raw.get("create_at"), raw.get("message"))
    return _message(
        raw,
        place,
        source,
        log,
        id_=id_,
        thread_id=place.root or (id_ if replied else None),
        author=people.names.get(user, user),
        author_id=user,
        is_bot=user in people.bots or _by_application(raw),
        files=files,
        is_notice=_is_notice(_word(raw.get("message")), user, people),
    )


def _api(source: Source, log: FileLog) -> Iterator[Message]:
    number = 0
    for number, raw in enumerate(_api_posts(source, log), start=1):
        log.met()
        log.details["post"] += 1
        channel = _word(raw.get("channel_id")) if isinstance(raw, dict) else ""
        place = _Place(f"post {number}", channel or source.path.stem)
        message = _checked(_api_message, raw, place, source, log)
        if message is not None:
            yield message
    if not number and b'"posts"' not in source.head():
        hint = "give the bulk export or pages of posts"
        raise InputError(source.name, "holds no posts of Mattermost", hint=hint)


def _api_posts(source: Source, log: FileLog) -> Iterator[Any]:
    """Yield the posts of a page, which are an object by id, of a list of pages or posts, or of lines of either."""
    head = source.head().decode("utf-8", errors="replace")
    if is_jsonl(head):
        for _, value in json_lines(source, log):
            yield from _unpacked(value)
        return
    for key, value in elements(source, log, into=("posts",)):
        if key.startswith("posts"):
            yield value
        elif not key:
            yield from _unpacked(value)


def _unpacked(value: Any) -> Iterator[Any]:
    posts = value.get("posts") if isinstance(value, dict) else None
    if isinstance(posts, dict | list):
        yield from posts.values() if isinstance(posts, dict) else posts
    else:
        yield value


def _api_message(raw: Raw, place: _Place, source: Source, log: FileLog) -> Message:
    props, user = raw.get("props") or {}, _word(raw.get("user_id"))
    files = (raw.get("metadata") or {}).get("files") or ()
    names = tuple(_word(f.get("name")) or "file" for f in files) or ("file",) * len(raw.get("file_ids") or ())
    username = _word(props.get("username")) if isinstance(props, dict) else ""
    id_, root = _word(raw.get("id")), _word(raw.get("root_id"))
    if not id_:
        raise ValueError("a post without an id")
    return _message(
        raw,
        replace(place, root=root or None),
        source,
        log,
        id_=f"{NAME}:{id_}",
        thread_id=root or (id_ if raw.get("reply_count") else None),
        author=user,
        author_id=user,
        is_bot=_by_application(raw),
        files=names,
        is_notice=bool(username) and _is_notice(_word(raw.get("message")), username, _People()),
    )


def _message(
    raw: Raw,
    place: _Place,
    source: Source,
    log: FileLog,
    *,
    id_: str,
    thread_id: str | None,
    author: str,
    author_id: str,
    is_bot: bool,
    files: tuple[str, ...],
    is_notice: bool,
) -> Message:
    type_, props = _word(raw.get("type")), raw.get("props") or {}
    content = str(raw.get("message") or "")
    shown = _word(props.get("override_username")) if is_bot else ""
    from_standup = is_bot and bool(STANDUP_BOT.search(f"{author} {shown}"))
    text = clip(mattermost("\n".join([content, *_cards(props)]) if from_standup else content), log)
    skip = _skip_reason(raw, type_, is_bot, from_standup, is_notice)
    log.details["by applications"] += is_bot
    log.details["notices as text"] += skip in ("join or leave", "channel change")
    kept = skip is None
    if kept and not text:
        skip = "quote" if content.strip() else "media only" if files else "empty"
    stamp = raw.get("create_at")
    return Message(
        id=id_,
        source=NAME,
        file=source.name,
        locator=place.locator,
        kind=("status" if from_standup else "message") if kept or skip == "deleted" else "system",
        text=text,
        author=shown or author or None,
        author_id=author_id or None,
        is_bot=is_bot,
        channel=place.channel,
        team=place.team,
        timestamp=datetime.fromtimestamp(float(stamp) / 1000, tz=UTC) if stamp else None,
        time_source="record",
        time_precision="second",
        thread_id=thread_id,
        reply_to=place.root,
        reactions=_reactions(raw),
        edited=bool(raw.get("edit_at")),
        deleted=bool(raw.get("delete_at")),
        attachments=files,
        skip=skip,
    )


def _skip_reason(raw: Raw, type_: str, is_bot: bool, from_standup: bool, is_notice: bool) -> str | None:
    if raw.get("delete_at"):
        return "deleted"
    if type_ not in _HUMAN and not (is_bot and type_.startswith("custom_")):
        return type_[:40]
    if is_bot:
        return None if from_standup else "bot"
    if is_notice:
        return "join or leave" if _JOINED.fullmatch(_word(raw.get("message"))) else "channel change"
    return None


def _is_notice(text: str, user: str, people: _People) -> bool:
    """Return whether a text is one of the server's own about this user; people say "ana left the team." of others."""
    if match := _JOINED.fullmatch(text):
        joined, moved, by = match.groups()
        known = people.names
        return joined == user or (moved is not None and (by == user or (by is None and moved in (user, *known))))
    renamed = _RENAMED.fullmatch(text)
    return renamed is not None and renamed.group(1) == user


def _by_application(raw: Raw) -> bool:
    props = raw.get("props")
    return isinstance(props, dict) and any(props.get(key) in _TRUE for key in ("from_bot", "from_webhook"))


def _cards(props: Any) -> list[str]:
    """Return the texts of the cards of a post, in which stand-up bots put the answers."""
    texts = []
    for card in props.get("attachments") or ():
        texts += [card.get("pretext"), card.get("title"), card.get("text")]
        texts += [text for f in card.get("fields") or () for text in (f.get("title"), f.get("value"))]
    return [str(text) for text in texts if text]


def _reactions(raw: Raw) -> dict[str, int]:
    given = raw.get("reactions") or (raw.get("metadata") or {}).get("reactions") or ()
    found: dict[str, int] = {}
    for reaction in given:
        name = str(reaction["emoji_name"])
        found[name] = found.get(name, 0) + 1
    return found


def _word(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
