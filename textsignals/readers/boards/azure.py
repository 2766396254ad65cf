"""Boards of Azure DevOps Retrospectives: tables below each other, whose texts hold quotes that are not doubled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textsignals.readers.base import FileLog, lines
from textsignals.readers.sheets.cells import fold
from textsignals.readers.sheets.rows import head_text, records
from textsignals.readers.sources import Source

_TABLES = ("Feedback Items", "Work Items")
_HEADERS = (("type", "description"), ("feedbackdescription", "workitemtitle"))
_MARK = re.compile(r'^"?Feedback Items"?[,;\t]*\n+"?Type"?([,;\t])"?Description\b', re.MULTILINE)
_AS_WRITTEN = re.compile(r"^Feedback Items\nType,", re.MULTILINE)
_TITLE = re.compile(r"""^"?Retrospectives Summary for ['"]{1,2}(.{1,300}?)['"]{1,2} \(https?:""", re.MULTILINE)
# A record is known by its two ends: a column and a quote at the start, votes, date and name at the end.
_END = re.compile(r'",\s*(-?\d{0,6})\s*,([^",\n]{0,100}),"([^"\n]{0,200})"\s*$')
_END_CHARS = 500
# What is longer than this never ends.
_MOST_LINES = 500


def is_one(text: str) -> bool:
    """Return whether the beginning of a file is that of such a board."""
    return _MARK.search(text) is not None


def title(text: str) -> str | None:
    """Return the name of the board.

    >>> title("Retrospectives Summary for 'Sprint 12' (https://example.org)")
    'Sprint 12'
    """
    found = _TITLE.search(text)
    return found.group(1) if found else None


def items(source: Source, log: FileLog) -> Iterator[tuple[str, list[str]]]:
    """Yield (place, [column, text, votes, date, author]) of each feedback item.

    Titles and work items are counted as left out, items that do not end as they should are quarantined.
    """
    text = head_text(source)
    if _AS_WRITTEN.search(text):
        yield from _as_written(source, log)
        return
    # A spreadsheet doubled the quotes when it saved the file again, but may have taken another delimiter.
    found = _MARK.search(text)
    table = ""
    for place, cells in records(source, log, found.group(1) if found else None):
        bare = [cell.strip() for cell in cells]
        entered = bare[0] if bare[0] in _TABLES and not any(bare[1:]) else ""
        table = entered or table
        if entered or not table:
            log.leave_out("heading")
        elif tuple(map(fold, bare[:2])) in _HEADERS:
            log.details["tables"] += 1
        elif table == "Work Items":
            log.leave_out("work item")
        else:
            yield place, [*cells, "", "", "", ""][:5]


def _as_written(source: Source, log: FileLog) -> Iterator[tuple[str, list[str]]]:
    table = ""
    for place, line in _records(source, log):
        table = line if line in _TABLES else table
        if line in _TABLES or not table:
            log.leave_out("heading")
        elif tuple(map(fold, line.split(",")[:2])) in _HEADERS:
            log.details["tables"] += 1
        elif table == "Work Items":
            log.leave_out("work item")
        elif cells := _cells(line):
            yield place, cells
        else:
            log.met()
            log.quarantine(place, "is no feedback item", 'write it as "column","text",votes,date,"name"')


def _cells(line: str) -> list[str]:
    """Return the cells of a record; none if it is not whole."""
    end = _END.search(line, max(0, len(line) - _END_CHARS))
    column, found, text = line[: end.start() if end else 0].removeprefix('"').partition('","')
    return [column, text, *end.groups()] if end and found and line.startswith('"') else []


def _records(source: Source, log: FileLog) -> Iterator[tuple[str, str]]:
    """Yield (place, record), a text of several lines joined; one that never ends stops where the next one begins."""
    held: list[str] = []
    start, table = 0, ""
    for at, line in enumerate(lines(source, log), start=1):
        bare = line.strip()
        table = bare if bare in _TABLES else table
        begins = table == "Feedback Items" and line.startswith('"')
        if held and (bare in _TABLES or (begins and '","' in line)):
            yield f"line {start}", "\n".join(held).strip()
            held = []
        if not held and not begins:
            if bare:
                yield f"line {at}", bare
            continue
        start = start if held else at
        if len(held) < _MOST_LINES:
            held.append(line)
        if _END.search(line, max(0, len(line) - _END_CHARS)):
            yield f"line {start}", "\n".join(held).strip()
            held = []
    if held:
        yield f"line {start}", "\n".join(held).strip()
