"""What the classifier sees of a sentence: hashed n-grams and the rules that fired, each with its place in the text."""

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

from textsignals.tagging.rules import Match, RuleSet
from textsignals.tagging.sentences import MAX_SENTENCE_CHARS, normalise

TOKEN = r"\w+(?:'\w+)?|[?!]"
_WORD = re.compile(TOKEN)
_CHUNK = re.compile(r"\S+")
_DIGIT = re.compile(r"\d")
_CHAR_SIZES = (3, 5)


@dataclass(frozen=True, slots=True)
class Gram:
    """One n-gram and the characters [start, end) of the words, or of the chunk, that it comes from."""

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
    """Turns sentences into the matrix [word n-grams | character n-grams | signals of which a rule fires]."""

    def __init__(self, n_hashed: int, signals: Sequence[str], rules: RuleSet, nlp: Language) -> None:
        if n_hashed % 2:
            raise ValueError(f"n_hashed is {n_hashed}; words and characters need the same number of columns each")
        self.rules, self._nlp, self.n_hashed = rules, nlp, n_hashed
        shared = {"n_features": n_hashed // 2, "binary": True, "norm": "l2", "lowercase": False}
        self._blocks = (
            (_word_grams, HashingVectorizer(token_pattern=TOKEN, ngram_range=(1, 2), **shared)),
            (_char_grams, HashingVectorizer(analyzer="char_wb", ngram_range=_CHAR_SIZES, **shared)),
        )
        self._column = {signal: i for i, signal in enumerate(signals)}

    @property
    def width(self) -> int:
        """Number of columns of the matrix."""
        return self.n_hashed + len(self._column)

    def transform(self, texts: Sequence[str], matches: Sequence[Sequence[Match]] | None = None) -> csr_matrix:
        """Return the features of sentences, shape (len(texts), width); `matches` spares matching them again."""
        if not len(texts):
            return csr_matrix((0, self.width))
        folded = [plain(text) for text in texts]
        blocks = [hasher.transform(folded) for _, hasher in self._blocks]
        blocks.append(self._fired(self.match(texts) if matches is None else matches))
        matrix = csr_matrix(hstack(blocks))
        # Sorted here: parallel fits share the matrix read-only and could not sort it themselves.
        matrix.sort_indices()
        return matrix

    def doc(self, text: str) -> Doc:
        """Return the tokens that rules and cues are matched on; what is beyond the longest sentence is left out."""
        return self._nlp.make_doc(normalise(text[:MAX_SENTENCE_CHARS]))

    def match(self, texts: Sequence[str]) -> list[list[Match]]:
        """Return the rules that fire in each text."""
        return [self.rules(self.doc(text)) for text in texts]

    def _fired(self, matches: Sequence[Sequence[Match]]) -> csr_matrix:
        rows, columns = [], []
        for row, found in enumerate(matches):
            for signal in sorted({self.rules.signal_of[match.id] for match in found}):
                rows.append(row)
                columns.append(self._column[signal])
        return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(matches), len(self._column)))

    def contributions(self, text: str, coef: np.ndarray) -> list[tuple[Gram, float]]:
        """Return each n-gram of a sentence with what it adds to a linear score of weights `coef`, shape (width,).

        With what the rules add and the intercept, these sum to the score.
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
        return parts

    @staticmethod
    def _columns(names: Sequence[str], n_features: int) -> list[int]:
        hashed = FeatureHasher(n_features, input_type="string", alternate_sign=False).transform([[n] for n in names])
        return [int(column) for column in hashed.indices]
