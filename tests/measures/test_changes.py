import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from textsignals.measures.changes import Series, moderated_slopes, weekly
from textsignals.measures.scores import Tally


def steady(flagged, total=50, deff=1.0):
    n = len(flagged)
    return Series(tuple(range(n)), tuple(flagged), (total,) * n, (deff,) * n)


@given(st.lists(st.integers(0, 20), min_size=8, max_size=30))
@settings(max_examples=50, deadline=None)
def test_with_equal_weeks_the_slope_is_that_of_least_squares(flagged):
    assume(sum(flagged) > 0)
    [(slope, p)] = moderated_slopes([steady(flagged)])
    assert slope == pytest.approx(np.polyfit(range(len(flagged)), np.array(flagged) / 50, 1)[0], abs=1e-12)
    assert 0 <= p <= 1


def test_a_flat_series_has_no_slope_and_a_steep_one_is_beyond_doubt():
    [(flat, p_flat), (steep, p_steep)] = moderated_slopes([steady([5] * 12), steady(range(12))])
    assert (flat, p_flat) == (pytest.approx(0), pytest.approx(1))
    assert steep > 0
    assert p_steep < 1e-4


def test_what_hangs_together_and_what_swings_makes_a_slope_less_sure():
    rising = [2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    [(_, alone)] = moderated_slopes([steady(rising)])
    [(_, clustered)] = moderated_slopes([steady(rising, deff=3.0)])
    # A team beside it that swings wildly lends its dispersion.
    [(_, beside), _] = moderated_slopes([steady(rising), steady([0, 20] * 6)])
    assert alone < clustered
    assert alone < beside


def test_a_team_without_any_flag_or_with_nothing_else_says_nothing():
    assert moderated_slopes([steady([0] * 9), steady([50] * 9)]) == [(0.0, 1.0), (0.0, 1.0)]


def test_weekly_leaves_out_empty_weeks_and_counts_clusters():
    full, empty = Tally(), Tally()
    full.sentences.update({("a", "w"): 30, ("b", "w"): 10})
    full.statuses[("drift", "asserted")] = 4
    series = weekly({7: full, 8: empty}, "drift", 0.1)
    # 1 + 0.1 * ((30^2 + 10^2) / 40 - 1)
    assert series == Series((7,), (4,), (40,), (pytest.approx(3.4),))
