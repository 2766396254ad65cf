"""From text to tags: n-grams, encoder and rules make a score for each signal; cues and encoder make the status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from spacy.tokens import Doc

from textsignals.errors import ModelError
from textsignals.records import Tag
from textsignals.tagging.model import Model, load_model
from textsignals.tagging.rules import Match, tokenizer
from textsignals.tagging.sentences import MAX_SENTENCES, Sentence, has_words, split
from textsignals.tagging.status import mention_vector, status_features

# The fewest words that bring this share of what speaks for a signal are its evidence.
_EVIDENCE_SHARE = 0.6
_EVIDENCE_WORDS = 4
_EXPLAINED_WORDS = 6
_TELLING = 0.5
_BATCH = 512


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a sentence got, or nearly got, a signal.

    `score` and `threshold` are probabilities, `rules` and `cues` are ids, and `words` holds the most telling words,
    each with the points that its n-grams and tokens add to the logit.
    """

    signal: str
    status: str
    score: float
    threshold: float
    rules: tuple[str, ...]
    cues: tuple[str, ...]
    words: tuple[tuple[str, float], ...]
    tag: Tag


class _Seen(NamedTuple):
    """What a sentence was found to hold, before any signal is scored: rules that fire, and the encoder's vector."""

    matches: Sequence[Match]
    vector: np.ndarray


