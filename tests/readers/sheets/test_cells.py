from __future__ import annotations

import pytest

from textsignals.readers.sheets.cells import says_nothing, split_member, split_scale, split_votes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pairing (+2)", ("Pairing", 2)),
        ("Pairing (3 votes) ", ("Pairing", 3)),
        ("Pairing [1 vote]", ("Pairing", 1)),
        ("Shipped it (2025)", ("Shipped it (2025)", None)),
        ("f(x) [2]", ("f(x) [2]", None)),
    ],
)
def test_votes_stand_at_the_end_in_brackets(text, found):
    assert split_votes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4", ("", True)),
        ("4/5", ("", True)),
        ("7 out of 10", ("", True)),
        ("80 %", ("", True)),
        ("3 - It's 50/50", ("", True)),
        ("5: Very good", ("", True)),
        ("2 - nobody has told us what comes", ("nobody has told us what comes", True)),
        ("10:30 we met", ("10:30 we met", False)),
        ("3 reviews done", ("3 reviews done", False)),
        ("1. one\n2. two", ("1. one\n2. two", False)),
        ("1318", ("1318", False)),
    ],
)
def test_answers_on_a_scale_keep_only_words_that_somebody_wrote(text, found):
    assert split_scale(text) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Ana Ruiz (@ana)", ("Ana Ruiz", "@ana")),
        ("(@ana)", ("@ana", "@ana")),
        ("Ana (Payments)", ("Ana (Payments)", None)),
        ("Anonymous", (None, None)),
        ("undefined", (None, None)),
        ("", (None, None)),
    ],
)
def test_members_have_a_name_and_a_handle(name, found):
    assert split_member(name) == found


@pytest.mark.parametrize("text", ["none", "N/A", "n.v.t.", "-", "—", "Nothing to report.", "no updates", "Rien", "нет"])
def test_answers_that_are_none(text):
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["nothing works", "no blockers but legal", "None of us knew", "nobody", "note"])
def test_answers_that_only_begin_like_none_are_answers(text):
    assert not says_nothing(text)
