import itertools
import math

import numpy as np
import pytest
from fake_tagger import QUALITY
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from textsignals import rate_interval
from textsignals.measures.rates import (
    Rate,
    cell_rate,
    intra_cluster_correlation,
    shared_recall,
    shrunk,
    status_rate,
)
from textsignals.measures.scores import Tally
from textsignals.tagging.model import Quality

Z2 = float(norm.ppf(0.975)) ** 2


@st.composite
def cases(draw, usable=False):
    """Return what rate_interval takes, from hopeless taggers with few labels (unless usable) to good ones with many."""
    p, n = draw(st.integers(50 if usable else 1, 400)), draw(st.integers(50 if usable else 1, 2000))
    total = draw(st.integers(1, 600))
    sizes = draw(st.none() | st.lists(st.integers(1, 40), min_size=1, max_size=12))
    return {
        "flagged": draw(st.integers(0, total)),
        "total": sum(sizes) if sizes else total,
        "tp": draw(st.integers(p // 3 if usable else 0, p)),
        "p": p,
        "tn": draw(st.integers(n * 9 // 10 if usable else 0, n)),
        "n": n,
        "cluster_sizes": sizes,
        "icc": draw(st.floats(0, 0.5)),
    }


def interval(case):
    given_ = dict(case)
    flagged, total = given_.pop("flagged"), given_.pop("total")
    return rate_interval(min(flagged, total), total, **given_)


def inequality(case, x):
    """Return lhs minus rhs of the score inequality as written down in the method, at the rates x."""
    se, sp = (case["tp"] + 1) / (case["p"] + 2), (case["tn"] + 1) / (case["n"] + 2)
    flagged = min(case["flagged"], case["total"])
    sizes = case["cluster_sizes"] or [1]
    deff = max(1.0, 1 + case["icc"] * (sum(m * m for m in sizes) / case["total"] - 1)) if case["cluster_sizes"] else 1
    expected = x * se + (1 - x) * (1 - sp)
    noise = expected * (1 - expected) * deff / case["total"]
    labels = x**2 * se * (1 - se) / case["p"] + (1 - x) ** 2 * sp * (1 - sp) / case["n"]
    return (flagged / case["total"] - expected) ** 2 - Z2 * (noise + labels)


def test_point_is_rogan_and_gladen_computed_by_hand():
    # Sensitivity (78+1)/(98+2) = 0.79, specificity (988+1)/(998+2) = 0.989: (0.1 + 0.989 - 1) / (0.79 + 0.989 - 1).
    rate, low, high = rate_interval(10, 100, tp=78, p=98, tn=988, n=998)
    assert rate == pytest.approx(0.089 / 0.779)
    assert low < rate < high


def test_interval_of_a_nearly_perfect_tagger_is_wilsons():
    # Wilson (1927) for 8 of 10 at 95 %: 0.4902 to 0.9433, as in the textbooks.
    million = 10**9
    rate, low, high = rate_interval(8, 10, tp=million, p=million, tn=million, n=million)
    assert (rate, low, high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)


def test_nothing_flagged_gives_an_upper_end_that_is_not_zero():
    # Wilson's upper end for 0 of 30 is z2 / (30 + z2).
    many = 10**9
    rate, low, high = rate_interval(0, 30, tp=many, p=many, tn=many, n=many)
    assert (rate, low) == (0.0, 0.0)
    assert high == pytest.approx(Z2 / (30 + Z2), abs=1e-6)


def test_author_clusters_widen_the_interval_by_the_design_effect():
    # Ten authors of ten sentences, icc 0.1: design effect 1 + 0.1 * (1000/100 - 1) = 1.9, so as good as 100/1.9.
    many = 10**9
    clustered = rate_interval(19, 190, tp=many, p=many, tn=many, n=many, cluster_sizes=[10] * 19, icc=0.1)
    plain = rate_interval(10, 100, tp=many, p=many, tn=many, n=many)
    assert clustered == pytest.approx(plain, abs=1e-6)


def test_fewer_flags_than_false_alarms_alone_would_give_say_nothing_but_zero():
    # One in ten sentences is flagged wrongly, and of 2,000 none was: no rate fits, the point is cut at zero.
    assert rate_interval(0, 2000, tp=8000, p=10000, tn=9000, n=10000) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("flagged", "lowest"), [(8, 0.838), (50, 1.0)])
def test_more_flags_than_the_tagger_could_ever_find_say_all_of_them(flagged, lowest):
    # Four of five cases are found, so 8 of 8 may still be chance; 50 of 50 fit no rate at all, least of all a low one.
    rate, low, high = rate_interval(flagged, flagged, tp=80, p=100, tn=995, n=1000)
    assert (rate, high) == (1.0, 1.0)
    assert low == pytest.approx(lowest, abs=1e-3)


def test_a_tagger_no_better_than_chance_says_nothing():
    rate, low, high = rate_interval(5, 100, tp=5, p=100, tn=900, n=1000)
    assert math.isnan(rate)
    assert (low, high) == (0.0, 1.0)


def test_no_labels_at_all_say_nothing():
    rate, low, high = rate_interval(5, 100, tp=0, p=0, tn=0, n=0)
    assert math.isnan(rate)
    assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"flagged": -1},
        {"flagged": 101},
        {"total": 0, "flagged": 0},
        {"tp": 101},
        {"tp": -1},
        {"tn": 1001},
        {"tn": -1},
        {"level": 0.0},
        {"level": 1.0},
        {"level": 95},
    ],
)
def test_impossible_counts_are_refused_with_all_of_them_named(wrong):
    case = {"flagged": 10, "total": 100, "tp": 80, "p": 100, "tn": 995, "n": 1000, "level": 0.95} | wrong
    with pytest.raises(ValueError, match=r"^impossible counts: flagged=") as caught:
        rate_interval(case.pop("flagged"), case.pop("total"), **case)
    assert all(f"{name}={value}" in str(caught.value) for name, value in wrong.items())


