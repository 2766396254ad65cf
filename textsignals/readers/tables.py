"""CSV, TSV and JSONL with any columns: which one is the text, author, date or team is found by name and shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import chain, islice

from textsignals.errors import InputError
from textsignals.readers.base import (
    FileLog,
    Folder,
    Options,
    Source,
    clip,
    date_in_name,
    decode,
    impossible,
    localise,
    start_of,
)
from textsignals.readers.rows import Row, header, is_jsonl, rows
from textsignals.records import Message

NAME = "table"

# The names under which columns are looked for, compared without case, blanks and signs.
ROLES: Mapping[str, list[str]] = {
    "text": (
        "text message body content comment feedback answer response note notes description sentence utterance remark"
        " texte nachricht kommentar bemerkung antwort texto mensaje comentario"
    ).split(),
    "author": (
        "author user username name member sender from who speaker person participant employee createdby postedby"
        " autor auteur benutzer verfasser mitarbeiter bearbeiter absender usuario"
    ).split(),
    "date": (
        "timestamp date datetime time createdat created sentat postedat day ts when submittedat datum fecha zeit"
        " zeitpunkt"
    ).split(),
    "team": "team squad group department unit crew abteilung gruppe mannschaft equipe equipo".split(),
    "channel": "channel room board list conversation space thread kanal canal".split(),
    "section": "section column prompt question category topic kind type".split(),
}
# Headers of sheets with a column for each question: stand-ups and retro boards.
_QUESTION = re.compile(
    r"\?|yesterday|today|tomorrow|block(?:er|ed)|impediment|went well|go well|improve|start|stop|continue|mad|sad|glad"
    r"|liked|learned|lacked|longed|progress|finished|done|plan|risk|highlight|lowlight|concern|kudos|idea|action",
    re.IGNORECASE,
)
# Answers that say only that there is no answer.
_FILLER = re.compile(r"^\W*(?:none|no|nothing|nil|n\.?/?a\.?|nope|tbd|\?*)\W*$", re.IGNORECASE)
# Boards write "text (+2)" or "text (2 votes)"; a bare number in brackets is a year or a ticket.
_VOTES = re.compile(r"\s*\((?=\+|\d+ votes?\))\+?(\d+)(?: votes?)?\)\s*$")
# Rows looked at to tell columns of prose from columns of categories.
_SAMPLE_ROWS = 200
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DAYS = ("%d.%m.%Y", "%d %b %Y", "%b %d %Y")
_DAY_FIRST = ("%d/%m/%Y", "%d/%m/%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y")
_SLASHED = re.compile(r"\s*(\d{1,2})/\d{1,2}/(?:\d\d){1,2}\b")


@dataclass(frozen=True, slots=True)
class _When:
    """The time of a row in UTC, where it came from and how exact it is, or why it cannot be one."""

    moment: datetime | None = None
    source: str = "none"
    precision: str = "none"
    assumed: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which column plays which role, and the columns that hold texts: one in long tables, several in wide ones.

    `by_name` is the time that the name of the file gives to rows without one.
    """

    roles: Mapping[str, str]
    texts: tuple[str, ...]
    day_first: bool
    by_name: _When

    @property
    def wide(self) -> bool:
        return len(self.texts) > 1

    def cell(self, row: Row, role: str) -> str:
        return row.get(self.roles.get(role, ""), "").strip()


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a table: one JSON object a line, or a delimiter that keeps its count."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    suffix = source.path.suffix.lower()
    named = 0.3 if suffix in (".csv", ".tsv", ".jsonl", ".ndjson", ".tab") else 0.0
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", errors="replace")
    if is_jsonl(text):
        return 0.6 + named
    if "\x00" in text or suffix in (".md", ".markdown", ".vtt", ".json"):
        return 0.0
    columns = header(text)
    if not columns:
        # A single column is a table only by its name.
        return named
    known = sum(any(_fold(cell) in names for names in ROLES.values()) for cell in columns)
    return min(0.9, 0.2 + named + 0.1 * known)


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message a row, or one a filled cell where each column is a question of its own."""
    assert isinstance(source, Source)
    stream = rows(decode(source.read(), log), log)
    sample = list(islice(stream, _SAMPLE_ROWS))
    if not sample:
        raise InputError(source.name, "has a header but no rows", hint="export it again with its data")
    layout = _layout([row for _, row in sample], source, log, options)
    log.details["columns"] = len(sample[0][1])
    for place, row in chain(sample, stream):
        log.details["rows"] += 1
        log.details["filled cells"] += sum(bool(value.strip()) for value in row.values())
        yield from _messages(place, row, layout, source, log, options)


def _fold(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _layout(sample: list[Row], source: Source, log: FileLog, options: Options) -> _Layout:
    columns = list(dict.fromkeys(name for row in sample for name in row))
    roles = _roles(columns, log, options)
    if "text" in roles:
        texts: tuple[str, ...] = (roles["text"],)
    else:
        texts = tuple(c for c in columns if c not in roles.values() and _holds_texts(c, sample))
        if not texts:
            hint = "name it with --column text=NAME"
            raise InputError(log.file, f"has no text column among: {', '.join(columns[:12])}", hint=hint)
        log.assume(f"each of these columns holds texts: {', '.join(texts)}")
    if roles:
        log.assume("columns: " + ", ".join(f"{role} = {column}" for role, column in roles.items()))
    unused = [c for c in columns if c not in {*roles.values(), *texts}]
    if unused:
        log.assume(f"columns not used: {', '.join(unused[:12])}")
    # Without a name on it, a sheet counts as anonymous, and then no number of people is asked for.
    if "author" not in roles:
        log.assume("no author column: the texts speak for the group; if one is there, name it: --column author=NAME")
    day_first = _day_first([row.get(roles.get("date", ""), "") for row in sample], log)
    return _Layout(roles, texts, day_first, _when_by_name(source, options))


def _day_first(dates: list[str], log: FileLog) -> bool:
    """Return whether 03/02/2026 is 3 February: decided once for a file, since rows of one file agree."""
    firsts = [int(match.group(1)) for written in dates if (match := _SLASHED.match(written))]
    day_first = any(first > 12 for first in firsts)
    if firsts:
        log.assume(f"dates with slashes: {'day' if day_first else 'month'} first")
    return day_first


def _roles(columns: list[str], log: FileLog, options: Options) -> dict[str, str]:
    roles: dict[str, str] = {}
    for role, names in ROLES.items():
        wanted = options.columns.get(role)
        asked = next((c for c in columns if wanted and _fold(c) == _fold(wanted)), wanted)
        if asked and asked not in columns:
            listed = ", ".join(columns[:12])
            raise InputError(log.file, f"has no column {wanted!r}", hint=f"its columns are: {listed}")
        reserved = set(map(_fold, options.columns.values()))
        found = [
            c
            for name in names
            for c in columns
            if _fold(c) == name and c not in roles.values() and name not in reserved
        ]
        if asked or found:
            roles[role] = asked or found[0]
    return roles


def _holds_texts(column: str, sample: list[Row]) -> bool:
    """Return whether a column holds answers: by its header, else by prose (more than three words on average)."""
    cells = [row[column].strip() for row in sample if row.get(column, "").strip()]
    if _QUESTION.search(column):
        return any(re.search(r"[^\W\d_]{2}", cell) for cell in cells)
    words = sum(len(cell.split()) for cell in cells)
    return bool(cells) and words / len(cells) > 3 and len(set(cells)) > len(cells) / 2


def _messages(
    place: str, row: Row, layout: _Layout, source: Source, log: FileLog, options: Options
) -> Iterator[Message]:
    filled = [column for column in layout.texts if row.get(column, "").strip()]
    if not filled:
        log.leave_out("empty")
        return
    log.met(len(filled))
    when = _when(row, layout, log, options)
    if when.problem:
        for _ in filled:
            log.quarantine(place, when.problem, "write dates as 2026-03-31")
        return
    for column in filled:
        yield _message(place, row, column, when, layout, source, log)


def _message(place: str, row: Row, column: str, when: _When, layout: _Layout, source: Source, log: FileLog) -> Message:
    text = clip(row[column], log)
    votes = _VOTES.search(text)
    return Message(
        id=f"table:{source.path}:{place}" + (f":{column}" if layout.wide else ""),
        source="jsonl" if source.path.suffix.lower() in (".jsonl", ".ndjson") else "csv",
        file=source.name,
        locator=f"{place}, column {column}" if layout.wide else place,
        kind="status" if layout.wide else "message",
        text=text[: votes.start()] if votes else text,
        author=layout.cell(row, "author") or None,
        channel=layout.cell(row, "channel") or None,
        team=layout.cell(row, "team") or None,
        timestamp=when.moment,
        time_source=when.source,
        time_precision=when.precision,
        tz_assumed=when.assumed,
        section=column if layout.wide else layout.cell(row, "section") or None,
        votes=int(votes.group(1)) if votes else None,
        skip="no answer" if _FILLER.match(text) else None,
    )


def _when_by_name(source: Source, options: Options) -> _When:
    day = date_in_name(source.path)
    if day is None:
        return _When()
    moment = start_of(day, options)
    return _When(moment, "filename", "day", problem=impossible(moment))


def _when(row: Row, layout: _Layout, log: FileLog, options: Options) -> _When:
    written = layout.cell(row, "date")
    if not written:
        return layout.by_name
    try:
        parsed = parse_time(written, layout.day_first)
        if parsed.tzinfo is None and parsed.time() == time() and ":" not in written:
            moment, precision, assumed = start_of(parsed.date(), options), "day", False
        else:
            precision = "second"
            moment, assumed = localise(parsed, options, log)
    except (ValueError, OverflowError):
        # A cell without a figure may be a name in a row that slipped; it is not repeated.
        shown = repr(written[:40]) if any(c.isdigit() for c in written) else "the cell"
        return _When(problem=f"{shown} is not a date")
    return _When(moment, "record", precision, assumed, impossible(moment))


def parse_time(written: str, day_first: bool = False) -> datetime:
    """Return a time written as ISO 8601, as epoch seconds or milliseconds, or in a common local form.

    >>> parse_time("2018-12-18 19:50:31"), parse_time("3/2/2026", day_first=True)
    (datetime.datetime(2018, 12, 18, 19, 50, 31), datetime.datetime(2026, 2, 3, 0, 0))

    Raises ValueError if it is none of them.
    """
    if re.fullmatch(r"\d{9,13}(?:\.\d+)?", written):
        number = float(written)
        # Seconds stay below 10^11 until the year 5138.
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, tz=UTC)
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        pass
    plain = " ".join(written.replace(",", " ").split())
    for form in (*_DAYS, *(_DAY_FIRST if day_first else _MONTH_FIRST)):
        for clock in _CLOCKS:
            try:
                return datetime.strptime(plain, form + clock)
            except ValueError:
                continue
    raise ValueError(f"{written!r} is not a date")
