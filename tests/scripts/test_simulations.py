"""The simulations in scripts/, small: intervals hold the truth, reports without a change claim none, one is found."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from textsignals.measures.rates import intra_cluster_correlation
from textsignals.measures.scores import Tally


@pytest.fixture(scope="module")
def script(root):
    return lambda name: runpy.run_path(str(root / "scripts" / name))


@pytest.mark.parametrize(("rate", "n"), [(0.005, 30), (0.02, 100), (0.08, 500)])
@pytest.mark.parametrize("variant", ["messages of 4 sentences", "1,000 labels at random", "correlation 0.3"])
def test_intervals_hold_the_truth(script, variant, rate, n):
    module = script("simulate-intervals")
    hit, _ = module["coverage"](np.random.default_rng(1), module["VARIANTS"][variant], rate, n, 6)
    # 360 intervals: 1.1 points of Monte-Carlo error, two of them on either side of the floor.
    assert 93 - 2.3 <= hit <= 97 + 2.3


def test_without_the_correlation_of_authors_intervals_are_far_too_narrow(script):
    module = script("simulate-intervals")
    hit, _ = module["coverage"](np.random.default_rng(1), module["VARIANTS"]["correlation ignored"], 0.08, 500, 4)
    assert hit < 80


@pytest.mark.parametrize("world", [{}, {"redrawn": False, "swing": 0.3}, {"drifting": True, "volume": 5.0}])
def test_reports_without_a_change_claim_none(script, world):
    module = script("simulate-null-reports")
    rng = np.random.default_rng(7)
    alarms = [module["alarms"](rng, module["World"](weeks=12, **world)) for _ in range(8)]
    assert np.array(alarms).sum() == 0


def test_a_family_that_doubles_in_a_team_is_found_where_authors_stay_the_same(script):
    module = script("simulate-power")
    percent = module["one_family"](module["WORLDS"]["same authors"], 0.15, 5)
    assert percent["ours"][0] >= 60
    assert percent["ours"][1] == 0


def test_the_correlation_of_the_simulations_is_that_of_reports(script):
    from simulation import FAMILIES, SIGNALS, correlations

    rng = np.random.default_rng(0)
    names = [*FAMILIES, *SIGNALS]
    n = rng.integers(0, 12, (30, 6))
    flags = rng.binomial(n[..., None], rng.beta(1, 4, (30, 6, len(names))))
    cells = []
    for sizes, found in zip(n, flags, strict=True):
        tally = Tally()
        tally.sentences.update({(str(i), ""): int(m) for i, m in enumerate(sizes) if m})
        tally.flags.update({((str(i), ""), name): int(found[i, k]) for i in range(6) for k, name in enumerate(names)})
        cells.append(tally)
    expected = {name: intra_cluster_correlation(cells, name) for name in names}
    assert correlations(n, flags) == pytest.approx(expected)
