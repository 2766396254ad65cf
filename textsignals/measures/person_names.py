"""Finds names of persons in a text: those that an export knows, and others by where and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from textsignals.measures.identifiers import Span

_LEXICON = Path(__file__).parent / "lexicon"

# Scripts without blanks between words: there each sign is a token of its own, elsewhere a run of letters and digits is.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")

# Names of the longest kind have so many words; of a longer one, its beginning is looked for.
_MOST_TOKENS = 8
# "Lee, Ann", "ann.lee", "Ann -- Lee": more than that between two words, and they are not one name.
_WIDEST_GAP = 3

# Words that stand in the names of accounts and say nothing about who it is.
_ROLES = frozenset(
    "team product owner lead leader manager scrum master dev qa guest speaker admin bot user unknown external"
    " support info contact office sales group account deleted former member participant facilitator host moderator"
    " anonymous me you the and of von van der den de da di du la le el al bin ibn mac mc mr mrs ms dr prof jr sr"
    " phd mba hr pm po it ceo cto cfo coo engineer developer designer analyst consultant architect intern service"
    " api system web test demo mail email com org net no reply noreply on leave away vacation ooo".split()
)

_ASKED = frozenset(
    "ask asked asking ping pinged pinging cc tell told telling thank thanks thx hi hey hello dear kudos shoutout"
    " props invite invited email emailed message messaged call called met".split()
)
_BESIDE = frozenset("with from by for to via per and or when if that while because what where until since".split())
_TITLES = frozenset("mr mrs ms miss mx dr prof professor sir madam herr frau mme monsieur senor senora".split())
_SAYS = frozenset(
    "said says asked asks told thinks thought mentioned mentions suggested suggests wants wanted agreed agrees"
    " wrote writes replied explained noted pointed reported promised volunteered offered joined left owns owned"
    " runs leads led handles reviewed approved pushed merged fixed raised shared presented showed asking and will"
    " can could would should is was has had does did isn wasn hasn didn doesn won gave took got made keeps kept"
    " never always already just also signed sent came went started stopped knows knew needs needed".split()
)
_ONLY_PERSONS = frozenset(
    "said says thinks thought mentioned suggested agreed wrote replied explained promised volunteered wants asked"
    " told".split()
)
_PARTICLES = frozenset("van von der den de da di du dos del la le el al bin ibn ben ter ten of".split())

_PARTICLE_BEFORE = re.compile(r"(?i)(?<!\w)(?:al|el|bin|ben|van|von|der|den|de|da|di|du|la|le|ni|o|mac|st)[-' ]\Z")

# What stands before and after a person's name where a thing would need an article: "not sure if X knows".
_MAY_PRECEDE = _BESIDE | frozenset("think thinks maybe need needs let about like after before see".split())
_MAY_FOLLOW = _SAYS | frozenset(
    "since until to by "
    "out today yesterday tomorrow tonight about on in at for with or but because before after again first instead too"
    " broke from if when who yet soon".split()
)
_MODALS = frozenset("can could did does should would will has is was".split())

# English words that begin sentences as often as any, and are names of persons too.
_OPENERS = frozenset(
    "will may an do so in my to he she be or on at no we us go can see you how hope grant mark bill let long joy"
    " dawn am is it if as by of the faith said guy rose".split()
)
# Endings that make another English word of one that the list holds.
_ENDING = re.compile(
    r"(?:'s|s|es|ly|ness|ing|ed|er|ers|able|ment|ments|ation|ations|ful|less|ish|like|wise|ism|ist|ists)$"
)
_SHORTEST_STEM = 5

# Signs of a list, of a heading or of a quote in front of a sentence are no more than that.
_BULLET = 12


@cache
def _lexicon(name: str) -> frozenset[str]:
    lines = (_LEXICON / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=1 << 16)
def _ordinary(word: str) -> bool:
    """Return whether a word in lower case is an English one, as such or with an ending or beginning more."""
    known = _lexicon("ordinary_words")
    if word in known:
        return True
    bare = re.sub(r"^(?:un|re|pre|non|anti|multi|sub|over|under|mis|dis|de|co|cross|inter|self|micro)", "", word)
    stems = {bare, _ENDING.sub("", word), _ENDING.sub("", bare), re.sub(r"(?:i[ez]s|ied|ier|ily|iness)$", "y", word)}
    return any(len(stem) >= _SHORTEST_STEM and (stem in known or stem + "e" in known) for stem in stems)


class KnownNames:
    """The names, handles and mail addresses of one export, and every way to write them that can be foreseen.

    Names must come folded as the text will be (see `redaction`): plain letters, no signs of zero width.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._phrases: set[tuple[str, ...]] = set()
        self._words: dict[str, bool] = {}
        for name in names:
            self._add(name.strip())
        self._longest = max(map(len, self._phrases), default=1)

    def _add(self, name: str) -> None:
        local, at, _ = name.removeprefix("@").partition("@")
        local = local.partition("+")[0] if at else local
        tokens = tuple(_TOKEN.findall(local.lower()))[:_MOST_TOKENS]
        if not tokens:
            return
        if len(tokens) == 1:
            self._add_word(tokens[0])
        else:
            self._phrases |= {tokens, *self._short(tokens)}
        # What a mail address says of a person is split as a name is; tokens of one sign are Chinese names, or initials.
        for part in tokens:
            if part not in _ROLES and not (len(tokens) > 1 and part.isdigit()):
                self._add_word(part)
        first, last = tokens[0], tokens[-1]
        if len(first) > 1 and len(last) > 1:
            pairs = map("".join, pairwise(tokens))
            for squashed in (first + last, last + first, first[0] + last, first + last[0], "".join(tokens), *pairs):
                if len(squashed) > 3 and not _ordinary(squashed):
                    self._add_word(squashed)

    def _add_word(self, word: str) -> None:
        letters = sum(map(str.isalpha, word))
        if letters >= 2 or (word.isdigit() and len(word) >= 5):
            self._words[word] = letters != 2 and not _ordinary(word)

    @staticmethod
    def _short(tokens: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield "J. Smith" and "Smith J." for John Smith."""
        first, last = tokens[0], tokens[-1]
        if len(last) > 1 and len(first) > 1:
            yield first[0], last
            # "A. al-Sayed", "J. van der Berg"
            yield first[0], *tokens[1:]
            yield first[0], *tokens[-2:]
            yield last, first[0]

    def find(self, text: str) -> Iterator[Span]:
        """Yield where names stand in a folded text, the longest first where several begin."""
        tokens = [(m.group().lower(), *m.span()) for m in _TOKEN.finditer(text)]
        i = 0
        while i < len(tokens):
            n = self._phrase(text, tokens, i) or self._word(text, tokens, i)
            if n:
                start, end = tokens[i][1], tokens[i + n - 1][2]
                particle = _PARTICLE_BEFORE.search(text, max(0, start - 5), start)
                start = particle.start() if particle else start
                yield Span(start - (text[start - 1 : start] == "@"), end, "name")
            i += n or 1

    def _phrase(self, text: str, tokens: Sequence[tuple[str, int, int]], i: int) -> int:
        """Return how many tokens from the i-th on are one known name of several words."""
        if not self._phrases:
            return 0
        reach = 1
        while reach < self._longest and i + reach < len(tokens):
            gap = text[tokens[i + reach - 1][2] : tokens[i + reach][1]]
            if len(gap) > _WIDEST_GAP or "\n" in gap:
                break
            reach += 1
        for n in range(reach, 1, -1):
            if tuple(token for token, _, _ in tokens[i : i + n]) in self._phrases:
                return n
        return 0

    def _word(self, text: str, tokens: Sequence[tuple[str, int, int]], i: int) -> int:
        word = tokens[i][0]
        sure = self._words.get(word)
        if sure is None and word[-1] == "s" and len(word) > 4 and not _ordinary(word):
            # "anyas laptop"
            sure = self._words.get(word[:-1]) or None
        if sure is None:
            return 0
        return int(sure or self._meant(text, tokens, i))

    def _meant(self, text: str, tokens: Sequence[tuple[str, int, int]], i: int) -> bool:
        """Return whether a word that is an English word too (will, mark, an) stands for the person here."""
        word, start, end = tokens[i]
        if text[start - 1 : start] == "@":
            return True
        before = tokens[i - 1][0] if i and text[tokens[i - 1][2] : start] == " " else ""
        after = tokens[i + 1][0] if i + 1 < len(tokens) and text[end : tokens[i + 1][1]] in (" ", "'") else ""
        if not text[start].isupper():
            return len(word) > 2 and (before in _ASKED or (after in _ONLY_PERSONS and word not in _OPENERS))
        if len(word) == 2 and text[start:end].isupper() and _ordinary(word):
            return False
        if word not in _OPENERS or not _starts(text, start):
            return True
        return after in _SAYS or text[end : end + 1] in (",", ":", "'")


def _starts(text: str, start: int) -> bool:
    """Return whether a word begins a sentence, a line or what is said after a colon."""
    before = text[max(0, start - _BULLET) : start].rstrip(" \t\"'*_-•>#|")
    return before[-1] in ".!?:;\n\r" if before else start <= _BULLET


@dataclass(frozen=True, slots=True)
class _Seen:
    """A word in its place: as written without a possessive, in lower case, and how it may be a name."""

    text: str
    lower: str
    start: int
    end: int
    begins: bool

    @property
    def titled(self) -> bool:
        """Whether it is written as names are: Ann, McAllister, O'Connor, Jean-Luc, Seung-hyun."""
        head, *rest = self.text.split("-")
        bare = re.sub(r"^(?:Mc|Mac|O'|D'|De|Di|La|Le|Van|Von|Fitz)(?=[A-Z])", "", head)
        written = bare[1:].islower() or (len(bare) == 1 and bool(rest))
        return bare[:1].isupper() and written and all(part[1:].islower() or len(part) == 1 for part in rest)

    @property
    def given(self) -> bool:
        """Whether it, or a part of it, is a frequent given name."""
        return any(part in _lexicon("given_names") for part in self.lower.split("-"))

    @property
    def unknown(self) -> bool:
        """Whether no list of words holds it, nor, if it is made of several, all of its parts."""
        parts = [part for part in re.split(r"['-]", self.lower) if len(part) > 1]
        return not all(_ordinary(part) or part in _lexicon("proper_nouns") for part in parts)


def other_names(text: str) -> Iterator[Span]:
    """Yield where a folded text may name a person whom the export does not know.

    A capitalised word that is no English word and no known product or place is taken for one; a word that is a given
    name and an English word, or in lower case, only where its neighbours speak of a person.
    """
    seen = [_word(text, match) for match in _WORD.finditer(text)]
    heading, shouted = _is_heading(seen), text.isupper()
    last: _Seen | None = None
    for i, word in enumerate(seen):
        if len(word.text) < 2 or _in_identifier(text, word):
            continue
        follows = last is not None and last is _name_before(text, seen, i)
        before, after = _neighbour(text, seen, i, -1), _neighbour(text, seen, i, 1)
        modal = before in _MODALS and seen[i - 1].begins
        place = _Place(before, after, follows, heading, shouted, modal, bool(after) and seen[i + 1].unknown)
        if _is_name(text, word, place):
            start = last.start if follows and last else _with_first_name(text, seen, i)
            yield Span(_with_initial_before(text, start), _with_initial_after(text, word.end), "name")
            last = word


class _Place(NamedTuple):
    """What stands around a word; its neighbours are in lower case, and "" where a clause begins or ends."""

    before: str
    after: str
    follows: bool
    heading: bool
    shouted: bool
    opened_by_modal: bool
    after_unknown: bool


def _word(text: str, match: re.Match[str]) -> _Seen:
    bare = re.sub(r"'(?:s|S|t|re|ve|ll|d|m)?$", "", match.group())
    return _Seen(bare, bare.lower(), match.start(), match.start() + len(bare), _starts(text, match.start()))


def _neighbour(text: str, seen: Sequence[_Seen], i: int, step: int) -> str:
    """Return the word before (-1) or after (1) the i-th one if it belongs to the same clause, else ""."""
    if not 0 <= i + step < len(seen):
        return ""
    left, right = sorted((seen[i], seen[i + step]), key=lambda word: word.start)
    between = text[left.end : right.start]
    near = between in (" ", "'s ", ", ", ": ") or (between == ". " and left.lower in _TITLES)
    return seen[i + step].lower if near else ""


def _in_identifier(text: str, word: _Seen) -> bool:
    """Return whether a word is part of a name that a machine reads: a path, a call, a file, an option."""
    before, after = text[word.start - 1 : word.start], text[word.end : word.end + 2]
    dotted = after[:1] == "." and after[1:].isalnum() and after[1:].islower()
    return before in _MACHINE or after[:1] in _MACHINE_AFTER or before.isdigit() or after[:1].isdigit() or dotted


_MACHINE = frozenset("_/\\.#$=")
_MACHINE_AFTER = frozenset("_/\\(=@")


def _is_heading(seen: Sequence[_Seen]) -> bool:
    """Return whether a text is written as headings are, With Capitals Everywhere."""
    long = [word for word in seen if len(word.text) > 3]
    return len(long) > 2 and sum(word.text[0].isupper() for word in long) > 0.6 * len(long)


def _name_before(text: str, seen: Sequence[_Seen], i: int) -> _Seen | None:
    """Return the word that a name would go on from: one blank before, or with particles (van, de la) between."""
    at, end = i - 1, seen[i].start
    while at >= 0 and text[seen[at].end : end] == " " and seen[at].lower in _PARTICLES and i - at <= 2:
        end, at = seen[at].start, at - 1
    return seen[at] if at >= 0 and text[seen[at].end : end] == " " else None


def _with_first_name(text: str, seen: Sequence[_Seen], i: int) -> int:
    """Return where a name in lower case begins, with an unknown word in front of it: "rutendo boateng said"."""
    word, first = seen[i], seen[i - 1] if i else None
    if not first or not (word.text.islower() and first.text.islower()) or text[first.end : word.start] != " ":
        return word.start
    named = first.unknown and len(first.text) > 2 and not _in_identifier(text, first)
    return first.start if named else word.start


def _with_initial_before(text: str, start: int) -> int:
    """Return where a name begins with the initial in front of it, as in "J. Smith"."""
    initial = re.search(r"(?<!\w)[A-Z]\. ?$", text[max(0, start - 4) : start])
    return start - len(initial.group()) if initial else start


def _with_initial_after(text: str, end: int) -> int:
    """Return where a name ends with the initial behind it, as in "Ann L."."""
    initial = re.match(r" (?![AI]\b(?!\.))[A-Z]\b", text[end : end + 4])
    return end + len(initial.group()) if initial else end


def _is_name(text: str, word: _Seen, place: _Place) -> bool:
    shouted = word.text.isupper() and len(word.text) > 3 and word.unknown and (word.given or place.before in _ASKED)
    if word.titled or shouted:
        if word.unknown or place.before in _TITLES:
            return True
        if place.follows:
            return word.lower not in _lexicon("proper_nouns")
        return word.given and _ambiguous(text, word, place)
    if not (word.text.islower() or place.shouted) or len(word.text) < 3 or word.lower in _PARTICLES:
        return False
    if not word.unknown:
        return word.given and place.before in _ASKED and word.lower not in _OPENERS
    if text[word.end : word.end + 2] == "'s" and not _ordinary(word.lower + "s"):
        return True
    return (
        word.given
        or place.follows
        or place.before in _ASKED
        or place.after in _ONLY_PERSONS
        or (word.text.isascii() and _amid(place))
    )


def _amid(place: _Place) -> bool:
    """Return whether an unknown word in lower case stands where persons do, and things only with an article."""
    if place.opened_by_modal or place.shouted:
        return True
    before = not place.before or place.before in _MAY_PRECEDE
    return before and (not place.after or place.after in _MAY_FOLLOW or place.after_unknown)


def _ambiguous(text: str, word: _Seen, place: _Place) -> bool:
    """Return whether a capitalised word that is a given name and another word (Grace, May, Jordan) is a name here."""
    if place.before in _ASKED or place.after in _ONLY_PERSONS:
        return True
    if word.lower in _lexicon("proper_nouns") or place.heading:
        return False
    if not word.begins:
        return True
    return word.lower not in _OPENERS and (place.after in _SAYS or text[word.end : word.end + 1] in (",", ":"))
