from __future__ import annotations

import json
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fake_encoder import FLOAT, INT64, WIDTH, WORDS, fake_encoder, graph, outside, table, tensor, tokens
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import ModelError
from textsignals.resources import model_folder
from textsignals.tagging.encoder import MAX_TOKENS, Encoder
from textsignals.tagging.model import load_encoder

FAKE = fake_encoder()
# The marks at both ends, of the fake and of the shipped tokenizer.
MARKS = (["[CLS]", "[SEP]"], ["<s>", "</s>"])
SENTENCES = [
    "We were blindsided by the release again.",
    "Lunch at 12:30?",
    "",
    "…",
    "Don’t — please!",
    "Zürich 🎉 naïve ŁÓDŹ",
    "He redoes 3 of my 4 drafts!",
    "we " * 300,
]
ANY_TEXT = st.one_of(
    st.text(alphabet=st.characters(), max_size=60),
    st.lists(
        st.sampled_from([*WORDS, "Don’t", "é", "e\u0301", "İ", "🎉", "\u200d", "\x00", "\ud83d", "漢字", "\t"])
    ).map(" ".join),
    st.sampled_from(SENTENCES),
)


@pytest.fixture(scope="module")
def shipped():
    return load_encoder(model_folder("en"))


@pytest.fixture(scope="module", params=["fake", "shipped"])
def encoder(request, shipped):
    return FAKE if request.param == "fake" else shipped


# --- vectors -----------------------------------------------------------------------------------------------------


def test_a_sentence_is_the_mean_of_the_vectors_of_its_tokens():
    rows = table()[[WORDS.index(word) for word in ("[CLS]", "we", "were", "blind", "##sided", "[SEP]")]]
    assert FAKE(["We were blindsided"])[0] == pytest.approx(rows.mean(axis=0), abs=1e-6)


def test_a_row_a_text_and_a_column_a_number(encoder):
    assert encoder(SENTENCES).shape == (len(SENTENCES), encoder.width)
    assert encoder([]).shape == (0, encoder.width)
    assert np.isfinite(encoder(SENTENCES)).all()


def test_the_same_vectors_alone_and_in_a_batch_of_any_order(encoder):
    together = encoder(SENTENCES)
    assert np.array_equal(together, np.vstack([encoder([text]) for text in SENTENCES]))
    assert np.array_equal(together[::-1], encoder(SENTENCES[::-1]))
    assert np.array_equal(together, encoder(SENTENCES)), "the same twice"


def test_the_same_vectors_on_several_threads(shipped):
    texts = SENTENCES * 5
    assert np.array_equal(load_encoder(model_folder("en"), n_jobs=2)(texts), shipped(texts))


def test_one_encoder_serves_several_callers_at_once(shipped):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shipped, [SENTENCES] * 8))
    assert all(np.array_equal(vectors, found[0]) for vectors in found)


def test_sentences_of_other_words_have_other_vectors(encoder):
    a, b = encoder(["we were blindsided", "by the release"])
    assert not np.allclose(a, b)


def test_typographic_signs_change_nothing(encoder):
    curly, plain = encoder(["Don’t – please", "Don't - please"])
    assert np.array_equal(curly, plain)


def test_an_empty_text_has_a_vector_of_its_marks(encoder):
    found, vectors = encoder.tokens("")
    assert [token[1:] for token in found] == [(0, 0), (0, 0)]
    assert [token.name for token in found] in MARKS
    assert np.array_equal(encoder([""]), encoder([" \n\t"]))
    assert vectors.sum(axis=0) == pytest.approx(encoder([""])[0], abs=1e-5)


# --- tokens ------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT)
def test_tokens_add_up_to_the_sentence_and_lie_inside_the_text(text):
    check_tokens(FAKE, text)


@settings(max_examples=40, deadline=None)
@given(ANY_TEXT)
def test_tokens_of_the_shipped_encoder_add_up_too(shipped, text):
    check_tokens(shipped, text)


