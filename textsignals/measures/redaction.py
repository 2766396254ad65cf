"""Hides in a text who wrote it, who is meant, and what opens a door; one set of rules, two ways to fill the gaps."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from textsignals.measures.identifiers import Span, identifiers
from textsignals.measures.person_names import KnownNames, other_names

_BLOT = "█"

# Letters that look like Latin ones, by which a name is written past a filter (Unicode TR 39, the most frequent), and
# letters that people without that keyboard write in another way.
# One mapping for both cases of a letter, else a name in capitals would not be the same name.
_LOOKS_LIKE = dict(zip("аеорсухіјѕԁһвмнткαβεζηικμνορτυχłøđð", "aeopcyxijsdhbmhtkabezhikmnoptyxlodd", strict=True))
_LOOKS_LIKE |= {one.upper(): other.upper() for one, other in _LOOKS_LIKE.items()}
_LOOKS_LIKE |= dict(zip("ıɡ’‘ʼ＇‐‑–", "ig''''---", strict=True))
_LOOKS_LIKE |= {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "Æ": "Ae", "Œ": "Oe", "Þ": "Th", "ẞ": "SS"}
_DROPPED = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe0e\ufe0f\uffa0")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "ø": "oe"})


class Redactor:
    """Hides the names of one export first, then whatever has a telling shape, then names that the export does not know.

    `names` are authors, handles and mail addresses as the export writes them.

    >>> redact = Redactor(["Ann Lee"])
    >>> redact("Ask @Ann Lee, ann@example.org or @ben about PAY-12")
    'Ask [name], [mail] or [name] about [ticket]'
    >>> redact.blot("Ask @Ann Lee, ann@example.org or @ben")
    'Ask ████████, ███████████████ or ████'
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        written = sorted({name for name in names if name.strip()})
        # Müller is Muller to some keyboards and Mueller to others.
        spellings = dict.fromkeys(s for name in written for s in (name, name.translate(_UMLAUTS)))
        self._known = KnownNames(_fold(name)[0] for name in spellings)

    def __call__(self, text: str) -> str:
        """Return the text with the kind of what was there in each gap: [name], [mail], [link], [key] and so on."""
        return self._filled(text, lambda span: f"[{span.kind}]")

    def blot(self, text: str) -> str:
        """Return the text blotted out, every offset as it was."""
        return self._filled(text, lambda span: _BLOT * (span.end - span.start))

    def _filled(self, text: str, fill: Callable[[Span], str]) -> str:
        parts: list[str] = []
        at = 0
        for span in self.find(text):
            parts += [text[at : span.start], fill(span)]
            at = span.end
        return "".join([*parts, text[at:]])

    def find(self, text: str) -> list[Span]:
        """Return what must not be read, in order and without overlaps, as offsets into the text."""
        folded, places = _fold(text)
        found = chain(self._known.find(folded), identifiers(folded), other_names(folded))
        return [
            Span(places[span.start], max(places[span.end], places[span.end - 1] + 1), span.kind)
            for span in _merged(folded, found)
        ]

    def names_in(self, text: str) -> bool:
        """Return whether a text still holds a name of this export."""
        return any(True for _ in self._known.find(_fold(text)[0]))


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """Return a text in plain letters, as names are compared, and for each of its signs the place in the text."""
    if text.isascii():
        return text, range(len(text) + 1)
    plain = [_plain(char) for char in text]
    places = [i for i, chars in enumerate(plain) for _ in chars]
    return "".join(plain), [*places, len(text)]


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """Return a character without its accent and without compatibility forms; "" for signs of zero width."""
    if char in _LOOKS_LIKE:
        return _LOOKS_LIKE[char]
    if char in _DROPPED or unicodedata.category(char) == "Cf" or unicodedata.combining(char):
        return ""
    if "가" <= char <= "힣":
        return char
    parts = unicodedata.normalize("NFKD", char)
    return "".join(_LOOKS_LIKE.get(part, part) for part in parts if not unicodedata.combining(part))


def _merged(text: str, found: Iterable[Span]) -> Iterator[Span]:
    """Yield spans in order; what overlaps, or is one name after the other, becomes one span of the longest's kind."""
    open_: Span | None = None
    longest = 0
    for span in sorted(found):
        if open_ and (
            span.start < open_.end or (open_.kind == span.kind == "name" and text[open_.end : span.start] in ("", " "))
        ):
            kind = span.kind if span.end - span.start > longest else open_.kind
            open_ = Span(open_.start, max(open_.end, span.end), kind)
        else:
            if open_:
                yield open_
            open_, longest = span, 0
        longest = max(longest, span.end - span.start)
    if open_:
        yield open_
