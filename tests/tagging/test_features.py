from __future__ import annotations

import numpy as np
import pytest
from fake_encoder import WIDTH, fake_encoder
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer

from textsignals.resources import model_folder
from textsignals.tagging.features import TOKEN, Features, plain
from textsignals.tagging.rules import Match, Rule, RuleSet, load_rules, tokenizer

N_HASHED = 2**12
NLP = tokenizer("en")
RULES = load_rules(model_folder("en") / "patterns.jsonl")[::40]
SIGNALS = sorted({rule.signal for rule in RULES})
ENCODER = fake_encoder()
FEATURES = Features(N_HASHED, SIGNALS, RuleSet(RULES, NLP), NLP, ENCODER)
RULED = Features(N_HASHED, SIGNALS, RuleSet(RULES, NLP), NLP)
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
    """The score put together again from what each n-gram and token adds and from the columns of rules."""
    rules = features.transform([text])[:, features.first_rule :] @ coef[features.first_rule :]
    return sum(adds for _, adds in features.contributions(text, coef)) + float(rules[0]) + intercept


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, st.integers(0, 2**32 - 1))
def test_what_the_parts_add_sums_up_to_the_logit(text, seed):
    # The encoder computes in 32 bits.
    for features, gap in ((FEATURES, 1e-5), (RULED, 1e-9), (BARE, 1e-9)):
        coef = np.random.default_rng(seed).normal(size=features.width)
        expected = float((features.transform([text]) @ coef)[0]) + 0.75
        assert logit(features, text, coef, 0.75) == pytest.approx(expected, abs=gap)


def test_what_the_parts_add_sums_up_to_the_logit_of_the_shipped_model(tagger):
    model = tagger.model
    texts = ["We were blindsided by the release again.", "Lunch at 12:30?", "", "…", "He redoes 3 of my 4 drafts!"]
    logits = model.features.transform(texts) @ model.coef.T + model.intercept
    for text, row in zip(texts, logits, strict=True):
        for i in range(0, len(tagger.signals), 5):
            assert logit(model.features, text, model.coef[i], model.intercept[i]) == pytest.approx(row[i], abs=1e-4)


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
    for gram, _ in RULED.contributions(text, np.ones(RULED.width)):
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


# --- columns -----------------------------------------------------------------------------------------------------


def rule(id_, pattern, fired, right):
    return Rule(id_, id_.partition(".")[0], pattern, (), (), fired, right)


GRADED = [rule("a.good", "red", 16, 16), rule("a.bad", "blue", 16, 0), rule("b.new", "red", 0, 0)]
FEW = Features(8, ["b", "a", "c"], RuleSet(GRADED, NLP), NLP)


@pytest.mark.parametrize(
    ("text", "row"),
    # (16 + 1.6) / 20, 1.6 / 20, and what is taken for average where nothing is known
    [("red", [0.4, 0.88, 0]), ("blue", [0, 0.08, 0]), ("blue red blue", [0.4, 0.88, 0]), ("green", [0, 0, 0])],
)
def test_a_column_of_rules_holds_the_precision_of_the_best_one_that_fires(text, row):
    assert FEW.fired(FEW.match([text])).toarray().tolist() == [pytest.approx(row)]
    assert FEW.transform([text])[:, FEW.first_rule :].toarray().tolist() == [pytest.approx(row)]


def test_columns_of_rules_stand_behind_all_others():
    assert (FEW.n_hashed, FEW.first_rule, FEW.width) == (8, 8, 11)
    assert (FEATURES.first_rule, FEATURES.width) == (N_HASHED + WIDTH, N_HASHED + WIDTH + len(SIGNALS))
    assert (RULED.first_rule, RULED.width) == (N_HASHED, N_HASHED + len(SIGNALS))


