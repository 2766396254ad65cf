"""What is read: files on disk and in archives, as streams that are never unpacked to disk and stop at their limits."""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from textsignals.errors import InputError
from textsignals.readers import gzip_stream

# Limits: far above any real export, far below what hurts a laptop.
MAX_FILE_BYTES = 4 * 2**30
MAX_RATIO = 200
MAX_MEMBERS = 100_000
# An archive inside an archive is held in memory, as parts of large exports are; there is no third level.
MAX_NESTED_BYTES = 512 * 2**20
# Below this size a high compression ratio is harmless (a few kB of repeated text).
_RATIO_FREE_BYTES = 10 * 2**20
_HEAD_BYTES = 64 * 1024
_BUFFER_BYTES = 256 * 1024
# Each folder around a file is looked at as a possible export; programs nest a few deep.
_MAX_DEPTH = 100
# What zipfile, tarfile and their decompressors raise on damaged bytes, seen with mutated archives.
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
    tarfile.TarError,
)
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
# How members of a zip may be packed: what unpacks the other ways gives no piece back before it holds all of it.
ZIP_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_AGAIN = "copy or export it again"
_NO_FILES_HINT = "give the folder of the export"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, on disk or in an archive; `name` is shown to users, `path` is relative to the input.

    `size` is in bytes, `packed` what it takes in its archive (0 on disk), `level` the number of archives around it.
    """

    name: str
    path: PurePosixPath
    opener: Callable[[], BinaryIO]
    size: int
    packed: int = 0
    level: int = 0
    _first: list[bytes] = field(default_factory=list, compare=False, repr=False)

    def open(self, buffer: int = _BUFFER_BYTES) -> BinaryIO:
        """Return a stream of its bytes, to be closed after use; so many are read at once.

        Opening and reading raise InputError if the file cannot be read, is far too large or was packed to explode.
        """
        if self.size > MAX_FILE_BYTES:
            raise InputError(self.name, f"is over {MAX_FILE_BYTES:,} bytes", hint="export a shorter time")
        # Before a byte is unpacked: no more comes out than the size says, even if it lies.
        if self.packed and self.size > _RATIO_FREE_BYTES and self.size / self.packed > MAX_RATIO:
            raise InputError(self.name, f"unpacks to over {MAX_RATIO} times its size", hint="not a plain export")
        try:
            return io.BufferedReader(_Guarded(self.opener(), self.name), buffer)
        except _DAMAGE as error:
            raise _unreadable(self.name, error) from error

    def read(self, limit: int = -1) -> bytes:
        """Return the first `limit` bytes, or all; raises InputError as `open` does."""
        # What begins a file in a packed archive is not worth unpacking more of it.
        with self.open(min(limit, _BUFFER_BYTES) if limit > 0 else _BUFFER_BYTES) as stream:
            return stream.read(limit)

    def head(self) -> bytes:
        """Return the first 64 KiB, enough to tell the format; they are kept until `forget`, as many readers ask."""
        if not self._first:
            self._first.append(self.read(_HEAD_BYTES))
        return self._first[0]

    def forget(self) -> None:
        """Give the memory of `head` back."""
        self._first.clear()


class _Guarded(io.RawIOBase):
    """A stream whose every failure is an InputError that names the file."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGE as error:
            raise _unreadable(self._name, error) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _unreadable(name: str, error: BaseException) -> InputError:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InputError(name, f"cannot be read: {reason}", hint=_AGAIN)


class Folder:
    """A directory or an archive: its sources in sorted order, addressed by path relative to it.

    `entries` counts what the archive lists, folders included; `refused` are members that must not be read. `sign`
    stands between its name and the paths in it, as in the names of its sources.
    """

    def __init__(
        self,
        name: str,
        files: Mapping[str, Source],
        entries: int = 0,
        refused: tuple[InputError, ...] = (),
        sign: str = "/",
    ) -> None:
        self.name, self.entries, self.refused, self._sign = name, entries, refused, sign
        self._paths = sorted(files)
        self.files = {path: files[path] for path in self._paths}

    def under(self, path: str) -> Folder:
        """Return the part of the folder below `path` ("" for all of it)."""
        if not path:
            return self
        prefix = f"{path}/"
        # "0" follows "/", so that all names below the folder lie between the two.
        below = self._paths[bisect_left(self._paths, prefix) : bisect_left(self._paths, f"{path}0")]
        files = {name[len(prefix) :]: self.files[name] for name in below}
        return Folder(f"{self.name}{self._sign}{path}", files, len(files))

    def folders(self) -> Iterator[str]:
        """Yield the paths of all folders in it, each before those inside it."""
        found = {str(parent) for path in self._paths for parent in PurePosixPath(path).parents}
        yield from sorted(found - {"."})


def open_file(path: Path) -> Source:
    """Return a file on disk as something to read."""
    return Source(str(path), PurePosixPath(path.name), lambda: path.open("rb"), path.stat().st_size)


def open_directory(path: Path) -> Folder:
    """Return all files below a directory, InputError if there is none.

    Links are refused because they can leave it, and so are folders that cannot be looked into.
    """
    files: dict[str, Source] = {}
    refused: list[InputError] = []

    def refuse(error: OSError) -> None:
        reason = f"cannot be read: {error.strerror}"
        refused.append(InputError(str(error.filename), reason, hint="ask for the right to read it"))

    for item in _below(path, refuse):
        relative = item.relative_to(path).as_posix()
        try:
            if item.is_symlink():
                refused.append(InputError(str(item), "is a link", hint="copy the file itself into the folder"))
            elif item.is_file():
                files[relative] = _on_disk(item, relative)
        except OSError as error:
            refuse(error)
    if not files and not refused:
        raise InputError(str(path), "holds no files", hint=_NO_FILES_HINT)
    return Folder(str(path), files, len(files), tuple(refused))


def _below(path: Path, refuse: Callable[[OSError], None]) -> list[Path]:
    """Return all that lies below a directory; pathlib would pass over what it may not look into without a word."""
    walk = os.walk(path, onerror=refuse)
    return sorted(Path(folder, name) for folder, folders, names in walk for name in (*folders, *names))


def _on_disk(item: Path, relative: str) -> Source:
    return Source(str(item), PurePosixPath(relative), lambda: item.open("rb"), item.stat().st_size)


def archive_kind(source: Source) -> str:
    """Return "zip" or "tar" if a file is an archive of others, else ""; documents of office programs are none.

    Raises InputError if it is empty or cannot be read.
    """
    head = source.head()
    if not head:
        raise InputError(source.name, "is empty", hint="export it again")
    if head[:4] in _ZIP_MARKS:
        return "" if is_office(source) else "zip"
    ending = source.path.name.lower()
    if head[:2] == gzip_stream.MARK or ending.endswith(".tar"):
        return "tar" if ending.endswith(ARCHIVES[1:]) else ""
    return ""


def is_office(source: Source) -> bool:
    """Return whether a file is a zip that is one document of an office program: those begin with what they hold."""
    if source.head()[:4] not in _ZIP_MARKS:
        return False
    return b"[Content_Types].xml" in source.head()[:4096] or source.path.suffix.lower() in (".docx", ".xlsx", ".pptx")


def _first_line(error: BaseException) -> str:
    """Return what an error says first: tarfile lists every way in which it failed."""
    return str(error).partition("\n")[0].rstrip(":")


