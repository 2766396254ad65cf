from __future__ import annotations

import pytest

from textsignals.errors import ModelError, UnknownSignalError
from textsignals.resources import model_folder
from textsignals.taxonomy import COUNTED, load_taxonomy

ORDER = {
    "drift": [
        "abdication",
        "feedback_shield",
        "silo",
        "misalignment",
        "priority_churn",
        "blindside",
        "missed_commitment",
        "blame_shift",
        "strain",
    ],
    "control": ["micromanagement", "top_down"],
    "crowding": ["coordination_overload", "groupthink"],
    "aligned": [
        "plan_vetting",
        "clear_expectations",
        "transparency",
        "accountability",
        "course_correction",
        "support",
        "psychological_safety",
        "empowerment",
        "collaboration",
    ],
}


def test_families_hold_their_signals_in_order():
    taxonomy = load_taxonomy()
    assert {name: [s.name for s in taxonomy.of_family(name)] for name in taxonomy.families} == ORDER
    assert list(taxonomy.signals) == [name for names in ORDER.values() for name in names]


def test_statuses():
    assert list(load_taxonomy().statuses) == ["asserted", "negated", "hypothetical", "resolved", "reported"]
    assert COUNTED == "asserted"


def test_families_fill_the_four_quadrants_and_only_one_is_healthy():
    families = load_taxonomy().families.values()
    assert {f.name: (f.autonomy, f.alignment) for f in families} == {
        "drift": (1, -1),
        "control": (-1, 1),
        "crowding": (-1, -1),
        "aligned": (1, 1),
    }
    assert [f.name for f in families if f.healthy] == ["aligned"]


@pytest.mark.parametrize("signal", load_taxonomy().signals.values(), ids=lambda s: s.name)
def test_a_signal_explains_itself(signal):
    assert signal.title and signal.definition.endswith(".") and signal.question.endswith("?")
    assert len(signal.examples) >= 2 and len(signal.counter_examples) >= 2
    assert all(text and why for text, why in signal.counter_examples)


def test_no_sentence_is_example_and_counter_example_or_example_twice():
    signals = load_taxonomy().signals.values()
    texts = [t for s in signals for t in s.examples]
    assert len(texts) == len(set(texts))
    assert not set(texts) & {t for s in signals for t, _ in s.counter_examples}


def test_an_unknown_signal_gets_the_nearest_names():
    with pytest.raises(UnknownSignalError, match=r"^no signal 'micromanagment'; did you mean micromanagement"):
        load_taxonomy().signal("micromanagment")


def test_a_signal_unlike_any_gets_all_names():
    with pytest.raises(UnknownSignalError) as caught:
        load_taxonomy().signal("zzz")
    assert str(caught.value) == f"no signal 'zzz'; known are {', '.join(load_taxonomy().signals)}"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('name = "drift"', 'name = "adrift"', "signals name families that are not there: drift"),
        ('name = "asserted"', 'name = "said"', "the status 'asserted' is missing"),
        ("[[signal]]", "[[signal", None),
        ("healthy = true", 'healthy = true\ncolour = "red"', None),
        ("[[family]]", "[[families]]", "'family'"),
        ("[[status]]", "status = 5\n[[x]]", None),
        ("question =", "questions =", None),
    ],
)
def test_an_unusable_taxonomy_is_named(tmp_path, old, new, problem):
    text = (model_folder("en") / "taxonomy.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "taxonomy.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_taxonomy(tmp_path)
    assert str(caught.value).startswith(f"{path}: not a usable taxonomy: {problem or ''}")


def test_a_taxonomy_that_is_missing_or_no_text_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"taxonomy\.toml: not a usable taxonomy: .*No such file"):
        load_taxonomy(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "taxonomy.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match=r"other.taxonomy\.toml: not a usable taxonomy: 'utf-8' codec"):
        load_taxonomy(other)
