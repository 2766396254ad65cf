from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import InputError
from textsignals.evaluate import MACRO_MINIMUM, Figure, Unit, evaluate, read_units, wilson
from textsignals.records import Tag
from textsignals.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
HINT = 'write {"text": "...", "labels": [{"signal": "...", "status": "..."}]} on each line'


class FakeTagger:
    """Gives the tags and scores it is told to give, text by text."""

    operating_point = "balanced"
    signals = tuple(TAXONOMY.signals)
    model = SimpleNamespace(taxonomy=TAXONOMY)

    def __init__(self, tags, scores=None):
        self.tags, self.given = tags, scores or {}

    def tag(self, texts):
        return [tuple(tag_of(*pair) for pair in self.tags.get(text, ())) for text in texts]

    def scores(self, texts):
        return np.array([[self.given.get((text, s), 0.0) for s in self.signals] for text in texts])


def tag_of(signal, status="asserted"):
    return Tag(signal, TAXONOMY.signals[signal].family, status, 0.9, 0, 1)


def unit(text, *labels, maybe=(), ordinary=None):
    return Unit(text, frozenset(labels), frozenset(maybe), (not labels) if ordinary is None else ordinary)


def unknown(figure):
    return all(map(math.isnan, (figure.value, figure.low, figure.high)))


def counts(score):
    return score.tp, score.fp, score.fn


def of(scores, name):
    return next(score for score in scores if score.name == name)


@pytest.fixture(scope="module")
def result():
    units = [
        unit("hit", ("silo", "asserted")),
        unit("missed", ("silo", "asserted")),
        unit("false"),
        unit("quiet"),
        unit("both", ("silo", "asserted"), ("strain", "asserted")),
        unit("wrong status", ("silo", "negated")),
        unit("right status", ("support", "negated")),
        unit("same family", ("blindside", "asserted")),
        unit("unsure", maybe=["silo"]),
        unit("unsure label", ("silo", "asserted"), maybe=["silo"]),
    ]
    tags = {
        "hit": [("silo",)],
        "false": [("silo",), ("support",)],
        "both": [("strain",)],
        "wrong status": [("silo",)],
        "right status": [("support", "negated")],
        "same family": [("strain",)],
        "unsure": [("silo",)],
        "unsure label": [("silo",)],
    }
    return evaluate(units, FakeTagger(tags))


def test_counts_per_signal(result):
    # silo: "hit" found; "missed" and "both" not; "false" and "wrong status" tagged as asserted without reason.
    assert counts(of(result.signals, "silo")) == (1, 2, 2)
    assert counts(of(result.signals, "strain")) == (1, 1, 0)
    assert counts(of(result.signals, "blindside")) == (0, 0, 1)
    assert counts(of(result.signals, "support")) == (0, 1, 0)
    assert counts(of(result.signals, "groupthink")) == (0, 0, 0)
    assert [score.name for score in result.signals] == list(TAXONOMY.signals)


def test_counts_per_family_forgive_a_wrong_signal_of_the_right_family(result):
    assert counts(of(result.families, "drift")) == (3, 2, 1)
    assert counts(of(result.families, "aligned")) == (0, 1, 0)
    assert [score.name for score in result.families] == list(TAXONOMY.families)


def test_counts_over_all_signals_are_the_sum_of_the_signals(result):
    assert counts(result.overall) == (2, 4, 3)
    assert counts(result.overall) == tuple(map(sum, zip(*map(counts, result.signals), strict=True)))


def test_mentions_count_in_any_status(result):
    assert counts(result.mentions) == (4, 3, 3)


def test_status_is_judged_where_the_signal_is_right_and_sure(result):
    # "hit", "both" and "right status" have it right, "wrong status" has not; "unsure label" is left out.
    assert (result.status_right, result.n_status) == (3, 4)


def test_false_tags_are_counted_on_ordinary_sentences(result):
    # Two on "false", none on "quiet"; that on "unsure" is left out of scoring.
    assert result.false_per_1000.value == pytest.approx(1000 * 2 / 3)
    assert result.n_ordinary == 3


def test_the_rest_of_an_evaluation(result):
    assert result.n_units == 10
    assert result.operating_point == "balanced"
    assert unknown(result.macro_f1), "no signal has five labels"
    assert unknown(result.calibration_error), "no score reaches 0.05"
    assert unknown(result.macro_families), "the family of most labels has four"


