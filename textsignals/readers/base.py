"""What every reader works with: sources to read from, a log that accounts for every record, options, safe decoding."""

from __future__ import annotations

import io
import lzma
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from textsignals.errors import InputError
from textsignals.records import FileReport, Problem

# Limits of methods.md C2: far above any real export, far below what hurts a laptop.
MAX_FILE_BYTES = 4 * 2**30
MAX_RATIO = 200
MAX_MEMBERS = 100_000
MAX_TEXT_CHARS = 64 * 1024
# Below this size a high compression ratio is harmless (a few kB of repeated text).
_RATIO_FREE_BYTES = 10 * 2**20
# What zipfile and its decompressors raise on damaged bytes, seen with mutated archives.
_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    KeyError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)
_NO_FILES_HINT = "give the folder of the export"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True, slots=True)
class Options:
    """How to read: the zone of times that name none, and columns of tables by role ("text", "author", ...)."""

    tz: tzinfo = UTC
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, on disk or inside a zip; `name` is shown to users, `path` is relative to the input."""

    name: str
    path: PurePosixPath
    disk: Path | None = None
    zip: zipfile.ZipFile | None = None
    member: str = ""

    def read(self, limit: int = -1) -> bytes:
        """Return the first `limit` bytes, or all; raises InputError if the file cannot be read or is far too large."""
        try:
            self._refuse_bomb()
            with self._open() as stream:
                return stream.read(limit)
        except _DAMAGE as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise InputError(self.name, f"cannot be read: {reason}", hint="copy or export it again") from error

    def head(self) -> bytes:
        """Return the first bytes, enough to tell the format."""
        return self.read(64 * 1024)

    def _open(self) -> BinaryIO:
        if self.zip is not None:
            return io.BufferedReader(self.zip.open(self.member))  # type: ignore[type-var]
        assert self.disk is not None
        return self.disk.open("rb")

    def _refuse_bomb(self) -> None:
        """Raise InputError before a byte is unpacked; zipfile unpacks no more than the size says, even if it lies."""
        info = self.zip.getinfo(self.member) if self.zip else None
        size = info.file_size if info else self.disk.stat().st_size if self.disk else 0
        if size > MAX_FILE_BYTES:
            raise InputError(self.name, f"is over {MAX_FILE_BYTES:,} bytes", hint="export a shorter time")
        if info and size > _RATIO_FREE_BYTES and size / max(1, info.compress_size) > MAX_RATIO:
            raise InputError(self.name, f"unpacks to over {MAX_RATIO} times its size", hint="not a plain export")


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory or a zip file: its sources in sorted order, addressed by path relative to it."""

    name: str
    files: Mapping[str, Source]
    entries: int = 0
    refused: tuple[InputError, ...] = ()

    def under(self, path: str) -> Folder:
        """Return the part of the folder below `path` ("" for all of it)."""
        prefix = f"{path}/" if path else ""
        name = f"{self.name}/{path}" if path else self.name
        files = {k[len(prefix) :]: v for k, v in self.files.items() if k.startswith(prefix)}
        return Folder(name, files, len(files))


def open_directory(path: Path) -> Folder:
    """Return all files below a directory, InputError if there is none; links are refused because they can leave it."""
    files: dict[str, Source] = {}
    refused = []
    for item in sorted(path.rglob("*")):
        relative = item.relative_to(path).as_posix()
        if item.is_symlink():
            refused.append(InputError(str(item), "is a link", hint="copy the file itself into the folder"))
        elif item.is_file():
            files[relative] = Source(str(item), PurePosixPath(relative), disk=item)
    if not files and not refused:
        raise InputError(str(path), "holds no files", hint=_NO_FILES_HINT)
    return Folder(str(path), files, len(files), tuple(refused))


def open_zip(source: Source) -> Folder:
    """Return the members of a zip as sources, never unpacking to disk; InputError if it is damaged or holds none."""
    hint = "it may be cut off: copy or export it again"
    assert source.disk is not None, "zips inside of zips are not opened"
    try:
        archive = zipfile.ZipFile(source.disk.open("rb"))
    except _DAMAGE as error:
        raise InputError(source.name, f"is not a complete zip file ({error})", hint=hint) from error
    entries = archive.infolist()
    # Not is_dir(), which stumbles over members without a name.
    members = [info for info in entries if not info.filename.endswith("/")]
    if len(members) > MAX_MEMBERS:
        raise InputError(source.name, f"holds over {MAX_MEMBERS:,} files", hint="not a plain export")
    files: dict[str, Source] = {}
    refused = []
    for info in members:
        name = _member_name(info)
        shown = f"{source.name}!{name}"
        path = PurePosixPath(name)
        outside = path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]
        if outside or stat.S_ISLNK(info.external_attr >> 16):
            refused.append(InputError(shown, "points outside the zip file", hint="not a plain export"))
        else:
            files[str(path)] = Source(shown, source.path / path, zip=archive, member=info.filename)
    if not members:
        raise InputError(source.name, "holds no files", hint=_NO_FILES_HINT)
    return Folder(source.name, dict(sorted(files.items())), len(entries), tuple(refused))


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a zip member; macOS writes UTF-8 without the flag that says so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