def check_tokens(encoder, text):
    found, vectors = encoder.tokens(text)
    assert vectors.shape == (len(found), encoder.width)
    assert vectors.sum(axis=0) == pytest.approx(encoder([text])[0], abs=1e-4)
    assert all(0 <= token.start <= token.end <= len(text) for token in found)
    starts = [token.start for token in found[1:-1]]
    assert starts == sorted(starts), "in the order of the text"
    assert [(t.start, t.end) for t in (found[0], found[-1])] == [(0, 0), (0, 0)], "marks stand for no character"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("We were BLINDSIDED", ["We", "were", "BLIND", "SIDED"]),
        ("Don’t", ["Don", "’", "t"]),
        ("🎉 we", ["🎉", "we"]),
        ("\ud83d we", ["\ud83d", "we"]),
    ],
)
def test_tokens_point_at_the_text_as_read(text, places):
    found, _ = FAKE.tokens(text)
    given_places = [text[token.start : token.end] for token in found[1:-1]]
    # Some tokenizers drop the sign that stands for half an emoji.
    assert given_places in (places, [place for place in places if place != "\ud83d"])


def test_what_is_beyond_the_longest_sentence_is_not_seen(encoder):
    room = MAX_TOKENS - 2
    full, longer, shorter = encoder(["we " * room, "we " * room + "were " * 500, "we " * (room - 1)])
    assert np.array_equal(full, longer)
    assert not np.array_equal(full, shorter)
    found, _ = encoder.tokens("we " * 2_000)
    assert len(found) == MAX_TOKENS
    assert [token.name for token in (found[0], found[-1])] in MARKS


def test_padding_and_truncation_stored_with_the_tokenizer_do_not_count():
    padded = {
        "strategy": {"Fixed": 20},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    }
    cut = {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    other = Encoder(graph(), tokens(padding=padded, truncation=cut), "here")
    assert np.array_equal(other(["we were blindsided"]), FAKE(["we were blindsided"]))


# --- copies ------------------------------------------------------------------------------------------------------


def test_a_copy_by_pickle_gives_the_same_vectors(encoder):
    again = pickle.loads(pickle.dumps(encoder))
    assert again.width == encoder.width
    assert np.array_equal(again(SENTENCES), encoder(SENTENCES))


def test_a_copy_works_on_as_many_threads(monkeypatch):
    used = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, n):
            used.append(n)
            super().__init__(n)

    monkeypatch.setattr("textsignals.tagging.encoder.ThreadPoolExecutor", Pool)
    pickle.loads(pickle.dumps(fake_encoder(n_jobs=3)))(["we", "were"])
    assert used == [3]


# --- files that are no encoder -----------------------------------------------------------------------------------

