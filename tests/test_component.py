from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
import spacy
from spacy.tokens import Doc, DocBin

import textsignals.component  # noqa: F401  (registers the factory)
from textsignals.errors import ModelError
from textsignals.resources import model_folder

TEXT = "Thanks!\n- Ana: We were completely blindsided by the announcement.\n- Lunch at noon?"


@pytest.fixture(scope="module")
def nlp():
    nlp = spacy.blank("en")
    nlp.add_pipe("signal_tagger")
    return nlp


def test_a_doc_gets_the_tags_of_its_text(nlp, tagger):
    doc = nlp(TEXT)
    assert doc._.signals == tagger.tag_text(TEXT) != ()
    tag = doc._.signals[0]
    assert doc.text[tag.start : tag.end] == "We were completely blindsided by the announcement."


def test_a_doc_without_signals_has_an_empty_tuple(nlp):
    assert nlp("Thanks!")._.signals == ()
    assert nlp.make_doc("We were blindsided.")._.signals == ()


def test_two_signals_of_one_sentence_stand_side_by_side(nlp):
    text = "We were blindsided by the announcement, and everyone on the team is burnt out."
    assert {"blindside", "strain"} <= {tag.signal for tag in nlp(text)._.signals}


def test_a_tagged_doc_goes_to_bytes_and_back(nlp):
    doc = nlp(TEXT)
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert again._.signals == doc._.signals != ()
    kept = DocBin(store_user_data=True, docs=[doc])
    assert [d._.signals for d in DocBin().from_bytes(kept.to_bytes()).get_docs(nlp.vocab)] == [doc._.signals]


def test_pipe_gives_the_same_as_calls(nlp):
    texts = [TEXT, "", "Thanks!", TEXT.upper()]
    assert [doc._.signals for doc in nlp.pipe(texts, batch_size=2)] == [nlp(text)._.signals for text in texts]


def test_the_component_says_what_it_assigns(nlp):
    assert nlp.analyze_pipes()["summary"]["signal_tagger"]["assigns"] == ["doc._.signals"]
    assert nlp.get_pipe_config("signal_tagger") == {
        "factory": "signal_tagger",
        "model": "en",
        "operating_point": "balanced",
    }


def test_a_pipeline_is_saved_and_loaded_again(nlp, tmp_path):
    nlp.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")
    assert again(TEXT)._.signals == nlp(TEXT)._.signals
    assert spacy.blank("en").from_disk(tmp_path / "pipeline", exclude=["signal_tagger"]) is not None


def test_a_pipeline_goes_through_bytes(nlp):
    again = spacy.blank("en")
    again.add_pipe("signal_tagger")
    assert again.from_bytes(nlp.to_bytes())(TEXT)._.signals == nlp(TEXT)._.signals


def test_a_model_may_be_a_path(nlp, tmp_path):
    copy = shutil.copytree(model_folder("en"), tmp_path / "own")
    other = spacy.blank("en")
    other.add_pipe("signal_tagger", config={"model": str(copy)})
    assert other(TEXT)._.signals == nlp(TEXT)._.signals
    assert other.get_pipe("signal_tagger").tagger.model.name == "own"


def test_the_operating_point_is_handed_on(tagger):
    nlp = spacy.blank("en")
    component = nlp.add_pipe("signal_tagger", config={"operating_point": "strict"})
    assert component.tagger.operating_point == "strict"
    assert (component.tagger.thresholds >= tagger.thresholds).all()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model": "xx"}, "no model 'xx': give a folder, or one of en"),
        ({"operating_point": "xx"}, "no operating point 'xx'; this model has balanced, strict"),
    ],
)
def test_a_wrong_setting_is_an_error_of_ours(config, message):
    with pytest.raises(ModelError) as caught:
        spacy.blank("en").add_pipe("signal_tagger", config=config)
    assert str(caught.value) == message


@pytest.mark.parametrize("first", ["import textsignals as ts; ts.load", "import textsignals.component"])
def test_the_factory_is_there_without_an_installed_entry_point(root, first):
    # Entry points do not count for has_factory() before they are asked for by name.
    code = f"{first}; from spacy.language import Language; print(Language.has_factory('signal_tagger'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
