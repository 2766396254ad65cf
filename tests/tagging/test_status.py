from __future__ import annotations

import json

import numpy as np
import pytest
from spacy.matcher import Matcher

from textsignals.errors import ModelError
from textsignals.resources import model_folder
from textsignals.tagging.rules import Match, PatternMatcher, tokenizer
from textsignals.tagging.sentences import normalise
from textsignals.tagging.status import (
    N_WORDS,
    WORD_VALUE,
    Cue,
    CueSet,
    StatusHead,
    hashed_words,
    load_cues,
    mention_vector,
    status_features,
)
from textsignals.taxonomy import load_taxonomy

NLP = tokenizer("en")
# A head that was fitted without an encoder.
NO_VECTOR = np.zeros(0)
CUES = load_cues(model_folder("en") / "cues.jsonl")
GOOD = {
    "id": "negated.x",
    "status": "negated",
    "direction": "before",
    "scope": "clause",
    "pattern": "not",
    "yes": ["We did not."],
    "no": ["We did."],
}


def cue(direction="any", scope="clause", *, status="negated", pattern="not", id_="cue", needs=()):
    return Cue(id_, status, direction, scope, pattern, (), (), frozenset(needs))


def doc_of(text):
    return NLP.make_doc(normalise(text))


def place(doc, words):
    """The match of a phrase in a Doc."""
    at = [t.lower_ for t in doc]
    wanted = words.lower().split()
    start = next(i for i in range(len(at)) if at[i : i + len(wanted)] == wanted)
    return Match("anchor", start, start + len(wanted))


@pytest.fixture(scope="module")
def cue_set():
    return CueSet(CUES, NLP)


@pytest.mark.parametrize("entry", CUES, ids=lambda entry: entry.id)
def test_every_example_of_a_cue_holds(cue_set, entry):
    # A cue of scope "token" is not handed on: its pattern matches and takes what it overlaps out of play.
    alone = PatternMatcher([(entry.id, entry.pattern)], NLP, "here")

    def ids(text):
        return {m.id for m in (alone if entry.scope == "token" else cue_set.find)(doc_of(text))}

    assert [text for text in entry.yes if entry.id not in ids(text)] == []
    assert [text for text in entry.no if entry.id in ids(text)] == []


def test_every_status_has_a_cue_and_every_cue_a_status_that_exists():
    assert {entry.status for entry in CUES} == set(load_taxonomy().statuses)


def test_ids_are_unique_and_begin_with_their_status():
    assert len({entry.id for entry in CUES}) == len(CUES)
    assert [entry.id for entry in CUES if not entry.id.startswith(entry.status + ".")] == []


def test_every_cue_has_examples_of_both_kinds():
    assert [entry.id for entry in CUES if not entry.yes or not entry.no] == []


def test_patterns_are_valid_for_spacy():
    matcher = Matcher(NLP.vocab, validate=True)
    lists = [entry for entry in CUES if not isinstance(entry.pattern, str)]
    for entry in lists:
        matcher.add(entry.id, [entry.pattern])
    assert len(matcher) == len(lists)


def test_only_cues_that_say_asserted_take_others_out_of_play():
    assert {entry.status for entry in CUES if entry.scope == "token"} == {"asserted"}


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("Not only did they help, they stayed.", "negated.not"),
        ("No wonder everybody is exhausted.", "negated.no"),
        ("I can't believe they did it again.", "negated.not"),
        ("They helped even if it was late.", "hypothetical.if"),
        ("I would like to thank Jo for the help.", "hypothetical.would"),
        ("We got used to the overtime, but now it is gone.", "resolved.used-to"),
        ("We did not have to wait.", "hypothetical.need-to"),
    ],
)
def test_a_fixed_phrase_takes_the_cue_inside_it_out_of_play(cue_set, text, lost):
    doc = doc_of(text)
    everything = PatternMatcher(((entry.id, entry.pattern) for entry in CUES), NLP, "here")(doc)
    assert lost in {m.id for m in everything}
    assert lost not in {m.id for m in cue_set.find(doc)}


