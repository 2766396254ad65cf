"""A sentence encoder of a few hundred bytes, whose graph looks the vector of each token up in a table.

Its numbers never change, so that tests do not depend on training. The graph is written as protobuf by hand (onnx.proto
names the fields), since nothing that textsignals needs writes ONNX.
"""

from __future__ import annotations

import json

import numpy as np

from textsignals.tagging.encoder import Encoder

WIDTH = 3
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "we", "were", "blind", "##sided", "by", "the", "release", "don", "'", "t"]
FLOAT, INT64 = 1, 7


def table(width=WIDTH):
    return np.random.default_rng(1).normal(size=(len(WORDS), width)).astype(np.float32)


def field(number, value):
    """One field of a protobuf message: a whole number, or bytes of a text or of another message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value):
    digits = []
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def message(*fields):
    return b"".join(field(number, value) for number, value in fields)


def tensor(name, array, more=b""):
    kind = INT64 if array.dtype == np.int64 else FLOAT
    return message(*((1, n) for n in array.shape), (2, kind), (8, name), (9, array.tobytes())) + more


def outside(name, shape, location):
    """A tensor that says its numbers stand in another file."""
    where = (message((1, key), (2, value)) for key, value in (("location", location), ("offset", "0")))
    return message(*((1, n) for n in shape), (2, FLOAT), (8, name), *((13, entry) for entry in where), (14, 1))


def value_info(name, kind, shape):
    dims = message(*((1, field(1, d) if isinstance(d, int) else field(2, d)) for d in shape))
    return message((1, name), (2, field(1, message((1, kind), (2, dims)))))


def node(kind, inputs, outputs):
    return message(*((1, name) for name in inputs), *((2, name) for name in outputs), (4, kind))


def graph(
    *,
    inputs=(("input_ids", INT64, (1, "tokens")),),
    outputs=(("token_vectors", FLOAT, (1, "tokens", WIDTH)),),
    nodes=(("Gather", ("table", "input_ids"), ("token_vectors",)),),
    tensors=None,
    opset=17,
):
    """An ONNX file; as it is, its output holds a row of `table()` for each token."""
    kept = [tensor("table", table())] if tensors is None else tensors
    body = message(
        *((1, node(*given)) for given in nodes),
        (2, "fake"),
        *((5, given) for given in kept),
        *((11, value_info(*given)) for given in inputs),
        *((12, value_info(*given)) for given in outputs),
    )
    return message((1, 8), (7, body), (8, message((1, ""), (2, opset))))


def tokens(**changes):
    """A tokenizer.json of word pieces; other changes take the place of its fields."""
    marks = [{"id": i, "content": WORDS[i], "special": True} for i in range(4)]
    made = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {**mark, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False} for mark in marks
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: i for i, word in enumerate(WORDS)},
        },
    }
    return json.dumps({**made, **changes}).encode()


def fake_encoder(n_jobs=1):
    return Encoder(graph(), tokens(), "fake", n_jobs)
