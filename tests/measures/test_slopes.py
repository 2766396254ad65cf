import numpy as np
import pymannkendall
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from textsignals.measures.scores import Tally
from textsignals.measures.slopes import errors, fit, series

NAME = "drift"


def cell(sentences, flags):
    tally = Tally()
    tally.sentences.update(sentences)
    tally.statuses[(NAME, "asserted")] = flags
    return tally


def of(flagged, n=50, stratum="chat"):
    """A team of two authors, with n sentences a week or as many as are listed."""
    sizes = np.broadcast_to(n, len(flagged))
    return {
        (i, stratum): cell({("a", str(i)): int(m) - int(m) // 2, ("b", str(i)): int(m) // 2}, int(x))
        for i, (x, m) in enumerate(zip(flagged, sizes, strict=True))
    }


def fitted(cells, icc=0.0):
    one = series(cells, [NAME])
    return fit(one, one.weeks, np.array([icc]))


def error_of(*fits):
    error, _ = errors(fits, np.ones((len(fits), 1), dtype=bool))
    return [float(e) for e in error[:, 0]]


def test_series_leaves_out_what_is_empty_and_knows_an_author_of_two_channels_as_one():
    chat, retro = cell({("a", "w"): 30, ("b", "w"): 10}, 4), cell({("a", "w"): 20}, 1)
    one = series({(7, "chat"): chat, (7, "retro"): retro, (8, "chat"): Tally()}, [NAME])
    assert (one.weeks.tolist(), one.n.tolist(), one.flags[:, 0].tolist()) == ([7], [40, 20], [4, 1])
    assert one.cluster.tolist() == [(50**2 + 10**2) / 60]
    assert one.n_authors == 2


@given(st.lists(st.integers(0, 20), min_size=8, max_size=30))
@settings(max_examples=50, deadline=None)
def test_with_equal_weeks_the_slope_is_that_of_least_squares(flagged):
    assume(sum(flagged) > 0)
    one = fitted(of(flagged))
    assert one.slope[0] == pytest.approx(np.polyfit(range(len(flagged)), np.array(flagged) / 50, 1)[0], abs=1e-12)
    assert one.df[0] == pytest.approx(len(flagged) - 2)


def test_a_steady_change_between_the_halves_is_told_by_its_slope():
    one = fitted(of(range(12)))
    assert one.slope[0] * one.halves == pytest.approx((8.5 - 2.5) / 50)


def test_strata_have_an_intercept_each_as_with_dummies_in_statsmodels():
    rng = np.random.default_rng(0)
    n = {"chat": rng.integers(20, 80, 12), "retro": rng.integers(20, 80, 12)}
    flags = {"chat": rng.binomial(n["chat"], 0.1), "retro": rng.binomial(n["retro"], 0.4)}
    one = fitted(of(flags["chat"], n["chat"]) | of(flags["retro"], n["retro"], "retro"))
    x = np.column_stack([np.tile(np.arange(12), 2), np.repeat([1, 0], 12), np.repeat([0, 1], 12)])
    y = np.concatenate([flags[s] / n[s] for s in n])
    assert one.slope[0] == pytest.approx(sm.WLS(y, x, weights=np.concatenate(list(n.values()))).fit().params[0])


def test_z_values_are_those_of_a_quasi_binomial_glm():
    # A binomial model of (flagged, not flagged) forgets the number of trials in the scale "X2"; shares with weights
    # of variance do not.
    ours, theirs, trapped = [], [], []
    rng, x = np.random.default_rng(1), sm.add_constant(np.arange(20))
    for _ in range(25):
        n = rng.integers(60, 200, 20)
        flags = rng.binomial(n, rng.beta(6, 60, 20))
        one = fitted(of(flags, n))
        dispersion = (one.noise[:, 0] ** 2).sum() / one.df[0]
        ours.append(one.slope[0] / np.sqrt(dispersion * one.variance[0]))
        theirs.append(sm.GLM(flags / n, x, sm.families.Binomial(), var_weights=n).fit(scale="X2").tvalues[1])
        counts = np.column_stack([flags, n - flags])
        trapped.append(sm.GLM(counts, x, sm.families.Binomial()).fit(scale="X2").tvalues[1])
    assert pearsonr(ours, theirs)[0] > 0.999
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.05)
    assert np.std(trapped) > 5 * np.std(ours)


def test_directions_are_those_of_mann_and_kendall():
    rng = np.random.default_rng(2)
    for sign in (1, -1) * 5:
        flags = rng.binomial(100, 0.2 + sign * np.linspace(-0.12, 0.12, 16))
        one, theirs = fitted(of(flags, 100)), pymannkendall.original_test(flags / 100)
        assert theirs.trend == ("increasing" if one.slope[0] > 0 else "decreasing")
        assert theirs.slope == pytest.approx(one.slope[0], rel=0.3)


def test_what_swings_makes_a_slope_less_sure_also_beside_it():
    rng = np.random.default_rng(3)
    calm, wild = fitted(of(rng.binomial(50, [0.1] * 20))), fitted(of([0, 20] * 10))
    alone = error_of(calm)[0] / np.sqrt(calm.variance[0])
    beside = error_of(calm, wild)[0] / np.sqrt(calm.variance[0])
    assert alone < 1.3
    assert beside > 1.3 * alone


def test_weeks_that_hang_together_make_a_slope_less_sure_than_the_same_weeks_mixed():
    rng = np.random.default_rng(4)
    waves = 20 + 12 * np.sin(np.arange(24) * 2 * np.pi / 8)
    mixed = [rng.permutation(waves) for _ in range(6)]
    hanging = [np.roll(waves, i) for i in range(6)]
    errors_mixed, errors_hanging = (
        error_of(*(fitted(of(np.round(w), 100)) for w in teams)) for teams in (mixed, hanging)
    )
    assert np.mean(errors_hanging) > 1.3 * np.mean(errors_mixed)


def test_no_slope_is_surer_than_that_of_sentences_drawn_one_by_one():
    one = fitted(of([5] * 12), icc=0.2)
    plain = fitted(of([5] * 12))
    assert (1 - 1e-9) * np.sqrt(plain.variance[0]) <= error_of(one)[0] < 2 * np.sqrt(plain.variance[0])


@pytest.mark.parametrize("flagged", [[0] * 9, [50] * 9])
def test_a_team_without_any_flag_or_with_nothing_else_has_no_slope_and_no_error(flagged):
    one = fitted(of(flagged))
    assert (one.slope[0], error_of(one)[0]) == (0, 0)


@pytest.mark.parametrize("lag", [0.0, 0.4])
def test_errors_are_those_of_many_draws_also_where_weeks_hang_together(lag):
    rng, z = np.random.default_rng(5), []
    for _ in range(12):
        fits = []
        for _ in range(12):
            swing, now = [], rng.normal()
            for _ in range(20):
                swing.append(now)
                now = lag * now + np.sqrt(1 - lag**2) * rng.normal()
            n = int(rng.integers(50, 1000))
            fits.append(fitted(of(rng.binomial(n, 0.1 * np.exp(0.3 * np.array(swing))), n)))
        z += [one.slope[0] / e for one, e in zip(fits, error_of(*fits), strict=True)]
    assert 0.85 < np.std(z) < 1.15