def test_a_fixed_phrase_leaves_cues_elsewhere_in_the_sentence_alone(cue_set):
    doc = doc_of("Not only did they help, they did not leave.")
    assert [(m.id, doc[m.start].i) for m in cue_set.find(doc) if m.id == "negated.not"] == [("negated.not", 8)]


REACH = [
    # direction, scope, sentence, anchor, whether a cue "not" reaches it
    ("before", "clause", "We were not blindsided", "blindsided", True),
    ("before", "clause", "Blindsided we were not", "blindsided", False),
    ("after", "clause", "Blindsided we were not", "blindsided", True),
    ("after", "clause", "We were not blindsided", "blindsided", False),
    ("any", "clause", "Blindsided we were not", "blindsided", True),
    ("any", "clause", "We were not blindsided", "blindsided", True),
    ("before", "clause", "We did not ask, but sales were blindsided", "blindsided", False),
    ("before", "clause", "We did not ask; sales were blindsided", "blindsided", False),
    ("before", "clause", "We did not ask because sales were blindsided", "blindsided", False),
    ("before", "clause", "We did not ask, sales were blindsided", "blindsided", True),
    ("before", "sentence", "We did not ask, but sales were blindsided", "blindsided", True),
    ("after", "clause", "Blindsided, although they did not say so", "blindsided", False),
    ("after", "sentence", "Blindsided, although they did not say so", "blindsided", True),
    ("start", "clause", "not blindsided", "blindsided", True),
    # a negation inside of what it would negate is part of it
    ("before", "clause", "they do not know who", "do not know", False),
    ("before", "clause", "they do not know who", "not know", False),
    ("before", "clause", "they do not know who", "know who", True),
]


@pytest.mark.parametrize(("direction", "scope", "text", "anchor", "reaches"), REACH)
def test_a_cue_reaches_an_anchor(direction, scope, text, anchor, reaches):
    cues, doc = CueSet([cue(direction, scope)], NLP), doc_of(text)
    found = cues.find(doc)
    assert len(found) == 1
    assert cues.around(doc, found, [place(doc, anchor)]) == (tuple(found) if reaches else ())


def test_a_cue_that_is_no_negation_reaches_the_anchor_it_stands_in():
    cues, doc = CueSet([cue("before", status="hypothetical", pattern="would")], NLP), doc_of("it would help us")
    assert cues.around(doc, cues.find(doc), [place(doc, "it would help")]) == tuple(cues.find(doc))


def test_without_an_anchor_every_cue_counts():
    cues, doc = CueSet([cue("before")], NLP), doc_of("but not so")
    assert cues.around(doc, cues.find(doc), []) == tuple(cues.find(doc)) != ()


def test_one_anchor_within_reach_is_enough():
    cues, doc = CueSet([cue("before")], NLP), doc_of("late, but not lost")
    anchors = [place(doc, "late"), place(doc, "lost")]
    assert [cues.around(doc, cues.find(doc), [a]) != () for a in anchors] == [False, True]
    assert len(cues.around(doc, cues.find(doc), anchors)) == 1


@pytest.mark.parametrize(
    ("text", "found"), [("not now", 1), ("(not now)", 1), ("... not now", 1), ("now not", 0), ("- Not now", 1)]
)
def test_a_cue_at_the_start_is_found_behind_punctuation_only(text, found):
    assert len(CueSet([cue("start")], NLP).find(doc_of(text))) == found


@pytest.mark.parametrize(("text", "found"), [("Not now", 0), ("Not now, later", 1), ("LATER, not now", 1)])
def test_a_cue_that_needs_a_word_is_found_beside_it_only(text, found):
    assert len(CueSet([cue(needs=["later"])], NLP).find(doc_of(text))) == found


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        *[({field: ...}, f"the field {field!r} is missing") for field in GOOD],
        *[({field: 5}, f"the field {field!r} holds a value of the wrong type") for field in GOOD],
        ({"needs": "word"}, "the field 'needs' holds a value of the wrong type"),
        (
            {"direction": "up"},
            "direction or scope is none of ('before', 'after', 'any', 'start'), ('clause', 'sentence', 'token')",
        ),
        (
            {"scope": "page"},
            "direction or scope is none of ('before', 'after', 'any', 'start'), ('clause', 'sentence', 'token')",
        ),
    ],
)
def test_a_bad_line_is_named_with_file_and_number(tmp_path, change, problem):
    path = tmp_path / "cues.jsonl"
    bad = {key: value for key, value in {**GOOD, **change}.items() if value is not ...}
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(bad), encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_cues(path)
    assert str(caught.value) == f"{path}, line 2: {problem}"


