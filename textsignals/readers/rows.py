"""Rows of CSV, TSV and JSONL, each with its place in the file and its cells by column, whatever the columns mean."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from textsignals.readers.base import FileLog

_MAX_COLUMNS = 1_000

Row = dict[str, str]


def is_jsonl(text: str) -> bool:
    """Return whether the first line that is not empty is a whole JSON object."""
    line = text.lstrip().split("\n", 1)[0].strip()
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def header(text: str) -> list[str]:
    """Return the cells of the first record of CSV or TSV; none if no delimiter splits the text into columns."""
    delimiter = _delimiter(text)
    return next(_records(text, delimiter), []) if delimiter else []


def rows(text: str, log: FileLog) -> Iterator[tuple[str, Row]]:
    """Yield (place, row) for each row; a cell that is missing is "", columns that share a name get a number.

    Rows that cannot be told apart into cells are quarantined, headers repeated inside are skipped.
    """
    return _json_rows(text, log) if is_jsonl(text) else _csv_rows(text, log)


def _records(text: str, delimiter: str) -> Any:
    # Line ends as they are: the csv module knows that of old Macs, and keeps those inside of quotes.
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _delimiter(text: str) -> str | None:
    """Return the sign that splits most of the first records into the same number (over 1) of cells."""
    best: tuple[float, str] | None = None
    for sign in (",", "\t", ";", "|"):
        try:
            widths = [len(row) for row in islice(_records(text, sign), 50) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            agreement = sum(width == widths[0] for width in widths) / len(widths)
            # Where signs agree equally well, the one that makes more columns.
            rank = agreement + widths[0] / 1e6
            if agreement > 0.8 and (best is None or rank > best[0]):
                best = (rank, sign)
    return best[1] if best else None


def _csv_rows(text: str, log: FileLog) -> Iterator[tuple[str, Row]]:
    """Yield (place, row); rows longer than the header are quarantined, since their cells cannot be told apart."""
    reader = _records(text, _delimiter(text) or ",")
    first: list[str] = []
    columns: list[str] = []
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            log.met()
            log.quarantine(f"line {start}", f"cannot be split into cells ({error})", "export it again")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            first, columns = cells, _unique(cells[:_MAX_COLUMNS])
        elif cells == first:
            log.leave_out("repeated header")
        elif len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            log.met()
            hint = "put texts that hold the delimiter in quotes"
            log.quarantine(f"line {start}", f"has {len(cells)} cells under {len(columns)} columns", hint)
        else:
            padded = cells + [""] * (len(columns) - len(cells))
            yield f"line {start}", dict(zip(columns, padded, strict=False))


def _unique(cells: list[str]) -> list[str]:
    """Return column names made unique and non-empty: Jira and others repeat them."""
    seen: Counter[str] = Counter()
    names = []
    for i, cell in enumerate(cells):
        name = cell.strip() or f"column {i + 1}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _json_rows(text: str, log: FileLog) -> Iterator[tuple[str, Row]]:
    # Not splitlines(): JSON may hold U+2028 and U+0085 as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            yield f"line {number}", {str(key): _as_text(value) for key, value in entry.items()}
        else:
            log.met()
            log.quarantine(f"line {number}", "is not a JSON object", "write one object a line")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
