"""Trello boards as JSON: cards, the items of their checklists and their comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.json_stream import elements
from textsignals.readers.sheets.cells import says_nothing
from textsignals.readers.sheets.rows import head_text
from textsignals.readers.sources import Folder, Source
from textsignals.readers.times import impossible, localise
from textsignals.records import Message

NAME = "trello"

Raw = Mapping[str, Any]

# Keys of a board, of which other exports may have some but not four.
_KEYS = re.compile(
    r'"(idOrganization|idBoardSource|idMemberCreator|idEnterprise|shortLink|shortUrl|labelNames|dateLastActivity'
    r'|powerUps|premiumFeatures|enterpriseOwned|idList|idBoard|checkItems|prefs|pinned|datePluginDisable|cards|lists)"\s*:'
)
_MARKS = 4
_ID = re.compile(r"[0-9a-f]{24}")
_PARTS = ("cards", "lists", "members", "checklists", "actions")
_COMMENTS = {"commentCard": None, "copyCommentCard": "forwarded"}
# Markdown in descriptions and comments.
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,500}\]\([^()\s]{0,2000}(?: \"[^\"\n]{0,200}\")?\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,500})\]\([^()\s]{1,2000}(?: \"[^\"\n]{0,200}\")?\)")
_MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*+]|\d{1,3}\.)[ \t]+(?=\S)|\*\*|__|~~|`", re.MULTILINE)
_RULE = re.compile(r"^[\W_]*$")


@dataclass(slots=True)
class _Board:
    """What cards refer to by id: gathered first, since the order of the parts of a board is not fixed."""

    source: Source
    log: FileLog
    options: Options
    name: str | None = None
    lists: dict[str, str] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    members: dict[str, str] = field(default_factory=dict)
    # Of each card: its list, and who made it when.
    cards: dict[str, str] = field(default_factory=dict)
    made: dict[str, tuple[str | None, str | None, str]] = field(default_factory=dict)

    def note(self, key: str, value: Any) -> None:
        """Take from one part of the board what others refer to."""
        if key == "name" and isinstance(value, str):
            self.name = value
        if not isinstance(value, dict):
            return
        id_ = str(value.get("id") or "")
        if key == "lists":
            self.lists[id_] = str(value.get("name") or "")
            if value.get("closed"):
                self.archived.add(id_)
        elif key == "members":
            self.members[id_] = str(value.get("fullName") or value.get("username") or id_)
        elif key == "cards":
            self.cards[id_] = str(value.get("idList") or "")
        elif key == "actions" and value.get("type") == "createCard":
            card = (value.get("data") or {}).get("card") or {}
            self.made[str(card.get("id") or "")] = (*self.person(value), str(value.get("date") or ""))

    def person(self, action: Raw) -> tuple[str | None, str | None]:
        """Return the name and the id of who did something."""
        member = action.get("memberCreator") or {}
        id_ = str(action.get("idMemberCreator") or member.get("id") or "") or None
        name = member.get("fullName") or member.get("username") or self.members.get(id_ or "")
        return (str(name) if name else None), id_

    def list_of(self, card: str) -> str | None:
        return self.lists.get(self.cards.get(card, "")) or None


def sniff(source: Source | Folder) -> float:
    """Return 1.0 for JSON with the keys of a Trello board."""
    if isinstance(source, Folder):
        return 0.0
    text = head_text(source)
    if not text.lstrip().startswith("{"):
        return 0.0
    found = set(_KEYS.findall(text))
    if len(found) >= _MARKS and ("trello.com" in text or found & {"idList", "idOrganization", "labelNames"}):
        return 1.0
    return 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield cards, items of checklists and comments; all other actions are the software's and only counted."""
    assert isinstance(source, Source)
    board = _Board(source, log, options)
    _gather(board)
    counts: dict[str, int] = {}
    known = False
    log.details.update(dict.fromkeys((*_PARTS, "archived cards"), 0))
    for key, value in elements(source, log):
        counts[key] = counts.get(key, 0) + 1
        known = known or key in _PARTS
        if key in _PARTS or (key == "desc" and isinstance(value, str) and value.strip()):
            yield from _read_part(key, value, counts[key], board)
    if not known:
        raise InputError(source.name, "holds no cards", hint="export the board as JSON")


def _gather(board: _Board) -> None:
    # Where the file is damaged, the second reading says so.
    unheard = FileLog(board.source.name, NAME)
    try:
        for key, value in elements(board.source, unheard):
            try:
                board.note(key, value)
            except (TypeError, ValueError, AttributeError):
                continue
    except InputError:
        pass


def _read_part(key: str, value: Any, nth: int, board: _Board) -> Iterator[Message]:
    """Yield what one element of the board holds: a card, the items of a checklist, or a comment."""
    log, place = board.log, f"{key.removesuffix('s')} {nth}"
    if key != "desc":
        log.details[key] += 1
    if key in ("lists", "members"):
        return
    items = _items(key, value)
    for number, item in enumerate(items, start=1):
        log.met()
        where = f"{place}, item {number}" if key == "checklists" else place
        try:
            message = _message(key, item, value, where, board)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
            log.quarantine(where, f"is damaged ({type(error).__name__})", "export the board again")
            continue
        if isinstance(message, str):
            log.skip(message)
        elif message.timestamp and (problem := impossible(message.timestamp)):
            log.quarantine(where, problem)
        else:
            yield message


def _items(key: str, value: Any) -> list[Any]:
    if key == "checklists" and isinstance(value, dict) and isinstance(value.get("checkItems") or [], list):
        return list(value.get("checkItems") or [])
    return [value]


