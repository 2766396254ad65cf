"""From a file, folder or archive to messages: `read()` finds formats by content and accounts for every record.

Adding a format is one module with NAME, sniff() and read(), and one line in READERS (docs/adding-a-reader.md).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

from textsignals.errors import InputError
from textsignals.readers.base import DATE_ORDERS, FileLog, Options
from textsignals.readers.boards import retro_boards, trello
from textsignals.readers.chats import (
    discord,
    google_chat,
    irc,
    matrix,
    mattermost,
    ms_teams,
    slack,
    telegram,
    whatsapp,
    zoom_chat,
    zulip,
)
from textsignals.readers.copies import is_copy
from textsignals.readers.documents import docx, notes, notion, pdf, web_pages
from textsignals.readers.mail import mailboxes
from textsignals.readers.seen import Seen
from textsignals.readers.sheets import jira, standups, tables
from textsignals.readers.sources import (
    Folder,
    Source,
    archive_kind,
    is_office,
    open_archive,
    open_directory,
    open_file,
)
from textsignals.readers.templates import Note, Template, marked, template_of
from textsignals.readers.transcripts import spoken_text, webvtt
from textsignals.records import Message, ReadReport


class Reader(Protocol):
    """What a module must hold to read a format.

    `sniff` says how sure it is, 0 to 1, that a source has that format: 0.8 or more for a format that has marks of its
    own, less for one that almost any text could have. A folder is claimed only if it is one export as a whole.
    """

    NAME: str

    def sniff(self, source: Source | Folder) -> float: ...  # noqa: D102

    def read(self, source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]: ...  # noqa: D102


READERS: tuple[Reader, ...] = (
    slack,
    ms_teams,
    discord,
    mattermost,
    zulip,
    telegram,
    whatsapp,
    google_chat,
    irc,
    matrix,
    zoom_chat,
    webvtt,
    spoken_text,
    docx,
    pdf,
    notion,
    web_pages,
    mailboxes,
    retro_boards,
    trello,
    standups,
    jira,
    tables,
    notes,
)

DOCUMENTS: tuple[Reader, ...] = (docx, pdf, notion, web_pages, notes)
"""Formats of which people write one file after another from a template."""

_COPIED: tuple[Reader, ...] = (
    *DOCUMENTS,
    webvtt,
    spoken_text,
    retro_boards,
    trello,
    standups,
    jira,
    tables,
)
"""Formats of single files that people copy under another name; chats and mail have records with ids of their own."""

_UNSURE = 0.05
"""Below this confidence a file is of no known format."""

_SAVE_AS = "save it as Markdown (.md), plain text (.txt) or a table (.csv)"
_SEE_FORMATS = f"see `textsignals read --help` for those that are read, or {_SAVE_AS}"


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
    if isinstance(source, Source):
        source.forget()
    return (reader, sure) if sure >= _UNSURE else (None, 0.0)


def _open(path: Path) -> Source | Folder:
    """Return a path as something to read: a directory or archive as Folder, any other file as Source."""
    if path.is_dir():
        return open_directory(path)
    if not path.exists():
        raise InputError(str(path), "no such file or folder", hint="check the spelling")
    source = open_file(path)
    return open_archive(source) if archive_kind(source) else source


def _is_hidden(path: str) -> bool:
    """Return whether a path is one that people do not see: .git/, lock files of editors, what macOS adds to zips."""
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.split("/"))


@dataclass(frozen=True, slots=True)
class _Found:
    """Something to read: a file, a folder that is one export, or an archive, which no reader reads as it is."""

    source: Source | Folder
    reader: Reader | None = None
    sure: float = 1.0


class Reading:
    """The messages of one input; `report` says what became of every record.

    Iterating again reads it anew, unless it shares a `seen`, which then knows every record already.
    """

    def __init__(
        self, path: str | Path, options: Options, format_: str | None, system: bool, seen: Seen | None = None
    ) -> None:
        self._input, self._options, self._system = str(path), options, system
        self._forced = _named(format_) if format_ else None
        self._logs: list[FileLog] = []
        self._given = seen
        self._seen = Seen() if seen is None else seen
        # Opened here, so that a missing file fails at the call and not in a loop far away.
        self._root = _open(Path(path))

    @property
    def report(self) -> ReadReport:
        """What became of the records read so far."""
        problems = tuple(p for log in self._logs for p in log.problems)
        return ReadReport(self._input, tuple(log.report() for log in self._logs), problems)

    def __iter__(self) -> Iterator[Message]:
        self._logs = []
        if self._given is None:
            self._seen = Seen()
        if isinstance(self._root, Folder):
            yield from self._folder(self._root)
            if not any(log.format or log.quarantined for log in self._logs):
                raise InputError(self._root.name, "holds no file of a known format", hint=_SEE_FORMATS)
            return
        reader, sure = self._reader(self._root)
        if reader is None:
            if is_office(self._root):
                raise InputError(self._root.name, "is an Excel or PowerPoint file, which is not read", hint=_SAVE_AS)
            raise InputError(self._root.name, "is of no known format", hint=_SEE_FORMATS)
        if self._given is not None and self._leave_copy(reader, self._root, sure):
            return
        yield from self._read(reader, self._root, sure, given=True)

    def _reader(self, source: Source) -> tuple[Reader | None, float]:
        return (self._forced, 1.0) if self._forced else _best(source)

    def _folder(self, folder: Folder) -> Iterator[Message]:
        """Yield from a folder that is one export, else from the exports in it and each other file, by their paths."""
        for error in folder.refused:
            self._log(error.file).reject(error)
        whole, sure = _best(folder)
        if whole is not None and self._forced in (None, whole):
            yield from self._read(whole, folder, sure)
            return
        found = _nested_exports(folder, self._forced)
        exports = frozenset(found)
        for path, source in folder.files.items():
            if not _is_inside(path, exports) and (file := self._file(path, source)):
                found[path] = file
        templates = self._templates(found)
        for path, each in sorted(found.items(), key=lambda item: item[0]):
            if each.reader is not None:
                template = (
                    templates.get(PurePosixPath(path).parent, frozenset()) if each.reader in DOCUMENTS else frozenset()
                )
                yield from self._read(each.reader, each.source, each.sure, template=template)
            elif isinstance(each.source, Source):
                yield from self._archive(each.source)

    def _file(self, path: str, source: Source) -> _Found | None:
        """Return how to read a file of a folder; None if it is left out, which is noted."""
        if _is_hidden(path):
            self._log(source.name).leave_out("hidden file")
            return None
        try:
            if archive_kind(source):
                source.forget()
                return _Found(source)
            reader, sure = self._reader(source)
        except InputError as error:
            self._log(source.name).reject(error)
            return None
        if reader is None:
            self._log(source.name).leave_out("unknown format")
            return None
        return None if self._leave_copy(reader, source, sure) else _Found(source, reader, sure)

    def _leave_copy(self, reader: Reader, source: Source, sure: float) -> bool:
        """Return whether a file is a copy of one that was met before; it is noted as left out."""
        is_again = reader in _COPIED and is_copy(source, self._seen)
        source.forget()
        if is_again:
            self._log(source.name, reader.NAME, sure).leave_out("duplicate file")
        return is_again

    def _archive(self, source: Source) -> Iterator[Message]:
        try:
            folder = open_archive(source)
        except InputError as error:
            self._log(source.name).reject(error)
            return
        yield from self._folder(folder)

    def _templates(self, found: Mapping[str, _Found]) -> dict[PurePosixPath, Template]:
        """Return, for each folder, what recurs in most notes that lie in it."""
        series: dict[PurePosixPath, list[Note]] = {}
        for path, each in found.items():
            if each.reader in DOCUMENTS:
                note = partial(_once, each.reader, each.source, self._options)
                series.setdefault(PurePosixPath(path).parent, []).append(note)
        return {folder: template_of(notes_) for folder, notes_ in series.items()}

    def _read(
        self,
        reader: Reader,
        source: Source | Folder,
        sure: float,
        *,
        given: bool = False,
        template: Template = frozenset(),
    ) -> Iterator[Message]:
        """Yield from one source; an error stops it and is noted, but is raised if the source *is* the input."""
        log = self._log(source.name, reader.NAME, sure)
        log.complete = False
        try:
            found = reader.read(source, log, self._options)
            for message in marked(found, template) if template else found:
                skip = message.skip
                if not skip and self._seen.again(message.id):
                    skip = "duplicate"
                if skip and not (self._system and message.skip):
                    log.skip(skip)
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
        finally:
            log.close()
            _forget(source)

    def _log(self, file: str, format_: str = "", sure: float = 1.0) -> FileLog:
        """Open the account of one more file."""
        self._logs.append(FileLog(file, format_, sure))
        return self._logs[-1]


def _once(reader: Reader, source: Source | Folder, options: Options) -> Iterator[Message]:
    """Yield from a source without an account of it, and keep nothing of it in memory."""
    try:
        yield from reader.read(source, FileLog(source.name, reader.NAME), options)
    finally:
        _forget(source)


def _forget(source: Source | Folder) -> None:
    for file in source.files.values() if isinstance(source, Folder) else (source,):
        file.forget()


def _named(format_: str) -> Reader:
    for reader in READERS:
        if format_ == reader.NAME:
            return reader
    raise InputError(f"--format {format_}", "no such format", hint=f"one of {', '.join(formats())}")


def _nested_exports(folder: Folder, wanted: Reader | None) -> dict[str, _Found]:
    """Return the subfolders that are exports of their own, outermost first, of one format if only that is wanted."""
    found: dict[str, _Found] = {}
    for path in folder.folders():
        if not _is_hidden(path) and not _is_inside(path, found):
            part = folder.under(path)
            reader, sure = _best(part)
            if reader is not None and wanted in (None, reader):
                found[path] = _Found(part, reader, sure)
    return found


def _is_inside(path: str, folders: Container[str]) -> bool:
    return any(str(parent) in folders for parent in PurePosixPath(path).parents)


def read(
    path: str | Path,
    *,
    format: str | None = None,
    tz: tzinfo = UTC,
    columns: Mapping[str, str] | None = None,
    date_order: str | None = None,
    system: bool = False,
    seen: Seen | None = None,
) -> Reading:
    """Return the messages of a file, a folder or an archive; iterate over them, then look at the `report`.

    `format` overrides what the content says; `tz` is taken for times that name no zone; `columns` names the columns
    of tables by role, such as {"text": "Notes"}; `date_order` ("dmy", "mdy", "ymd") is how days are written where a
    file leaves it open. Records of the software (joins, reactions, applications) are counted in `report.skipped` by
    reason; with `system=True` they are yielded too, marked by `kind` and `skip`. A record that was met before, in an
    export that overlaps with this one, is skipped as a duplicate; share one `seen` between inputs to find those too.

    Raises InputError if the input itself is missing, empty or of no known format, or if there is no such format, role
    or order; a bad file inside a folder and a bad record inside a file are quarantined, listed in `report.problems`,
    and do not stop the rest.
    """
    _refuse_unknown(path, columns or {}, tables.ROLES, "role of a column")
    _refuse_unknown(path, [date_order] if date_order else [], DATE_ORDERS, "order of dates")
    return Reading(path, Options(tz, dict(columns or {}), date_order), format, system, seen)


def _refuse_unknown(path: str | Path, given: Iterable[str], known: Iterable[str], what: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(str(path), f"no such {what}: {unknown[0]}", hint=f"one of {', '.join(known)}")


__all__ = ["READERS", "Reader", "Reading", "Seen", "formats", "read", "sniff"]
