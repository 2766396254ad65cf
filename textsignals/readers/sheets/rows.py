"""Rows of CSV, TSV and JSONL of any size, each with its place in the file, whatever the columns mean."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from textsignals.readers.base import MARKS_16, MAX_LINE_CHARS, FileLog, lines
from textsignals.readers.json_stream import is_jsonl, json_lines
from textsignals.readers.sources import Source

_MAX_COLUMNS = 1_000
# After a cell that never ends, the lines it swallowed are read again; not more often, or a file made to hurt would.
_MAX_REREADS = 1_000
_SAMPLE = 50
# Excel writes the delimiter into a line of its own above the header.
_SEP = re.compile(r"^\W?sep=(.)\s*$", re.IGNORECASE)
# Splits nothing: for tables with a single column, whose texts may hold every usual delimiter.
_NO_DELIMITER = "\x1f"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows below one header, each with its place; exports put together have a header, and columns, each."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[str, Row]]


def head_text(source: Source) -> str:
    """Return the first 64 KiB of a file as text for a look at it, without the line they cut off."""
    head = source.head()
    if head[:2] in MARKS_16:
        text = head.decode("utf-16", errors="replace")
    else:
        whole = head if len(head) == source.size else head[: head.rfind(b"\n") + 1] or head
        try:
            text = whole.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = whole.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def holds_json(source: Source) -> bool:
    """Return whether a file has one JSON object a line: by its first line, or by its name and one of the first ones."""
    text = head_text(source)
    if is_jsonl(text):
        return True
    if source.path.suffix.lower() not in (".jsonl", ".ndjson"):
        return False
    # The first line may be damaged, or longer than what was looked at.
    return any(map(is_jsonl, text.split("\n")[:_SAMPLE])) or ("\n" not in text and text.lstrip().startswith("{"))


def header(text: str) -> list[str]:
    """Return the cells of the first record of CSV or TSV; none if no delimiter splits the text into columns."""
    delimiter = _delimiter(text, agreed=0.8)
    first = next(_split(text, delimiter), []) if delimiter else []
    return [cell.strip() for cell in first]


def sample(text: str) -> list[list[str]]:
    """Return the first records of CSV or TSV, the header among them, for a look at them."""
    delimiter = _delimiter(text)
    try:
        return list(islice((cells for cells in _split(text, delimiter) if cells), _SAMPLE)) if delimiter else []
    except csv.Error:
        return []


def _split(text: str, delimiter: str) -> Iterator[list[str]]:
    body = text.split("\n", 1)[-1] if _SEP.match(text.split("\n", 1)[0]) else text
    return csv.reader(io.StringIO(body), delimiter=delimiter)


def _delimiter(text: str, agreed: float = 0.0) -> str | None:
    """Return the sign that splits most of the first records into the same number (over 1) of cells.

    With `agreed`, at least that share of them must have as many cells as the first.
    """
    if told := _SEP.match(text.split("\n", 1)[0]):
        return told.group(1)
    best: tuple[float, int, str] | None = None
    for sign in (",", "\t", ";", "|"):
        try:
            widths = [len(row) for row in islice(_split(text, sign), _SAMPLE) if row]
        except csv.Error:
            continue
        # Below the first, rows may be of another width: exports are put together, and titles stand above.
        wide = [width for width in widths if width > 1]
        if not wide or (agreed and widths[0] < 2):
            continue
        common = widths[0] if agreed else Counter(wide).most_common(1)[0][0]
        agreement = sum(width == common for width in widths) / len(widths)
        # Where signs agree equally well, the one that makes more columns.
        if agreement >= agreed and (best is None or (agreement, common) > best[:2]):
            best = (agreement, common, sign)
    return best[2] if best else None


def parts(source: Source, log: FileLog) -> Iterator[Part]:
    """Yield the rows of a table, by header; a cell that is missing is "", columns that share a name get a number.

    Rows that cannot be told apart into cells are quarantined, headers repeated inside are skipped.
    """
    if holds_json(source):
        yield Part((), _json_rows(source, log))
        return
    for columns, rows in groupby(_csv_rows(source, log), key=itemgetter(0)):
        yield Part(columns, ((place, row) for _, place, row in rows))


def records(source: Source, log: FileLog, delimiter: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """Yield (place, cells) for each record of CSV or TSV that is not empty, the header first, in constant memory.

    The delimiter is found in the first records unless it is given. Where a quote is never closed, or a cell is too
    long to be one, the record is quarantined and reading goes on at the next line that looks like a record.
    """
    delimiter = delimiter or _found_delimiter(head_text(source))
    feed = _Feed(lines(source, log))
    reader = csv.reader(feed, delimiter=delimiter)
    width = rereads = 0
    while True:
        start = feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = []
        # Asked for more after the last line: the quote that opened was never closed.
        if (not cells and len("".join(feed.taken).strip())) or feed.ended:
            rereads += 1
            end = feed.resume(delimiter, width) if rereads < _MAX_REREADS else feed.number
            log.met()
            upto = f", nor what follows up to line {end}" if end > start else ""
            hint = "close the quotes, or export it again"
            log.quarantine(f"line {start}", f"cannot be split into cells{upto}", hint)
            continue
        if not any(cell.strip() for cell in cells) or (start == 1 and _SEP.match(feed.taken[0])):
            continue
        width = width or len(cells)
        yield f"line {start}", cells


def _found_delimiter(text: str) -> str:
    """Return the delimiter; a sign that splits nothing if most records are the only cell of their row."""
    delimiter = _delimiter(text) or _NO_DELIMITER
    widths = [len(row) for row in islice(_safe(_split(text, delimiter)), _SAMPLE) if row]
    single = bool(widths) and widths[0] == 1 and max(widths, key=widths.count) == 1
    return _NO_DELIMITER if single and not _SEP.match(text.split("\n", 1)[0]) else delimiter


def _safe(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error:
        return


class _Feed:
    """Lines for the csv module that can be given back; `taken` are those of the record being read."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0
        self.ended = False

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._back:
            line = self._back.popleft()
        else:
            try:
                line = next(self._source)
            except StopIteration:
                self.ended = bool(self.taken)
                raise
            # A piece of a line that is longer has no end; the csv module needs the ends, and keeps those in quotes.
            line = line if len(line) >= MAX_LINE_CHARS else f"{line}\n"
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """Forget the record before, and return the number of the next line."""
        self.taken, self.ended = [], False
        return self.number + 1

    def resume(self, delimiter: str, width: int) -> int:
        """Go back behind the first line of the record, on to one with as many cells as the header; return that before.

        Without a header (width 0) any line will do.
        """
        self._back.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        self.taken, self.ended = [], False
        for line in self:
            self.taken = []
            try:
                fits = len(next(csv.reader([line], delimiter=delimiter), [])) == width
            except csv.Error:
                fits = False
            if fits or not width:
                self._back.appendleft(line)
                self.number -= 1
                break
        self.ended = False
        return self.number