def test_macro_f1_is_the_mean_over_signals_with_five_labels():
    units = [unit(f"s{i}", ("silo", "asserted")) for i in range(5)]
    units += [unit(f"t{i}", ("strain", "asserted")) for i in range(5)]
    units += [unit(f"b{i}", ("blindside", "asserted")) for i in range(4)]
    found = evaluate(units, FakeTagger({f"s{i}": [("silo",)] for i in range(5)}))
    assert MACRO_MINIMUM == 5
    assert found.macro_f1.value == 0.5


def test_macro_f1_of_families_counts_their_labels_together():
    units = [unit(f"s{i}", ("silo", "asserted")) for i in range(3)]
    units += [unit(f"t{i}", ("blindside", "asserted")) for i in range(3)]
    found = evaluate(units, FakeTagger({f"s{i}": [("blindside",)] for i in range(3)}))
    # Three of six found, since the family forgives a wrong signal.
    assert found.macro_families.value == pytest.approx(2 / 3)
    assert unknown(found.macro_f1)


def test_units_without_label_and_tag_tell_nothing_but_that_nothing_is_false():
    found = evaluate([unit("a"), unit("b", ordinary=False)], FakeTagger({}))
    figures = [found.macro_f1, found.macro_families, found.status, found.calibration_error]
    for score in (found.overall, found.mentions, *found.signals, *found.families):
        figures += [score.precision, score.recall, score.f1]
    assert all(unknown(figure) for figure in figures)
    assert found.false_per_1000 == Figure(0.0, 0.0, pytest.approx(3688.88, abs=0.01))


def test_no_ordinary_sentence_says_nothing_of_false_tags():
    found = evaluate([unit("a", ("silo", "asserted"))], FakeTagger({}))
    assert found.n_ordinary == 0
    assert unknown(found.false_per_1000)


def test_calibration_is_the_gap_between_scores_and_truth():
    units = [unit(f"u{i}", *[("silo", "negated")] * (i < 3)) for i in range(4)]
    scores = {(f"u{i}", "silo"): 0.75 for i in range(4)}
    assert evaluate(units, FakeTagger({}, scores)).calibration_error.value == 0.0
    worse = {(f"u{i}", "silo"): 0.95 for i in range(4)}
    assert evaluate(units, FakeTagger({}, worse)).calibration_error.value == pytest.approx(0.2)


def test_calibration_leaves_out_low_scores_and_doubtful_signals_and_takes_a_score_of_one():
    units = [unit("low"), unit("doubt", maybe=["silo"]), unit("sure", ("silo", "asserted"))]
    scores = {("low", "silo"): 0.04, ("doubt", "silo"): 0.9, ("sure", "silo"): 1.0}
    assert evaluate(units, FakeTagger({}, scores)).calibration_error.value == 0.0


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "precision", "recall", "f1"),
    [
        (3, 1, 2, 0.75, 0.6, 2 / 3),
        (0, 0, 4, math.nan, 0.0, 0.0),
        (0, 2, 0, 0.0, math.nan, 0.0),
        (0, 0, 0) + (math.nan,) * 3,
    ],
)
def test_score(tp, fp, fn, precision, recall, f1):
    score = of(evaluate(*labelled(tp, fp, fn)).signals, "silo")
    figures = [score.precision.value, score.recall.value, score.f1.value]
    assert figures == pytest.approx([precision, recall, f1], nan_ok=True)
    assert (score.support, score.tags) == (tp + fn, tp + fp)
    assert counts(score) == (tp, fp, fn)


def labelled(tp, fp, fn, tn=10):
    """Units on one signal and a tagger that makes so many right, false and missing tags on them."""
    units = [unit(f"tp{i}", ("silo", "asserted")) for i in range(tp)]
    units += [unit(f"fp{i}") for i in range(fp)]
    units += [unit(f"fn{i}", ("silo", "asserted")) for i in range(fn)]
    units += [unit(f"tn{i}") for i in range(tn)]
    return units, FakeTagger({u.text: [("silo",)] for u in units if u.text.startswith(("tp", "fp"))})


