"""Retro boards as CSV or text: Parabol, EasyRetro, Azure DevOps Retrospectives, and boards with a row for each card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip, lines
from textsignals.readers.boards import azure as azure_boards
from textsignals.readers.json_stream import is_jsonl
from textsignals.readers.sheets.cells import fold, number, says_nothing, split_member, split_votes
from textsignals.readers.sheets.columns import find_layout, known, plays
from textsignals.readers.sheets.dates import Dates, When, when_by_name, when_on
from textsignals.readers.sheets.rows import Row, head_text, parts, sample
from textsignals.readers.sources import Folder, Source
from textsignals.records import Message

NAME = "retro-board"

# Columns of boards in the languages that boards are known in.
_COLUMN = re.compile(
    r"\b(?:went|go(?:es|ing)?|working|did) (?:really )?(?:well|wrong|good|bad|not|great)|\b(?:good|bad|well)\b"
    r"|didn'?t|improve"
    r"|^\W*(?:start|stop|continue|keep|drop|add|more|less|mad|sad|glad|plus|delta|rose|thorn|bud|wind|anchors?|rocks?"
    r"|island|sun|happy|unhappy|puzzles?|try|problems?|progress|finished|done|action|positive|negative)(?:\b|ed\b|ing\b)"
    r"|\b(?:liked|learn(?:ed|t)|lacked|longed)|kudos|appreciat|shout.?out|thanks|action|idea|risk|highlight|lowlight"
    r"|impediment|blocker|obstacle|concern|question|celebrat|feedback|discuss"
    r"|\bgut\b|schlecht|verbesser|beibehalten|anfangen|aufhören|weiter ?machen|maßnahm|stolz|wünsch"
    r"|\bbien\b|\bmal\b|améliorer|garder|arrêter|commencer|continu|mejorar|empezar|\bparar\b|accion|melhorar|começar"
    r"|migliorare|smettere|iniziare|goed|verbeteren|stoppen|bra\b|förbättr|sluta|börja|хорошо|плохо|улучш|良|改善|問題",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"\baction|\bto.?dos?\b|\btasks?\b|next steps?|maßnahm|\baccion|\bazioni\b|acties|åtgärd|アクション", re.IGNORECASE
)
_MAX_NAME = 60
# Cards laid on each other come in one cell, between lines of signs.
_MERGED = re.compile(r"(?:^|\n)[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,}|\+{3,})[ \t]*(?=\n|$)| -{4,} ")
_PARABOL_NAME = re.compile(r"^Parabol[A-Za-z]{0,20}_(.{1,200}?)_(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_PARABOL_KINDS = {"reflection": "card", "task": "action_item", "comment": "comment", "reply": "comment"}
_AZURE_MAIL = "Retrospectives Summary\n\nRetrospective: "
_TEXT_CARD = re.compile(r"^\s*[-*•]\s+(\S.*)$")
_TEXT_VOTES = re.compile(r"[(\[]\+?(\d{1,6}) votes?[)\]]\s*$", re.IGNORECASE)
_GROUP_LINES = frozenset(("Grouped feedback items:", "No items", "No work items"))
_SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class _Card:
    """What stands on a board, as it is written there."""

    place: str
    text: str
    kind: str = "card"
    section: str | None = None
    author: str = ""
    written: str = ""
    votes: int | None = None
    group: str | None = None


@dataclass(slots=True)
class _Board:
    """What the cards of one file share."""

    source: Source
    log: FileLog
    dates: Dates
    channel: str | None = None
    team: str | None = None

    def messages(self, card: _Card) -> Iterator[Message]:
        """Yield the card, or each of those that were laid on each other."""
        pieces = [piece.strip() for piece in _MERGED.split(card.text)]
        pieces = [piece for piece in pieces if piece] or [card.text.strip()]
        self.log.met(len(pieces))
        when = self.dates.when(card.written)
        for nth, piece in enumerate(pieces, start=1):
            place = card.place if len(pieces) == 1 else f"{card.place}, card {nth}"
            if when.problem:
                self.log.quarantine(place, when.problem, "write dates as 2026-03-31")
            else:
                yield self._message(card, place, piece, when)

    def _message(self, card: _Card, place: str, piece: str, when: When) -> Message:
        text, votes = split_votes(clip(piece, self.log))
        author, handle = split_member(card.author)
        if when.source == "none":
            self.log.assume("no date: the board holds none, and its file name has none (such as 2026-03-31)")
        # The same card may stand on the next board, too; only a time of its own tells that it is the same one.
        scope = "" if when.source == "record" else str(self.source.path)
        skip = "empty" if not text else "no answer" if says_nothing(text) else None
        return Message(
            id=self.log.identify(NAME, scope, self.channel, card.kind, card.section, when.moment, author, text),
            source=NAME,
            file=self.source.name,
            locator=place,
            kind=card.kind,
            text=text,
            author=author,
            author_id=handle,
            channel=self.channel,
            team=self.team,
            timestamp=when.moment,
            time_source=when.source,
            time_precision=when.precision,
            tz_assumed=when.assumed,
            thread_id=card.group,
            section=card.section,
            votes=votes if votes is not None else card.votes,
            skip=skip,
        )


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a retro board: by its columns, or by cards with their votes."""
    if isinstance(source, Folder):
        return 0.0
    text = head_text(source)
    if "\x00" in text or is_jsonl(text) or text.lstrip()[:1] in ("<", "{"):
        return 0.0
    reader, sure = _dialect(text)
    return sure if reader else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message a card, comment or task; the column of the board is its section."""
    assert isinstance(source, Source)
    reader, _ = _dialect(head_text(source))
    yield from (reader or _wide)(source, log, options)
    if not log.read:
        raise InputError(source.name, "holds no cards", hint="export the board again")


_Reader = Callable[[Source, FileLog, Options], Iterator[Message]]


def _dialect(text: str) -> tuple[_Reader | None, float]:
    """Return how to read a board and how sure that is, by its first 64 KiB."""
    if azure_boards.is_one(text):
        return _azure, 1.0
    if _is_text(text):
        return _text, 0.9
    rows = sample(text)
    columns = [cell.strip() for cell in rows[0]] if rows else []
    folded = {fold(column) for column in columns}
    if {"type", "content"} <= folded and (folded & {"prompt", "reflectiongroup"} or {"votes", "title"} <= folded):
        return _parabol, 0.97
    if folded == {"agendaitem", "task"}:
        return _parabol, 0.9
    if _is_long(columns):
        return _long, 0.85
    return (_wide, 0.85) if _is_wide(columns, rows) else (None, 0.0)


def _is_long(columns: list[str]) -> bool:
    return all(any(plays(role, column) for column in columns) for role in ("text", "section", "votes"))


def _is_wide(columns: list[str], rows: list[list[str]]) -> bool:
    """Return whether columns are those of a board: no role of a table, and most with a name that boards give them."""
    named = [column for column in columns if column]
    if len(named) < 2 or any(len(column) > _MAX_NAME for column in named):
        return False
    if any(plays(role, column) for role in ("author", "date", "votes", "team") for column in named):
        return False
    usual = sum(bool(_COLUMN.search(column)) for column in named)
    voted = any(split_votes(cell)[1] is not None for row in rows[1:] for cell in row)
    return 2 * usual > len(named) or (voted and bool(usual) and not known(named))


def _is_text(text: str) -> bool:
    """Return whether this is a board as text: names of columns, and below them cards that end with their votes."""
    if text.startswith(_AZURE_MAIL):
        return True
    cards = [found.group(1) for line in text.split("\n") if (found := _TEXT_CARD.match(line))]
    voted = sum(bool(_TEXT_VOTES.search(card)) for card in cards)
    return voted > 1 and 2 * voted > len(cards)


# Parabol: columns by name, in any order


def _parabol(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    named = _PARABOL_NAME.match(source.path.name)
    board = _board(source, log, options, _dates_below("createdat"), _parabol_day(named, source, options))
    board.team = named.group(1) if named else None
    for place, row in _rows(source, log):
        cells = {fold(column): cell.strip() for column, cell in row.items()}
        sort = cells.get("type", "").casefold() or ("task" if "task" in cells else "")
        group = cells.get("reflectiongroup") or cells.get("title")
        log.details[f"type {sort}" if sort in _PARABOL_KINDS else "type other"] += 1
        yield from board.messages(
            _Card(
                place,
                # Where a comment stands has changed with the versions.
                cells.get("content") or cells.get("task") or cells.get("discussionthread", ""),
                kind=_PARABOL_KINDS.get(sort, "card"),
                section=cells.get("prompt") or cells.get("agendaitem") or None,
                author=cells.get("author", ""),
                written=cells.get("createdat", ""),
                # Votes are those of the group, and only its reflections were voted on.
                votes=number(cells.get("votes", "")) if sort == "reflection" else None,
                group=f"{source.path.stem}: {group}" if group else None,
            )
        )


def _parabol_day(named: re.Match[str] | None, source: Source, options: Options) -> When:
    """Return the day in the file name, where months and days come without zeros."""
    if named is None:
        return when_by_name(source.path, options)
    try:
        return when_on(date(*(int(part) for part in named.groups()[1:])), options)
    except ValueError:
        return When()


# EasyRetro and others: a column of the file for each column of the board


def _wide(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    board = _board(source, log, options)
    for place, row in _rows(source, log):
        filled = [(at, column) for at, (column, cell) in enumerate(row.items(), start=1) if cell.strip()]
        if not filled:
            log.leave_out("empty")
        for at, column in filled:
            kind = "action_item" if _ACTION.search(column) else "card"
            yield from board.messages(_Card(f"{place}, column {at}", row[column], kind, section=column))


# Other boards: a row for each card


def _long(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    for part in parts(source, log):
        first = list(islice(part.rows, _SAMPLE_ROWS))
        layout = find_layout(list(part.columns), [row for _, row in first], log, options)
        dated = layout.roles.get("date")
        board = _board(source, log, options, _dates_below(fold(dated)) if dated else None)
        log.details["columns"] = log.details["columns"] or len(part.columns)
        for place, row in chain(first, part.rows):
            _tally(row, log)
            section = layout.cell(row, "section") or None
            board.channel, board.team = layout.cell(row, "channel") or None, layout.cell(row, "team") or None
            yield from board.messages(
                _Card(
                    place,
                    row.get(layout.texts[0], ""),
                    kind="action_item" if section and _ACTION.search(section) else "card",
                    section=section,
                    author=layout.cell(row, "author"),
                    written=layout.cell(row, "date"),
                    votes=number(layout.cell(row, "votes")),
                )
            )


# Azure DevOps: several tables below each other


def _azure(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    board = _board(source, log, options, _azure_dates)
    board.channel = azure_boards.title(head_text(source))
    for place, (section, text, votes, written, author) in azure_boards.items(source, log):
        yield from board.messages(
            _Card(place, text, section=section or None, author=author, written=written, votes=number(votes))
        )


def _azure_dates(source: Source) -> Iterator[str]:
    return (cells[3] for _, cells in azure_boards.items(source, FileLog(source.name, NAME)))


# Boards as text: a line with the name of a column, and below it its cards


def _text(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    board, section, tasks = _board(source, log, options), None, False
    held: list[str] = []
    start = 0

    def card() -> Iterator[Message]:
        if held:
            text = "\n".join(held)
            kind = "action_item" if section and _ACTION.search(section) else "card"
            yield from board.messages(_Card(f"line {start}", text, kind, section=section))
            held.clear()

    for at, line in enumerate(lines(source, log), start=1):
        found = _TEXT_CARD.match(line)
        if found or not line.strip():
            yield from card()
        if found and (found.group(1).strip() in _GROUP_LINES or tasks):
            log.leave_out("work item" if tasks else "heading")
        elif found:
            held, start = [found.group(1)], at
        elif line.strip() and (held or _TEXT_VOTES.search(line)):
            # The votes were still to come: the text goes on here.
            start = start if held else at
            held.append(line.strip())
        elif line.strip():
            log.leave_out("heading")
            name = line.strip().rstrip(":").strip()
            board.channel = name.partition(": ")[2] if name.startswith("Retrospective: ") else board.channel
            section, tasks = name or None, name == "Work items"
        if held and _TEXT_VOTES.search(held[-1]):
            yield from card()
    yield from card()


# What they share


def _rows(source: Source, log: FileLog) -> Iterator[tuple[str, Row]]:
    for part in parts(source, log):
        log.details["columns"] = log.details["columns"] or len(part.columns)
        for place, row in part.rows:
            _tally(row, log)
            yield place, row


def _tally(row: Row, log: FileLog) -> None:
    log.details["rows"] += 1
    log.details["filled cells"] += sum(bool(cell.strip()) for cell in row.values())


def _board(
    source: Source,
    log: FileLog,
    options: Options,
    written: Callable[[Source], Iterable[str]] | None = None,
    fallback: When | None = None,
) -> _Board:
    fallback = fallback or when_by_name(source.path, options)
    return _Board(source, log, Dates(written(source) if written else (), options, log, fallback))


def _dates_below(name: str) -> Callable[[Source], Iterator[str]]:
    """Return what finds the dates in the column of a name, for a look at all of them."""

    def written(source: Source) -> Iterator[str]:
        for part in parts(source, FileLog(source.name, NAME)):
            column = next((column for column in part.columns if fold(column) == name), "")
            yield from (row.get(column, "") for _, row in part.rows)

    return written
