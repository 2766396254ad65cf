"""From a file, folder or zip to messages: `read()` finds the format by content and accounts for every record.

Adding a format is one module with NAME, sniff() and read(), and one line in READERS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath
from typing import Protocol

from textsignals.errors import InputError
from textsignals.readers import notes, slack, tables, webvtt
from textsignals.readers.base import FileLog, Folder, Options, Source, open_directory, open_zip
from textsignals.records import Message, ReadReport


class Reader(Protocol):
    """What a module must hold to read a format; `sniff` says how sure it is, 0 to 1, that a source has that format."""

    NAME: str

    def sniff(self, source: Source | Folder) -> float: ...  # noqa: D102

    def read(self, source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]: ...  # noqa: D102


READERS: tuple[Reader, ...] = (slack, webvtt, tables, notes)

_UNSURE = 0.05
"""Below this confidence a file is of no known format."""


_SAVE_AS = "save it as Markdown (.md), plain text (.txt) or a table (.csv)"


def formats() -> tuple[str, ...]:
    """Return the names of all formats that can be read, as `--format` takes them."""
    return tuple(reader.NAME for reader in READERS)


def sniff(path: str | Path) -> tuple[str, float]:
    """Return the format of a file or folder and how sure that is (0 to 1); ("", 0.0) if none fits.

    Raises InputError if it is missing, empty or unreadable.
    """
    reader, sure = _best(_open(Path(path)))
    return (reader.NAME, sure) if reader else ("", 0.0)


def _best(source: Source | Folder) -> tuple[Reader | None, float]:
    sure, reader = max(((r.sniff(source), r) for r in READERS), key=lambda pair: pair[0])
    return (reader, sure) if sure >= _UNSURE else (None, 0.0)


def _open(path: Path) -> Source | Folder:
    """Return a path as something to read: a directory or zip as Folder, any other file as Source."""
    if path.is_dir():
        return open_directory(path)
    if not path.exists():
        raise InputError(str(path), "no such file or folder", hint="check the spelling")
    source = Source(str(path), PurePosixPath(path.name), disk=path)
    return open_zip(source) if _is_zip(source) else source


def _is_zip(source: Source) -> bool:
    """Return whether a file begins like a zip; raises InputError if it is empty or cannot be read."""
    head = source.head()
    if not head:
        raise InputError(source.name, "is empty", hint="export it again")
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def _is_hidden(path: str) -> bool:
    """Return whether a path is one that people do not see: .git/, lock files of editors, what macOS adds to zips."""
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.split("/"))


class Reading:
    """The messages of one input; `report` says what became of every record. Iterating again reads it anew."""

    def __init__(self, path: str | Path, options: Options, format_: str | None, system: bool) -> None:
        self._input, self._options, self._system = str(path), options, system
        self._forced = _named(format_) if format_ else None
        self._logs: list[FileLog] = []
        # Opened here, so that a missing file fails at the call and not in a loop far away.
        self._root = _open(Path(path))

    @property
    def report(self) -> ReadReport:
        """What became of the records read so far."""
        problems = tuple(p for log in self._logs for p in log.problems)
        return ReadReport(self._input, tuple(log.report() for log in self._logs), problems)

    def __iter__(self) -> Iterator[Message]:
        self._logs = []
        if isinstance(self._root, Folder):
            yield from self._folder(self._root)
            if not any(log.format or log.quarantined for log in self._logs):
                raise InputError(self._root.name, "holds no file of a known format", hint=_SAVE_AS)
            return
        reader = self._reader(self._root)
        if reader is None:
            raise InputError(self._root.name, f"is of no known format ({', '.join(formats())})", hint=_SAVE_AS)
        yield from self._read(reader, self._root, given=True)

    def _reader(self, source: Source) -> Reader | None:
        return self._forced or _best(source)[0]

    def _folder(self, folder: Folder) -> Iterator[Message]:
        """Yield from a folder that is one export, else from the exports in it and each other file."""
        for error in folder.refused:
            self._log(error.file).reject(error)
        whole, _ = _best(folder)
        if whole is not None:
            yield from self._read(whole, folder)
            return
        if "[Content_Types].xml" in folder.files:
            raise InputError(folder.name, "is a Word, Excel or PowerPoint file, which is not read yet", hint=_SAVE_AS)
        exports = _nested_exports(folder)
        for part in exports:
            yield from self._read(slack, folder.under(part))
        for path, source in folder.files.items():
            if not any(path.startswith(f"{part}/") for part in exports):
                yield from self._member(path, source)

    def _member(self, path: str, source: Source) -> Iterator[Message]:
        """Yield from one file of a folder; zips in a directory are opened, zips in a zip are not."""
        if _is_hidden(path):
            self._log(source.name).leave_out("hidden file")
            return
        try:
            zipped = _is_zip(source) and source.zip is None and source.path.suffix.lower() == ".zip"
            inner = open_zip(source) if zipped else None
            reader = None if inner else self._reader(source)
        except InputError as error:
            self._log(source.name).reject(error)
            return
        if inner:
            try:
                yield from self._folder(inner)
            except InputError as error:
                self._log(source.name).reject(error)
        elif reader:
            yield from self._read(reader, source)
        else:
            self._log(source.name).leave_out("unknown format")

    def _read(self, reader: Reader, source: Source | Folder, *, given: bool = False) -> Iterator[Message]:
        """Yield from one source; an error stops it and is noted, but is raised if the source *is* the input."""
        log = self._log(source.name, reader.NAME)
        log.complete = False
        try:
            for message in reader.read(source, log, self._options):
                if message.skip and not self._system:
                    log.skip(message.skip)
                elif log.broken_bytes and "\ufffd" in message.text:
                    hint = "save the file as UTF-8"
                    log.quarantine(message.locator, "holds bytes that are not text", hint, file=message.file)
                else:
                    log.yielded += 1
                    yield message
            log.complete = True
        except InputError as error:
            log.complete = True
            if given and not log.read:
                self._logs.pop()
                raise
            log.reject(error)

    def _log(self, file: str, format_: str = "") -> FileLog:
        """Open the account of one more file."""
        self._logs.append(FileLog(file, format_))
        return self._logs[-1]


def _named(format_: str) -> Reader:
    for reader in READERS:
        if format_ == reader.NAME:
            return reader
    raise InputError(f"--format {format_}", "no such format", hint=f"one of {', '.join(formats())}")


def _nested_exports(folder: Folder) -> list[str]:
    """Return the subfolders that are exports of their own, outermost first."""
    tops = sorted({path.rsplit("/", 1)[0] for path in folder.files if path.endswith("/users.json")})
    found: list[str] = []
    for top in tops:
        if not any(top.startswith(f"{f}/") for f in found) and slack.sniff(folder.under(top)) > _UNSURE:
            found.append(top)
    return found


def read(
    path: str | Path,
    *,
    format: str | None = None,
    tz: tzinfo = UTC,
    columns: Mapping[str, str] | None = None,
    system: bool = False,
) -> Reading:
    """Return the messages of a file, a folder or a zip; iterate over them, then look at the `report`.

    `format` overrides what the content says; `tz` is taken for times that name no zone; `columns` names the columns
    of tables by role, such as {"text": "Notes"}. Records of the software (joins, reactions, applications) are counted
    in `report.skipped` by reason; with `system=True` they are yielded too, marked by `kind` and `skip`.
    Raises InputError if the input itself is missing, empty or of no known format, or if there is no such format or
    role; a bad file inside a folder and a bad record inside a file are quarantined, listed in `report.problems`, and
    do not stop the rest.
    """
    unknown = sorted(set(columns or {}) - set(tables.ROLES))
    if unknown:
        raise InputError(str(path), f"no such role of a column: {unknown[0]}", hint=f"one of {', '.join(tables.ROLES)}")
    return Reading(path, Options(tz, dict(columns or {})), format, system)


__all__ = ["READERS", "Reader", "Reading", "formats", "read", "sniff"]
