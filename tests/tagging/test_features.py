from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from textsignals.resources import model_folder
from textsignals.tagging.features import TOKEN, Features, plain
from textsignals.tagging.rules import RuleSet, load_rules, tokenizer

N_HASHED = 2**12
NLP = tokenizer("en")
RULES = load_rules(model_folder("en") / "patterns.jsonl")[::40]
SIGNALS = sorted({rule.signal for rule in RULES})
FEATURES = Features(N_HASHED, SIGNALS, RuleSet(RULES, NLP), NLP)
BARE = Features(N_HASHED, [], RuleSet([], NLP), NLP)
TEXTS = [text for rule in RULES for text in rule.yes]
ANY_TEXT = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(["we", "don't", "Don’t", "9", "42%", "?", "!!", "a", "\t", "\u2028", "é", "İ", "🎉", "\x1c"]),
        max_size=20,
    ).map(" ".join),
    st.sampled_from(TEXTS),
)


def logit(features, text, coef, intercept):
    """The score put together again from what each n-gram adds and from the columns of rules."""
    rules = features.transform([text])[:, features.n_hashed :] @ coef[features.n_hashed :]
    return sum(adds for _, adds in features.contributions(text, coef)) + float(rules[0]) + intercept


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, st.integers(0, 2**32 - 1))
def test_what_the_parts_add_sums_up_to_the_logit(text, seed):
    coef = np.random.default_rng(seed).normal(size=FEATURES.width)
    expected = float((FEATURES.transform([text]) @ coef)[0]) + 0.75
    assert logit(FEATURES, text, coef, 0.75) == pytest.approx(expected, abs=1e-9)


def test_what_the_parts_add_sums_up_to_the_logit_of_the_shipped_model(tagger):
    model = tagger.model
    texts = ["We were blindsided by the release again.", "Lunch at 12:30?", "", "…", "He redoes 3 of my 4 drafts!"]
    logits = model.features.transform(texts) @ model.coef.T + model.intercept
    for text, row in zip(texts, logits, strict=True):
        for i in range(0, len(tagger.signals), 5):
            assert logit(model.features, text, model.coef[i], model.intercept[i]) == pytest.approx(row[i], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_n_grams_are_hashed_as_scikit_learn_hashes_them(texts):
    shared = {"n_features": N_HASHED // 2, "binary": True, "norm": "l2", "lowercase": False}
    words = HashingVectorizer(token_pattern=TOKEN, ngram_range=(1, 2), **shared)
    chars = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **shared)
    folded = [plain(text) for text in texts]
    matrix = BARE.transform(texts).toarray()
    assert np.array_equal(matrix[:, : N_HASHED // 2], words.transform(folded).toarray())
    assert np.array_equal(matrix[:, N_HASHED // 2 :], chars.transform(folded).toarray())


@settings(max_examples=50, deadline=None)
@given(ANY_TEXT)
def test_every_n_gram_comes_from_its_place_in_the_text(text):
    folded = plain(text)
    for gram, _ in FEATURES.contributions(text, np.ones(FEATURES.width)):
        assert 0 <= gram.start < gram.end <= len(text)
        assert all(part in folded[gram.start : gram.end] for part in gram.name.split())


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=100))
def test_plain_keeps_the_length_and_twice_is_once(text):
    assert len(plain(text)) == len(text)
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Don’t PANIC", "don't panic"), ("9 of 10 — 2026", "0 of 00 - 0000"), ("٣ days", "0 days"), ("Straße", "straße")],
)
def test_plain_folds_case_digits_and_signs(text, folded):
    assert plain(text) == folded


def test_plain_keeps_upper_case_where_lower_case_is_longer():
    assert plain("İSTANBUL ’7’") == "İSTANBUL '0'"


def test_signals_of_rules_that_fire_are_marked():
    rule = RULES[0]
    marked = FEATURES.transform([rule.yes[0]])[:, N_HASHED:].toarray()[0]
    assert marked[SIGNALS.index(rule.signal)] == 1
    assert set(marked.tolist()) <= {0.0, 1.0}


def test_matches_given_are_used_instead_of_matching_again():
    text = RULES[0].yes[0]
    matches = FEATURES.match([text])
    assert (FEATURES.transform([text], matches) != FEATURES.transform([text])).nnz == 0
    assert FEATURES.transform([text], [[]])[:, N_HASHED:].nnz == 0


@pytest.mark.parametrize(("features", "extra"), [(FEATURES, True), (BARE, False)])
def test_shape_is_texts_by_width(features, extra):
    assert (features.width > N_HASHED) is extra
    assert features.transform(["a", "b", ""]).shape == (3, features.width)
    assert features.transform([]).shape == (0, features.width)


def test_a_text_without_words_has_no_features():
    assert FEATURES.transform(["", " \n", "\u2028"]).nnz == 0
    assert FEATURES.contributions("", np.ones(FEATURES.width)) == []