# --- intervals ---------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(0, 12)] * 4).filter(any))
def test_intervals_lie_in_the_unit_interval_and_are_those_of_a_second_run(cells):
    found = evaluate(*labelled(*cells))
    # repr, because NaN does not equal itself
    assert repr(found) == repr(evaluate(*labelled(*cells)))
    for score in (found.overall, found.mentions, *found.signals, *found.families):
        for figure in (score.precision, score.recall, score.f1):
            assert math.isnan(figure.value) or 0 <= figure.low <= figure.high <= 1
            assert math.isnan(figure.value) or figure.low <= figure.value + 1e-9
    assert repr(found.overall.f1) == repr(of(found.signals, "silo").f1), "one signal is all there is"


@pytest.mark.parametrize(
    ("cells", "name", "share", "n"),
    [((160, 40, 0, 800), "precision", 0.8, 200), ((60, 0, 140, 800), "recall", 0.3, 200)],
)
def test_intervals_of_shares_are_about_those_of_the_normal_distribution(cells, name, share, n):
    figure = getattr(evaluate(*labelled(*cells)).overall, name)
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    assert figure.value == pytest.approx(share)
    assert (figure.low, figure.high) == pytest.approx((share - half, share + half), abs=0.015)


def test_the_interval_of_f1_holds_19_of_20_draws_of_sentences():
    found = evaluate(*labelled(30, 20, 25, 100))
    rng = np.random.default_rng(7)
    cells = np.array([30, 20, 25, 100])
    tp, fp, fn, _ = rng.multinomial(175, cells / 175, size=20_000).T
    low, high = np.quantile(2 * tp / (2 * tp + fp + fn), [0.025, 0.975])
    assert (found.overall.f1.low, found.overall.f1.high) == pytest.approx((low, high), abs=0.02)
    assert found.overall.f1.value == pytest.approx(60 / 105)


def test_more_sentences_of_the_same_kind_give_narrower_intervals():
    widths = []
    for times in (1, 4, 16):
        found = evaluate(*labelled(6 * times, 4 * times, 4 * times, 20 * times))
        figures = (found.overall.precision, found.overall.recall, found.overall.f1, found.macro_f1)
        widths.append([figure.high - figure.low for figure in figures])
    assert (np.diff(widths, axis=0) < 0).all()


def test_where_all_or_nothing_is_right_the_interval_is_that_of_wilson():
    right, wrong = evaluate(*labelled(8, 0, 0)).overall, evaluate(*labelled(0, 3, 5)).overall
    assert right.precision == right.recall == Figure(1, *wilson(8, 8))
    assert wrong.precision == Figure(0, *wilson(0, 3)) and wrong.recall == Figure(0, *wilson(0, 5))
    share = wilson(8, 8)[0]
    assert right.f1 == Figure(1, 2 * share / (1 + share), 1)
    share = wilson(0, 8)[1]
    assert wrong.f1 == Figure(0, 0, 2 * share / (1 + share))


def test_a_disputed_signal_still_speaks_for_a_family_that_surely_stands():
    units = [unit("a", ("support", "asserted"), maybe=["collaboration"]), unit("b", maybe=["collaboration"])]
    tags = {"a": [("collaboration", "asserted")], "b": [("collaboration", "asserted")]}
    found = evaluate(units, FakeTagger(tags))
    assert counts(of(found.families, "aligned")) == (1, 0, 0)
    assert counts(found.overall) == (0, 0, 1)


def test_a_signal_seen_once_has_the_widest_interval_there_is():
    score = of(evaluate(*labelled(1, 1, 1, 0)).signals, "silo")
    assert (score.f1.low, score.f1.high) == (0, 1)


@pytest.mark.parametrize(
    ("false", "low", "high"),
    # Garwood (1936), as in table 40 of Pearson and Hartley, Biometrika Tables for Statisticians
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (2, 0.242, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.390)],
)
def test_false_tags_have_the_interval_of_a_poisson_count(false, low, high):
    found = evaluate(*labelled(3, false, 0, 500 - false))
    assert found.n_ordinary == 500
    expected = (2 * false, 2 * low, 2 * high)
    figure = found.false_per_1000
    assert (figure.value, figure.low, figure.high) == pytest.approx(expected, abs=2e-3)


def test_the_share_of_right_statuses_has_the_interval_of_wilson(result):
    assert result.status == Figure(0.75, *wilson(3, 4))


