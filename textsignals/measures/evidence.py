"""Which example sentences a report may quote: few, of many people, redacted, in no order that tells anything."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from textsignals.measures.privacy import MIN_AUTHORS, may_show
from textsignals.measures.redaction import Redactor
from textsignals.measures.scores import Place, Tally

AUTHORS_OF_WINDOW = 10
AUTHORS_OF_SIGNAL = 3
DOCUMENTS_OF_WINDOW = 2
DOCUMENTS_OF_SIGNAL = 3
"""The floors of the policy (docs/privacy.md); sources without authors are counted by documents."""

MOST = 3
"""So many quotes at most for a team's signal."""

# More than that are kept for no window and signal, since some fall away when they are redacted.
_KEPT = 16

_LONGEST, _FEWEST_WORDS = 240, 4
_MOST_MASKED = 1 / 3

TallyOf = Callable[[str, str, str | None], Tally]
"""Returns what was counted in a team and period: in all of it, or in one of its strata."""


class Candidate(NamedTuple):
    """A sentence that carries a signal: where it stands, and who wrote it (a pseudonym, or None if not recorded).

    `period` is the window of the report, or a part of one that `TallyOf` understands; `stratum` the channel or the kind
    of source; `sentence` as written.
    """

    team: str
    period: str
    signal: str
    who: str | None
    document: str
    stratum: str
    sentence: str

    @property
    def source(self) -> tuple[bool, str]:
        """Whose voice it is: of a person, or of a document that names none."""
        return (True, self.who) if self.who is not None else (False, self.document)


class Quotes:
    """Keeps a few candidates while sentences stream by; which ones depends on what they say, not on when they came.

    For each team, period and signal it keeps one sentence of each of a few voices, so that memory grows with the cells
    of a report and not with the text.
    """

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str, str], dict[tuple[bool, str], tuple[bytes, Candidate]]] = defaultdict(dict)

    def offer(self, candidate: Candidate) -> None:
        """Keep a candidate if its text may do as a quote, and its turn comes before that of those kept."""
        if not _fit(candidate.sentence):
            return
        cell = self._cells[candidate[:3]]
        offered = (_turn(candidate), candidate)
        if candidate.source not in cell or offered[0] < cell[candidate.source][0]:
            cell[candidate.source] = offered
        if len(cell) > _KEPT:
            del cell[max(cell, key=lambda source: cell[source][0])]

    def offer_from(self, place: Place, who: str | None, document: str, signal: str, sentence: str) -> None:
        """Offer a sentence as it was counted (see `scores.Offer`); its period is its day, or "" if it has none."""
        team, day, stratum = place
        period = day.isoformat() if day else ""
        self.offer(Candidate(team, period, signal, who, document, stratum, sentence))

    def in_turn(self) -> Iterator[Candidate]:
        """Yield what was kept: signals of few candidates first, else in an order that only the texts decide."""
        kept = [offered for cell in self._cells.values() for offered in cell.values()]
        n: dict[tuple[str, str], int] = defaultdict(int)
        for _, candidate in kept:
            n[candidate.team, candidate.signal] += 1
        yield from (c for _, c in sorted(kept, key=lambda k: (n[k[1].team, k[1].signal], k[0], k[1].document)))


