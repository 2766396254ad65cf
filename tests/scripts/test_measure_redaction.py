import runpy

import pytest

from textsignals.measures import person_names
from textsignals.measures.redaction import Redactor


@pytest.fixture(scope="module")
def script(root):
    return runpy.run_path(str(root / "scripts" / "measure-redaction"))


@pytest.mark.parametrize("seed", [5, 6])
def test_the_redactor_reaches_its_floors(script, seed):
    figures = script["measure"](800, seed)
    below = {kind: figures.recall(kind) for kind, floor in script["FLOORS"].items() if figures.recall(kind) < floor}
    assert below == {}, figures.missed
    assert figures.wrong / figures.words < script["MOST_WRONG"], figures.wrongly


def test_the_names_that_are_planted_are_not_in_the_list_of_the_redactor(script):
    listed = person_names._lexicon("given_names")
    assert {name for name in script["GIVEN"] + script["FAMILY"] if name.lower() in listed} == set()


def test_what_detect_secrets_finds_is_hidden(script):
    pytest.importorskip("detect_secrets")
    texts = [text for text, _ in script["sentences"](800, 7)]
    found = script["found_by_detect_secrets"](texts)
    redact = Redactor([*script["KNOWN"], *script["HANDLES"]])
    assert len(found) > 20
    assert [text for text, secret in found if secret in redact(text)] == []
