from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

import textsignals
from textsignals.errors import ModelError
from textsignals.tagging.sentences import MAX_SENTENCES, normalise
from textsignals.taxonomy import load_taxonomy

# Sentences that the rules clearly cover, one a signal: a model that misses one of them is broken.
OBVIOUS = {
    "abdication": "Our lead handed us the project and then disappeared for two months.",
    "feedback_shield": "Stop micromanaging me and let me do my job.",
    "silo": "Only Priya knows how the payroll job works.",
    "misalignment": "It is still unclear who owns the billing module.",
    "priority_churn": "Priorities keep changing every week.",
    "blindside": "We were completely blindsided by the announcement.",
    "missed_commitment": "We missed the deadline by two weeks.",
    "blame_shift": "They keep pointing fingers at each other.",
    "strain": "Everyone on the team is burnt out and exhausted.",
    "micromanagement": "My boss micromanages every little detail.",
    "top_down": "The decision was made from above without asking us.",
    "coordination_overload": "We have too many meetings and no time to work.",
    "groupthink": "Everyone nodded although nobody had read the proposal.",
    "plan_vetting": "We discussed the design with support before building it.",
    "clear_expectations": "Each of us knew exactly what was expected.",
    "transparency": "We share our progress openly with everyone.",
    "accountability": "I take full responsibility for the outage.",
    "course_correction": "Based on the feedback we changed the plan.",
    "support": "My mentor was always there when I needed help.",
    "psychological_safety": "Everyone feels safe to speak up here.",
    "empowerment": "Our manager trusts us to make our own decisions.",
    "collaboration": "Design and backend collaborated closely on the release.",
}
ORDINARY = [
    "",
    "ok",
    "+1",
    "...",
    "Thanks!",
    "Lunch at noon?",
    "See you on Monday.",
    "The build took four minutes.",
    "Bob is on holiday until Tuesday.",
    "I moved the logo ten pixels to the left.",
    "The meeting room is on the third floor.",
    "Version 2.3 is out.",
    "Can someone send me the link?",
    "The train was late because of snow.",
    "Fixed a typo in the footer.",
    "The printer is out of paper again.",
    "Align the button left.",
    "The query uses an index now.",
    "My phone number has changed.",
]
STATUSES = [
    ("We were blindsided by the announcement.", "blindside", "asserted"),
    ("Nobody was blindsided this time.", "blindside", "negated"),
    ("Let's make sure nobody gets blindsided.", "blindside", "hypothetical"),
]
PIECES = st.sampled_from(
    [
        *OBVIOUS.values(),
        *ORDINARY,
        "- ",
        "\n",
        "\r\n",
        " ",
        "Ana: ",
        "> ",
        "```\n",
        "🎉 ",
        "12:30 ",
        "\u2028",
        "’",
        "x" * 2_100,
        "\ud83d",
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@pytest.fixture(scope="module")
def strict():
    return textsignals.load(operating_point="strict")


def test_there_is_an_obvious_sentence_for_every_signal(tagger):
    assert set(OBVIOUS) == set(tagger.signals) == set(load_taxonomy().signals)


# What a model misses though it should not; it fails here as soon as it does not, and leaves the list.
MISSED = {
    "feedback_shield": "there is one real example of it in all training text, so its scores start very low",
}


@pytest.mark.parametrize(
    "signal",
    [pytest.param(s, marks=pytest.mark.xfail(reason=MISSED[s], strict=True)) if s in MISSED else s for s in OBVIOUS],
)
def test_an_obvious_sentence_is_found(tagger, signal):
    assert signal in {tag.signal for tag in tagger.tag([OBVIOUS[signal]])[0]}


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_sentence_gives_nothing(tagger, text):
    assert tagger.tag([text]) == [()]


@pytest.mark.parametrize(("text", "signal", "status"), STATUSES)
def test_status(tagger, text, signal, status):
    assert {tag.signal: tag.status for tag in tagger.tag([text])[0]}.get(signal) == status


def test_one_tuple_for_each_text_in_order(tagger):
    texts = [OBVIOUS["blindside"], "Thanks!", OBVIOUS["silo"], ""]
    found = tagger.tag(iter(texts))
    assert [bool(tags) for tags in found] == [True, False, True, False]
    assert all(isinstance(tags, tuple) for tags in found)
    assert tagger.tag([]) == []


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_a_tag_of_a_single_text_spans_it_and_its_evidence_lies_inside(tagger, text):
    for tag in tagger.tag([text])[0]:
        assert (tag.start, tag.end) == (0, len(text))
        assert 0 < tag.score < 1
        assert tag.status in tagger.model.taxonomy.statuses
        assert tag.family == tagger.model.taxonomy.signals[tag.signal].family
        assert tag.evidence
        at = -1
        for start, end in tag.evidence:
            assert at < start < end <= len(text), "evidence is in order, joined and inside"
            at = end


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_offsets_of_tag_text_index_the_text_as_read(tagger, text):
    spans = {(s.start, s.end) for s in tagger.sentences(text)}
    tags = tagger.tag_text(text)
    assert [tag.start for tag in tags] == sorted(tag.start for tag in tags)
    for tag in tags:
        assert (tag.start, tag.end) in spans
        assert all(tag.start <= start < end <= tag.end for start, end in tag.evidence)
        alone = {other.signal: other for other in tagger.tag([text[tag.start : tag.end]])[0]}[tag.signal]
        assert (alone.status, alone.score) == (tag.status, tag.score)
        assert tuple((s + tag.start, e + tag.start) for s, e in alone.evidence) == tag.evidence


def test_tag_text_finds_sentences_behind_prefixes_and_leaves_quotes_code_and_headings_alone(tagger):
    said, other = OBVIOUS["blindside"], OBVIOUS["silo"]
    text = f"# {said}\n12:30 Ana: {said}\r\n> {said}\n```\n{said}\n```\n- [ ] Thanks! {other}\n"
    tags = tagger.tag_text(text)
    assert {text[tag.start : tag.end] for tag in tags} == {said, other}
    assert {tag.start for tag in tags} == {text.index("Ana: ") + 5, text.index(other)}


def test_evidence_of_a_rule_is_what_the_rule_matched(tagger):
    text = "Well — we were blindsided’ again"
    reason = next(r for r in tagger.explain(text, nearest=len(tagger.signals)) if r.signal == "blindside")
    assert reason.rules
    assert any("blindsided" in text[start:end] for start, end in reason.tag.evidence)


def test_the_same_tags_in_batches_and_singly(tagger):
    texts = ([*OBVIOUS.values(), *ORDINARY] * 13)[:520]
    assert len(texts) > 512, "more than one batch"
    singly = {text: tagger.tag([text])[0] for text in set(texts)}
    assert tagger.tag(texts) == [singly[text] for text in texts]


def test_typographic_signs_change_nothing(tagger):
    for text in ("I don't need anyone looking over my shoulder.", "We're blindsided - again"):
        curly = text.replace("'", "’").replace(" - ", " – ")
        assert normalise(curly) == text
        assert tagger.tag([curly]) == tagger.tag([text])


def test_stream_yields_before_everything_is_read(tagger):
    def endless():
        while True:
            yield OBVIOUS["blindside"]

    assert next(tagger.stream(endless()))[0].signal


def test_half_an_emoji_does_not_stop_the_tagger(tagger):
    assert "blindside" in {
        tag.signal for tag in tagger.tag_text("\ud83d We were completely blindsided by the announcement.")
    }


def test_only_the_first_thousand_sentences_are_tagged(tagger):
    assert len(tagger.sentences("We left. " * (MAX_SENTENCES + 5))) == MAX_SENTENCES


def test_sentences_without_words_are_not_tagged(tagger):
    text = "... https://a.org/blindsided :tada: @ana.\n42 %\nWe left."
    assert [text[s.start : s.end] for s in tagger.sentences(text)] == ["We left."]


def test_strict_tags_are_all_tags_of_balanced(tagger, strict):
    texts = [*OBVIOUS.values(), *ORDINARY, *(text for text, _, _ in STATUSES)]
    for loose, tight in zip(tagger.tag(texts), strict.tag(texts), strict=True):
        assert set(tight) <= set(loose)
    assert (tagger.operating_point, strict.operating_point) == ("balanced", "strict")
    assert (strict.thresholds >= tagger.thresholds).all()


def test_an_unknown_operating_point_names_those_there_are():
    with pytest.raises(ModelError) as caught:
        textsignals.load(operating_point="loose")
    assert str(caught.value) == "no operating point 'loose'; this model has balanced, strict"


def test_scores_have_a_row_a_text_and_a_column_a_signal(tagger):
    scores = tagger.scores([OBVIOUS["silo"], "Thanks!"])
    assert scores.shape == (2, len(tagger.signals))
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[0, tagger.signals.index("silo")] > scores[1, tagger.signals.index("silo")]
    assert tagger.scores([]).shape == (0, len(tagger.signals))


@pytest.mark.parametrize("text", [*OBVIOUS.values(), "Thanks!", ""])
def test_explain_agrees_with_tag(tagger, text):
    reasons, tags = tagger.explain(text, nearest=2), tagger.tag([text])[0]
    hits, missed = reasons[: len(tags)], reasons[len(tags) :]
    assert {reason.tag for reason in hits} == set(tags)
    assert all(reason.score >= reason.threshold for reason in hits)
    assert len(missed) == 2 and all(reason.score < reason.threshold for reason in missed)
    for group in (hits, missed):
        assert [r.score for r in group] == sorted((r.score for r in group), reverse=True)
    for reason in reasons:
        assert (reason.signal, reason.status) == (reason.tag.signal, reason.tag.status)
        assert reason.tag.score == round(reason.score, 4)
        assert all(rule.startswith(reason.signal + ".") for rule in reason.rules)
        assert all(word in text for word, _ in reason.words)
        assert [p for _, p in reason.words] == sorted((p for _, p in reason.words), reverse=True)


def test_explain_names_the_rules_and_cues(tagger):
    reason = tagger.explain("Nobody was blindsided this time.")[0]
    assert reason.signal == "blindside"
    assert reason.rules
    assert "negated.nobody" in reason.cues


@pytest.mark.parametrize("text", [*OBVIOUS.values(), *ORDINARY, "we " * 700, "\ud83d Don’t…"])
def test_what_words_tokens_and_rules_add_sums_up_to_the_logit(tagger, text):
    model, features = tagger.model, tagger.model.features
    fired = features.fired(features.match([text])).toarray()[0]
    for i, score in enumerate(tagger.scores([text])[0]):
        coef = model.coef[i]
        parts = [adds for _, adds in features.contributions(text, coef)]
        rules = fired @ coef[features.first_rule :]
        assert sum(parts) + rules + model.intercept[i] == pytest.approx(logit(score), abs=1e-4)


@pytest.mark.parametrize("signal", OBVIOUS)
def test_without_its_evidence_a_sentence_speaks_less_for_a_signal(tagger, signal):
    text = OBVIOUS[signal]
    reason = next(r for r in tagger.explain(text, nearest=len(tagger.signals)) if r.signal == signal)
    kept = list(text)
    for start, end in reason.tag.evidence:
        kept[start:end] = [""] * (end - start)
    column = tagger.signals.index(signal)
    with_it, without = tagger.scores([text, "".join(kept)])[:, column]
    assert reason.tag.evidence
    assert without < with_it, "".join(kept)


def test_the_encoder_runs_once_for_each_sentence(tagger, monkeypatch):
    ran = []
    encoder = type(tagger.model.features.encoder)
    mean = encoder._mean
    monkeypatch.setattr(encoder, "_mean", lambda self, text: ran.append(text) or mean(self, text))
    texts = [OBVIOUS["silo"], "Thanks!", OBVIOUS["blindside"]]
    assert tagger.tag(texts)[0]
    assert ran == texts


def test_the_same_scores_alone_and_beside_any_neighbour(tagger):
    texts = [*OBVIOUS.values(), *ORDINARY]
    assert np.array_equal(tagger.scores(texts)[::-1], tagger.scores(texts[::-1]))


def test_explain_without_nearest_gives_hits_only(tagger):
    assert tagger.explain("Thanks!", nearest=0) == []