def _csv_rows(source: Source, log: FileLog) -> Iterator[tuple[tuple[str, ...], str, Row]]:
    """Yield (columns, place, row); rows longer than the header are quarantined: their cells cannot be told apart."""
    columns: tuple[str, ...] = ()
    for place, cells in records(source, log):
        if not columns:
            columns = _unique(cells[:_MAX_COLUMNS])
        elif _is_header(cells, columns):
            log.leave_out("repeated header")
            columns = _unique(cells[:_MAX_COLUMNS])
        elif len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            log.met()
            hint = "put texts that hold the delimiter in quotes"
            log.quarantine(place, f"has {len(cells)} cells under {len(columns)} columns", hint)
        else:
            padded = cells + [""] * (len(columns) - len(cells))
            yield columns, place, dict(zip(columns, padded, strict=False))


def _is_header(cells: list[str], columns: tuple[str, ...]) -> bool:
    """Return whether a record is a header again: it begins with a column's name and names one more, or all there are.

    Tools that append reports repeat the first columns and put other questions behind them.
    """
    if cells[0].strip() not in columns:
        return False
    names = {cell.strip() for cell in cells} & set(columns)
    return len(names) >= min(2, len(columns))


def _unique(cells: list[str]) -> tuple[str, ...]:
    """Return column names made unique and non-empty: Jira and others repeat them."""
    seen: Counter[str] = Counter()
    names = []
    for i, cell in enumerate(cells):
        name = cell.strip() or f"column {i + 1}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _json_rows(source: Source, log: FileLog) -> Iterator[tuple[str, Row]]:
    for number, entry in json_lines(source, log):
        if isinstance(entry, dict):
            yield f"line {number}", {str(key): as_text(value) for key, value in entry.items()}
        else:
            log.met()
            log.quarantine(f"line {number}", "is not a JSON object", "write one object a line")


def as_text(value: Any) -> str:
    """Return a value of a table as the text of a cell; what is nested stays JSON.

    >>> as_text(None), as_text("007"), as_text(7), as_text(["a", {"b": 1}]), as_text(float("nan"))
    ('', '007', '7', '["a", {"b": 1}]', '')
    """
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
