"""CSV, TSV, JSONL and Parquet with any columns: which one is the text, author, date or team is found and shown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.seen import Seen
from textsignals.readers.sheets.cells import number, says_nothing, split_member, split_scale, split_votes
from textsignals.readers.sheets.columns import ROLES as ROLES
from textsignals.readers.sheets.columns import Layout, answers, find_layout, is_scale, known
from textsignals.readers.sheets.dates import Dates, When, when_by_name
from textsignals.readers.sheets.rows import Part, Row, as_text, head_text, header, holds_json, parts
from textsignals.readers.sources import MAX_NESTED_BYTES, Folder, Source
from textsignals.records import Message

NAME = "table"

# Rows looked at to tell columns of prose from columns of categories.
_SAMPLE_ROWS = 200
_PARQUET_MARK = b"PAR1"
_BATCH_ROWS = 1_000
_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".tab")


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a table: Parquet's mark, one JSON object a line, or a steady delimiter."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    if head[:4] == _PARQUET_MARK:
        return 0.95
    suffix = source.path.suffix.lower()
    named = 0.3 if suffix in _ENDINGS else 0.0
    if holds_json(source):
        return 0.4 + named
    text = head_text(source)
    if "\x00" in text or suffix in (".md", ".markdown", ".vtt", ".json"):
        return 0.0
    columns = header(text)
    if not columns:
        # A single column is a table only by its name.
        return named
    return min(0.75, 0.2 + named + 0.1 * known(columns))


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message a row, or one a filled cell where each column is a question of its own."""
    assert isinstance(source, Source)
    ids = _Ids()
    count = 0
    dates: Dates | None = None
    for part in _parts(source, log):
        first = list(islice(part.rows, _SAMPLE_ROWS))
        if not first:
            continue
        columns = list(part.columns or dict.fromkeys(name for _, row in first for name in row))
        layout = find_layout(columns, [row for _, row in first], log, options)
        scales = {c for c in layout.texts if layout.wide and is_scale(c, [row for _, row in first])}
        dates = dates or Dates(_written(source, layout), options, log, when_by_name(source.path, options))
        log.details["columns"] = log.details["columns"] or len(columns)
        for place, row in chain(first, part.rows):
            count += 1
            log.details["rows"] += 1
            log.details["filled cells"] += sum(bool(value.strip()) for value in row.values())
            yield from _messages(place, row, layout, scales, dates, source, log, ids)
    if not count and not log.read:
        raise InputError(source.name, "has a header but no rows", hint="export it again with its data")


class _Ids:
    """Ids of records that bring none, from all that is known of them; in a few bytes a record, for tables of any size.

    A record that is like another in everything gets its place put behind.
    """

    def __init__(self) -> None:
        self._seen = Seen()
        self._log = FileLog("", NAME)

    def of(self, place: str, *known: object) -> str:
        id_ = self._log.identify(NAME, *known)
        self._log.close()
        return f"{id_}:{place}" if self._seen.again(id_) else id_


def _written(source: Source, layout: Layout) -> Iterator[str]:
    """Yield the cells with dates, of the whole file if it takes so many to see whether days come first."""
    # What this finds wrong is found again, and counted, when the rows are read in earnest.
    unheard = FileLog(source.name, NAME)
    for part in _parts(source, unheard) if "date" in layout.roles else ():
        yield from (layout.cell(row, "date") for _, row in part.rows)


def _messages(
    place: str, row: Row, layout: Layout, scales: set[str], dates: Dates, source: Source, log: FileLog, ids: _Ids
) -> Iterator[Message]:
    filled, when = answers(place, row, layout, dates, log)
    for column in filled:
        yield _message(place, row, column, when, layout, column in scales, source, log, ids)