@pytest.mark.parametrize(
    "wrong",
    [
        {"cluster_sizes": [60, 60]},
        {"cluster_sizes": []},
        {"cluster_sizes": [-1, 101]},
        {"icc": -0.1},
        {"icc": math.nan},
    ],
)
def test_impossible_clusters_are_refused(wrong):
    case = {"tp": 80, "p": 100, "tn": 995, "n": 1000, "cluster_sizes": [50, 50], "icc": 0.1} | wrong
    with pytest.raises(ValueError, match=r"^impossible clusters: icc="):
        rate_interval(10, 100, **case)


@given(cases())
@settings(max_examples=200, deadline=None)
def test_closed_form_is_the_hull_of_a_grid_search_over_the_inequality(case):
    rate, low, high = interval(case)
    assume(not math.isnan(rate))
    grid = np.linspace(0, 1, 20_001)
    kept = grid[inequality(case, grid) <= 0]
    step = grid[1]
    if len(kept):
        assert min(kept[0], rate) == pytest.approx(low, abs=2 * step)
        assert max(kept[-1], rate) == pytest.approx(high, abs=2 * step)
    else:
        # Either nothing fits, or what fits is narrower than a step of the grid.
        assert high - low <= 2 * step


@given(cases())
@settings(max_examples=100, deadline=None)
def test_interval_holds_the_point_and_stays_within_zero_and_one(case):
    rate, low, high = interval(case)
    assert 0 <= low <= high <= 1
    assert math.isnan(rate) or low <= rate <= high


