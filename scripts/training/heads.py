"""Heads over encoder, n-grams and rules: fitted, stacked and calibrated on sentences of sources they have not seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression

from textsignals.classifier import fit_head
from textsignals.tagging.features import Features
from textsignals.tagging.status import CueSet, StatusHead, hashed_words, mention_vector, status_features
from textsignals.taxonomy import COUNTED, Taxonomy

from .units import Unit

_NEVER = -20.0
NGRAM_C = 4.0
# What is so much larger is hardly penalised.
_FREE = 30.0
# No threshold is lower than this.
LOWEST = 0.03
# Authored sentences teach the encoder as much as real ones, but n-grams learn the habits of their writers.
AUTHORED_WEIGHT = 0.3


def fit_ngrams(
    matrix: csr_matrix, target: np.ndarray, use: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights, shape (signals, columns), and intercepts of one logistic head a signal.

    `target` and `use`, shape (sentences, signals), say what a sentence carries and whether that is known; `weight`
    says how much each sentence counts.
    """
    matrix.sort_indices()
    heads = Parallel(n_jobs=2, max_nbytes=None)(
        delayed(fit_head)(matrix[known], column[known], NGRAM_C, sample_weight=weight[known])
        for column, known in zip(target.T, use.T, strict=True)
    )
    return np.array([coef for coef, _ in heads]), np.array([intercept for _, intercept in heads])


class Stack:
    """One logistic layer, the same for all signals but for its intercepts, over several scores of each signal.

    Few numbers, so that they can be fitted on what is scarce: sentences of sources that no score has seen. `C` draws
    the intercepts of signals that hardly occur there to the common one: never seen is not the same as never there.
    """

    def __init__(self, C: float = 0.1) -> None:
        self.C = C
        self.weights = np.zeros(0)
        self.intercepts = np.zeros(0)

    def fit(self, scores: Sequence[np.ndarray], target: np.ndarray, use: np.ndarray) -> Stack:
        """Fit on scores, each of shape (sentences, signals), like `target` and `use`; returns itself."""
        n, signals = target.shape
        columns = np.column_stack([s.ravel() for s in scores])
        which = csr_matrix((np.ones(n * signals), (np.arange(n * signals), np.tile(np.arange(signals), n))))
        rows = hstack([csr_matrix(columns), which]).tocsr()[use.ravel()]
        head = LogisticRegression(C=self.C, max_iter=1000).fit(rows, target.ravel()[use.ravel()])
        self.weights = head.coef_[0, : len(scores)]
        self.intercepts = head.coef_[0, len(scores) :] + head.intercept_[0]
        return self

    def __call__(self, scores: Sequence[np.ndarray]) -> np.ndarray:
        """Return logits, shape (sentences, signals)."""
        return np.asarray(sum(w * s for w, s in zip(self.weights, scores, strict=True)) + self.intercepts)


class Calibration:
    """What makes logits calibrated (Platt 1999), and what rules add to them.

    probability = sigmoid(slope * logit + offset of the signal + weight of rules * precision of the best one that fires)

    `C` draws the offsets to a common one; slope and weight, of which there is one for all signals, are free.
    """

    def __init__(self, C: float = 0.05) -> None:
        self.C = C
        self.slope, self.rules = 1.0, 0.0
        self.offsets = np.zeros(0)

    def fit(self, logits: np.ndarray, fired: np.ndarray, target: np.ndarray, use: np.ndarray) -> Calibration:
        """Fit on text that no rule was written on; all arrays have the shape (sentences, signals); returns itself."""
        layer = Stack(self.C).fit([_FREE * logits, _FREE * fired], target, use)
        self.slope, self.rules = (_FREE * layer.weights).tolist()
        self.offsets = layer.intercepts
        return self

    def __call__(self, logits: np.ndarray, fired: np.ndarray) -> np.ndarray:
        """Return probabilities, shape (sentences, signals)."""
        return np.asarray(expit(self.slope * logits + self.offsets + self.rules * fired))


