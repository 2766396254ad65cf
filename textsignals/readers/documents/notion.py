"""Notion exports: pages as Markdown or HTML under their own title, databases as tables, read together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import PurePosixPath

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip, decode
from textsignals.readers.documents import markdown
from textsignals.readers.documents.blocks import has_words, messages
from textsignals.readers.documents.page_files import parse, title_of
from textsignals.readers.sheets.rows import Row, parts
from textsignals.readers.sources import Folder, Source
from textsignals.readers.templates import Note, Template, marked, template_of
from textsignals.readers.times import date_in_text, impossible, parse_time, start_of
from textsignals.records import Message

NAME = "notion"

_ID = re.compile(r"[ _-]?\b[0-9a-f]{32}(?=_all$|$)")
_PAGES = (".md", ".html")
_AUTHORS = ("createdby", "author", "writtenby", "by", "person", "who", "from", "reporter")
_DATES = ("date", "created", "createdtime", "createdat", "period", "day", "when", "meetingdate", "eventtime")
# The columns that stand for the columns of a board.
_GROUPS = ("column", "list", "board", "section", "group", "status", "type", "category", "tags")
_PROSE_WORDS = 3


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is an export of Notion, or one page of it: by the ids in its names."""
    if isinstance(source, Folder):
        return 0.95 if _is_export(source) else 0.0
    ending = source.path.suffix.lower()
    if ending not in _PAGES or not _ID.search(source.path.stem):
        return 0.0
    return 0.92 if ending == ".md" or b"<article id=" in source.head() or b'class="page' in source.head() else 0.0


def _is_export(folder: Folder) -> bool:
    """Return whether all files are pages, databases, or uploads in the folder of a page."""
    paths = [PurePosixPath(path) for path in folder.files]
    pages = [path for path in paths if path.suffix in (*_PAGES, ".csv") and _ID.search(path.stem)]
    titles = {_title(path.stem) for path in pages}
    own = set(pages)
    return bool(pages) and all(
        path in own or path.name == "index.html" or any(_title(part) in titles for part in path.parts[:-1])
        for path in paths
        if not path.name.startswith(".")
    )


def _title(name: str) -> str:
    """Return a name without the id that Notion puts behind it.

    >>> _title("Retro of May 7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d_all")
    'Retro of May'
    """
    return _ID.sub("", name).removesuffix("_all").strip()


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the notes of all pages and the cards of all databases; a file that cannot be read stops no other."""
    if isinstance(source, Source):
        yield from _page(source, log, options)
        return
    templates = _templates(source, options)
    databases, told = list[Source](), set[str]()
    for path, member in source.files.items():
        name = PurePosixPath(path)
        if name.suffix in _PAGES:
            log.details["pages"] += 1
            for message in _unless_damaged(member, _page(member, log, options), log):
                told.add(_title(name.stem).casefold())
                yield from marked([message], templates[name.parent])
        elif name.suffix != ".csv" or not _ID.search(name.stem):
            log.leave_out("attachment")
        elif not name.stem.endswith("_all") and f"{path.removesuffix('.csv')}_all.csv" in source.files:
            log.leave_out("view of a table")
        else:
            databases.append(member)
    # Only now is it known which titles stand on pages with text of their own.
    for member in databases:
        log.details["databases"] += 1
        yield from _unless_damaged(member, _database(member, told, log, options), log)


def _unless_damaged(source: Source, found: Iterator[Message], log: FileLog) -> Iterator[Message]:
    try:
        yield from found
    except InputError as error:
        log.reject(InputError(source.name, error.problem, place=error.place, hint=error.hint))


def _templates(folder: Folder, options: Options) -> dict[PurePosixPath, Template]:
    """Return what most pages of each folder repeat."""
    series: dict[PurePosixPath, list[Note]] = {}
    for path, member in folder.files.items():
        name = PurePosixPath(path)
        if name.suffix in _PAGES:
            series.setdefault(name.parent, []).append(partial(_page, member, FileLog(member.name, NAME), options))
    return {parent: template_of(pages) for parent, pages in series.items()}


def _page(source: Source, log: FileLog, options: Options) -> Iterator[Message]:
    name = _title(source.path.stem)
    if source.path.suffix.lower() == ".html":
        page = parse(source, log)
        front, blocks, title = page.title, page.blocks, title_of(page, name)
    else:
        front, blocks = markdown.document(decode(source.read(), log))
        title = next((block.text for block in blocks[:1] if block.kind == "heading"), name)
    # The id in its name tells it from every other page, wherever an export puts it.
    yield from messages(NAME, source, title, blocks, log, options, front=front, home="")


# Databases


@dataclass(frozen=True, slots=True)
class _Columns:
    title: str
    author: str
    date: str
    group: str
    texts: tuple[str, ...]


def _database(source: Source, told: set[str], log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the title of each row as a card, unless a page tells more, and its cells of prose."""
    table = [row for part in parts(source, log) for row in part.rows]
    columns = _columns([row for _, row in table])
    at = {column: i for i, column in enumerate(table[0][1] if table else (), start=1)}
    for place, row in table:
        log.details["rows"] += 1
        moment, problem = _moment(row.get(columns.date, ""), options)
        for column in (columns.title, *columns.texts):
            text = row.get(column, "").strip()
            if not text and column != columns.title:
                continue
            log.met()
            if problem:
                log.quarantine(place, problem, "mend the date of the row", file=source.name)
                continue
            is_title = column == columns.title
            yield Message(
                id=log.identify(NAME, source.path.stem.removesuffix("_all"), row.get(columns.title, ""), column, text),
                source=NAME,
                file=source.name,
                locator=f"{place}, column {at[column]}",
                kind="card" if is_title else "note",
                text=clip(text, log),
                author=row.get(columns.author, "").strip() or None,
                channel=_title(source.path.stem),
                timestamp=moment,
                time_source="record" if moment else "none",
                time_precision="day" if moment else "none",
                section=(row.get(columns.group, "").strip() or None) if is_title else column,
                skip=_left_out(text, is_title, told),
            )


def _left_out(text: str, is_title: bool, told: set[str]) -> str | None:
    if not has_words(text):
        return "empty"
    return "heading" if is_title and text.casefold() in told else None


def _columns(table: Sequence[Row]) -> _Columns:
    names = list(table[0]) if table else [""]
    folded = {re.sub(r"[\W_]", "", name).casefold(): name for name in reversed(names[1:])}

    def first(wanted: Sequence[str]) -> str:
        return next((folded[name] for name in wanted if name in folded), "")

    author, day, group = first(_AUTHORS), first(_DATES), first(_GROUPS)
    texts = tuple(name for name in names[1:] if name not in (author, day, group) and _is_prose(name, table))
    return _Columns(names[0], author, day, group, texts)


def _is_prose(column: str, table: Sequence[Row]) -> bool:
    cells = [cell for row in table if (cell := row.get(column, "").strip())]
    # Relations hold titles and paths of other pages.
    is_relation = any("%20" in cell or re.search(r"\(https?://", cell) for cell in cells)
    return bool(cells) and not is_relation and sum(len(cell.split()) for cell in cells) > _PROSE_WORDS * len(cells)


def _moment(written: str, options: Options) -> tuple[datetime | None, str]:
    day = date_in_text(written) or _parsed(written.strip(), options)
    if day is None:
        return None, ""
    moment = start_of(day, options)
    return moment, impossible(moment)


def _parsed(written: str, options: Options) -> date | None:
    try:
        return parse_time(written, options.date_order == "dmy").date() if written else None
    except (ValueError, OverflowError):
        return None
