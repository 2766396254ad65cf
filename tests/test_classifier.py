from __future__ import annotations

import pickle

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from textsignals.classifier import SignalClassifier
from textsignals.errors import ModelError
from textsignals.tagging.model import load_model
from textsignals.taxonomy import load_taxonomy

WATCHED = ["He checks every line I write.", "She checks every mail I send.", "They check every hour I log."]
TIRED = ["We are worn out again.", "The night shift is worn out.", "I am worn out and tired."]
PLAIN = ["Lunch at noon?", "The lift works.", "See you there.", "Nice weather today."]
TEXTS = [*WATCHED, *TIRED, *PLAIN]
Y = np.array([[1, 0]] * 3 + [[0, 1]] * 3 + [[0, 0]] * 4)
# Without the encoder, what is learned does not depend on how that was trained.
SMALL = {"signals": ("watched", "tired"), "n_hashed": 2**10, "use_encoder": False}


@pytest.fixture(scope="module")
def fitted():
    return SignalClassifier(**SMALL).fit(TEXTS, Y)


@pytest.fixture(scope="module")
def encoded():
    return SignalClassifier(**SMALL | {"use_encoder": True}).fit(TEXTS, Y)


def test_it_learns_the_toy_set_and_a_new_sentence_like_it(fitted):
    assert np.array_equal(fitted.predict(TEXTS), Y)
    assert fitted.predict(["He checks every mail.", "The weather."]).tolist() == [[1, 0], [0, 0]]
    assert fitted.score(TEXTS, Y) == 1.0


def test_parameters_are_stored_as_given_and_survive_a_clone():
    signals = ["watched", "tired"]
    given = SignalClassifier(signals=signals, C=0.5, class_weight="balanced", n_jobs=2, random_state=7)
    assert given.signals is signals
    copy = clone(given)
    assert copy.get_params() == given.get_params()
    assert given.get_params() == {
        "model": "en",
        "signals": signals,
        "use_encoder": True,
        "rule_weight": 3.0,
        "n_hashed": 2**18,
        "C": 0.5,
        "class_weight": "balanced",
        "n_jobs": 2,
        "random_state": 7,
    }
    assert copy.set_params(C=2.0).C == 2.0
    assert not [name for name in vars(copy) if name.endswith("_")]


def test_a_clone_of_a_fitted_estimator_is_not_fitted(fitted):
    with pytest.raises(NotFittedError):
        clone(fitted).predict(TEXTS)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_nothing_is_predicted_before_fitting(method):
    with pytest.raises(NotFittedError, match="This SignalClassifier instance is not fitted yet"):
        getattr(SignalClassifier(), method)(TEXTS)


@pytest.mark.parametrize(
    ("texts", "y", "message"),
    [
        (TEXTS, Y[:, :1], "Y has shape (10, 1), expected (10, 2)"),
        (TEXTS, Y[:9], "Y has shape (9, 2), expected (10, 2)"),
        (TEXTS, Y[:, 0], "Y has shape (10,), expected (10, 2)"),
        ([], Y, "Y has shape (10, 2), expected (0, 2)"),
    ],
)
def test_labels_of_another_shape_are_refused(texts, y, message):
    with pytest.raises(ValueError) as caught:
        SignalClassifier(**SMALL).fit(texts, y)
    assert str(caught.value) == message


def test_shapes_and_agreement_of_the_outputs(fitted):
    logits, p, y = (f(TEXTS) for f in (fitted.decision_function, fitted.predict_proba, fitted.predict))
    assert logits.shape == p.shape == y.shape == (10, 2)
    assert np.allclose(p, 1 / (1 + np.exp(-logits)))
    assert np.array_equal(y, (p >= 0.5).astype(int))
    assert fitted.predict_proba([]).shape == (0, 2)


def test_thresholds_decide_what_is_predicted():
    classifier = SignalClassifier(**SMALL).fit(TEXTS, Y)
    classifier.thresholds_ = np.array([0.0, 1.1])
    assert classifier.predict(["Lunch"]).tolist() == [[1, 0]]


def test_the_signals_of_the_model_are_the_default():
    signals = list(load_taxonomy().signals)
    classifier = SignalClassifier(n_hashed=2**8, use_encoder=False).fit(TEXTS, np.zeros((10, len(signals))))
    assert classifier.signals_.tolist() == signals
    assert classifier.predict(TEXTS).sum() == 0


def test_a_signal_with_one_example_or_none_is_never_predicted_and_one_always_there_always():
    y = np.zeros((10, 3), dtype=int)
    y[0, 0] = 1
    y[:, 2] = 1
    classifier = SignalClassifier(signals=("once", "never", "always"), n_hashed=2**8, use_encoder=False).fit(TEXTS, y)
    assert classifier.predict(TEXTS).tolist() == [[0, 0, 1]] * 10


def test_a_rule_that_fires_adds_its_weight_to_the_logit():
    y = [[1], [1], [0], [0]]
    texts = ["My boss micromanages every detail.", "He micromanages us.", "Lunch at noon?", "The lift works."]
    new = ["She keeps micromanaging the depot.", "The depot is closed."]
    plain, ruled = (
        SignalClassifier(signals=("micromanagement",), rule_weight=weight, n_hashed=2**8, use_encoder=False).fit(
            texts, y
        )
        for weight in (0.0, 3.0)
    )
    gain = ruled.decision_function(new) - plain.decision_function(new)
    features = ruled.features_
    best = max(features.rules.by_id[match.id].precision for match in features.match(new)[0])
    assert 0 < best < 1
    assert gain[:, 0].tolist() == pytest.approx([3.0 * best, 0.0])


