"""Slopes of weekly counts within strata, whose errors allow for clusters, swings and weeks that hang together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from textsignals.measures.scores import Tally
from textsignals.taxonomy import COUNTED

Array = NDArray[np.float64]

Weeks = Mapping[tuple[int, str], Tally]
"""What one team wrote in (number of week, stratum): only complete weeks of periods that may be shown."""

# What the dispersion of all teams counts for beside a team's own, in degrees of freedom (methods.md, A5).
_PRIOR_DF = 20
# Weeks more alike than that cannot be told from a trend.
_MAX_LAG = 0.8
# A stratum with less of a team's sentences is pooled with others like it: one-off channels would use up all weeks.
_MIN_STRATUM = 0.05


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of one team as arrays.

    `weeks` are the numbers of its weeks and `cluster` how many sentences the cluster of a sentence holds in each of
    them, on average. Each cell, a week and stratum, has its place in both (`week`, a matrix of weeks by cells, and
    `stratum`, of strata by cells, with ones), its sentences `n` and its flags by name (cells by names).
    """

    weeks: Array
    cluster: Array
    week: Array
    stratum: Array
    n: Array
    flags: Array
    n_authors: int | None


def series(cells: Weeks, names: Sequence[str]) -> Series:
    """Return the counts of these signals and families; weeks and strata without a sentence are left out."""
    kept = {place: cells[place] for place in sorted(cells) if cells[place].n_sentences}
    n = np.array([tally.n_sentences for tally in kept.values()], dtype=float)
    weeks = sorted({week for week, _ in kept})
    sentences: Counter[str] = Counter()
    # An author who writes in two channels is one cluster.
    clusters: dict[int, Counter[object]] = {week: Counter() for week in weeks}
    for (week, stratum), tally in kept.items():
        sentences[stratum] += tally.n_sentences
        clusters[week].update(tally.sentences)
    large = sorted(s for s, m in sentences.items() if m >= _MIN_STRATUM * sentences.total())
    flags = [[tally.statuses[(name, COUNTED)] for name in names] for tally in kept.values()]
    authors = {who for tally in kept.values() for who in tally.authors}
    return Series(
        weeks=np.array(weeks, dtype=float),
        cluster=np.array([sum(m * m for m in c.values()) / c.total() for c in clusters.values()], dtype=float),
        week=np.array([[week == w for week, _ in kept] for w in weeks], dtype=float).reshape(len(weeks), len(kept)),
        stratum=np.array(
            [[(s if s in large else None) == one for _, s in kept] for one in [*large, None]], dtype=float
        ),
        n=n,
        flags=np.array(flags, dtype=float).reshape(len(kept), len(names)),
        n_authors=len(authors) or None,
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """A slope of one team for each name, its variance at dispersion 1 and what the dispersion is estimated from.

    `noise` are standardised residuals (weeks by names) with `df` degrees of freedom, `lever` is what each week lends
    the slope, `step` the slope that a change of one gives which comes and lasts where the regressor is past its
    middle, `information` the weight of the slope.
    """

    weeks: Array
    slope: Array
    variance: Array
    noise: Array
    df: Array
    lever: Array
    step: Array
    information: Array


def fit(one: Series, x: Array, icc: Array) -> Fit:
    """Return the slopes of a team's shares on `x` (one value a week), one intercept a stratum; `icc` is by name.

    Least squares with weights n / deff on raw shares: the stratified form of the Cochran-Armitage test, which sees no
    change where only the mix of strata changed. Residuals are summed by week, since strata of a week share authors.
    """
    at = one.week.T @ np.column_stack([x, x > (x.min() + x.max()) / 2])
    deff = np.maximum(1, 1 + np.outer(one.cluster - 1, icc))
    weight = one.n[:, None] / (one.week.T @ deff)
    strata = one.stratum[one.stratum.any(axis=1)]
    total = strata @ weight

    def centred(values: Array) -> Array:
        return values - strata.T @ ((strata @ (weight * values)) / total)

    p = strata @ one.flags / (strata @ one.n)[:, None]
    spread = weight * (strata.T @ (p * (1 - p)))
    x_c, step, y = centred(at[:, :1]), centred(at[:, 1:]), centred(one.flags / one.n[:, None])
    information = (weight * x_c**2).sum(axis=0)
    sxx = np.maximum(information, 1e-300)
    slope = (weight * x_c * y).sum(axis=0) / sxx
    variance = (spread * x_c**2).sum(axis=0) / sxx**2
    # Summed by week: the residual, its variance before fitting, and what fitting takes away from that.
    expected, pull = one.week @ spread, one.week @ (weight * x_c)
    taken = one.week @ (spread * weight / (strata.T @ total)) + 2 * pull * (one.week @ (spread * x_c)) / sxx
    safe = np.where(expected > 0, expected, 1)
    return Fit(
        weeks=one.weeks,
        slope=slope,
        variance=variance,
        noise=one.week @ (weight * (y - slope * x_c)) / np.sqrt(safe),
        df=((expected - taken + pull**2 * variance) / safe).sum(axis=0),
        lever=pull * np.sqrt(expected) / (one.week @ weight),
        step=(weight * x_c * step).sum(axis=0) / sxx,
        information=information,
    )


def errors(fits: Sequence[Fit], usable: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the standard error of each slope and its degrees of freedom, both teams by names.

    The moderated slope of methods.md, A5: the dispersion of a team's weeks around its line is mixed with that of all
    teams, which counts for 20 degrees of freedom, swollen by what weeks that hang together hide (lag-1
    autocorrelation, pooled likewise), and never taken below 1. `usable` (teams by names) tells what is pooled.
    """
    df = np.array([one.df for one in fits])
    chi2 = np.array([(one.noise**2).sum(axis=0) for one in fits])
    pooled = (df * usable).sum(axis=0)
    shared = (chi2 * usable).sum(axis=0) / np.maximum(pooled, 1)
    mixed = (_PRIOR_DF * shared + chi2) / (_PRIOR_DF + df)
    lag = _lag(fits, usable, pooled)
    swollen = np.maximum(1, mixed * np.array([_inflation(one, lag) for one in fits]))
    error = np.sqrt(swollen * np.array([one.variance for one in fits]))
    # A team alone has no more to go by than its own weeks.
    return error, np.maximum(1, np.minimum(_PRIOR_DF + df, pooled))


def _lag(fits: Sequence[Fit], usable: NDArray[np.bool_], df: Array) -> Array:
    """Return the lag-1 autocorrelation by name, pooled over teams, corrected for the line's two parameters."""
    together = pairs = squares = count = np.zeros(usable.shape[1])
    for one, use in zip(fits, usable, strict=True):
        next_to = np.diff(one.weeks) == 1
        together = together + use * (one.noise[1:] * one.noise[:-1])[next_to].sum(axis=0)
        pairs = pairs + use * next_to.sum()
        squares = squares + use * (one.noise**2).sum(axis=0)
        count = count + use * len(one.weeks)
    plain = together / np.maximum(pairs, 1) * count / np.where(squares > 0, squares, 1)
    length = np.maximum(count / np.maximum(usable.sum(axis=0), 1), 8)
    # Residuals of a line look less alike than they are, by about (2 + 4 lag) / weeks (Marriott and Pope 1954).
    lag: Array = (plain * length + 2) / (length - 4) * df / (df + _PRIOR_DF)
    return lag.clip(0, _MAX_LAG)


def _inflation(one: Fit, lag: Array) -> Array:
    """Return by how much a slope's variance grows if weeks k apart correlate by lag to the power of k, by name."""
    apart = np.abs(one.weeks[:, None] - one.weeks[None, :])
    grown: Array = np.einsum("ik,ijk,jk->k", one.lever, lag ** apart[:, :, None], one.lever)
    plain = (one.lever**2).sum(axis=0)
    return (grown / np.where(plain > 0, plain, 1)).clip(1)
