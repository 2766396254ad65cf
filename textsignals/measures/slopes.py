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

# What the dispersion of all teams counts for beside a team's own, in degrees of freedom (docs/reading-a-report.md).
_PRIOR_DF = 20
# Weeks more alike than that cannot be told from a trend; a change that is there makes them look alike as well.
_MAX_LAG = 0.5
# A stratum with less of a team's sentences is pooled with others like it: one-off channels would use up all weeks.
_MIN_STRATUM = 0.05
# Until data show otherwise, a rate swings by a quarter of itself, each week for itself.
_USUAL_SWING = 0.06
_LAGS = np.linspace(0, _MAX_LAG, 17)
_TINY = 1e-300


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
    the slope, `swing` how much rates that swing add to the dispersion, `halves` by how much the regressor differs
    between its lower and upper half, `information` the weight of the slope, `floor` the dispersion of sentences drawn
    one by one, `taken` what fitting a line does to residuals that are alike.
    """

    weeks: Array
    slope: Array
    variance: Array
    noise: Array
    df: Array
    lever: Array
    swing: Array
    halves: float
    information: Array
    floor: Array
    taken: tuple[Array, Array]


def fit(one: Series, x: Array, icc: Array) -> Fit:
    """Return the slopes of a team's shares on `x` (one value a week), one intercept a stratum; `icc` is by name.

    Least squares with weights n / deff on raw shares: the stratified form of the Cochran-Armitage test, which sees no
    change where only the mix of strata changed. Residuals are summed by week, since strata of a week share authors.
    """
    late = x > (x.min() + x.max()) / 2
    deff = np.maximum(1, 1 + np.outer(one.cluster - 1, icc))
    weight = one.n[:, None] / (one.week.T @ deff)
    strata = one.stratum[one.stratum.any(axis=1)]
    total = strata @ weight

    def centred(values: Array) -> Array:
        return values - strata.T @ ((strata @ (weight * values)) / total)

    p = strata @ one.flags / (strata @ one.n)[:, None]
    spread = weight * (strata.T @ (p * (1 - p)))
    x_c, y = centred((x @ one.week)[:, None]), centred(one.flags / one.n[:, None])
    information = (weight * x_c**2).sum(axis=0)
    sxx = np.maximum(information, 1e-300)
    slope = (weight * x_c * y).sum(axis=0) / sxx
    variance = (spread * x_c**2).sum(axis=0) / sxx**2
    # Summed by week: the residual, its variance before fitting, and what fitting takes away from that.
    expected, pull = one.week @ spread, one.week @ (weight * x_c)
    lost = one.week @ (spread * weight / (strata.T @ total)) + 2 * pull * (one.week @ (spread * x_c)) / sxx
    safe = np.where(expected > 0, expected, 1)
    return Fit(
        weeks=one.weeks,
        slope=slope,
        variance=variance,
        noise=one.week @ (weight * (y - slope * x_c)) / np.sqrt(safe),
        df=((expected - lost + pull**2 * variance) / safe).sum(axis=0),
        lever=pull * np.sqrt(expected) / (one.week @ weight),
        swing=((one.week @ (weight * (strata.T @ p))) ** 2 / safe).mean(axis=0),
        halves=float(x[late].mean() - x[~late].mean()) if late.any() else 0.0,
        information=information,
        floor=(1 / deff).mean(axis=0),
        taken=_taken(one.weeks, x),
    )


def errors(fits: Sequence[Fit], usable: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the standard error of each slope and its degrees of freedom, both teams by names.

    The slope is moderated by a prior that knows how much each team wrote: the dispersion of a team's weeks around its
    line is mixed with what all teams together let expect (worth 20 degrees of freedom), which is the luck of sentences
    drawn one by one and a part that grows with the flags of a week, for rates that swing. Swings of neighbouring weeks
    are alike, so that a line hides part of them and is led by the rest: the error grows by both. It is never below that
    of sentences drawn one by one. `usable` (teams by names) tells what is pooled.
    """
    if not fits:
        return np.zeros(usable.shape), np.zeros(usable.shape)
    df, swing, chi2 = (
        np.array(v) for v in zip(*((f.df, f.swing, (f.noise**2).sum(axis=0)) for f in fits), strict=True)
    )
    pooled = (df * usable).sum(axis=0)
    # Large teams show swings best, and their dispersion is the least certain.
    weight = usable * df / (1 + _USUAL_SWING * swing) ** 2
    floor = np.array([one.floor for one in fits])
    excess = (weight * (chi2 / np.maximum(df, 1) - floor)).sum(axis=0)
    swings = np.maximum(0, excess) / np.maximum((weight * swing).sum(axis=0), _TINY)
    # A team alone can hardly tell how much rates swing, so that what is usual counts too.
    swings = (pooled * swings + _PRIOR_DF * _USUAL_SWING) / (pooled + _PRIOR_DF)
    lag = _lag(fits, weight * swing, swings * swing, pooled)
    expected = floor + swings * swing
    mixed = (_PRIOR_DF * expected + chi2) / (_PRIOR_DF + df)
    part = swings * swing / np.maximum(expected, _TINY)
    grown = np.array([1 + share * (_growth(one, lag) - 1) for one, share in zip(fits, part, strict=True)])
    error = np.sqrt(np.maximum(floor, mixed * grown) * np.array([one.variance for one in fits]))
    # Weeks that are alike tell less than as many others.
    return error, np.maximum(1, (_PRIOR_DF + df) / grown)


