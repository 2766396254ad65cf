"""HTML as a stream of tags and texts, in one pass and in linear time whatever is left open or damaged."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

_NAME = re.compile(r"[a-zA-Z][^\s/>]*")
_SPACE = re.compile(r"[\s/]*")
# Only a quote that nothing closes is looked for in vain, so that happens once or twice in a page.
_ATTRIBUTE = re.compile(r"""([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)?))?""")
_COMMENT_END = re.compile(r"--!?>")
# What stands in these is no markup.
_RAW = {tag: re.compile(rf"</{tag}(?=[\s/>])", re.IGNORECASE) for tag in ("script", "style")}
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


class Token(NamedTuple):
    """A tag or a text: `kind` is "start", "end" or "text", `text` its name or words, `line` where it begins."""

    kind: str
    text: str
    line: int
    given: dict[str, str]
    closed: bool = False
    """Whether a start tag is written as its own end, too: <br/>."""


_NOTHING: dict[str, str] = {}


def tokens(markup: str) -> Iterator[Token]:
    """Yield the tags and texts of a page; what begins like markup and never ends is text, comments are left out.

    >>> [(t.kind, t.text) for t in tokens("<p class=a>1 < 2 &amp; so on<!-- or not --></P>")]
    [('start', 'p'), ('text', '1 < 2 & so on'), ('end', 'p')]
    """
    return _Scanner(markup).tokens()


class _Scanner:
    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._last = markup.rfind(">")
        self._line, self._counted = 1, 0
        self._has_hidden = False
        self._in_vain: set[str] = set()

    def tokens(self) -> Iterator[Token]:
        """Yield all tokens."""
        markup, start, line = self._markup, 0, 1
        at = markup.find("<")
        while 0 <= at < self._last:
            end, found = self._markup_at(at)
            if not end:
                at = markup.find("<", at + 1)
                continue
            if start < at:
                yield self._text(start, at, line)
            yield from found
            start, line = end, self._line_at(end)
            at = markup.find("<", end)
        if start < len(markup):
            yield self._text(start, len(markup), line)

    def _text(self, start: int, end: int, line: int) -> Token:
        return Token("text", html.unescape(self._markup[start:end]), line, _NOTHING)

    def _line_at(self, at: int) -> int:
        """Return the line of a place, which lies behind all those that were asked for before."""
        self._line += self._markup.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _markup_at(self, at: int) -> tuple[int, list[Token]]:
        """Return where the markup that begins at a sign ends, and what it says; 0 if it is text."""
        markup = self._markup
        if name := _NAME.match(markup, at + 1):
            return self._start(at, name)
        after = markup[at + 1 : at + 2]
        if after == "/":
            end = self._find(">", at) + 1
            name = _NAME.match(markup, at + 2)
            return end, [Token("end", name.group().lower(), self._line_at(at), _NOTHING)] if name and end else []
        if markup.startswith("<!--", at):
            return self._comment(at), []
        if markup.startswith(_CDATA, at) and (end := self._find(_CDATA_END, at)) >= 0:
            said = Token("text", markup[at + len(_CDATA) : end], self._line_at(at), _NOTHING)
            return end + len(_CDATA_END), [said]
        return (self._find(">", at) + 1 if after in ("!", "?") else 0), []

    def _find(self, sign: str, at: int) -> int:
        """Return where the next of a sign is, -1 if there is none, which is looked for once only."""
        found = -1 if sign in self._in_vain else self._markup.find(sign, at)
        if found < 0:
            self._in_vain.add(sign)
        return found

    def _comment(self, at: int) -> int:
        end = None if "--" in self._in_vain else _COMMENT_END.search(self._markup, at + 2)
        if end is None:
            self._in_vain.add("--")
        return end.end() if end else 0

    def _start(self, at: int, name: re.Match[str]) -> tuple[int, list[Token]]:
        # A quoted value may hide the end of a tag, but once it hid the rest of the page none is trusted any more.
        end, given = (-1, _NOTHING) if self._has_hidden else self._attributes(name.end(), len(self._markup))
        if end < 0:
            self._has_hidden = True
            end, given = self._attributes(name.end(), self._markup.index(">", at) + 1)
        tag, closed = name.group().lower(), self._markup[end - 1] == "/"
        found = [Token("start", tag, self._line_at(at), given, closed)]
        end += 1
        if tag in _RAW and not closed:
            close = _RAW[tag].search(self._markup, end)
            end = close.start() if close else len(self._markup)
        return end, found

    def _attributes(self, at: int, stop: int) -> tuple[int, dict[str, str]]:
        """Return where the end of a start tag stands, -1 if it is beyond `stop`, and what it gives."""
        given: dict[str, str] = {}
        while (at := _SPACE.match(self._markup, at, stop).end()) < stop:  # type: ignore[union-attr]
            if self._markup[at] == ">":
                return at, given
            match = _ATTRIBUTE.match(self._markup, at, stop)
            assert match, "any sign but those skipped begins a name"
            name, *values = match.groups()
            value = next((v for v in values if v), "")
            given.setdefault(name.lower(), html.unescape(value) if "&" in value else value)
            at = match.end()
        return -1, given