def _message(
    place: str,
    row: Row,
    column: str,
    when: When,
    layout: Layout,
    scale: bool,
    source: Source,
    log: FileLog,
    ids: _Ids,
) -> Message:
    text, votes = split_votes(clip(row[column], log))
    skip = "no answer" if says_nothing(text) else None
    if scale and not skip:
        text, _ = split_scale(text)
        skip = None if text else "scale"
    author, handle = split_member(layout.cell(row, "author"))
    channel, team = layout.cell(row, "channel") or None, layout.cell(row, "team") or None
    several = len(layout.texts) > 1
    section = (None if several else layout.cell(row, "section")) or (column if layout.wide else None)
    # The same words without a date of their own may stand in the next file, too, and are no duplicate there.
    scope = "" if when.source == "record" else str(source.path)
    return Message(
        id=ids.of(
            layout.locator(place, column) if layout.wide else place,
            scope,
            channel,
            team,
            section,
            when.moment,
            author,
            text,
        ),
        source=_sort_of(source),
        file=source.name,
        locator=layout.locator(place, column) if several else place,
        kind="status" if several else "message",
        text=text,
        author=author,
        author_id=handle,
        channel=channel,
        team=team,
        timestamp=when.moment,
        time_source=when.source,
        time_precision=when.precision,
        tz_assumed=when.assumed,
        section=section,
        votes=votes if votes is not None else number(layout.cell(row, "votes")),
        skip=skip,
    )


def _sort_of(source: Source) -> str:
    suffix = source.path.suffix.lower()
    return {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}.get(suffix, "csv")


def _parts(source: Source, log: FileLog) -> Iterator[Part]:
    return _parquet(source) if source.head()[:4] == _PARQUET_MARK else parts(source, log)


def _parquet(source: Source) -> Iterator[Part]:
    from pyarrow import parquet

    if source.level and source.size > MAX_NESTED_BYTES:
        raise InputError(source.name, f"is over {MAX_NESTED_BYTES:,} bytes in an archive", hint="unpack it first")
    # The format is read from its end, which a stream out of an archive does not have.
    with io.BytesIO(source.read()) if source.level else source.opener() as stream:
        with _parquet_errors(source):
            table = parquet.ParquetFile(stream)
            names = _unlike(table.schema_arrow.names)
        yield Part(tuple(names), _parquet_rows(table, names, source))


@contextmanager
def _parquet_errors(source: Source) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, OverflowError, MemoryError) as error:
        # What the library says may quote names of columns and cells.
        what = type(error).__name__
        raise InputError(source.name, f"is not a complete Parquet file ({what})", hint="export it again") from error


def _unlike(names: list[str]) -> list[str]:
    return [name if names.index(name) == i else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _parquet_rows(table: Any, names: list[str], source: Source) -> Iterator[tuple[str, Row]]:
    at = 0
    with _parquet_errors(source):
        batches = table.iter_batches(batch_size=_BATCH_ROWS)
    while True:
        with _parquet_errors(source):
            batch = next(batches, None)
            columns = [_cells(column) for column in batch.columns] if batch is not None else []
        if batch is None:
            return
        for cells in zip(*columns, strict=True):
            at += 1
            yield f"row {at}", dict(zip(names, cells, strict=True))


def _cells(column: Any) -> list[str]:
    """Return the values of a column as the text of cells; times as ISO 8601, what is nested as JSON, bytes left out."""
    import pyarrow
    from pyarrow import types

    if types.is_timestamp(column.type):
        # Nanoseconds would need pandas; no message is dated so finely.
        column = column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False)
    try:
        values = column.to_pylist()
    except (pyarrow.ArrowException, ValueError, OverflowError):
        values = [_value(scalar) for scalar in column]
    return [_cell(value) for value in values]


def _value(scalar: Any) -> Any:
    """Return one value of a column in which others cannot be had: a year beyond all calendars."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return None


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        return ""
    if isinstance(value, float) and value.is_integer():
        # Whole numbers in a column with gaps are stored so; as ids they must stay what they were.
        return str(int(value))
    if isinstance(value, (dict, list, tuple, bool, int, float, str)) or value is None:
        return as_text(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


__all__ = ["NAME", "ROLES", "read", "sniff"]