def choose(
    quotes: Quotes,
    tally_of: TallyOf,
    redact: Redactor,
    leave_out: Container[str] = (),
    min_authors: int = MIN_AUTHORS,
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the redacted sentences that may be quoted, at most MOST for each (team, signal), in a settled order.

    A window needs 10 authors, three of them with that signal, and a channel 5; `min_authors` raises the first and the
    last. Nobody is quoted twice in a report. What has no author is quoted only out of windows without any, of 2
    documents, three with that signal, and each document once. Signals in `leave_out` are quoted never: those that point
    at a lead, where the organisation reads.
    """
    chosen: dict[tuple[str, str], list[str]] = defaultdict(list)
    used: set[tuple[str, bool, str]] = set()
    for candidate in quotes.in_turn():
        told = chosen[candidate.team, candidate.signal]
        # A person who writes in two teams is one person; documents of two teams may share a name.
        voice = ("" if candidate.who is not None else candidate.team, *candidate.source)
        if len(told) == MOST or voice in used or candidate.signal in leave_out:
            continue
        if not _enough(candidate, tally_of, min_authors):
            continue
        if (text := quotable(candidate.sentence, redact)) and text not in told:
            told.append(text)
            used.add(voice)
    # By what is shown: the order in which they were chosen says how many candidates a signal had.
    return {key: tuple(sorted(told, key=_digest)) for key, told in sorted(chosen.items()) if told}


def _enough(candidate: Candidate, tally_of: TallyOf, min_authors: int) -> bool:
    """Return whether enough others speak in the window, of the signal and in the channel to hide one voice."""
    window = tally_of(candidate.team, candidate.period, None)
    with_signal = {cluster for (cluster, name), n in window.flags.items() if name == candidate.signal and n}
    if not may_show(window, min_authors).shown:
        return False
    if candidate.who is None:
        documents = {document for (_, document), n in window.sentences.items() if n}
        with_documents = {document for _, document in with_signal}
        return (
            not window.authors and len(documents) >= DOCUMENTS_OF_WINDOW and len(with_documents) >= DOCUMENTS_OF_SIGNAL
        )
    channel = tally_of(candidate.team, candidate.period, candidate.stratum)
    return (
        len(window.authors) >= AUTHORS_OF_WINDOW
        and len({who for who, _ in with_signal} - {None}) >= AUTHORS_OF_SIGNAL
        and len(channel.authors) >= min_authors
    )


# What is said by somebody else, or to a machine; a number of three digits or with a sign can be looked up.
_QUOTES = re.compile(r"[\"“”„«»‹›]|(?:^|\s)['‘‚]\w|^\s*>|\bquot(?:e|ed|ing)\b", re.IGNORECASE)
_CODE = re.compile(r"[`{}<>\\|=;^~█]|\w\(|\(\)|\w_\w|::|->|//|\b[a-z]+[A-Z]\w*|--\w|\w\.\w{2,}")
_RARE_NUMBER = re.compile(
    r"\d{3}|\d[.,:/]\d|[$€£¥%#№]\s?\d|\d\s?[$€£¥%]|\d+\s?(?:k|m|bn|mio|percent|euros?|dollars?)\b", re.IGNORECASE
)
_GAP = re.compile(r"\[(?:name|mail|link|number|key|ticket|ip|id|phone|path)\]")


def _fit(sentence: str) -> bool:
    """Return whether a sentence could be quoted at all, before it is redacted."""
    return len(sentence) <= 2 * _LONGEST and len(sentence.split()) >= _FEWEST_WORDS and not _QUOTES.search(sentence)


def quotable(sentence: str, redact: Redactor) -> str | None:
    """Return the sentence redacted, or None if it should not be quoted.

    It must be of 4 words to 240 characters, lose no more than a third of its words, and hold no quote of others, no
    code, no rare number, and no known name after redaction.

    >>> quotable("Ann found out from the client again.", Redactor(["Ann Lee"]))
    '[name] found out from the client again.'
    >>> quotable("Ann, Ben and Zoe again.", Redactor(["Ann", "Ben", "Zoe"]))
    """
    text = " ".join(redact(sentence).split())
    bare = _GAP.sub(" ", text)
    words = text.split()
    left = [word for word in words if any(map(str.isalpha, _GAP.sub("", word)))]
    if len(text) > _LONGEST or len(left) < _FEWEST_WORDS or len(words) - len(left) > _MOST_MASKED * len(words):
        return None
    if not text.isprintable() or _QUOTES.search(bare) or _CODE.search(bare) or _RARE_NUMBER.search(bare):
        return None
    # A gap may bring together what the rules had not seen as one.
    return None if redact.find(bare) else text


def _turn(candidate: Candidate) -> bytes:
    """Return what settles a candidate's place: a hash of what is said, so that neither time nor author does."""
    return _digest("\0".join((candidate.team, candidate.signal, candidate.sentence)))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
