from __future__ import annotations

from pathlib import Path

import pytest

from textsignals.errors import ModelError
from textsignals.resources import folder, model_folder


@pytest.mark.parametrize(("name", "holds"), [("models", "en/meta.json"), ("corpora", "train.jsonl")])
def test_data_folders_are_found(name, holds):
    assert (folder(name) / holds).is_file()


def test_a_missing_data_folder_is_named():
    with pytest.raises(
        ModelError, match=r"^the data folder nowhere/ is missing beside .*textsignals; reinstall textsignals$"
    ):
        folder("nowhere")


def test_a_model_is_found_by_name_and_by_path(tmp_path):
    assert model_folder("en") == model_folder() == folder("models") / "en"
    assert model_folder(tmp_path) == model_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["de", "no/such/folder", "en\x00"])
def test_an_unknown_model_gets_the_names_that_are_there(name):
    with pytest.raises(ModelError) as caught:
        model_folder(name)
    assert str(caught.value) == f"no model {name!r}: give a folder, or one of en"


def test_a_folder_of_the_same_name_where_the_user_stands_does_not_hide_the_model(tmp_path, monkeypatch):
    (tmp_path / "en").mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_folder("en") == folder("models") / "en"
    assert model_folder("./en") == model_folder(Path("en")) == Path("en")
