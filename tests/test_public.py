from __future__ import annotations

import re

import pytest

import textsignals

PUBLIC = [
    "Message",
    "ReadReport",
    "Report",
    "SignalClassifier",
    "Tag",
    "Tagger",
    "TextSignalsError",
    "load",
    "load_taxonomy",
    "rate_interval",
    "read",
    "report",
    "tag_frame",
]


def test_the_public_names_are_those_promised():
    assert textsignals.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(textsignals))


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_what_it_says_and_documented(name):
    thing = getattr(textsignals, name)
    assert thing.__name__ == name
    assert thing.__module__.startswith("textsignals.")
    assert thing.__doc__


def test_an_unknown_name_is_the_usual_error():
    with pytest.raises(AttributeError) as caught:
        textsignals.no_such_thing  # noqa: B018
    assert str(caught.value) == "module 'textsignals' has no attribute 'no_such_thing'"


def test_the_version_is_that_of_the_distribution(root):
    setup = (root / "setup.cfg").read_text(encoding="utf-8")
    assert re.search(r"^version = (.+)$", setup, re.MULTILINE)[1] == textsignals.__version__


def test_every_error_of_ours_has_one_base():
    from textsignals import errors

    ours = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert len(ours) >= 4
    assert all(issubclass(e, textsignals.TextSignalsError) and e.__doc__ for e in ours)