def test_names_of_the_features_of_a_mention():
    assert status_features("sig", "fam", [Match("b", 3, 4), Match("a", 0, 1), Match("b", 7, 8)]) == [
        "family fam",
        "signal sig",
        "a",
        "b",
        "fam a",
        "fam b",
    ]


def test_hashed_words_have_a_fixed_length_and_width():
    rows = hashed_words(["We did not ask.", "Why?"])
    assert rows.shape == (2, N_WORDS)
    assert np.sqrt(rows.multiply(rows).sum(axis=1)) == pytest.approx(WORD_VALUE)


def test_the_status_is_the_one_whose_weights_add_up_to_most():
    coef = np.zeros((2, 2 + N_WORDS))
    coef[1, 1] = 2.0
    head = StatusHead(["asserted", "negated"], ["known", "cue"], coef, np.array([1.0, 0.0]))
    status, p = head(["known", "unheard of"], "text", NO_VECTOR)
    assert status == "asserted" and 0.5 < p < 1
    assert head(["cue"], "text", NO_VECTOR)[0] == "negated"
    assert head.logits(["cue", "known"], "text", NO_VECTOR).tolist() == [1.0, 2.0]


def test_words_of_the_sentence_count_too():
    row = hashed_words(["gone"])
    coef = np.zeros((2, N_WORDS))
    coef[1] = row.toarray()[0]
    head = StatusHead(["asserted", "resolved"], [], coef, np.array([1.0, 0.0]))
    assert (head([], "gone", NO_VECTOR)[0], head([], "here", NO_VECTOR)[0]) == ("resolved", "asserted")
    assert head.logits([], "gone", NO_VECTOR)[1] == pytest.approx(WORD_VALUE**2)


def test_the_vector_of_the_sentence_counts_too():
    coef = np.zeros((2, N_WORDS + 2))
    coef[1, N_WORDS:] = [2.0, -1.0]
    head = StatusHead(["asserted", "resolved"], [], coef, np.array([1.0, 0.0]))
    assert head.logits([], "", np.array([1.0, 0.5])).tolist() == [1.0, 1.5]
    assert head([], "", np.array([1.0, 0.5]))[0] == "resolved"
    assert head([], "", np.array([1.0, 2.0]))[0] == "asserted"


@pytest.mark.parametrize(("healthy", "expected"), [(False, [1.0, -2.0, 0.0, 0.0]), (True, [0.0, 0.0, 1.0, -2.0])])
def test_healthy_signals_and_others_have_columns_of_their_own(healthy, expected):
    assert mention_vector(np.array([1.0, -2.0]), healthy).tolist() == expected


def test_names_words_and_vector_add_up_each_from_its_own_columns():
    coef = np.random.default_rng(0).normal(size=(3, 2 + N_WORDS + 4))
    head = StatusHead(["a", "b", "c"], ["known", "cue"], coef, np.array([0.1, 0.2, 0.3]))
    vector = np.array([1.0, -1.0, 0.5, 2.0])
    row = np.concatenate([[0.0, 1.0], hashed_words(["not gone"]).toarray()[0], vector])
    logits = head.logits(["cue"], "not gone", vector)
    assert logits == pytest.approx(coef @ row + [0.1, 0.2, 0.3])
    status, p = head(["cue"], "not gone", vector)
    assert status == "abc"[int(np.argmax(logits))]
    assert p == pytest.approx(np.exp(logits.max()) / np.exp(logits).sum())


def test_a_vector_of_another_width_is_no_vector_of_this_head():
    head = StatusHead(["a", "b"], [], np.zeros((2, N_WORDS + 2)), np.zeros(2))
    with pytest.raises(ValueError):
        head.logits([], "text", np.zeros(3))