def _lag(fits: Sequence[Fit], weight: Array, swings: Array, df: Array) -> Array:
    """Return how much alike the swings of neighbouring weeks are (lag-1 autocorrelation), by name.

    Pooled over teams, none until weeks show otherwise, and solved for: fitting a line makes the
    residuals of alike weeks small and unlike (Marriott and Pope 1954).
    """
    together, alone, alike = np.zeros_like(df), np.zeros_like(df), np.zeros((len(_LAGS), len(df)))
    for one, w, swung in zip(fits, weight, swings, strict=True):
        level, product = one.taken
        next_to = np.diff(one.weeks) == 1
        together += w * ((one.noise[1:] * one.noise[:-1])[next_to].sum(axis=0) - one.floor * product[0])
        alone += w * swung
        alike += np.outer(product / level, w * swung)
    seen, alike = together / np.maximum(alone, _TINY), alike / np.maximum(alone, _TINY)
    lag = np.array([np.interp(x, curve, _LAGS) for x, curve in zip(seen, alike.T, strict=True)])
    mixed: Array = df * lag / (df + _PRIOR_DF)
    return mixed


def _taken(weeks: Array, x: Array) -> tuple[Array, Array]:
    """Return what is left of the mean square of residuals, and their products a week apart, for each of `_LAGS`."""
    design = np.column_stack([np.ones_like(x), x])
    left = np.eye(len(x)) - design @ np.linalg.pinv(design)
    apart = np.abs(weeks[:, None] - weeks[None, :])
    after: Array = left @ (_LAGS[:, None, None] ** apart) @ left
    level: Array = np.trace(after, axis1=1, axis2=2) / (len(x) - 2)
    next_to = np.flatnonzero(np.diff(weeks) == 1)
    products: Array = after[:, next_to, next_to + 1].sum(axis=1)
    return level, products


def _growth(one: Fit, lag: Array) -> Array:
    """Return what a slope's variance is to its estimate if swings k weeks apart correlate by lag^k, by name."""
    apart = np.abs(one.weeks[:, None] - one.weeks[None, :])
    plain = np.maximum((one.lever**2).sum(axis=0), _TINY)
    led = np.einsum("ik,ijk,jk->k", one.lever, lag ** apart[:, :, None], one.lever) / plain
    grown: Array = led / np.interp(lag, _LAGS, one.taken[0])
    return np.maximum(1, grown)