@pytest.mark.parametrize("use_encoder", [True, False])
def test_heads_do_not_see_the_rules_and_each_rule_speaks_for_its_signal_only(use_encoder):
    texts, signals = ["My boss micromanages us.", "She micromanages.", "Lunch?", "Noon."], ("silo", "micromanagement")
    y = [[0, 1], [0, 1], [1, 0], [1, 0]]
    off, on = (
        SignalClassifier(signals=signals, rule_weight=w, n_hashed=2**8, use_encoder=use_encoder).fit(texts, y)
        for w in (0.0, 5.0)
    )
    first = on.features_.first_rule
    assert np.array_equal(on.coef_[:, :first], off.coef_[:, :first])
    assert np.array_equal(on.intercept_, off.intercept_)
    assert on.coef_[:, first:].tolist() == [[5.0, 0.0], [0.0, 5.0]]
    assert on.coef_.shape == (2, on.features_.width)


def test_the_encoder_of_the_model_is_used_unless_turned_off(fitted, encoded):
    width = load_model("en").features.encoder.width
    assert encoded.coef_.shape == (2, 2**10 + width + 2)
    assert fitted.coef_.shape == (2, 2**10 + 2)
    assert np.abs(encoded.coef_[:, 2**10 : 2**10 + width]).sum() > 0
    assert not np.allclose(encoded.decision_function(TEXTS), fitted.decision_function(TEXTS))
    assert fitted.features_.encoder is None


def test_it_learns_the_toy_set_with_the_encoder_too(encoded):
    assert np.array_equal(encoded.predict(TEXTS), Y)
    again = pickle.loads(pickle.dumps(encoded))
    assert np.array_equal(again.decision_function(TEXTS), encoded.decision_function(TEXTS))


def test_sample_weights_count():
    texts, y = ["same words"] * 10, np.array([[1, 0]] * 5 + [[0, 1]] * 5)
    classifier = SignalClassifier(**SMALL).fit(texts, y, sample_weight=np.array([10.0] * 5 + [1.0] * 5))
    assert classifier.predict(["same words"]).tolist() == [[1, 0]]


def test_grid_search_over_c_takes_the_better_one():
    everything = np.arange(len(TEXTS))
    search = GridSearchCV(SignalClassifier(**SMALL), {"C": [1e-4, 10.0]}, cv=[(everything, everything)])
    search.fit(TEXTS, Y)
    assert search.best_params_ == {"C": 10.0}
    assert search.cv_results_["mean_test_score"].tolist() == [0.4, 1.0]


def test_it_stands_at_the_end_of_a_pipeline(fitted):
    pipeline = Pipeline(
        [("lower", FunctionTransformer(lambda texts: [t.lower() for t in texts])), ("tag", clone(fitted))]
    )
    assert pipeline.fit(TEXTS, Y).predict([t.upper() for t in TEXTS]).tolist() == Y.tolist()
    assert clone(pipeline).set_params(tag__C=0.1).get_params()["tag__C"] == 0.1


def test_it_is_cross_validated():
    assert cross_val_predict(SignalClassifier(**SMALL), TEXTS, Y, cv=2, method="predict_proba").shape == (10, 2)


def test_fitting_twice_gives_the_same_weights_with_any_number_of_jobs(fitted):
    with parallel_config("threading"):
        again = SignalClassifier(**SMALL, n_jobs=2).fit(TEXTS, Y)
    assert np.array_equal(again.coef_, fitted.coef_)
    assert np.array_equal(again.intercept_, fitted.intercept_)


def test_a_fitted_estimator_can_be_copied_to_a_worker(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.decision_function(TEXTS), fitted.decision_function(TEXTS))


def test_scikit_learn_takes_it_for_a_classifier(fitted):
    assert is_classifier(fitted)


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_scorers_of_scikit_learn_read_its_scores_rightly(columns, scoring):
    y = np.array([[i % 2, i % 2, 1 - i % 2] for i in range(8)])[:, :columns]
    texts = ["he checks every line" if row[0] else "we are all so tired" for row in y]
    signals = ("watched", "checked", "tired")[:columns]
    classifier = SignalClassifier(signals=signals, n_hashed=2**8, use_encoder=False).fit(texts, y)
    assert get_scorer(scoring)(classifier, texts, y) == 1.0


def test_no_text_and_an_odd_number_of_columns_are_refused():
    with pytest.raises(ValueError, match="there is no text to fit on"):
        SignalClassifier(**SMALL).fit([], np.zeros((0, 2)))
    with pytest.raises(ValueError, match="n_hashed is 1001"):
        SignalClassifier(**SMALL | {"n_hashed": 1001}).fit(TEXTS, Y)


def test_signals_may_be_an_array():
    signals = np.array(["watched", "tired"])
    classifier = SignalClassifier(signals=signals, n_hashed=2**8, use_encoder=False).fit(TEXTS, Y)
    assert classifier.signals_.tolist() == ["watched", "tired"]


def test_an_unknown_model_names_those_there_are():
    with pytest.raises(ModelError, match=r"^no model 'xx': give a folder, or one of en$"):
        SignalClassifier("xx").fit(TEXTS, Y)