def _message(key: str, item: Any, holder: Any, place: str, board: _Board) -> Message | str:
    """Return the message of a record, or why it is left out."""
    if key == "desc":
        return _about(str(item), board)
    if not isinstance(item, dict):
        raise TypeError(f"{key} hold objects")
    if key == "cards":
        return _card(item, place, board)
    if key == "checklists":
        return _task(item, holder, place, board)
    sort = str(item.get("type") or "without type")
    board.log.details[f"action {sort}"] += 1
    return _comment(item, sort, place, board) if sort in _COMMENTS else sort


def _about(text: str, board: _Board) -> Message:
    return Message(
        id=f"{NAME}:{board.name}:desc",
        source=NAME,
        file=board.source.name,
        locator="description of the board",
        kind="note",
        text=_plain(text, board.log),
        channel=board.name,
        skip=None if _plain(text, board.log) else "empty",
    )


def _card(card: Raw, place: str, board: _Board) -> Message:
    id_, log = str(card.get("id") or ""), board.log
    name = _plain(str(card.get("name") or ""), log)
    text = f"{name}\n{_plain(str(card.get('desc') or ''), log)}".strip()
    author, author_id, made = board.made.get(id_, (None, None, ""))
    # Without an action that made it, the id says when; what copies of boards made lies before all of it.
    when = _moment(made, board) or _born(id_) or _moment(card.get("dateLastActivity"), board)
    closed = bool(card.get("closed"))
    log.details["archived cards"] += closed
    skip = "empty" if not text else "heading" if _RULE.match(text) or card.get("cardRole") == "separator" else None
    if not skip and card.get("isTemplate"):
        skip = "template"
    labels = [x for x in card.get("labels") or () if isinstance(x, dict)]
    badges = card.get("badges") if isinstance(card.get("badges"), dict) else {}
    votes = (badges or {}).get("votes")
    files = [a for a in card.get("attachments") or () if isinstance(a, dict)]
    meta: dict[str, Any] = {"labels": [str(x.get("name") or x.get("color") or "") for x in labels]} if labels else {}
    if closed or str(card.get("idList") or "") in board.archived:
        meta["archived"] = True
    return Message(
        id=f"{NAME}:{id_}" if id_ else log.identify(NAME, board.name, when and when[0], text),
        source=NAME,
        file=board.source.name,
        locator=place,
        kind="card",
        text=clip(text, log),
        author=author,
        author_id=author_id,
        channel=board.name,
        timestamp=when[0] if when else None,
        time_source="record" if when else "none",
        time_precision="second" if when else "none",
        tz_assumed=bool(when and when[1]),
        thread_id=id_ or None,
        section=board.lists.get(str(card.get("idList") or "")) or None,
        votes=votes if isinstance(votes, int) and votes > 0 else None,
        attachments=tuple(str(a.get("name") or "file") for a in files),
        skip=skip,
        meta=meta,
    )


def _task(item: Raw, checklist: Any, place: str, board: _Board) -> Message:
    id_, card = str(item.get("id") or ""), str(checklist.get("idCard") or "")
    text = _plain(str(item.get("name") or ""), board.log)
    when = _born(id_)
    skip = "empty" if not text else "no answer" if says_nothing(text) else None
    return Message(
        id=f"{NAME}:{id_}" if id_ else board.log.identify(NAME, card, checklist.get("name"), text),
        source=NAME,
        file=board.source.name,
        locator=place,
        kind="action_item",
        text=text,
        channel=board.name,
        timestamp=when[0] if when else None,
        time_source="record" if when else "none",
        time_precision="second" if when else "none",
        thread_id=card or None,
        reply_to=card or None,
        section=board.list_of(card),
        skip=skip,
        meta={"checklist": str(checklist.get("name") or ""), "done": item.get("state") == "complete"},
    )


def _comment(action: Raw, sort: str, place: str, board: _Board) -> Message:
    data = action.get("data") or {}
    card = str((data.get("card") or {}).get("id") or "")
    text = _plain(str(data.get("text") or ""), board.log)
    author, author_id = board.person(action)
    is_bot = bool(action.get("appCreator")) and not author
    when = _moment(action.get("date"), board)
    if when is None:
        raise ValueError("a comment has a date")
    id_ = str(action.get("id") or "")
    return Message(
        id=f"{NAME}:{id_}" if id_ else board.log.identify(NAME, card, when[0], author, text),
        source=NAME,
        file=board.source.name,
        locator=place,
        kind="comment",
        text=text,
        author=author,
        author_id=author_id,
        is_bot=is_bot,
        channel=board.name,
        timestamp=when[0],
        time_source="record",
        time_precision="second",
        tz_assumed=when[1],
        thread_id=card or None,
        reply_to=card or None,
        section=board.list_of(card) or str((data.get("list") or {}).get("name") or "") or None,
        edited=bool(data.get("dateLastEdited")),
        skip=_COMMENTS[sort] or ("bot" if is_bot else None if text else "quote" if data.get("text") else "empty"),
    )


def _moment(written: Any, board: _Board) -> tuple[datetime, bool] | None:
    return localise(datetime.fromisoformat(str(written)), board.options, board.log) if written else None


def _born(id_: str) -> tuple[datetime, bool] | None:
    """Return when a thing was made: the first eight signs of its id are the time, as Unix counts it."""
    return (datetime.fromtimestamp(int(id_[:8], 16), tz=UTC), False) if _ID.fullmatch(id_) else None


def _plain(text: str, log: FileLog) -> str:
    """Return Markdown as the words of its author: without code, quotes and pictures, links as their label."""
    kept, code = [], False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        if not (code or fence or line.lstrip().startswith(">")):
            kept.append(line)
        code ^= fence
    text = _LINK.sub(r"\1", _PICTURE.sub("", "\n".join(kept)))
    return clip(_MARK.sub("", text).replace("\u200c", ""), log)