def test_calibration_has_an_interval_of_draws_too():
    units = [unit(f"u{i}", *[("silo", "asserted")] * (i % 2)) for i in range(40)]
    found = evaluate(units, FakeTagger({}, {(f"u{i}", "silo"): 0.75 for i in range(40)})).calibration_error
    assert found.value == pytest.approx(0.25)
    assert 0 <= found.low < 0.25 < found.high < 0.5


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_agrees_with_the_published_table(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_all_and_of_nothing():
    assert wilson(20, 20)[1] == 1.0
    assert wilson(20, 20)[0] == pytest.approx(1 - wilson(0, 20)[1])
    assert all(math.isnan(x) for x in wilson(0, 0))


# --- reading -----------------------------------------------------------------------------------------------------


def read(path):
    return list(read_units(path, TAXONOMY.signals, TAXONOMY.statuses))


def line(**fields):
    return json.dumps({"text": "We sit apart.", "labels": [], **fields}, ensure_ascii=False)


def test_units_are_read(tmp_path):
    path = tmp_path / "units.jsonl"
    label = {"signal": "silo", "status": "negated", "who": "ignored"}
    lines = [line(labels=[label]), "", line(set="mined"), line(maybe=["silo"], extra=1), line(text="a\u2028b")]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert read(path) == [
        Unit("We sit apart.", frozenset({("silo", "negated")}), frozenset(), False),
        Unit("We sit apart.", frozenset(), frozenset(), False),
        Unit("We sit apart.", frozenset(), frozenset({"silo"}), True),
        Unit("a\u2028b", frozenset(), frozenset(), True),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "{oops",
        "[]",
        "5",
        '{"text": "x"}',
        '{"labels": []}',
        line(text=None),
        line(text=5),
        line(labels=None),
        line(labels=["silo"]),
        line(labels=[{"signal": "silo"}]),
        line(labels=[{"signal": [], "status": "asserted"}]),
        line(maybe=None),
        line(maybe=5),
        "[" * 200_000,
    ],
)
def test_a_line_that_is_no_labelled_sentence_is_named(tmp_path, bad):
    path = tmp_path / "units.jsonl"
    path.write_text(f"{line()}\n\n{bad}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == f"{path}, line 3: is not a labelled sentence; {HINT}"


@pytest.mark.parametrize(
    ("label", "odd"),
    [
        ({"signal": "silos", "status": "asserted"}, "silos"),
        ({"signal": "silo", "status": "denied"}, "denied"),
        ({"signal": "x", "status": "a"}, "a, x"),
    ],
)
def test_a_label_that_the_taxonomy_does_not_hold_is_named(tmp_path, label, odd):
    path = tmp_path / "units.jsonl"
    path.write_text(line(labels=[label]), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    problem = f"names what the taxonomy does not hold: {odd}"
    assert str(caught.value) == f"{path}, line 1: {problem}; see: textsignals signals"


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path):
    path = tmp_path / "units.jsonl"
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: cannot be read: No such file or directory; check the spelling"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: is not UTF-8 text; save it as UTF-8"


def test_the_shipped_tagger_is_evaluated(tagger, root):
    units = read(root / "corpora" / "dev.jsonl")
    found = evaluate(units, tagger)
    assert found.n_units == len(units)
    assert found.overall.support == sum(s.support for s in found.signals) > 50
    assert found.overall.f1.low <= found.overall.f1.value <= found.overall.f1.high
    assert found.overall.f1.value > 0.3, "far below what any retraining gives"


def test_a_sentence_may_hold_a_signal_in_two_statuses():
    units = [unit("both", ("silo", "asserted"), ("silo", "negated"))]
    for status, right in (("asserted", 1), ("negated", 1), ("reported", 0)):
        found = evaluate(units, FakeTagger({"both": [("silo", status)]}))
        assert (found.status_right, found.n_status) == (right, 1)


@pytest.mark.parametrize(
    "entry",
    [
        {"text": "a", "labels": [{"signal": 1, "status": "asserted"}]},
        {"text": "a", "labels": [{"signal": "silo", "status": None}]},
        {"text": "a", "labels": [], "maybe": "silo"},
        {"text": "a", "labels": [], "maybe": ["micro-management"]},
    ],
)
def test_values_of_the_wrong_type_are_refused_with_their_line(tmp_path, entry):
    path = tmp_path / "u.jsonl"
    path.write_text(json.dumps(entry), encoding="utf-8")
    with pytest.raises(InputError, match="line 1"):
        list(read_units(path, TAXONOMY.signals, TAXONOMY.statuses))
