"""What every reader works with: options, a log that accounts for every record, safe decoding, ids and clean text."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from hashlib import blake2b

from textsignals.errors import InputError
from textsignals.readers.sources import Source
from textsignals.records import FileReport, Problem

# Far above what people write; the rest of a longer line or text is cut, and that is told.
MAX_TEXT_CHARS = 64 * 1024
MAX_LINE_CHARS = 2**20
# So much is read at once where lines are wanted; less than the longest line, so that one is cut at most once.
_CHUNK_CHARS = 2**18
DATE_ORDERS = ("dmy", "mdy", "ymd")
_KEPT_IDS = 100_000
# How UTF-16 begins.
MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
# How bytes that are not UTF-8 arrive from a decoder that keeps them.
_ESCAPED = re.compile(r"[\udc80-\udcff]")
# Control characters but tab and line feed, and halves of characters, which JSON can spell and no encoder takes.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_DAMAGED = "encoding: UTF-8 with broken bytes"
_LEGACY = "encoding: Windows-1252"


@dataclass(frozen=True, slots=True)
class Options:
    """How to read what a file leaves open.

    `tz` is the zone of times that name none, `columns` the columns of tables by role ("text", "author", ...),
    `date_order` "dmy", "mdy" or "ymd" where days and months cannot be told apart, else None.
    """

    tz: tzinfo = UTC
    columns: Mapping[str, str] = field(default_factory=dict)
    date_order: str | None = None


class FileLog:
    """Accounts for the records of one file: readers say what they met and what they left out."""

    def __init__(self, file: str, format_: str, sure: float = 1.0) -> None:
        self.file, self.format, self.sure = file, format_, sure
        self.read = self.yielded = 0
        self.skipped: Counter[str] = Counter()
        self.details: Counter[str] = Counter()
        self.assumptions: list[str] = []
        self.problems: list[Problem] = []
        self.quarantined = 0
        self.broken_bytes = False
        self.complete = True
        self._ids: dict[bytes, int] = {}
        self._older_ids: dict[bytes, int] = {}

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

    def identify(self, source: str, *parts: object) -> str:
        """Return an id, the same in every run, for a record that brings none of its own, from all that is known of it.

        Two records of one file that are alike in everything get different ones.
        """
        hashed = blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8)
        key = hashed.digest()
        nth = self._ids[key] = 1 + max(self._ids.get(key, 0), self._older_ids.get(key, 0))
        # Records alike in everything, their time included, stand near each other.
        if len(self._ids) > _KEPT_IDS:
            self._older_ids, self._ids = self._ids, {}
        return f"{source}:{hashed.hexdigest()}" + (f".{nth}" if nth > 1 else "")

    def close(self) -> None:
        """Forget what only mattered while the file was read."""
        self._ids, self._older_ids = {}, {}

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
            self.sure,
        )


def decode(data: bytes, log: FileLog) -> str:
    """Return the text of a file: UTF-8 or UTF-16 by its mark, else UTF-8, else Windows-1252 (noted as assumed).

    Bytes broken inside a file that is UTF-8 otherwise become U+FFFD, and `log.broken_bytes` says that there are some.
    Raises InputError for binary files.
    """
    if data[:2] in MARKS_16:
        return data.decode("utf-16", errors="replace").replace("\x00", "")
    body = data.removeprefix(b"\xef\xbb\xbf")
    _refuse_binary(body, log)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_legacy(body, error, log):
            return body.decode("cp1252", errors="replace")
        return body.decode("utf-8", errors="replace")


def _refuse_binary(body: bytes, log: FileLog) -> None:
    if b"\x00" in body:
        raise InputError(log.file, f"is not text (zero byte at {body.index(0)})", hint="give the exported file itself")


def _is_legacy(body: bytes, error: UnicodeDecodeError, log: FileLog) -> bool:
    """Return whether bytes that are not UTF-8 are Windows-1252, else damage, and note which was assumed.

    Raises InputError if they are neither.
    """
    # Whole multi-byte characters elsewhere mean UTF-8 with damage; Windows-1252 would turn them into rubbish.
    mended = body.decode("utf-8", errors="replace")
    if len(re.findall(r"[^\x00-\x7f\ufffd]", mended)) < mended.count("\ufffd"):
        try:
            body.decode("cp1252")
        except UnicodeDecodeError:
            # Bytes that Windows-1252 leaves undefined: a few are damage, many are no text.
            if body.count(b"\x81") + body.count(b"\x8d") > len(body) / 20:
                raise InputError(log.file, f"is neither UTF-8 nor Windows-1252 text ({error})") from error
        else:
            log.assume(_LEGACY)
            return True
    log.broken_bytes = True
    log.assume(_DAMAGED)
    return False


def lines(source: Source, log: FileLog) -> Iterator[str]:
    """Yield the lines of a text file of any size without their ends, decoded as `decode` does, in constant memory.

    Lines end at LF, CR or both. One over 2^20 characters comes in pieces. Whether bytes that are not UTF-8 are
    Windows-1252 is decided where the first of them stand, together with the first bytes of the file.
    """
    head = source.head()
    wide = head[:2] in MARKS_16
    if not wide:
        _refuse_binary(head, log)
    legacy: bool | None = None
    encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
    with io.TextIOWrapper(source.open(), encoding, errors=errors) as stream:
        for chunk in _chunks(stream):
            found = chunk.split("\n")
            # Of most chunks this is known at once, without a look at each line.
            if chunk.isascii() or not _ESCAPED.search(chunk):
                yield from found
                continue
            for line in found:
                if _ESCAPED.search(line):
                    raw = line.encode("utf-8", "surrogateescape")
                    if legacy is None:
                        # A line within the first bytes must not count twice.
                        legacy = _guess_legacy(head if raw in head else head + raw, log)
                    line = raw.decode("cp1252" if legacy else "utf-8", errors="replace")
                yield line


def _chunks(stream: io.TextIOWrapper) -> Iterator[str]:
    """Yield a file in pieces that end where lines do: a call for each line would take three times as long."""
    rest = ""
    while chunk := stream.read(_CHUNK_CHARS):
        whole, end, last = chunk.rpartition("\n")
        if end:
            yield rest + whole
            rest = last
        else:
            rest += last
        if len(rest) >= MAX_LINE_CHARS:
            yield rest[:MAX_LINE_CHARS]
            rest = rest[MAX_LINE_CHARS:]
    if rest:
        yield rest


def _guess_legacy(body: bytes, log: FileLog) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return _is_legacy(body, error, log)
    return False


def clip(message_text: str, log: FileLog) -> str:
    """Return the text without control characters and halves of characters, cut to the longest that is tagged."""
    text = (message_text if message_text.isprintable() else _UNFIT.sub("", message_text)).strip()
    if len(text) <= MAX_TEXT_CHARS:
        return text
    log.assume(f"texts over {MAX_TEXT_CHARS:,} characters are cut there")
    return text[:MAX_TEXT_CHARS]