class FileLog:
    """Accounts for the records of one file: readers say what they met and what they left out."""

    def __init__(self, file: str, format_: str) -> None:
        self.file, self.format = file, format_
        self.read = self.yielded = 0
        self.skipped: Counter[str] = Counter()
        self.details: Counter[str] = Counter()
        self.assumptions: list[str] = []
        self.problems: list[Problem] = []
        self.quarantined = 0
        self.broken_bytes = False
        self.complete = True

    def met(self, n: int = 1) -> None:
        """Count records as they stand in the file, before anything is decided about them."""
        self.read += n

    def skip(self, reason: str, n: int = 1) -> None:
        """Count records left out on purpose."""
        self.skipped[reason] += n

    def leave_out(self, reason: str) -> None:
        """Count the whole file as one record left out."""
        self.met()
        self.skip(reason)

    def quarantine(self, place: str, problem: str, hint: str = "", *, file: str = "") -> None:
        """Count one record that cannot be understood, and keep the line that says so."""
        self.quarantined += 1
        self.problems.append(Problem(file or self.file, place, problem, hint))

    def reject(self, error: InputError) -> None:
        """Count what an error stopped, a file or the rest of one, as one record in quarantine."""
        self.met()
        self.quarantine(error.place, error.problem, error.hint, file=error.file)

    def assume(self, text: str) -> None:
        """Note something the file does not say and the reader had to take for granted."""
        if text not in self.assumptions:
            self.assumptions.append(text)

    def report(self) -> FileReport:
        """Return the account, frozen; raises AssertionError if a record got lost, which is a fault of ours.

        While its messages are still being read, only the records that were decided upon count as read.
        """
        read = self.yielded + self.skipped.total() + self.quarantined
        lost = self.read - read
        assert not (lost and self.complete), f"{self.file}: {lost} of {self.read} records got lost; please report this"
        skipped, details = dict(sorted(self.skipped.items())), dict(self.details)
        return FileReport(
            self.file,
            self.format,
            read,
            self.yielded,
            skipped,
            self.quarantined,
            details,
            tuple(self.assumptions),
        )


def decode(data: bytes, log: FileLog) -> str:
    """Return the text of a file: UTF-8 or UTF-16 by its mark, else UTF-8, else Windows-1252 (noted as assumed).

    Bytes broken inside a file that is UTF-8 otherwise become U+FFFD, and `log.broken_bytes` says that there are some.
    Raises InputError for binary files.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").replace("\x00", "")
    body = data.removeprefix(b"\xef\xbb\xbf")
    if b"\x00" in body:
        raise InputError(log.file, f"is not text (zero byte at {body.index(0)})", hint="give the exported file itself")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # Whole multi-byte characters elsewhere mean UTF-8 with damage; Windows-1252 would turn them into rubbish.
        mended = body.decode("utf-8", errors="replace")
        if len(re.findall(r"[^\x00-\x7f\ufffd]", mended)) < mended.count("\ufffd"):
            try:
                text = body.decode("cp1252")
            except UnicodeDecodeError:
                # Bytes that Windows-1252 leaves undefined: a few are damage, many are no text.
                if body.count(b"\x81") + body.count(b"\x8d") > len(body) / 20:
                    raise InputError(log.file, f"is neither UTF-8 nor Windows-1252 text ({error})") from error
            else:
                log.assume("encoding: Windows-1252")
                return text
        log.broken_bytes = True
        log.assume("encoding: UTF-8 with broken bytes")
        return mended


def localise(moment: datetime, options: Options, log: FileLog) -> tuple[datetime, bool]:
    """Return a moment in UTC, and whether its zone had to be assumed."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC), False
    log.assume(f"time zone: {options.tz} for times that name none")
    return moment.replace(tzinfo=options.tz).astimezone(UTC), True


def start_of(day: date, options: Options) -> datetime:
    """Return where a day begins in the zone of the options, in UTC; a mere date needs no zone to be assumed."""
    return datetime.combine(day, time(), tzinfo=options.tz).astimezone(UTC)


def impossible(moment: datetime) -> str:
    """Return why a time cannot be that of a message, or "" if it can (1990 to a day from now; methods.md A7)."""
    if moment < EARLIEST:
        return f"the date {moment:%Y-%m-%d} is before 1990"
    if moment > datetime.now(UTC) + timedelta(days=1):
        return f"the date {moment:%Y-%m-%d} is in the future"
    return ""


def date_in_name(path: PurePosixPath) -> date | None:
    """Return the first date written year-month-day in a path, looking at the file name first.

    >>> date_in_name(PurePosixPath("retro/2019-10-21--core.md"))
    datetime.date(2019, 10, 21)
    """
    for part in reversed(path.parts):
        for year, month, day in _DATE.findall(part):
            try:
                return date(int(year), int(month), int(day))
            except ValueError:
                continue
    return None


def clip(message_text: str, log: FileLog) -> str:
    """Return the text without control characters and halves of characters, cut to the longest that is tagged."""
    # JSON can spell half of a surrogate pair, which no encoder takes.
    text = "".join(c for c in message_text if (c >= " " or c in "\n\t") and not "\ud800" <= c <= "\udfff").strip()
    if len(text) > MAX_TEXT_CHARS:
        log.assume(f"texts over {MAX_TEXT_CHARS:,} characters are cut there")
    return text[:MAX_TEXT_CHARS]
