"""What the classifier sees of a sentence: hashed n-grams, the encoder's vector, and the rules that fired."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer
from spacy.language import Language
from spacy.tokens import Doc

from textsignals.tagging.encoder import Encoder
from textsignals.tagging.rules import Match, RuleSet
from textsignals.tagging.sentences import MAX_SENTENCE_CHARS, normalise

TOKEN = r"\w+(?:'\w+)?|[?!]"
_WORD = re.compile(TOKEN)
_CHUNK = re.compile(r"\S+")
_DIGIT = re.compile(r"\d")
_CHAR_SIZES = (3, 5)


@dataclass(frozen=True, slots=True)
class Gram:
    """One part of a sentence that adds to a score: an n-gram or an encoder token, at the characters [start, end)."""

    name: str
    start: int
    end: int


def _word_grams(text: str) -> Iterator[Gram]:
    """Yield the single words and word pairs of a text, as `ngram_range=(1, 2)` of scikit-learn makes them."""
    words = [(match.group(), *match.span()) for match in _WORD.finditer(text)]
    for i, (word, start, end) in enumerate(words):
        yield Gram(word, start, end)
        if i + 1 < len(words):
            yield Gram(f"{word} {words[i + 1][0]}", start, words[i + 1][2])


def _char_grams(text: str) -> Iterator[Gram]:
    """Yield the character n-grams within each chunk, as `analyzer="char_wb"` of scikit-learn makes them."""
    for match in _CHUNK.finditer(text):
        chunk = f" {match.group()} "
        for size in range(_CHAR_SIZES[0], _CHAR_SIZES[1] + 1):
            for i in range(max(1, len(chunk) - size + 1)):
                yield Gram(chunk[i : i + size], *match.span())
            if len(chunk) <= size:
                break


def plain(text: str) -> str:
    """Return the form of a text that n-grams are taken from, of the same length."""
    folded = normalise(text).lower()
    # A few letters (such as the dotted capital I) grow in lower case; offsets matter more than they do.
    return _DIGIT.sub("0", folded if len(folded) == len(text) else normalise(text))


class Features:
    """Turns sentences into the matrix [word n-grams | character n-grams | encoder | rules, one column a signal].

    The column of a signal's rules holds the precision of the best one that fires (`Rule.precision`), or 0. Without an
    `encoder` its columns are not there.
    """

    def __init__(
        self, n_hashed: int, signals: Sequence[str], rules: RuleSet, nlp: Language, encoder: Encoder | None = None
    ) -> None:
        if n_hashed % 2:
            raise ValueError(f"n_hashed is {n_hashed}; words and characters need the same number of columns each")
        self.rules, self._nlp, self.n_hashed, self.encoder = rules, nlp, n_hashed, encoder
        shared = {"n_features": n_hashed // 2, "binary": True, "norm": "l2", "lowercase": False}
        self._blocks = (
            (_word_grams, HashingVectorizer(token_pattern=TOKEN, ngram_range=(1, 2), **shared)),
            (_char_grams, HashingVectorizer(analyzer="char_wb", ngram_range=_CHAR_SIZES, **shared)),
        )
        self._column = {signal: i for i, signal in enumerate(signals)}

    @property
    def first_rule(self) -> int:
        """Index of the first column of rules, those of n-grams and encoder standing before it."""
        return self.n_hashed + (self.encoder.width if self.encoder else 0)

    @property
    def width(self) -> int:
        """Number of columns of the matrix."""
        return self.first_rule + len(self._column)

    def transform(
        self,
        texts: Sequence[str],
        matches: Sequence[Sequence[Match]] | None = None,
        vectors: np.ndarray | None = None,
    ) -> csr_matrix:
        """Return the features of sentences, shape (len(texts), width).

        `matches` spares matching rules again, `vectors` running the encoder again.
        """
        if not len(texts):
            return csr_matrix((0, self.width))
        blocks = [self.hashed(texts)]
        if self.encoder:
            blocks.append(csr_matrix(self.encoder(texts) if vectors is None else vectors))
        blocks.append(self.fired(self.match(texts) if matches is None else matches))
        matrix = csr_matrix(hstack(blocks))
        # Sorted here: parallel fits share the matrix read-only and could not sort it themselves.
        matrix.sort_indices()
        return matrix

    def hashed(self, texts: Sequence[str]) -> csr_matrix:
        """Return the columns of n-grams, shape (len(texts), n_hashed)."""
        folded = [plain(text) for text in texts]
        return csr_matrix(hstack([hasher.transform(folded) for _, hasher in self._blocks]))

    def doc(self, text: str) -> Doc:
        """Return the tokens that rules and cues are matched on; what is beyond the longest sentence is left out."""
        return self._nlp.make_doc(normalise(text[:MAX_SENTENCE_CHARS]))

    def match(self, texts: Sequence[str]) -> list[list[Match]]:
        """Return the rules that fire in each text."""
        return [self.rules(self.doc(text)) for text in texts]

    def fired(self, matches: Sequence[Sequence[Match]]) -> csr_matrix:
        """Return the columns of rules, shape (len(matches), number of signals)."""
        best: dict[tuple[int, int], float] = {}
        for row, found in enumerate(matches):
            for rule in (self.rules.by_id[match.id] for match in found):
                place = row, self._column[rule.signal]
                best[place] = max(best.get(place, 0.0), rule.precision)
        rows, columns = zip(*best, strict=True) if best else ((), ())
        return csr_matrix((list(best.values()), (rows, columns)), shape=(len(matches), len(self._column)), dtype=float)

    def contributions(self, text: str, coef: np.ndarray) -> list[tuple[Gram, float]]:
        """Return each part of a sentence with what it adds to a linear score of weights `coef`, shape (width,).

        With what the rules add and the intercept, these sum to the score. The encoder's marks at both ends stand for
        the sentence as a whole.
        """
        folded = plain(text)
        parts: list[tuple[Gram, float]] = []
        for block, (grams, hasher) in enumerate(self._blocks):
            found = list(grams(folded))
            if not found:
                continue
            weights = coef[block * self.n_hashed // 2 :][: self.n_hashed // 2]
            row = hasher.transform([folded])
            adds = dict(zip(row.indices, row.data * weights[row.indices], strict=True))
            columns = self._columns([gram.name for gram in found], hasher.n_features)
            # A column counts once however often it is hit, so the places that hit it share what it adds.
            hits = Counter(columns)
            parts += [(g, float(adds.get(c, 0.0)) / hits[c]) for g, c in zip(found, columns, strict=True)]
        if self.encoder:
            tokens, vectors = self.encoder.tokens(text)
            spans = [(t.start, t.end) if t.end > t.start else (0, len(text)) for t in tokens]
            values = vectors @ coef[self.n_hashed : self.first_rule]
            parts += [(Gram(t.name, *span), float(v)) for t, span, v in zip(tokens, spans, values, strict=True)]
        return parts

    @staticmethod
    def _columns(names: Sequence[str], n_features: int) -> list[int]:
        hashed = FeatureHasher(n_features, input_type="string", alternate_sign=False).transform([[n] for n in names])
        return [int(column) for column in hashed.indices]