@given(cases(usable=True))
@settings(max_examples=50, deadline=None)
def test_more_flags_never_lower_the_point_or_an_end(case):
    found = [interval({**case, "flagged": x}) for x in range(0, case["total"] + 1, max(1, case["total"] // 15))]
    for before, after in itertools.pairwise(found):
        assert all(b <= a + 1e-9 for b, a in zip(before, after, strict=True))


@given(cases(usable=True), st.floats(0, 0.5))
@settings(max_examples=50, deadline=None)
def test_a_higher_correlation_never_narrows_the_interval_nor_moves_the_point(case, icc):
    lesser, greater = sorted((case["icc"], icc))
    rate_a, low_a, high_a = interval({**case, "icc": lesser})
    rate_b, low_b, high_b = interval({**case, "icc": greater})
    assert rate_a == rate_b
    assert low_b <= low_a + 1e-9 and high_b >= high_a - 1e-9


@given(cases(usable=True))
@settings(max_examples=50, deadline=None)
def test_a_higher_level_never_narrows_the_interval(case):
    _, low_80, high_80 = interval({**case, "level": 0.8})
    _, low_99, high_99 = interval({**case, "level": 0.99})
    assert low_99 <= low_80 + 1e-9 and high_99 >= high_80 - 1e-9


def beta_shares(rng, mean, icc, size):
    a = mean * (1 / icc - 1)
    return rng.beta(a, (1 - mean) * (1 / icc - 1), size)


@pytest.mark.parametrize("rate", [0.005, 0.02, 0.08])
@pytest.mark.parametrize("n", [30, 100, 500])
def test_intervals_at_95_percent_hold_the_truth_93_to_97_times_in_a_hundred(rate, n):
    # The simulation of methods A2: authors with rates of their own (icc 0.1) redrawn every week, a tagger of
    # 0.75 / 0.985 that is itself only known from 200 + 800 labels, the correlation of flags estimated from 60 weeks.
    rng = np.random.default_rng([int(1000 * rate), n])
    se, sp, repeats, weeks = 0.75, 0.985, 30, 60
    n_authors = {30: 6, 100: 8, 500: 12}[n]
    hits = tries = 0
    for _ in range(repeats):
        tp, tn = rng.binomial(200, se), rng.binomial(800, sp)
        sizes = [rng.multinomial(n, rng.dirichlet([2] * n_authors)) for _ in range(weeks)]
        truths = [beta_shares(rng, rate, 0.1, n_authors) for _ in range(weeks)]
        flags = [rng.binomial(m, t * se + (1 - t) * (1 - sp)) for m, t in zip(sizes, truths, strict=True)]
        cells = [_tally(m, x) for m, x in zip(sizes, flags, strict=True)]
        icc = intra_cluster_correlation(cells, "any")
        for m, x in zip(sizes, flags, strict=True):
            _, low, high = rate_interval(
                int(x.sum()), n, tp=tp, p=200, tn=tn, n=800, cluster_sizes=[int(s) for s in m], icc=icc
            )
            hits += low <= rate <= high
            tries += 1
    # 1,800 intervals share 30 draws of labels: about 0.8 points of Monte-Carlo error, two of them on either side.
    assert 0.93 - 0.016 <= hits / tries <= 0.97 + 0.016


def _tally(sizes, flags, name="any"):
    tally = Tally(messages=len(sizes))
    for i, (size, flag) in enumerate(zip(sizes, flags, strict=True)):
        tally.sentences[f"a{i}", ""] += int(size)
        if flag:
            tally.flags[((f"a{i}", ""), name)] += int(flag)
            tally.statuses[(name, "asserted")] += int(flag)
    return tally


def test_correlation_computed_by_hand():
    # Two authors, 4 sentences each, 4 and 0 flags: msb = 2, msw = 0; with 3 and 1 flags msb = 0.5, msw = 0.25.
    assert intra_cluster_correlation([_tally([4, 4], [3, 1])], "any") == pytest.approx((0.5 - 0.25) / (0.5 + 3 * 0.25))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], 0.0),
        ([_tally([10], [5])], 0.0),
        ([_tally([1, 1, 1], [1, 0, 1])], 0.0),
        ([_tally([10, 10], [0, 0])], 0.0),
        ([_tally([10, 10], [5, 5])], 0.0),
        ([_tally([10, 10], [9, 0])], 0.5),
        ([_tally([10, 10], [10, 0])], 0.5),
        ([_tally([10, 10], [10, 10])], 0.0),
        ([_tally([1, 10, 10], [1, 0, 0])], 0.0),
    ],
    ids=[
        *["nothing", "one author", "a sentence each", "no flags", "all alike", "cut at a half"],
        *["all by one author", "nothing but flags", "a single flag"],
    ],
)
def test_correlation_stays_between_nothing_and_a_half(cells, expected):
    assert intra_cluster_correlation(cells, "any") == expected


def test_correlation_is_pooled_and_found_again():
    rng = np.random.default_rng(4)
    truths = [beta_shares(rng, 0.2, 0.1, 10) for _ in range(200)]
    cells = [_tally([30] * 10, rng.binomial(30, truth)) for truth in truths]
    assert intra_cluster_correlation(cells, "any") == pytest.approx(0.1, abs=0.02)


def test_correlation_does_not_depend_on_the_order_in_which_authors_were_met():
    rng = np.random.default_rng(7)
    sizes, flags = rng.integers(1, 30, 40), rng.integers(0, 2, 40)
    order = rng.permutation(40)
    assert intra_cluster_correlation([_tally(sizes, flags)], "any") == intra_cluster_correlation(
        [_tally(sizes[order], flags[order])], "any"
    )


def test_cell_rate_uses_the_authors_as_clusters():
    even, lumped = _tally([10] * 10, [1] * 10), _tally([91] + [1] * 9, [1] * 10)
    rates = [cell_rate(cell, "any", QUALITY, 0.8, 0.2) for cell in (even, lumped)]
    assert rates[0].rate == rates[1].rate
    assert rates[0].high - rates[0].low < rates[1].high - rates[1].low
    assert (rates[0].flagged, rates[0].total) == (10, 100)


