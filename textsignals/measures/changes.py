"""Which rates rose or fell over the weeks, tested so that what is reported is there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from textsignals.measures.rates import design_effect
from textsignals.measures.scores import Tally
from textsignals.taxonomy import COUNTED

# What the dispersion of all teams counts for beside a team's own, in degrees of freedom (methods.md, A5).
_PRIOR_DF = 20


@dataclass(frozen=True, slots=True)
class Series:
    """Weekly counts of one team: the number of each week, flagged and all sentences, and the design effect."""

    weeks: tuple[int, ...]
    flagged: tuple[int, ...]
    totals: tuple[int, ...]
    deffs: tuple[float, ...]


def weekly(tallies: Mapping[int, Tally], name: str, icc: float) -> Series:
    """Return the series of a signal or family from tallies by number of week; weeks without a sentence are left out."""
    weeks = tuple(sorted(week for week, tally in tallies.items() if tally.n_sentences))
    cells = [tallies[week] for week in weeks]
    totals = tuple(cell.n_sentences for cell in cells)
    deffs = tuple(design_effect(list(cell.sentences.values()), icc) for cell in cells)
    return Series(weeks, tuple(cell.statuses[(name, COUNTED)] for cell in cells), totals, deffs)


def moderated_slopes(series: Sequence[Series]) -> list[tuple[float, float]]:
    """Return (slope per week, two-sided p-value) of each team's share of one signal or family.

    A weighted linear slope on raw flags, weights n/deff. Its dispersion is the team's own, mixed with that of all
    teams (worth 20 degrees of freedom) and never below 1: single series of correlated weeks look calmer than they are
    (moderated slope of methods.md, A5). Series need three weeks or more.
    """
    fits = [_fit(one) for one in series]
    df = [len(one.weeks) - 2 for one in series]
    shared = sum(d * fit[2] for d, fit in zip(df, fits, strict=True)) / max(1, sum(df))
    results = []
    for d, (slope, variance, dispersion) in zip(df, fits, strict=True):
        mixed = max(1.0, (_PRIOR_DF * shared + d * dispersion) / (_PRIOR_DF + d))
        z = slope / math.sqrt(mixed * variance) if variance > 0 else 0.0
        results.append((slope, float(2 * student_t.sf(abs(z), _PRIOR_DF + d))))
    return results


def _fit(one: Series) -> tuple[float, float, float]:
    """Return slope, its variance at dispersion 1, and the dispersion of a weighted linear fit."""
    x, n, flags = (np.array(values, dtype=float) for values in (one.weeks, one.totals, one.flagged))
    weight = n / np.array(one.deffs)
    p = flags.sum() / n.sum()
    if p in (0.0, 1.0):
        return 0.0, 0.0, 1.0
    y = flags / n
    centred = x - np.average(x, weights=weight)
    sxx = float((weight * centred**2).sum())
    if not sxx:
        return 0.0, 0.0, 1.0
    middle = np.average(y, weights=weight)
    slope = float((weight * centred * (y - middle)).sum()) / sxx
    residual = y - middle - slope * centred
    dispersion = float((weight * residual**2).sum()) / (p * (1 - p)) / max(1, len(x) - 2)
    return slope, p * (1 - p) / sxx, dispersion
