"""The account of what was read, for people and for programs: read = messages + skipped + quarantined."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from textsignals.records import FileReport, ReadReport
from textsignals.teams import public_path

WIDTH = 100
"""No line of a table is wider."""

_LARGEST = 30
"""So many files have a line of their own; where there are more, ..."""

_SERIES = 4
"""... so many files of one format in one folder share one."""

_MANY = 10
"""So many assumptions are shown, unless all are asked for."""

# Tables and notes have no marks of their own, so that they are never quite sure; below this a file hardly fits.
_GUESS = 0.4
# How programs write the names of their events: channel_topic, createCard, m.room.name.
_EVENT = re.compile(r"\w*(?:[a-z][A-Z_.]|[A-Z][a-z])[\w.]*")
# Where a path goes on, in a folder or an archive.
_STEP = re.compile(r"(?<=[/!])")
_GAP = "  "

REASONS: Mapping[str, str] = {
    "attachment": "a file that came with a message",
    "attendance": "who was there",
    "before the first speaker": "what stands above a transcript, such as a summary",
    "boilerplate": "words that the program puts into every file",
    "bot": "post of an application",
    "bot_message": "post of an application",
    "calendar": "an invitation, or the answer to one",
    "call": "a call began or ended",
    "channel_join": "somebody joined a channel",
    "channel_leave": "somebody left a channel",
    "code block": "program code, not prose",
    "deleted": "deleted by its author",
    "digest": "the cover of several mails, which are read",
    "duplicate": "met before: exports that overlap, or the same record twice",
    "duplicate file": "the same file under another name, or given twice",
    "edit": "a record of a change; its text stands in the message itself",
    "empty": "holds no text",
    "encrypted": "cannot be read without its key",
    "forwarded": "only words of others, forwarded",
    "heading": "a title without text of its own",
    "hidden": "a part that readers do not see",
    "hidden file": "a file that people do not see, such as .git",
    "ignored author": "ignored by the teams file",
    "ignored channel": "ignored by the teams file",
    "ignored file": "ignored by the teams file",
    "join or leave": "somebody came or went",
    "joined with the cue before": "the sentence goes on: it is part of the message before",
    "label": "names a field, says nothing",
    "list of files": "names of files, no prose",
    "log mark": "a log was opened or closed, or a day began",
    "media only": "a picture, sound or file without words",
    "metadata": "data about the file, no prose",
    "mode change": "somebody changed the settings of a channel",
    "navigation": "menus and links of a page",
    "nick change": "somebody changed their name",
    "no answer": 'an answer such as "none" or "n/a"',
    "page header": "the same line at the top or end of each page",
    "poll": "a poll and its votes",
    "private": "sent to one person only",
    "quote": "only words of others, quoted",
    "reaction": "a reaction to another message",
    "repeated header": "the head of the table, repeated inside it",
    "scale": "a number on a scale",
    "spam": "marked as unwanted",
    "system": "a notice of the program",
    "table of contents": "a list of headings",
    "template": "the same text in most notes of a folder",
    "topic change": "somebody changed the topic of a channel",
    "unknown format": "a file of no known format",
    "view of a table": "the same table is there as a whole, too",
    "work item": "a task linked to a board, not said in it",
}
"""What the reasons for leaving out a record mean; events go by the names that their programs have for them."""


def meaning(reason: str) -> str:
    """Return in plain words what a reason for leaving out a record means, "" if it says so itself.

    >>> meaning("quote"), meaning("channel_topic")
    ('only words of others, quoted', 'an event, as the program calls it')
    """
    return REASONS.get(reason, "an event, as the program calls it" if _EVENT.fullmatch(reason) else "")


def identity(read: int, yielded: int, skipped: Mapping[str, int], quarantined: int, *, reasons: bool = True) -> str:
    """Return the sum that shows that nothing got lost.

    >>> identity(5, 2, {"empty": 3}, 0)
    '5 read = 2 messages + 3 skipped (3 empty) + 0 quarantined'
    """
    noted = f" ({', '.join(f'{n:,} {reason}' for reason, n in skipped.items())})" if skipped and reasons else ""
    left_out = sum(skipped.values())
    messages = "message" if yielded == 1 else "messages"
    return f"{read:,} read = {yielded:,} {messages} + {left_out:,} skipped{noted} + {quarantined:,} quarantined"


@dataclass(frozen=True, slots=True)
class Sum:
    """Files taken together: `name` is their format, or says which they are."""

    name: str
    files: int
    read: int
    yielded: int
    skipped: int
    quarantined: int


def _sum(name: str, files: Sequence[FileReport]) -> Sum:
    return Sum(
        name,
        len(files),
        sum(f.read for f in files),
        sum(f.yielded for f in files),
        sum(sum(f.skipped.values()) for f in files),
        sum(f.quarantined for f in files),
    )


def by_format(files: Iterable[FileReport]) -> tuple[Sum, ...]:
    """Return the sums of each format, that with most records first; files of no known format are "none known"."""
    found: dict[str, list[FileReport]] = {}
    for file in files:
        found.setdefault(file.format or "none known", []).append(file)
    return tuple(sorted((_sum(name, of) for name, of in found.items()), key=lambda s: (-s.read, s.name)))


def largest(files: Sequence[FileReport], n: int) -> list[FileReport]:
    """Return the files with most records, largest first; all by name if they are no more than one over `n`."""
    if len(files) <= n + 1:
        return sorted(files, key=lambda f: f.file)
    return sorted(files, key=lambda f: (-f.read, f.file))[:n]


def as_data(report: ReadReport) -> dict[str, Any]:
    """Return an account as plain data; paths are those that may be shown."""
    files = [
        {
            "file": public_path(f.file),
            "format": f.format,
            "sure": f.sure,
            "read": f.read,
            "yielded": f.yielded,
            "skipped": dict(f.skipped),
            "quarantined": f.quarantined,
            "details": _merged((public_path(name), n) for name, n in f.details.items()),
            "assumptions": list(f.assumptions),
        }
        for f in report.files
    ]
    problems = [
        {"file": public_path(p.file), "place": p.place, "problem": p.problem, "hint": p.hint} for p in report.problems
    ]
    return {
        "input": report.input,
        "read": report.read,
        "yielded": report.yielded,
        "skipped": report.skipped,
        "quarantined": report.quarantined,
        "files": files,
        "problems": problems,
    }


def _merged(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, n in pairs:
        sums[name] = sums.get(name, 0) + n
    return sums


def lines(whole: ReadReport, *, everything: bool = False) -> list[str]:
    """Return an account as lines of at most 100 columns: a table of files, sums, what was skipped and assumed.

    Of many files the largest stand in the table, all of them with `everything`.
    """
    shared = _shared_folder(whole.files)
    rows, rest = _rows(whole.files, shared, everything)
    told = _file_table(rows, rest, shared)
    formats = by_format(whole.files)
    if rest and len(formats) > 1:
        told += ["", *_format_table(formats)]
    told += ["", *_wrapped(identity(whole.read, whole.yielded, whole.skipped, whole.quarantined, reasons=False))]
    if whole.skipped:
        told += ["", "skipped", *aligned([("", f"{n:,}", r, meaning(r)) for r, n in whole.skipped.items()], {1})]
    if any(f.format and f.sure < _GUESS for f in whole.files):
        told += [
            "",
            *_wrapped("a guess: what the file holds fits no format well; if it is wrong, name one with --format"),
        ]
    assumed = assumptions(whole, everything=everything)
    few = assumed if everything else assumed[:_MANY]
    if few:
        told += ["", "assumed", *(line for text in few for line in _wrapped(text, "  "))]
    if len(few) < len(assumed):
        told.append(f"  and {len(assumed) - len(few)} more: --all shows them")
    return told


def _shared_folder(files: Sequence[FileReport]) -> str:
    """Return the folder or archive in which all files lie, which need not be said of each; "" if there is none."""
    if len(files) < 2:
        return ""
    ways = [_STEP.split(public_path(file.file))[:-1] for file in files]
    # What the first and the last in order have in common, all between them have.
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(min(ways), max(ways), strict=False))
    return "".join(step for step, _ in alike)


def assumptions(report: ReadReport, *, everything: bool = False) -> list[str]:
    """Return what was assumed, each once, and of which of several files; all of these with `everything`."""
    shared = _shared_folder(report.files)
    found: dict[str, list[str]] = {}
    for file in report.files:
        for text in file.assumptions:
            found.setdefault(text, []).append(public_path(file.file)[len(shared) :])
    if len(report.files) < 2:
        return list(found)
    return [f"{text}; in {_names(names, everything)}" for text, names in found.items()]


def _names(names: Sequence[str], everything: bool) -> str:
    if everything or len(names) == 1:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1:,} more"


_Row = tuple[str, Sequence[FileReport]]
"""What a line of the table speaks of, and what that is called."""


def _rows(files: Sequence[FileReport], shared: str, everything: bool) -> tuple[list[_Row], list[FileReport]]:
    """Return the lines of the table, by name, and the files for which it has none.

    Of many files, those of one format in one folder are a line together, and the largest of these lines are kept.
    """
    named = sorted(((public_path(file.file)[len(shared) :], file) for file in files), key=lambda pair: pair[0])
    if everything or len(files) <= _LARGEST + 1:
        return [(name, [file]) for name, file in named], []
    alike: dict[tuple[str, str], list[tuple[str, FileReport]]] = {}
    for name, file in named:
        alike.setdefault((name[: name.rfind("/") + 1], _format(file)), []).append((name, file))
    rows: list[_Row] = []
    for (folder, _), series in alike.items():
        if len(series) < _SERIES:
            rows += [(name, [file]) for name, file in series]
        else:
            rows.append((f"{folder} ({len(series):,} files)".lstrip(), [file for _, file in series]))
    if len(rows) <= _LARGEST + 1:
        return sorted(rows, key=lambda row: row[0]), []
    rows.sort(key=lambda row: (-sum(file.read for file in row[1]), row[0]))
    return rows[:_LARGEST], [file for _, series in rows[_LARGEST:] for file in series]


_COUNTS = ("read", "messages", "skipped", "quarantined")


def _file_table(rows: Sequence[_Row], rest: Sequence[FileReport], shared: str) -> list[str]:
    folder = _STEP.split(shared)[-2].rstrip("!") if shared else ""
    cells = [(f"file in {folder}" if folder else "file", "format", *_COUNTS)]
    cells += [(name, _format(files[0]), *_counts(_sum("", files))) for name, files in rows]
    if rest:
        cells.append((f"and {len(rest):,} more files: --all shows them", "", *_counts(_sum("", rest))))
    every = [file for _, files in rows for file in files] + list(rest)
    if len(every) > 1:
        cells.append(("all", "", *_counts(_sum("", every))))
    return aligned(cells, {2, 3, 4, 5})


def _format_table(formats: Iterable[Sum]) -> list[str]:
    rows = [("format", "files", *_COUNTS), *((s.name, f"{s.files:,}", *_counts(s)) for s in formats)]
    return aligned(rows, {1, 2, 3, 4, 5})


def _counts(s: Sum) -> tuple[str, str, str, str]:
    return f"{s.read:,}", f"{s.yielded:,}", f"{s.skipped:,}", f"{s.quarantined:,}"


def _format(file: FileReport) -> str:
    if not file.format:
        return "-"
    return file.format if file.sure >= _GUESS else f"{file.format} (a guess)"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int] = (), width: int = WIDTH) -> list[str]:
    """Return rows as lines with columns that stand below each other, those in `right` flush right.

    What would be wider is cut in the middle, in the widest column.

    >>> aligned([("file", "read"), ("minutes-of-the-week.md", "12")], {1}, width=20)
    ['file            read', 'minute...ek.md    12']
    """
    flush = frozenset(right)
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    if over > 0:
        widest = widths.index(max(widths))
        widths[widest] = max(8, widths[widest] - over)
    return [
        _GAP.join(_cell(text, w, i in flush) for i, (text, w) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def _cell(text: str, width: int, right: bool) -> str:
    if _width(text) > width:
        half = (width - 3) // 2
        text = f"{_head(text, width - 3 - half)}...{_head(text[::-1], half)[::-1]}"
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _head(text: str, width: int) -> str:
    """Return as much of the start of a text as fits."""
    end = 0
    while end < len(text) and (width := width - _width(text[end])) >= 0:
        end += 1
    return text[:end]


def _width(text: str) -> int:
    """Return how many columns a text takes: signs of East Asia take two, marks on a letter none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )
