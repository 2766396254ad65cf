"""Gzip that can be read out of order: going back starts at the nearest of some marks, not at the beginning."""

from __future__ import annotations

import io
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, BinaryIO

MARK = b"\x1f\x8b"
# zlib's sign for a gzip header and trailer.
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK_BYTES = 16 * 1024
# So much at most is unpacked again to go back, until there are too many marks, which take some 50 kB each.
_SPACING = 256 * 1024
_MAX_MARKS = 512


@dataclass(frozen=True, slots=True)
class _Mark:
    """The state of unpacking at a place: how much came out, where the packed file stood, and the decoder."""

    at: int
    packed_at: int
    decoder: Any


class GzipStream(io.RawIOBase):
    """The unpacked bytes of a gzip stream, which can be sought; memory stays small whatever its size.

    Reading raises zlib.error or EOFError if the bytes are damaged or cut off.
    """

    def __init__(self, packed: BinaryIO) -> None:
        self._packed, self._at = packed, 0
        self._decoder = zlib.decompressobj(_GZIP)
        self._spacing = _SPACING
        self._marks = [_Mark(0, packed.tell(), self._decoder.copy())]

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many unpacked bytes lie before the next."""
        return self._at

    def close(self) -> None:
        """Close the packed file, too."""
        self._packed.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Unpack into a buffer, and return how many bytes that were; 0 at the end."""
        data = self._unpack(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an unpacked byte, counted from the start or from here; at most to the end."""
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end is not known")
        target = offset + (self._at if whence == io.SEEK_CUR else 0)
        mark = self._marks[max(0, bisect_right(self._marks, target, key=lambda mark: mark.at) - 1)]
        if target < self._at or mark.at > self._at:
            self._at, self._decoder = mark.at, mark.decoder.copy()
            self._packed.seek(mark.packed_at)
        while self._at < target and self._unpack(min(_SPACING, target - self._at)):
            pass
        return self._at

    def _unpack(self, most: int) -> bytes:
        """Return the next bytes, none at the end."""
        data = b""
        while not data and most:
            if self._decoder.eof and not self._next_member():
                return b""
            packed = self._decoder.unconsumed_tail or self._packed.read(_CHUNK_BYTES)
            if not packed:
                raise EOFError("it ends too early")
            data = self._decoder.decompress(packed, most)
        self._at += len(data)
        if self._at >= self._marks[-1].at + self._spacing and not self._decoder.eof:
            self._set_mark()
        return data

    def _next_member(self) -> bool:
        """Begin what is packed behind the end of the first, as some programs append; zeros there are padding."""
        rest = self._decoder.unused_data.lstrip(b"\0")
        while not rest:
            packed = self._packed.read(_CHUNK_BYTES)
            if not packed:
                return False
            rest = packed.lstrip(b"\0")
        self._packed.seek(-len(rest), io.SEEK_CUR)
        self._decoder = zlib.decompressobj(_GZIP)
        return True

    def _set_mark(self) -> None:
        # The packed bytes that the decoder has not taken yet are kept in its copy.
        self._marks.append(_Mark(self._at, self._packed.tell(), self._decoder.copy()))
        if len(self._marks) > _MAX_MARKS:
            self._marks, self._spacing = self._marks[::2], self._spacing * 2
