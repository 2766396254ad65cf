"""Draws what teams would have written: counts by week and author, without any text, for the scripts that simulate."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from textsignals.measures.scores import Tally
from textsignals.taxonomy import COUNTED, load_taxonomy

TAXONOMY = load_taxonomy()
FAMILIES, SIGNALS = list(TAXONOMY.families), list(TAXONOMY.signals)
# Which signals (columns) are of which family (rows).
MEMBERS = np.array([[signal.family == family for signal in TAXONOMY.signals.values()] for family in FAMILIES])
SENSITIVITY, SPECIFICITY = 0.60, 0.998
YOUDEN = dict.fromkeys([*FAMILIES, *SIGNALS], SENSITIVITY + SPECIFICITY - 1)
LAG = 0.5
AUTHORS = 8

COUNTS = [(name, COUNTED) for name in (*FAMILIES, *SIGNALS)]

Teams = dict[str, dict[tuple[int, str], Tally]]


@dataclass(frozen=True)
class World:
    """How teams write. `icc` is how alike an author's sentences are; `redrawn` gives authors new rates every week.

    `swing` is the standard deviation of the logarithm of a rate over the weeks in one team, correlated by `LAG` from
    one week to the next and the same for all signals of a family: their sums swing as much. With `drifting` the share
    of retros, where each rate is four times that of the chat, grows from 20 to 80 % of the text.
    """

    weeks: int = 26
    teams: int = 20
    volume: float = 1.0
    redrawn: bool = True
    swing: float = 0.0
    drifting: bool = False
    icc: float = 0.1


def draw(
    rng: np.random.Generator,
    world: World,
    *,
    grown: np.ndarray | None = None,
    rates: Mapping[str, float] | None = None,
    first: float | None = None,
) -> tuple[Teams, dict[str, float]]:
    """Return what teams wrote and the intra-cluster correlation of each name.

    True rates lie between 0.3 and 8 %, sentences a team and week between 30 and 500 times `world.volume`. `grown`
    (teams, weeks, signals) multiplies rates, `rates` sets those of some signals, `first` the size of the first team.
    """
    teams, weeks = world.teams, world.weeks
    rate = rng.permutation(np.geomspace(0.003, 0.08, len(SIGNALS)))
    for signal, known in (rates or {}).items():
        rate[SIGNALS.index(signal)] = known
    level = np.exp(_swings(rng, world)) if world.swing else np.ones((teams, weeks, len(SIGNALS)))
    if grown is not None:
        level = level * grown
    k = 1 / world.icc - 1
    per_author = rng.beta(rate * k, (1 - rate) * k, (teams, weeks if world.redrawn else 1, AUTHORS, len(SIGNALS)))
    true = per_author * level[:, :, None, :]

    mean = np.exp(rng.uniform(np.log(30), np.log(500), teams)) * world.volume
    mean[0] = first or mean[0]
    total = rng.poisson(mean[:, None] * np.exp(rng.normal(0, 0.35, (teams, weeks)))) + 1
    share = rng.dirichlet([2] * AUTHORS, teams)
    sentences = rng.multinomial(total, share[:, None, :])
    strata = {"chat": sentences}
    factor = {"chat": 1.0}
    if world.drifting:
        retro = rng.binomial(sentences, np.linspace(0.2, 0.8, weeks)[:, None])
        strata, factor = {"chat": sentences - retro, "retro": retro}, {"chat": 0.5, "retro": 2.0}
    flags = {name: _flagged(rng, n, true * factor[name]) for name, n in strata.items()}
    lists = {name: (n.tolist(), flags[name].sum(axis=-2).tolist()) for name, n in strata.items()}
    tallies: Teams = {
        f"team {i:02}": {
            (week, name): _tally(n[i][week], x[i][week], str(week))
            for name, (n, x) in lists.items()
            for week in range(weeks)
        }
        for i in range(teams)
    }
    return tallies, correlations(sentences, np.sum(list(flags.values()), axis=0))


def _swings(rng: np.random.Generator, world: World) -> np.ndarray:
    levels = np.zeros((world.teams, world.weeks, len(FAMILIES)))
    now = rng.normal(0, world.swing, (world.teams, len(FAMILIES)))
    for week in range(world.weeks):
        levels[:, week] = now
        now = LAG * now + rng.normal(0, world.swing * np.sqrt(1 - LAG**2), now.shape)
    return levels @ MEMBERS


def _flagged(rng: np.random.Generator, n: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return flags by family, then by signal; no sentence carries two signals of a family."""
    share = np.minimum(true, 1) * SENSITIVITY + (1 - np.minimum(true, 1)) * (1 - SPECIFICITY)
    found = rng.binomial(n[..., None], share)
    return np.concatenate([np.minimum(found @ MEMBERS.T, n[..., None]), found], axis=-1)


def _tally(n: list[int], flags: list[int], week: str) -> Tally:
    tally = Tally(sum(n), Counter({(f"author {i}", week): m for i, m in enumerate(n) if m}))
    tally.statuses.update(dict(zip(COUNTS, flags, strict=True)))
    return tally


def correlations(n: np.ndarray, flags: np.ndarray) -> dict[str, float]:
    """Return what `intra_cluster_correlation` returns for each name, from (..., authors) and (..., authors, names)."""
    n, flags = n.reshape(-1, n.shape[-1]).astype(float), flags.reshape(-1, *flags.shape[-2:]).astype(float)
    here = (n > 0).sum(axis=1)
    use = (here > 1) & (n.sum(axis=1) > here)
    n, flags, here = n[use], flags[use], here[use]
    total, hits = n.sum(axis=1), flags.sum(axis=1)
    safe = np.where(n > 0, n, 1)[..., None]
    squares = (flags**2 / safe).sum(axis=(0, 1))
    between = squares - (hits**2 / total[:, None]).sum(axis=0)
    within = hits.sum(axis=0) - squares
    df_between, df_within = (here - 1).sum(), (total - here).sum()
    size = (total - (n**2).sum(axis=1) / total).sum() / df_between
    msb, msw = between / df_between, within / df_within
    spread = msb + (size - 1) * msw
    icc = np.where((spread > 0) & (hits.sum(axis=0) > 1), (msb - msw) / np.where(spread > 0, spread, 1), 0).clip(0, 0.5)
    return dict(zip([*FAMILIES, *SIGNALS], map(float, icc), strict=True))