def open_archive(source: Source) -> Folder:
    """Return the members of a zip or tar as sources; InputError if it is damaged, too deep or holds no files."""
    kind = archive_kind(source)
    if source.level > 1 or (source.level and source.size > MAX_NESTED_BYTES):
        raise InputError(source.name, "is an archive too deep inside others", hint="unpack the outer one")
    stream: BinaryIO = io.BytesIO(source.read()) if source.level else source.opener()
    try:
        found = _zip_members(stream, source) if kind == "zip" else _tar_members(stream, source)
    except _DAMAGE as error:
        hint = "it may be cut off: copy or export it again"
        raise InputError(source.name, f"is not a complete {kind} file ({_first_line(error)})", hint=hint) from error
    files: dict[str, Source] = {}
    refused, count = [], 0
    for name, is_link, opener, size, packed in found:
        count += 1
        shown, path = f"{source.name}!{name}", PurePosixPath(name)
        # "C:" is a drive; Slack calls the folders of canvases "FC:F0123:title".
        outside = path.is_absolute() or ".." in path.parts or not path.parts or path.parts[0][1:2] == ":"
        if outside or is_link:
            refused.append(InputError(shown, f"points outside the {kind} file", hint="not a plain export"))
        elif len(path.parts) > _MAX_DEPTH:
            refused.append(InputError(shown[:200], f"lies over {_MAX_DEPTH} folders deep", hint="not a plain export"))
        else:
            if str(path) in files:
                refused.append(InputError(shown, f"is twice in the {kind} file", hint="the later one is read"))
            files[str(path)] = Source(shown, source.path / path, opener, size, packed, source.level + 1)
    if not count:
        raise InputError(source.name, "holds no files", hint=_NO_FILES_HINT)
    return Folder(source.name, files, found.entries, tuple(refused), "!")


class _Members(list[tuple[str, bool, Callable[[], BinaryIO], int, int]]):
    """Name, whether it is a link, opener, size and packed size of each file; `entries` counts folders too."""

    entries = 0


def _zip_members(stream: BinaryIO, source: Source) -> _Members:
    archive, found = zipfile.ZipFile(stream), _Members()
    found.entries = len(archive.infolist())
    # Not is_dir(), which stumbles over members without a name.
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    _refuse_many(len(infos), source)
    # Each on its own passes for harmless, or is refused by itself.
    _refuse_exploding(sum(info.file_size for info in infos if info.file_size <= _RATIO_FREE_BYTES), source)
    for info in infos:
        opener = _zip_opener(archive, info, source.name)
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        found.append((_member_name(info), is_link, opener, info.file_size, max(1, info.compress_size)))
    return found


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> Callable[[], BinaryIO]:
    def opener() -> BinaryIO:
        if info.compress_type not in ZIP_PACKINGS:
            name = f"{shown}!{_member_name(info)}"
            raise InputError(name, "is packed in a way that is not read", hint="unpack the zip file")
        return archive.open(info)  # type: ignore[return-value]

    return opener


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a zip member; macOS writes UTF-8 without the flag that says so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _tar_members(stream: BinaryIO, source: Source) -> _Members:
    """Return the members of a tar file; a compressed one is read through once to find them."""
    if source.head()[:2] == gzip_stream.MARK:
        # Members are read in any order, and each more than once.
        stream = io.BufferedReader(gzip_stream.GzipStream(stream), _HEAD_BYTES)
    # It stays open as long as one of its members may be read.
    archive, found = tarfile.open(fileobj=stream, mode="r:*"), _Members()  # noqa: SIM115
    unpacked = 0
    for info in archive:
        found.entries += 1
        unpacked += info.size
        _refuse_many(found.entries, source)
        _refuse_exploding(unpacked, source)
        if not info.isdir():
            found.append((info.name.removeprefix("./"), not info.isreg(), _tar_opener(archive, info), info.size, 0))
    return found


def _tar_opener(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], BinaryIO]:
    return lambda: archive.extractfile(info)  # type: ignore[return-value]


def _refuse_exploding(unpacked: int, source: Source) -> None:
    """Raise InputError if so many bytes are far more than an archive of its size holds."""
    if unpacked > _RATIO_FREE_BYTES and unpacked / max(1, source.size) > MAX_RATIO:
        raise InputError(source.name, f"unpacks to over {MAX_RATIO} times its size", hint="not a plain export")


def _refuse_many(count: int, source: Source) -> None:
    if count > MAX_MEMBERS:
        raise InputError(source.name, f"holds over {MAX_MEMBERS:,} files", hint="not a plain export")