IDS, VECTORS = ("input_ids", INT64, (1, "tokens")), ("token_vectors", FLOAT, (1, "tokens", WIDTH))
LOOK_UP = ("Gather", ("table", "input_ids"), ("token_vectors",))
NO_ENCODER = "here: does not hold an encoder and its tokenizer ("
OTHER_ENDS = "here: the encoder needs the input input_ids and the output token_vectors"
NO_WIDTH = "here: the encoder does not say how wide its vectors are"
BROKEN_GRAPHS = {
    "empty": b"",
    "text": b"not a graph",
    "zeros": bytes(1_000),
    "pickle": pickle.dumps({"a": 1}),
    "first half": graph()[: len(graph()) // 2],
    "unknown step": graph(nodes=[("Evil", ("table", "input_ids"), ("token_vectors",))]),
    "step without input": graph(nodes=[("Gather", ("nowhere", "input_ids"), ("token_vectors",))]),
    "circle": graph(nodes=[("Add", ("a", "table"), ("b",)), ("Add", ("b", "table"), ("a",)), LOOK_UP]),
    "from the future": graph(opset=9_999),
    "ids that are no whole numbers": graph(inputs=[("input_ids", FLOAT, (1, "tokens"))]),
    "table outside, above": graph(tensors=[outside("table", (14, WIDTH), "../../../../etc/hostname")]),
    "table outside, root": graph(tensors=[outside("table", (14, WIDTH), "/etc/hostname")]),
    "table outside, device": graph(tensors=[outside("table", (14, WIDTH), "/dev/zero")]),
    "table outside, missing": graph(tensors=[outside("table", (14, WIDTH), "missing.bin")]),
}
BROKEN_TOKENIZERS = {
    "empty": b"",
    "no text": b"\xff\xfe",
    "no JSON": b"{oops",
    "list": b"[]",
    "nothing": b"{}",
    "null": b"null",
    "deep": b'{"model":' * 100_000,
    "first half": tokens()[: len(tokens()) // 2],
    "unknown model": tokens(model={"type": "Oracle"}),
    "no words": tokens(model={"type": "WordPiece"}),
    "bad expression": tokens(
        pre_tokenizer={"type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated", "invert": False}
    ),
    "pickle": pickle.dumps({"a": 1}),
}


@pytest.mark.parametrize("content", BROKEN_GRAPHS.values(), ids=BROKEN_GRAPHS)
def test_a_graph_that_cannot_be_used(content):
    with pytest.raises(ModelError) as caught:
        Encoder(content, tokens(), "here")
    assert str(caught.value).startswith(NO_ENCODER)


@pytest.mark.parametrize("content", BROKEN_TOKENIZERS.values(), ids=BROKEN_TOKENIZERS)
def test_a_tokenizer_that_cannot_be_used(content):
    with pytest.raises(ModelError) as caught:
        Encoder(graph(), content, "here")
    assert str(caught.value).startswith(NO_ENCODER)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": [IDS, ("mask", INT64, (1, "tokens"))]}, OTHER_ENDS),
        (
            {
                "inputs": [("ids", INT64, (1, "tokens"))],
                "nodes": [("Gather", ("table", "ids"), ("token_vectors",))],
            },
            OTHER_ENDS,
        ),
        (
            {
                "outputs": [("vectors", FLOAT, (1, "tokens", WIDTH))],
                "nodes": [("Gather", ("table", "input_ids"), ("vectors",))],
            },
            OTHER_ENDS,
        ),
        (
            {
                "outputs": [VECTORS, ("more", FLOAT, (1, "tokens", WIDTH))],
                "nodes": [LOOK_UP, ("Identity", ("token_vectors",), ("more",))],
            },
            OTHER_ENDS,
        ),
        ({"outputs": [("token_vectors", FLOAT, (1, "tokens", WIDTH + 2))]}, NO_WIDTH),
        ({"outputs": [("token_vectors", FLOAT, ())]}, NO_WIDTH),
        ({"outputs": [("token_vectors", FLOAT, (1, WIDTH))]}, NO_WIDTH),
    ],
    ids=[
        "input more",
        "other input",
        "other output",
        "output more",
        "other width",
        "single number",
        "no row a token",
    ],
)
def test_a_graph_with_other_inputs_or_outputs(changes, message):
    with pytest.raises(ModelError) as caught:
        Encoder(graph(**changes), tokens(), "here")
    assert str(caught.value) == message


PIECES = json.loads(tokens())["model"]
UNFITTING = {
    "a table of too few rows": (graph(tensors=[tensor("table", table()[:2])]), tokens()),
    "an id beyond the table": (
        graph(),
        tokens(added_tokens=[], model={**PIECES, "vocab": {"[UNK]": 2**32 - 1}}),
    ),
    "no word for unknown words": (
        graph(),
        tokens(model={**PIECES, "unk_token": "[NONE]"}),
    ),
    "ids that are read as other numbers": (
        graph(
            inputs=[("input_ids", FLOAT, (1, "tokens", WIDTH))],
            nodes=[("Identity", ("input_ids",), ("token_vectors",))],
            tensors=[],
        ),
        tokens(),
    ),
    "no marks, so that an empty text has no token": (graph(), tokens(post_processor=None)),
}


@pytest.mark.parametrize(("content", "words"), UNFITTING.values(), ids=UNFITTING)
def test_a_graph_and_a_tokenizer_that_do_not_fit_are_refused_and_do_not_fail_while_tagging(content, words):
    """Each loads by itself, so only a trial run tells."""
    with pytest.raises(ModelError, match=r"^here: "):
        Encoder(content, words, "here")


def test_nothing_is_said_on_stderr_about_a_broken_file(capfd):
    for content in (b"", graph(opset=9_999), graph()[:50]):
        with pytest.raises(ModelError):
            Encoder(content, tokens(), "here")
    assert capfd.readouterr() == ("", "")


def test_a_table_beside_the_working_folder_is_not_read(tmp_path, monkeypatch):
    """A model is the files that its hashes cover, so an encoder must not read numbers from anywhere else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.bin").write_bytes(os.urandom(14 * WIDTH * 4))
    with pytest.raises(ModelError) as caught:
        Encoder(graph(tensors=[outside("table", (14, WIDTH), "beside.bin")]), tokens(), "here")
    assert str(caught.value).startswith(NO_ENCODER)