def test_fired_takes_a_row_for_each_sentence_with_or_without_matches():
    matches = [[], [Match("a.bad", 0, 1), Match("b.new", 2, 3)], []]
    assert FEW.fired(matches).toarray().tolist() == [[0, 0, 0], [pytest.approx(0.4), pytest.approx(0.08), 0], [0, 0, 0]]
    assert FEW.fired([]).shape == (0, 3)


def test_blocks_stand_in_their_order():
    texts = [*TEXTS[:3], "", "we were blindsided"]
    matrix = FEATURES.transform(texts).toarray()
    assert np.array_equal(matrix[:, :N_HASHED], FEATURES.hashed(texts).toarray())
    assert np.array_equal(matrix[:, N_HASHED : FEATURES.first_rule], ENCODER(texts))
    assert np.array_equal(matrix[:, FEATURES.first_rule :], FEATURES.fired(FEATURES.match(texts)).toarray())


def test_without_an_encoder_only_its_columns_are_missing():
    full, ruled = FEATURES.transform(TEXTS[:5]).toarray(), RULED.transform(TEXTS[:5]).toarray()
    assert np.array_equal(np.delete(full, range(N_HASHED, FEATURES.first_rule), axis=1), ruled)


def test_matches_given_are_used_instead_of_matching_again():
    text = RULES[0].yes[0]
    matches = FEATURES.match([text])
    assert matches[0]
    assert (FEATURES.transform([text], matches) != FEATURES.transform([text])).nnz == 0
    assert FEATURES.transform([text], [[]])[:, FEATURES.first_rule :].nnz == 0


def test_vectors_given_are_used_instead_of_running_the_encoder_again():
    vectors = np.arange(2 * WIDTH, dtype=float).reshape(2, WIDTH)
    matrix = FEATURES.transform(["we", "were"], vectors=vectors).toarray()
    assert np.array_equal(matrix[:, N_HASHED : FEATURES.first_rule], vectors)
    given_again = FEATURES.transform(["we", "were"], vectors=ENCODER(["we", "were"]))
    assert (given_again != FEATURES.transform(["we", "were"])).nnz == 0


def test_tokens_of_the_encoder_are_among_what_adds_and_marks_stand_for_the_whole_sentence():
    text = "We were blindsided"
    coef = np.zeros(FEATURES.width)
    coef[N_HASHED : FEATURES.first_rule] = 1
    adds = [(g.name, g.start, g.end) for g, value in FEATURES.contributions(text, coef) if value]
    assert adds == [
        ("[CLS]", 0, 18),
        ("we", 0, 2),
        ("were", 3, 7),
        ("blind", 8, 13),
        ("##sided", 13, 18),
        ("[SEP]", 0, 18),
    ]


@settings(max_examples=50, deadline=None)
@given(ANY_TEXT)
def test_every_part_lies_inside_the_text(text):
    for gram, _ in FEATURES.contributions(text, np.ones(FEATURES.width)):
        assert 0 <= gram.start <= gram.end <= len(text)
        assert gram.start < gram.end or not text


@pytest.mark.parametrize("features", [FEATURES, RULED, BARE])
def test_shape_is_texts_by_width_and_indices_are_sorted(features):
    matrix = features.transform(["a", "b", ""])
    assert matrix.shape == (3, features.width)
    assert matrix.has_sorted_indices
    assert features.transform([]).shape == (0, features.width)
    assert features.hashed(["a"]).shape == (1, N_HASHED)


def test_a_text_without_words_has_no_n_grams_and_fires_no_rule():
    assert RULED.transform(["", " \n", "\u2028"]).nnz == 0
    assert RULED.contributions("", np.ones(RULED.width)) == []
    assert [gram.name for gram, _ in FEATURES.contributions("", np.ones(FEATURES.width))] == ["[CLS]", "[SEP]"]


def test_an_odd_number_of_columns_is_refused():
    with pytest.raises(ValueError) as caught:
        Features(7, SIGNALS, RuleSet([], NLP), NLP)
    assert str(caught.value) == "n_hashed is 7; words and characters need the same number of columns each"
