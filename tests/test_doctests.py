from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import textsignals

# The data folders are packages once installed, but hold no code.
MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(textsignals.__path__, "textsignals.")
    if info.name.split(".")[1] not in ("models", "corpora", "__main__")
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", ["textsignals", *MODULES])
def test_docstring_examples_run(name):
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert failed == 0


def test_there_are_examples_in_the_main_modules():
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = {name for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples}
    assert with_examples >= {
        "textsignals.classifier",
        "textsignals.evaluate",
        "textsignals.resources",
        "textsignals.tagging.sentences",
        "textsignals.tagging.tagger",
        "textsignals.taxonomy",
    }