def fold(
    stack: Stack, calibration: Calibration, encoder: dict[str, np.ndarray], ngrams: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights, shape (signals, columns of Features), and intercepts that give the calibrated logits in one step.

    `stack` weighs the scores of `encoder`, in any status and asserted, and of `ngrams`, in this order.
    """
    mention, asserted, words = calibration.slope * stack.weights
    coef = [
        words * ngrams[0],
        mention * encoder["mention.weight"] + asserted * encoder["asserted.weight"],
        calibration.rules * np.eye(len(ngrams[0])),
    ]
    intercept = calibration.slope * stack.intercepts + calibration.offsets + words * ngrams[1]
    intercept = intercept + mention * encoder["mention.bias"] + asserted * encoder["asserted.bias"]
    return np.hstack(coef), intercept


class Mentions:
    """What the status of a mention is told from besides the encoder: cues around its rules, its signal, and words."""

    def __init__(self, features: Features, cues: CueSet, taxonomy: Taxonomy) -> None:
        self.features, self.cues, self.taxonomy = features, cues, taxonomy

    def names(self, text: str, wanted: Iterable[str]) -> dict[str, list[str]]:
        """Return the names of the features of each wanted signal in a sentence."""
        doc = self.features.doc(text)
        found, fired = self.cues.find(doc), self.features.rules(doc)
        result = {}
        for signal in wanted:
            anchors = [m for m in fired if self.features.rules.by_id[m.id].signal == signal]
            around = self.cues.around(doc, found, anchors, self.taxonomy.is_healthy(signal))
            result[signal] = status_features(signal, self.taxonomy.signals[signal].family, around)
        return result

    def rows(
        self, units: Sequence[Unit], columns: Sequence[str] | None = None
    ) -> tuple[list[str], csr_matrix, list[tuple[int, str]]]:
        """Return the columns, their matrix with hashed words, and (unit, signal) of each mention in labelled units."""
        places, names = [], []
        for i, unit in enumerate(units):
            for signal, found in self.names(unit["text"], dict.fromkeys(x["signal"] for x in unit["labels"])).items():
                places.append((i, signal))
                names.append(found)
        columns = sorted({n for found in names for n in found}) if columns is None else list(columns)
        index = {name: i for i, name in enumerate(columns)}
        cells = [(row, index[n]) for row, found in enumerate(names) for n in found if n in index]
        matrix = csr_matrix((np.ones(len(cells)), tuple(zip(*cells, strict=True))), shape=(len(names), len(columns)))
        words = hashed_words([units[i]["text"] for i, _ in places])
        return columns, hstack([matrix, words]).tocsr(), places


def fit_status(rows: csr_matrix, target: np.ndarray, n_statuses: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights, shape (statuses, columns), and intercepts; statuses without an example are never said."""
    head = LogisticRegression(C=1.0, max_iter=3000).fit(rows, target)
    # Of two classes scikit-learn keeps one row, which speaks for the second.
    known = [np.vstack([-x / 2, x / 2]) if len(x) == 1 else x for x in (head.coef_, head.intercept_[:, None])]
    coef, intercept = np.zeros((n_statuses, rows.shape[1])), np.full(n_statuses, _NEVER)
    coef[head.classes_], intercept[head.classes_] = known[0], known[1][:, 0]
    return coef, intercept


def mix_status(cues: np.ndarray, encoder: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return the weights of two sets of status logits, shape (mentions, statuses), that suit the target best.

    A grid is enough for two numbers, and what it minimises is the mean negative log likelihood.
    """
    grid = [(a, b) for a in np.arange(0, 1.01, 0.1) for b in np.arange(0, 1.51, 0.1)]
    rows = np.arange(len(target))
    return min(grid, key=lambda w: -log_softmax(w[0] * cues + w[1] * encoder, axis=1)[rows, target].mean())


def asserted(
    mentions: Mentions, units: Sequence[Unit], vectors: np.ndarray, p: np.ndarray, head: StatusHead
) -> np.ndarray:
    """Return the score of the tag that says a signal is asserted, shape (units, signals), 0 where the tag says else.

    `p` are the probabilities that a signal is there in some status; below LOWEST there is no tag in any case.
    """
    signals = list(mentions.taxonomy.signals)
    result = np.zeros(p.shape)
    for i, unit in enumerate(units):
        wanted = [signals[j] for j in np.flatnonzero(p[i] >= LOWEST)]
        for signal, names in mentions.names(unit["text"], wanted).items():
            vector = mention_vector(vectors[i], mentions.taxonomy.is_healthy(signal))
            status, share = head(names, unit["text"], vector)
            if status == COUNTED:
                j = signals.index(signal)
                result[i, j] = p[i, j] * share
    return result
