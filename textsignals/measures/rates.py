"""Rates per 100 sentences, corrected for what the tagger gets wrong, with intervals that mean what they say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from textsignals.measures.scores import Tally
from textsignals.tagging.model import Quality
from textsignals.taxonomy import COUNTED

# The intra-cluster correlation is pooled and then kept within what sentences of people at work can show.
_MAX_ICC = 0.5
# How many known cases a signal is given at the recall of all signals together.
_BORROWED = 10
_Z2 = float(norm.ppf(0.975)) ** 2
# An interval without width (no rate explains the flags) still does not make a rate certain.
_NARROWEST = 1e-6


@dataclass(frozen=True, slots=True)
class Rate:
    """An estimated share of sentences (0 to 1) with its interval; `unseen` if too small for the tagger to see."""

    flagged: int
    total: int
    rate: float
    low: float
    high: float

    @property
    def unseen(self) -> bool:
        """Whether nothing at all can be told from zero."""
        return self.low <= 0.0

    @property
    def beyond(self) -> bool:
        """Whether more was flagged than the tagger's measured errors can explain by any rate."""
        return self.rate >= 1.0


def rate_interval(
    flagged: int,
    total: int,
    *,
    tp: int,
    p: int,
    tn: int,
    n: int,
    cluster_sizes: Sequence[int] | None = None,
    icc: float = 0.0,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """Return (rate, low, high), shares between 0 and 1: how many sentences truly carry a signal.

    Of `total` sentences `flagged` were tagged, by a tagger that found `tp` of `p` labelled sentences with the signal
    and spared `tn` of `n` without it. `cluster_sizes` are the sentences of each author, `total` in all, and `icc` is
    their intra-cluster correlation. The point is Rogan and Gladen's estimate, the interval inverts the score test with
    an effective sample size and the uncertainty of sensitivity and specificity (a quadratic in the rate;
    docs/reading-a-report.md). It is empty, low = rate = high, where no rate explains so few or so many flags. A tagger
    no better than chance gives (NaN, 0, 1). Raises ValueError for counts that cannot be.
    """
    sizes = [total] if cluster_sizes is None else list(cluster_sizes)
    if not (0 <= flagged <= total and total > 0 and 0 <= tp <= p and 0 <= tn <= n and 0 < level < 1):
        raise ValueError(f"impossible counts: {flagged=} {total=} {tp=} {p=} {tn=} {n=} {level=}")
    if sum(sizes) != total or min(sizes) < 0 or not 0 <= icc <= 1:
        raise ValueError(f"impossible clusters: {icc=}, sizes of {sum(sizes)} sentences in all, {total=}")
    sensitivity, specificity = (tp + 1) / (p + 2), (tn + 1) / (n + 2)
    var_se = sensitivity * (1 - sensitivity) / max(p, 1)
    var_sp = specificity * (1 - specificity) / max(n, 1)
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return math.nan, 0.0, 1.0
    rate = min(1.0, max(0.0, (flagged / total + specificity - 1) / youden))
    z2 = float(norm.ppf((1 + level) / 2)) ** 2
    deff = 1.0 if cluster_sizes is None else design_effect(sizes, icc)
    k, base, d = deff / total, 1 - specificity, flagged / total - (1 - specificity)
    a = youden**2 * (1 + z2 * k) - z2 * (var_se + var_sp)
    b = -2 * d * youden - z2 * (k * youden * (1 - 2 * base) - 2 * var_sp)
    c = d * d - z2 * (k * base * (1 - base) + var_sp)
    low, high = _solutions(a, b, c) or (rate, rate)
    return rate, min(low, rate), max(high, rate)


def design_effect(sizes: Sequence[int], icc: float) -> float:
    """Return by how much clusters of these sizes swell the variance of a share, 1 or more (Kish 1965).

    >>> round(design_effect([10] * 19, 0.1), 3)
    1.9
    """
    return max(1.0, 1 + icc * (sum(m * m for m in sizes) / sum(sizes) - 1))


def _solutions(a: float, b: float, c: float) -> tuple[float, float] | None:
    """Return the hull of the x in [0, 1] with a·x² + b·x + c <= 0; None if no rate explains so few, or many, flags."""
    points = [0.0, 1.0]
    discriminant = b * b - 4 * a * c
    if abs(a) < 1e-15:
        points += [-c / b] if b else []
    elif discriminant >= 0:
        points += [(-b + sign * math.sqrt(discriminant)) / (2 * a) for sign in (-1, 1)]
    inside = [x for x in points if 0 <= x <= 1 and a * x * x + b * x + c <= 1e-12]
    return (min(inside), max(inside)) if inside else None


def intra_cluster_correlation(cells: Iterable[Tally], name: str) -> float:
    """Return how much alike one author's sentences are for a signal or family: 0 not at all, at most 0.5.

    One-way analysis of variance within each team and period, sums of squares pooled over all of them.
    A single flag is alone whatever the clusters, so it says nothing and gives 0.
    """
    between = within = weight = 0.0
    df_between = df_within = flagged = 0
    for cell in cells:
        groups = [(n, cell.flags[(who, name)]) for who, n in cell.sentences.items() if n > 0]
        total = sum(n for n, _ in groups)
        if len(groups) < 2 or total <= len(groups):
            continue
        hits = sum(x for _, x in groups)
        mean = hits / total
        flagged += hits
        # Exact sums, so that the order of messages does not show in the last digit.
        between += math.fsum(n * (x / n - mean) ** 2 for n, x in groups)
        within += math.fsum(x * (1 - x / n) for n, x in groups)
        df_between += len(groups) - 1
        df_within += total - len(groups)
        weight += total - sum(n * n for n, _ in groups) / total
    if not df_between or not df_within or flagged < 2:
        return 0.0
    msb, msw, size = between / df_between, within / df_within, weight / df_between
    spread = msb + (size - 1) * msw
    return float(np.clip((msb - msw) / spread, 0.0, _MAX_ICC)) if spread else 0.0


def shared_recall(qualities: Iterable[Quality]) -> float:
    """Return the recall over all signals, from which signals with few known cases borrow; a half if none is known."""
    known = list(qualities)
    cases = sum(q.p for q in known)
    return sum(q.tp for q in known) / cases if cases else 0.5


def cell_rate(tally: Tally, name: str, quality: Quality, recall: float, icc: float) -> Rate:
    """Return the rate of a signal or family in one cell, a share between 0 and 1; the cell must hold a sentence.

    Some signals have only a handful of known cases. Each is given `_BORROWED` more that are found as often as those
    of all signals together (`recall`), so that it is taken for an average one until text shows otherwise.
    """
    flagged = tally.statuses[(name, COUNTED)]
    rate, low, high = rate_interval(
        flagged,
        tally.n_sentences,
        tp=quality.tp + round(_BORROWED * recall),
        p=quality.p + _BORROWED,
        tn=quality.tn,
        n=quality.n,
        cluster_sizes=list(tally.sentences.values()),
        icc=icc,
    )
    return Rate(flagged, tally.n_sentences, rate, low, high)


def youden(quality: Quality, recall: float) -> float:
    """Return sensitivity plus specificity minus 1, with the cases that `cell_rate` gives a signal to start from."""
    known = quality.p + _BORROWED
    sensitivity = (quality.tp + round(_BORROWED * recall) + 1) / (known + 2)
    return sensitivity + (quality.tn + 1) / (quality.n + 2) - 1


def status_rate(tally: Tally, name: str, status: str, icc: float) -> Rate:
    """Return the share of sentences tagged with a signal or family in this status; the cell must hold a sentence.

    For what is said to be missing (negated) or wished for (hypothetical). How often such tags are right or overlooked
    has not been measured, so nothing is corrected: the interval, Wilson's score interval with an effective sample size,
    is that of the tags themselves, and a report has to say "tagged", not "estimated".
    """
    flagged, total = tally.statuses[(name, status)], tally.n_sentences
    n = total / design_effect(list(tally.sentences.values()), icc)
    p, z2 = flagged / total, _Z2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At the very ends the formula leaves a rounding error.
    low, high = max(0.0, middle - half) if flagged else 0.0, min(1.0, middle + half) if flagged < total else 1.0
    return Rate(flagged, total, p, low, high)


def shrunk(rates: Sequence[Rate]) -> list[float]:
    """Return empirical Bayes estimates, to put teams or signals in an order by: never shown as a rate, never tested.

    Normal-normal, with the variance between the rates by DerSimonian and Laird (1986): each rate is drawn to the mean
    of all, the more the less is known of it, so that it is not the smallest teams that stand at both ends. A real
    change of a small team is hidden by that. A rate that cannot be measured stands at the mean.
    """
    known = [
        (rate.rate, max(rate.high - rate.low, _NARROWEST) ** 2 / (4 * _Z2))
        for rate in rates
        if math.isfinite(rate.rate)
    ]
    if not known:
        return [math.nan] * len(rates)
    y, v = np.array(known).T
    w = 1 / v
    q = float((w * (y - np.average(y, weights=w)) ** 2).sum())
    scale = float(w.sum() - (w**2).sum() / w.sum())
    between = max(0.0, (q - (len(y) - 1)) / scale) if scale > 0 else 0.0
    mean = float(np.average(y, weights=1 / (v + between)))
    own = iter(between / (between + v) * y + v / (between + v) * mean)
    return [float(next(own)) if math.isfinite(rate.rate) else mean for rate in rates]