def test_a_signal_with_few_known_cases_borrows_ten_from_all_signals():
    few = Quality(threshold=0.5, tp=0, fp=0, p=1, tn=995, n=1000)
    found = cell_rate(_tally([100], [5]), "any", few, 0.6, 0.0)
    assert (found.rate, found.low, found.high) == rate_interval(5, 100, tp=6, p=11, tn=995, n=1000, cluster_sizes=[100])


def test_shared_recall_pools_the_cases():
    one, other = (Quality(0.5, tp, 0, p, 9, 9) for tp, p in ((1, 10), (45, 50)))
    assert shared_recall([one, other]) == pytest.approx(46 / 60)
    assert shared_recall([]) == 0.5


@pytest.mark.parametrize(("low", "unseen"), [(0.0, True), (0.001, False)])
def test_unseen_means_that_the_interval_reaches_zero(low, unseen):
    assert Rate(1, 100, 0.01, low, 0.05).unseen is unseen


def test_shares_of_a_perfect_tagger_and_of_statuses_are_wilsons_as_in_statsmodels():
    many = 10**9
    for flagged, total in ((0, 30), (3, 40), (40, 40), (120, 900)):
        expected = proportion_confint(flagged, total, method="wilson")
        assert rate_interval(flagged, total, tp=many, p=many, tn=many, n=many)[1:] == pytest.approx(expected, abs=1e-6)
        tally = Tally()
        tally.sentences["a", ""] = total
        tally.statuses["any", "negated"] = flagged
        found = status_rate(tally, "any", "negated", 0.0)
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
        assert (found.flagged, found.total, found.rate) == (flagged, total, flagged / total)
        assert found.unseen is (flagged == 0)
        assert found.high > 0


def test_what_is_missing_or_wanted_is_less_sure_if_few_people_say_it():
    even, lumped = (_tally(sizes, [0] * len(sizes)) for sizes in ([10] * 10, [91] + [1] * 9))
    for tally in (even, lumped):
        tally.statuses["any", "hypothetical"] = 5
    narrow, wide = (status_rate(tally, "any", "hypothetical", 0.2) for tally in (even, lumped))
    assert wide.low < narrow.low < narrow.rate < narrow.high < wide.high


def given_rate(rate, half, flagged=5):
    return Rate(flagged, 100, rate, rate - half, rate + half)


def test_shrinking_by_hand():
    # Two rates of variance 1e-4 and mean 0.05: q = 2 * 0.03^2 / 1e-4 = 18, so between = 17 * 1e-4 and weight 17/18.
    half = 0.01 * norm.ppf(0.975)
    assert shrunk([given_rate(0.02, half), given_rate(0.08, half)]) == pytest.approx(
        [0.05 - 0.03 * 17 / 18, 0.05 + 0.03 * 17 / 18]
    )


def test_shrinking_puts_what_is_hardly_known_into_the_middle_and_keeps_the_rest_in_order():
    rates = [given_rate(0.02, 0.005), given_rate(0.09, 0.2), given_rate(0.06, 0.005), Rate(1, 9, math.nan, 0.0, 1.0)]
    sure, vague, high, unknown = shrunk(rates)
    assert sure < unknown < high
    assert sure < vague < high
    assert (sure, high) == pytest.approx((0.02, 0.06), abs=0.002)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([], []),
        ([given_rate(0.1, 0.02)], [0.1]),
        ([given_rate(0.1, 0.02)] * 3, [0.1] * 3),
        ([given_rate(0.0, 0.0), given_rate(0.0, 0.0)], [0.0, 0.0]),
    ],
)
def test_shrinking_what_is_alike_or_alone_leaves_it(rates, expected):
    assert shrunk(rates) == pytest.approx(expected)


def test_shrunken_rates_are_nearer_to_the_truth_than_plain_ones():
    rng = np.random.default_rng(6)
    truth, n = rng.normal(0.05, 0.015, 40).clip(0.005), rng.integers(30, 500, 40)
    plain = [
        Rate(int(x), int(m), *rate_interval(int(x), int(m), tp=9999, p=9999, tn=9999, n=9999))
        for x, m in zip(rng.binomial(n, truth), n, strict=True)
    ]
    error = lambda estimates: np.sqrt(np.mean((np.array(estimates) - truth) ** 2))  # noqa: E731
    assert error(shrunk(plain)) < 0.8 * error([rate.rate for rate in plain])
