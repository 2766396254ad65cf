from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit

from textsignals.classifier import fit_head
from training import heads, thresholds, units

SIGNALS, STATUSES = ["a", "b"], ["asserted", "negated", "hypothetical"]
RANDOM = np.random.default_rng(0)


def label(signal, status="asserted"):
    return {"signal": signal, "status": status}


def unit(*labels, **more):
    return {"id": "1", "text": "t", "labels": list(labels), **more}


# --- units ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "agreed", "maybe"),
    [
        ([label("a")], None, [label("a")], []),
        ([label("a")], [label("a")], [label("a")], []),
        ([label("a")], [], [], ["a"]),
        ([], [label("b")], [], ["b"]),
        ([label("a")], [label("a", "negated")], [], ["a"]),
        ([label("a"), label("b")], [label("b")], [label("b")], ["a"]),
    ],
)
def test_two_readings_are_settled(first, second, agreed, maybe):
    assert units.settle(first, second) == (agreed, maybe)


def test_labels_are_joined_with_their_texts():
    labels = [{"id": "1", "set": "random", "round": 2, "labels": [label("a")], "second": []}]
    [joined] = units.join(labels, [{"id": "1", "text": "t", "repo": "r", "path": "p"}])
    assert joined == {"id": "1", "text": "t", "repo": "r", "path": "p", "labels": [], "maybe": ["a"]}


def test_labels_without_a_text_are_named():
    with pytest.raises(ValueError, match=r"^corpora/real-labels.jsonl: no text has the id x \(and 0 more\)$"):
        list(units.join([{"id": "x", "labels": []}], []))


def test_indicator_standing_and_scored():
    rows = [unit(label("a", "negated"), label("b")), unit(maybe=["b"]), unit(label("a", "negated"), label("a"))]
    assert units.indicator(rows, SIGNALS).tolist() == [[1, 1], [0, 0], [1, 0]]
    assert units.indicator(rows, SIGNALS, "asserted").tolist() == [[0, 1], [0, 0], [1, 0]]
    assert units.standing(rows, SIGNALS, STATUSES).tolist() == [[1, 0], [-1, -1], [0, -1]]
    assert units.scored(rows, SIGNALS).tolist() == [[True, True], [True, False], [True, True]]
    assert units.indicator([], SIGNALS).shape == units.scored([], SIGNALS).shape == (0, 2)


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ({"voice": "nurse"}, "nurse"),
        ({"repo": "o/r", "path": "minutes/1.md"}, "o/r"),
        ({"repo": "o/r", "path": "reviews.csv#Acme"}, "o/rAcme"),
        ({"repo": "o/r", "path": "c.csv#x/y#1", "origin": "x/y"}, "x/y"),
    ],
)
def test_a_source_is_a_voice_a_project_or_the_company_that_a_collection_is_about(entry, source):
    assert units.source_of(entry) == source


def test_real_labels_fit_the_real_sentences(root, gold):
    data = units.load(root / "corpora", gold)
    assert len(data.real) == 2_236 + 11_852 + 22_000
    assert len({u["id"] for u in data.real}) == len(data.real)
    seen = {units.source_of(u) for u in data.real}
    assert not seen & {units.source_of(u) for u in data.dev}


def test_second_readings_leave_out_what_the_first_does_not_say(root, gold):
    first = {u["id"]: u["labels"] for u in units.read_units(gold / "silver.jsonl.gz")}
    second = {e["id"]: e["labels"] for e in units.read_units(root / "corpora" / "second-readings.jsonl")}
    assert len(second) == 3_200 and second.keys() <= first.keys()
    real = {u["id"]: u for u in units.load(root / "corpora", gold).real}
    for id_, labels in first.items():
        agreed, maybe = units.settle(labels, second.get(id_))
        assert (real[id_]["labels"], real[id_]["maybe"]) == (agreed, maybe)
    assert sum(bool(real[id_]["maybe"]) for id_ in second) > 300


# --- heads ---------------------------------------------------------------------------------------------------------


def test_a_sentence_says_nothing_of_a_signal_on_which_readers_differed():
    matrix = csr_matrix([[1.0, 0], [1, 0], [0, 1], [0, 1], [1, 0]])
    target = np.array([[1], [1], [0], [0], [0]])
    use = np.array([[True], [True], [True], [True], [False]])
    coef, intercept = heads.fit_ngrams(matrix, target, use, np.ones(5))
    alone = fit_head(matrix[:4], target[:4, 0], heads.NGRAM_C)
    assert coef[0] == pytest.approx(alone[0]) and intercept[0] == pytest.approx(alone[1])


def test_the_stack_finds_the_score_that_tells():
    target = (RANDOM.random((400, 2)) < 0.3).astype(int)
    telling = 3.0 * target + RANDOM.normal(size=target.shape)
    stack = heads.Stack().fit([telling, RANDOM.normal(size=target.shape)], target, np.ones(target.shape, bool))
    assert stack.weights[0] > 1 and abs(stack.weights[1]) < 0.3
    hidden = np.zeros(target.shape, bool)
    hidden[:, 0] = True
    assert stack.fit([telling], 1 - target, ~hidden).weights[0] < -1