class Tagger:
    """Tags sentences with signals and their status; make one with `load()`."""

    def __init__(self, model: Model, operating_point: str = "balanced") -> None:
        if operating_point not in model.quality:
            raise ModelError(f"no operating point {operating_point!r}; this model has {', '.join(model.quality)}")
        self.model, self.operating_point = model, operating_point
        self.signals = tuple(model.taxonomy.signals)
        self.thresholds = np.array([model.quality[operating_point][s].threshold for s in self.signals])
        self._nlp = tokenizer(model.meta["language"])

    def tag(self, texts: Iterable[str]) -> list[tuple[Tag, ...]]:
        """Return the tags of each text; every text is taken for one sentence. Raises TypeError for a bare string.

        >>> [tag.signal for tag in load().tag(["Stop micromanaging us."])[0]]
        ['micromanagement']
        """
        if isinstance(texts, str):
            raise TypeError("tag() takes a list of sentences; give [text], or use tag_text(text)")
        return list(self.stream(texts))

    def stream(self, texts: Iterable[str]) -> Iterator[tuple[Tag, ...]]:
        """Yield the tags of each text in turn, working in batches; every text is taken for one sentence."""
        remaining = iter(texts)
        while batch := list(islice(remaining, _BATCH)):
            read = self._read(batch)
            for text, seen, row in zip(batch, read, self._scores(batch, read), strict=True):
                yield self._tags(text, seen, row)

    def tag_text(self, text: str) -> tuple[Tag, ...]:
        """Return the tags of the sentences of a text, with offsets into it; of the first thousand, were there more."""
        sentences = self.sentences(text)
        tagged = self.tag(text[s.start : s.end] for s in sentences)
        return tuple(_shift(tag, s.start) for s, tags in zip(sentences, tagged, strict=True) for tag in tags)

    def sentences(self, text: str) -> list[Sentence]:
        """Return the spans of a text that are tagged: sentences that hold a word, the first thousand of them."""
        found = (s for s in split(text, self._nlp) if s.kind == "sentence" and has_words(text[s.start : s.end]))
        return list(islice(found, MAX_SENTENCES))

    def explain(self, text: str, nearest: int = 3) -> list[Reason]:
        """Return why a single sentence got its tags, best first, followed by the `nearest` signals that it missed."""
        seen = self._read([text])[0]
        row = self._scores([text], [seen])[0]
        doc = self.model.features.doc(text)
        tags = [self._tag(text, doc, seen, i, float(p)) for i, p in enumerate(row)]
        order = sorted(range(len(tags)), key=lambda i: -tags[i].score)
        hits = [i for i in order if tags[i].score >= self.thresholds[i]]
        rest = [i for i in order if tags[i].score < self.thresholds[i]][:nearest]
        return [self._reason(text, doc, seen, i, tags[i]) for i in (*hits, *rest)]

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probability that a text holds a signal in any status, shape (len(texts), len(signals))."""
        return self._scores(texts, self._read(texts))

    def _read(self, texts: Sequence[str]) -> list[_Seen]:
        features = self.model.features
        vectors = features.encoder(texts) if features.encoder else np.zeros((len(texts), 0))
        return [_Seen(found, vector) for found, vector in zip(features.match(texts), vectors, strict=True)]

    def _scores(self, texts: Sequence[str], read: Sequence[_Seen]) -> np.ndarray:
        vectors = np.array([seen.vector for seen in read])
        features = self.model.features.transform(texts, [seen.matches for seen in read], vectors)
        return np.asarray(expit(features @ self.model.coef.T + self.model.intercept))

    def _tags(self, text: str, seen: _Seen, row: np.ndarray) -> tuple[Tag, ...]:
        hits = np.flatnonzero(row >= self.thresholds)
        if not len(hits):
            # Most sentences carry nothing; they need no tokens here.
            return ()
        doc = self.model.features.doc(text)
        tags = ((i, self._tag(text, doc, seen, int(i), float(row[i]))) for i in hits)
        return tuple(tag for i, tag in tags if tag.score >= self.thresholds[i])

    def _tag(self, text: str, doc: Doc, seen: _Seen, index: int, p: float) -> Tag:
        """Return the tag that a sentence would get for a signal which it holds in some status with probability `p`."""
        signal = self.signals[index]
        family = self.model.taxonomy.signals[signal].family
        fired, cues = self._around(doc, seen.matches, signal)
        vector = mention_vector(seen.vector, self.model.taxonomy.is_healthy(signal))
        status, share = self.model.status(status_features(signal, family, cues), text, vector)
        # Rules that are wrong more often than not add little to a score and explain it as little.
        telling = [m for m in fired if self.model.features.rules.by_id[m.id].precision >= _TELLING]
        spans = [(doc[m.start].idx, doc[m.end - 1].idx + len(doc[m.end - 1])) for m in telling]
        evidence = _merge(spans or _carriers(self._words(text, doc, index)))
        return Tag(signal, family, status, round(p * share, 4), 0, len(text), evidence)

    def _around(self, doc: Doc, matches: Sequence[Match], signal: str) -> tuple[list[Match], tuple[Match, ...]]:
        """Return the rules of a signal that fired, and the cues that speak of them."""
        fired = [match for match in matches if self.model.features.rules.by_id[match.id].signal == signal]
        healthy = self.model.taxonomy.is_healthy(signal)
        return fired, self.model.cues.around(doc, self.model.cues.find(doc), fired, healthy)

    def _reason(self, text: str, doc: Doc, seen: _Seen, index: int, tag: Tag) -> Reason:
        fired, cues = self._around(doc, seen.matches, tag.signal)
        words = self._words(text, doc, index)[:_EXPLAINED_WORDS]
        return Reason(
            signal=tag.signal,
            status=tag.status,
            score=tag.score,
            threshold=float(self.thresholds[index]),
            rules=tuple(sorted({match.id for match in fired})),
            cues=tuple(sorted({cue.id for cue in cues})),
            words=tuple((text[start:end], round(points, 3)) for (start, end), points in words),
            tag=tag,
        )

    def _words(self, text: str, doc: Doc, index: int) -> list[tuple[tuple[int, int], float]]:
        """Return the words of a sentence with the logit points they bring to a signal, most telling first."""
        spans = [(t.idx, t.idx + len(t)) for t in doc if not (t.is_punct or t.is_space)]
        points = dict.fromkeys(spans, 0.0)
        for gram, value in self.model.features.contributions(text, self.model.coef[index]):
            covered = [span for span in spans if span[0] < gram.end and gram.start < span[1]]
            for span in covered:
                points[span] += value / len(covered)
        return sorted(points.items(), key=lambda item: (-item[1], item[0]))


def _carriers(words: Sequence[tuple[tuple[int, int], float]]) -> list[tuple[int, int]]:
    """Return the spans of the words that are evidence; `words` come most telling first."""
    total = sum(max(0.0, points) for _, points in words)
    chosen, reached = [], 0.0
    for span, points in words[:_EVIDENCE_WORDS]:
        if points <= 0 or reached >= _EVIDENCE_SHARE * total:
            break
        chosen.append(span)
        reached += points
    return chosen


def _merge(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans in order, those that overlap, touch or are one character apart joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _shift(tag: Tag, by: int) -> Tag:
    evidence = tuple((start + by, end + by) for start, end in tag.evidence)
    return replace(tag, start=tag.start + by, end=tag.end + by, evidence=evidence)


def load(model: str | Path = "en", operating_point: str = "balanced") -> Tagger:
    """Return a tagger for a model, given by name or folder, at an operating point ("balanced" or "strict").

    "balanced" weighs missed and false tags alike; "strict" spares nearly every sentence that carries nothing, at the
    price of missing more. Raises ModelError if the model cannot be used.
    """
    return Tagger(load_model(model), operating_point)
