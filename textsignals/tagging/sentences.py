"""Splits text into sentences with exact offsets: bullets, headings, chat lines, speakers, code and quotes known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.language import Language
from spacy.pipeline import Sentencizer

# Longer sentences are cut at a blank, and of a text the first thousand are tagged: sizes that no person writes.
MAX_SENTENCE_CHARS = 2_000
MAX_SENTENCES = 1_000

# Signs that mean the same, each replaced by exactly one sign, so that offsets stay those of the text as read.
_SAME = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "}
)
# Halves of emoji, left by exports that cut texts; spaCy cannot encode them.
_SAME |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

_LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c\x85]+")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_QUOTE = re.compile(r"\s*(?:>|&gt;)")
_HEADING = re.compile(r"\s*#{1,6}\s")
_BULLET = re.compile(r"\s*(?:[-*+•·▪◦‣–]|\(?\d{1,3}[.)]|[a-z]\))\s+(?:\[[ xX]\]\s+)?")
_CHAT = re.compile(r"\s*\[?\d{1,2}:\d\d(?::\d\d)?\]?\s*(?:<[^<>\s]{1,40}>|[^:\n]{1,40}:)\s+|\s*<[^<>\s]{1,40}>\s+")
_SPEAKER = re.compile(
    r"\s*(?:@[\w.-]+|\*\*[^*\n]{1,40}\*\*|[A-Z][\w'.-]+(?: [A-Z][\w'.-]*){0,2}):\s+(?=\S+\s+\S+\s+\S+)"
)
# Words before a colon that announce what follows and are no names.
_LABELS = frozenset(
    "action actions agenda answer blocker blockers context decision decisions done fyi goal goals heads idea impact"
    " issue issues next note notes outcome owner plan problem problems ps question reminder result risk risks scope"
    " status summary tip title todo topic update updates warning why yesterday today tomorrow".split()
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_WORDS = re.compile(r"https?://\S+|:[a-z0-9_+-]+:|@[\w.-]+")

_SENTENCIZER = Sentencizer()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A span [start, end) of a text; `kind` is sentence, heading, quote or code, and only sentences are tagged."""

    start: int
    end: int
    kind: str = "sentence"


def normalise(text: str) -> str:
    """Return the text with typographic signs made plain, of exactly the same length.

    >>> normalise("Don’t – please")
    "Don't - please"
    """
    return text.translate(_SAME)


def has_words(text: str) -> bool:
    """Return whether there is a word besides links, emoji names and mentions."""
    return bool(_WORD.search(_NO_WORDS.sub(" ", text)))


def split(text: str, nlp: Language) -> Iterator[Sentence]:
    """Yield what the text is made of, in order and without overlap; every word lies in one span or in a prefix.

    A line break always ends a sentence. Markers of bullets, times and names before what was said are left outside.
    """
    fenced = False
    for line in _LINE.finditer(text):
        start, end = line.span()
        if _FENCE.match(line.group()):
            # A fence opened and closed in one line leaves the state as it was.
            fenced ^= len(re.findall(r"```|~~~", line.group())) % 2 == 1
            yield Sentence(start, end, "code")
        elif fenced:
            yield Sentence(start, end, "code")
        elif _QUOTE.match(line.group()):
            yield Sentence(start, end, "quote")
        elif _HEADING.match(line.group()):
            yield Sentence(start, end, "heading")
        else:
            yield from _sentences(text, _content(text, start, end), end, nlp)


def _content(text: str, start: int, end: int) -> int:
    """Return where a line's words begin, after bullet, time and speaker."""
    for prefix in (_CHAT, _BULLET):
        match = prefix.match(text, start, end)
        start = match.end() if match else start
    match = _SPEAKER.match(text, start, end)
    if match and _WORD.search(match.group()) and match.group().split()[0].strip(":*").casefold() not in _LABELS:
        start = match.end()
    return start


def _sentences(text: str, start: int, end: int, nlp: Language) -> Iterator[Sentence]:
    """Yield the sentences of a line, which is read in windows of the longest sentence."""
    while start < end:
        stop = min(end, start + MAX_SENTENCE_CHARS)
        if stop < end:
            blank = text.rfind(" ", start, stop)
            stop = stop if blank < 0 else blank + 1
        spans = list(_SENTENCIZER(nlp.make_doc(normalise(text[start:stop]))).sents)
        if stop < end and len(spans) > 1:
            # The last one may go on beyond the window, so the next begins with it.
            stop = start + spans.pop().start_char
        for span in spans:
            words = span.text.strip()
            if words:
                first = start + span.start_char + (len(span.text) - len(span.text.lstrip()))
                yield Sentence(first, first + len(words), "sentence")
        start = stop