def test_calibration_gives_back_the_numbers_that_made_the_truth():
    logits, fired = RANDOM.normal(size=(20_000, 2)) * 2, (RANDOM.random((20_000, 2)) < 0.2) * 0.8
    target = RANDOM.random((20_000, 2)) < expit(0.5 * logits + 2.0 * fired + np.array([-1.0, -1.5]))
    use = np.ones(target.shape, bool)
    calibration = heads.Calibration().fit(logits, fired, target, use)
    assert [calibration.slope, calibration.rules, *calibration.offsets] == pytest.approx([0.5, 2, -1, -1.5], abs=0.15)
    p = calibration(logits, fired)
    assert p[fired > 0].mean() == pytest.approx(target[fired > 0].mean(), abs=0.01)
    # What is not known is not looked at.
    use[10_000:] = False
    again = heads.Calibration().fit(logits, fired, np.where(use, target, 1 - target), use)
    assert [again.slope, again.rules] == pytest.approx([calibration.slope, calibration.rules], abs=0.15)


def test_offsets_of_signals_that_hardly_occur_are_drawn_to_the_common_one():
    logits, fired = RANDOM.normal(size=(2_000, 3)) * 2, np.zeros((2_000, 3))
    target = RANDOM.random((2_000, 3)) < expit(logits - 1.0)
    use = np.ones(target.shape, bool)
    use[3:, 2] = False
    target[:3, 2] = True
    one, other, rare = heads.Calibration().fit(logits, fired, target, use).offsets
    assert rare == pytest.approx((one + other) / 2, abs=0.2)


def test_the_folded_weights_say_what_stack_and_calibration_say():
    n, width, words = 5, 4, 6
    stack, calibration = heads.Stack(), heads.Calibration()
    stack.weights, stack.intercepts = np.array([0.4, 0.3, 0.2]), np.array([-1.0, 0.5])
    calibration.slope, calibration.rules, calibration.offsets = 0.8, 1.5, np.array([-0.2, 0.3])
    encoder = {
        f"{name}.{kind}": RANDOM.normal(size=(2, width) if kind == "weight" else 2)
        for name in ("mention", "asserted")
        for kind in ("weight", "bias")
    }
    ngrams = RANDOM.normal(size=(2, words)), RANDOM.normal(size=2)
    vectors, hashed, fired = RANDOM.normal(size=(n, width)), RANDOM.random((n, words)), RANDOM.random((n, 2))
    scores = [vectors @ encoder[f"{x}.weight"].T + encoder[f"{x}.bias"] for x in ("mention", "asserted")]
    expected = calibration(stack([*scores, hashed @ ngrams[0].T + ngrams[1]]), fired)
    coef, intercept = heads.fold(stack, calibration, encoder, ngrams)
    assert expit(np.hstack([hashed, vectors, fired]) @ coef.T + intercept) == pytest.approx(expected)


def test_the_mixture_leans_to_the_logits_that_are_right():
    target = RANDOM.integers(0, 3, size=300)
    right = 3 * np.eye(3)[target] + RANDOM.normal(size=(300, 3))
    wrong = RANDOM.normal(size=(300, 3))
    cues, encoder = heads.mix_status(wrong, right, target)
    assert cues < 0.3 and encoder > 0.5
    cues, encoder = heads.mix_status(right, wrong, target)
    assert cues > 0.5 and encoder < 0.3


def test_a_status_without_an_example_is_never_said():
    coef, intercept = heads.fit_status(csr_matrix(np.eye(4)), np.array([0, 0, 2, 2]), 3)
    assert coef.shape == (3, 4) and intercept[1] < -10 and not coef[1].any()
    assert (np.eye(4) @ coef.T + intercept).argmax(axis=1).tolist() == [0, 0, 2, 2]


# --- thresholds ----------------------------------------------------------------------------------------------------


def test_the_best_threshold_separates_what_can_be_separated():
    p, y = np.array([0.1] * 50 + [0.6] * 50), np.array([False] * 50 + [True] * 50)
    assert 0.1 < thresholds.best_f1(p, y, 0.03) <= 0.6


def test_signals_with_few_examples_borrow_the_common_threshold():
    p = np.column_stack([np.tile([0.1, 0.6], 500), np.r_[0.85, np.full(999, 0.7)]])
    y = np.column_stack([np.tile([False, True], 500), np.r_[True, np.full(999, False)]])
    many, few = thresholds.balanced(p, y, np.ones(y.shape, bool), 0.03)
    common = thresholds.best_f1(p.ravel(), y.ravel(), 0.03)
    assert abs(few - common) < 0.02
    assert 0.1 < many <= 0.6


def test_strict_leaves_the_promised_share_alone_and_is_never_lower():
    p, y = RANDOM.random((2_000, 2)), np.zeros((2_000, 2), bool)
    least = np.array([0.2, 1.0])
    limit = thresholds.strict(p, y, ~y, least)
    assert (limit >= least).all()
    assert (p[:, 0] < limit[0]).mean() >= thresholds.STRICT_SPECIFICITY
    assert thresholds.strict(p[:3], ~y[:3], ~y[:3], least).tolist() == least.tolist()


def test_quality_counts():
    flagged, y = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 0], bool)
    known, ordinary = np.array([1, 1, 1, 0, 0], bool), np.array([0, 1, 1, 1, 1], bool)
    assert thresholds.quality(flagged, y, known, ordinary) == {"tp": 1, "fp": 1, "p": 2, "tn": 1, "n": 3}
