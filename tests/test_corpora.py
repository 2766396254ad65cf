from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter

import pytest

import textsignals
from textsignals.resources import folder
from textsignals.taxonomy import load_taxonomy

SPLITS = ("train", "dev", "test")
FIELDS = {"id": str, "text": str, "labels": list, "genre": str, "trade": str, "voice": str, "note": str}
FEWEST_SENTENCES = 1_500


def lines_of(split):
    return (folder("corpora") / f"{split}.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")


@pytest.fixture(scope="module")
def corpora():
    return {split: [json.loads(line) for line in lines_of(split)] for split in SPLITS}


@pytest.fixture(scope="module")
def everything(corpora):
    return [entry for entries in corpora.values() for entry in entries]


def key(text):
    """A text without case, signs and blanks, so that near copies are equal."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


@pytest.mark.parametrize("split", SPLITS)
def test_every_line_is_valid(corpora, split):
    taxonomy = load_taxonomy()
    for number, entry in enumerate(corpora[split], start=1):
        assert {name: type(value) for name, value in entry.items()} == FIELDS, number
        assert entry["text"] == entry["text"].strip() != "", number
        assert not set(entry["text"]) & set("\r\n\u2028\u2029\x00"), number
        assert entry["genre"] and entry["trade"] and entry["voice"], number
        for label in entry["labels"]:
            assert set(label) == {"signal", "status"}, number
            assert label["signal"] in taxonomy.signals and label["status"] in taxonomy.statuses, number
        assert len({label["signal"] for label in entry["labels"]}) == len(entry["labels"]), number


@pytest.mark.parametrize("split", SPLITS)
def test_lines_stand_in_a_fixed_order(corpora, split):
    assert len(lines_of(split)) == len(corpora[split])
    assert corpora[split] == sorted(corpora[split], key=lambda e: (e["voice"], e["id"]))


def test_ids_are_made_of_the_texts(everything):
    assert [e for e in everything if e["id"] != hashlib.sha256(e["text"].encode()).hexdigest()[:16]] == []


def test_there_are_enough_sentences_and_none_twice(everything):
    assert len(everything) >= FEWEST_SENTENCES
    assert [text for text, n in Counter(key(e["text"]) for e in everything).items() if n > 1] == []


def test_no_voice_stands_in_two_splits(corpora):
    voices = {split: {e["voice"] for e in entries} for split, entries in corpora.items()}
    assert not (voices["train"] & voices["dev"] or voices["train"] & voices["test"] or voices["dev"] & voices["test"])
    assert all(len(found) >= 2 for found in voices.values())


@pytest.mark.parametrize("split", SPLITS)
def test_every_signal_and_status_and_sentences_without_any_are_there(corpora, split):
    taxonomy, labels = load_taxonomy(), [label for e in corpora[split] for label in e["labels"]]
    assert {label["signal"] for label in labels} == set(taxonomy.signals)
    assert {label["status"] for label in labels} == set(taxonomy.statuses)
    assert sum(not e["labels"] for e in corpora[split]) >= 0.2 * len(corpora[split])


def test_no_example_of_a_rule_is_a_test_sentence(corpora):
    held_out = {key(e["text"]) for split in ("dev", "test") for e in corpora[split]}
    rules = (folder("models") / "en" / "patterns.jsonl").read_text(encoding="utf-8").splitlines()
    shown = {key(text) for rule in map(json.loads, rules) for text in (*rule["yes"], *rule["no"])}
    assert held_out & shown == set()


def test_no_authored_sentence_equals_a_real_one(everything, gold):
    real = set()
    for path in gold.glob("*.jsonl*"):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        real |= {key(json.loads(line)["text"]) for line in content.splitlines()}
    assert len(real) > 50_000
    # Two or three words ("Lunch at noon?") are nobody's.
    assert [e["text"] for e in everything if len(e["text"].split()) > 3 and key(e["text"]) in real] == []


def test_the_sample_is_read_without_a_loss():
    reading = textsignals.read(folder("corpora") / "sample")
    messages = list(reading)
    report = reading.report
    assert report.read == report.yielded + sum(report.skipped.values()) + report.quarantined
    assert report.quarantined == 0 and report.problems == ()
    assert len(messages) == report.yielded > 1_000
    assert {message.source for message in messages} >= {"slack"}
