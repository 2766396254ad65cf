"""JSON files of any size, element by element or line by line: lists of the outermost object are never held whole."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Container, Iterable, Iterator
from typing import Any, BinaryIO

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, MAX_LINE_CHARS, FileLog, lines
from textsignals.readers.sources import Source

# Characters read at once; an element that is longer is read on for, twice as far each time.
_CHUNK = 2**20
# An object longer than this is no message and no list of settings.
_MAX_ELEMENT = 2**28
# Nor is a line of more pieces of 2^20 characters.
_MAX_PIECES = 64
_HINT = "export it again"
_BLANK = re.compile(r"[ \t\r\n]*")
_ESCAPED = re.compile(r"[\udc80-\udcff]")
_DECODER = json.JSONDecoder()
# So far from the end of what was read, a mistake is one; nearer, the rest may be still to come.
_LONGEST_TOKEN = 16


def is_jsonl(text: str) -> bool:
    """Return whether the first line that is not empty is a whole JSON object."""
    line = text.lstrip().split("\n", 1)[0].strip()
    if not line.startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def json_lines(source: Source, log: FileLog) -> Iterator[tuple[int, Any]]:
    """Yield (number, value) for each line that is not empty; None, which is no record, for one that is not JSON."""
    for number, line in enumerate(_whole(lines(source, log)), start=1):
        if line.strip():
            yield number, _loaded(line)


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _whole(pieces: Iterable[str]) -> Iterator[str]:
    """Yield whole lines again; one that is far too long is cut, and is no JSON then."""
    held: list[str] = []
    for piece in pieces:
        if len(held) < _MAX_PIECES:
            held.append(piece)
        if len(piece) < MAX_LINE_CHARS:
            yield "".join(held)
            held = []
    if held:
        yield "".join(held)


def elements(source: Source, log: FileLog, into: Container[str] = ()) -> Iterator[tuple[str, Any]]:
    """Yield (key, value) for each member of the outermost object, in order; a list is yielded element by element.

    A file that is a list gives ("", element) for each. Objects whose key is in `into` are entered as well: their
    members come with keys such as "chats.list". With "chats.list[]" in `into` so are the objects in that list: each is
    announced as ("chats.list[]", None), then its members come as "chats.list[].name".

    Bytes that are not UTF-8 become U+FFFD, and `log.broken_bytes` says so.

    Raises InputError where the file stops being JSON; what stands before has been yielded by then.
    """
    with source.open() as stream:
        text = _Text(stream, source.name, log)
        first = text.peek()
        if first == "{":
            yield from _members(text, "", into)
        elif first == "[":
            for value in _items(text):
                yield "", value
        else:
            raise text.error("is not complete JSON")
        if text.peek():
            raise text.error("holds more than one JSON value")


def _members(text: _Text, prefix: str, into: Container[str]) -> Iterator[tuple[str, Any]]:
    for _ in text.parts("{", "}"):
        name = text.value()
        if not isinstance(name, str) or text.peek() != ":":
            raise text.error("is not complete JSON")
        text.take()
        key = prefix + name
        first = text.peek()
        if first == "[" and f"{key}[]" in into:
            yield from _entered(text, f"{key}[]", into)
        elif first == "[":
            for value in _items(text):
                yield key, value
        elif first == "{" and key in into:
            yield from _members(text, f"{key}.", into)
        else:
            yield key, text.value()


def _entered(text: _Text, key: str, into: Container[str]) -> Iterator[tuple[str, Any]]:
    for _ in text.parts("[", "]"):
        if text.peek() == "{":
            yield key, None
            yield from _members(text, f"{key}.", into)
        else:
            yield key, text.value()


def _items(text: _Text) -> Iterator[Any]:
    for _ in text.parts("[", "]"):
        yield text.value()


class _Text:
    """The text of a file with a place in it, of which only a window is in memory."""

    def __init__(self, stream: BinaryIO, name: str, log: FileLog) -> None:
        mark = stream.peek(2)[:2]  # type: ignore[attr-defined]
        wide = mark in MARKS_16
        # The decoder of UTF-16 knows no escapes.
        encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
        self._stream = io.TextIOWrapper(stream, encoding, errors=errors)
        self._name, self._log = name, log
        self._window, self._at, self._before = "", 0, 0

    def error(self, problem: str) -> InputError:
        """Return the error for a mistake at this place."""
        return InputError(self._name, problem, place=f"character {self._before + self._at + 1}", hint=_HINT)

    def peek(self) -> str:
        """Return the next character that is not blank, "" at the end."""
        while True:
            match = _BLANK.match(self._window, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more(_CHUNK):
                return ""

    def take(self) -> str:
        """Return that character and go past it."""
        found = self.peek()
        self._at += len(found)
        return found

    def parts(self, opens: str, closes: str) -> Iterator[None]:
        """Go past the brackets and commas of a list or object, and stop at each part of it."""
        if self.take() != opens:
            raise self.error("is not complete JSON")
        if self.peek() == closes:
            self.take()
            return
        while True:
            yield
            if self.peek() not in (closes, ",", ""):
                raise self.error("is not complete JSON")
            sign = self.take()
            if sign == closes:
                return

    def value(self) -> Any:
        """Return the value at this place and go past it."""
        self.peek()
        size, ended = _CHUNK, False
        while True:
            try:
                value, end = _DECODER.raw_decode(self._window, self._at)
            except RecursionError as error:
                raise self.error("is not JSON that an export holds (too deep)") from error
            except json.JSONDecodeError as error:
                whole = error.pos <= len(self._window) - _LONGEST_TOKEN and not error.msg.startswith("Unterminated")
                if ended or whole:
                    self._at = min(error.pos, len(self._window))
                    raise self.error("is not complete JSON") from error
            except ValueError as error:
                raise self.error("holds a number that is none") from error
            else:
                # A number at the very end may go on.
                if ended or end < len(self._window):
                    self._at = end
                    return value
            if len(self._window) - self._at > _MAX_ELEMENT:
                raise self.error(f"holds one element of over {_MAX_ELEMENT:,} characters")
            ended = not self._more(size)
            size *= 2

    def _more(self, size: int) -> bool:
        """Read on, dropping what lies behind; return whether there was anything."""
        chunk = self._stream.read(size)
        if _ESCAPED.search(chunk):
            self._log.broken_bytes = True
            self._log.assume("encoding: UTF-8 with broken bytes")
            chunk = _ESCAPED.sub("\ufffd", chunk)
        self._window = self._window[self._at :] + chunk
        self._before += self._at
        self._at = 0
        return bool(chunk)
