from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.tagging.rules import tokenizer
from textsignals.tagging.sentences import MAX_SENTENCE_CHARS, has_words, normalise, split

LINE_BREAKS = "\r\n\u2028\u2029\x0b\x0c\x85"
# What real notes and chats are made of, so that random texts hit the branches of the splitter.
PIECES = st.sampled_from(
    [
        "- ",
        "* [x] ",
        "12:30 ",
        "[09:15] Ana: ",
        "<nick> ",
        "Ana: ",
        "Problem: ",
        "**Bo**: ",
        "```",
        "~~~",
        "> ",
        "# ",
        "1. ",
        "e.g. ",
        "Dr. ",
        "3.5",
        "https://a.org/b.c?d=e",
        "🎉",
        "…",
        "“quoted.” ",
        "word",
        "word word. ",
        "?! ",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\u2028",
        "\x85",
        "\u00a0",
        "’",
        "–",
        "é",
        "\u0301",
        "\x00",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=120))
CASES = [
    # bullets, numbers and boxes
    ("- one thing\n- two things", ["one thing", "two things"]),
    ("* [x] done that\n* [ ] do this", ["done that", "do this"]),
    ("• a bullet\n  ◦ below it\n– a dash", ["a bullet", "below it", "a dash"]),
    ("1. first point\n2) second point\n(3) third point", ["first point", "second point", "third point"]),
    ("a) alpha point\nb) beta point", ["alpha point", "beta point"]),
    ("-no blank after it", ["-no blank after it"]),
    ("-- two dashes", ["-- two dashes"]),
    ("1.5 million users left", ["1.5 million users left"]),
    ("2023. That was a year.", ["2023.", "That was a year."]),
    # chat lines
    ("[12:30] Ana: we shipped it. Good.", ["we shipped it.", "Good."]),
    ("12:30 Ana: we shipped it", ["we shipped it"]),
    ("[09:05:59] <ana_b> we shipped it", ["we shipped it"]),
    ("<ana> we shipped it", ["we shipped it"]),
    ("10:15 - Ana: we shipped it", ["we shipped it"]),
    ("12:30 Ana Lopez (she/her): we shipped it", ["we shipped it"]),
    ("12:30 we shipped it today", ["12:30 we shipped it today"]),
    ("12:30 https://a.org/b is the link", ["12:30 https://a.org/b is the link"]),
    ("At 12:30: we met and talked", ["At 12:30: we met and talked"]),
    # speakers
    ("Ana: we shipped it today", ["we shipped it today"]),
    ("Ana Lopez: we shipped it today", ["we shipped it today"]),
    ("Ana M.: we talked it through", ["we talked it through"]),
    ("**Ana**: we shipped it today", ["we shipped it today"]),
    ("@ana: we shipped it today", ["we shipped it today"]),
    ("- Ana: we shipped it today", ["we shipped it today"]),
    ("Ana: ok then", ["Ana: ok then"]),
    ("Q: who owns this now?", ["Q: who owns this now?"]),
    # labels are no speakers
    ("Problem: nobody knew about it", ["Problem: nobody knew about it"]),
    ("**Problem**: nobody knew about it", ["**Problem**: nobody knew about it"]),
    ("Action items: talk to the team first", ["Action items: talk to the team first"]),
    ("TODO: write this down now", ["TODO: write this down now"]),
    ("Next: ask the depot for help", ["Next: ask the depot for help"]),
    ("Yesterday: I fixed the old pump", ["Yesterday: I fixed the old pump"]),
    ("Went well: we talked to ops", ["Went well: we talked to ops"]),
    ("Owner: Ana Lopez and Ben", ["Owner: Ana Lopez and Ben"]),
    # abbreviations, numbers, links, signs
    ("We use tools, e.g. linters, daily. It helps.", ["We use tools, e.g. linters, daily.", "It helps."]),
    ("Dr. Smith came. She left.", ["Dr. Smith came.", "She left."]),
    ("Mr. and Mrs. Jones left at 5 p.m. on Monday. Fine.", ["Mr. and Mrs. Jones left at 5 p.m. on Monday.", "Fine."]),
    ("It took 3.5 days. Fine.", ["It took 3.5 days.", "Fine."]),
    ("v1.2.3 is out. Update.", ["v1.2.3 is out.", "Update."]),
    ("See https://a.org/b.c?d=e. Then go.", ["See https://a.org/b.c?d=e.", "Then go."]),
    ("The U.S. team left. Good.", ["The U.S. team left.", "Good."]),
    ("Wait... what happened?! No.", ["Wait... what happened?!", "No."]),
    ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
    ("He said “stop.” Then left.", ["He said “stop.”", "Then left."]),
    ("We did it 🎉🎉. Next one 👩‍👩‍👧 now.", ["We did it 🎉🎉.", "Next one 👩‍👩‍👧 now."]),
    # line ends of every kind
    ("a one\r\nb two\r\n", ["a one", "b two"]),
    ("one part\u2028two part\u2029three", ["one part", "two part", "three"]),
    ("one\x85two\x0bthree\x0cfour", ["one", "two", "three", "four"]),
    ("  indented.  \n\n\t also  ", ["indented.", "also"]),
    # nothing
    ("", []),
    ("  \n\t \r\n", []),
    ("- ", []),
]
KINDS = [
    ("# Heading here\nText below.", [("heading", "# Heading here"), ("sentence", "Text below.")]),
    ("###### Deep. Still one.\n", [("heading", "###### Deep. Still one.")]),
    ("#hashtag is here", [("sentence", "#hashtag is here")]),
    ("> quoted. Twice.\nreply", [("quote", "> quoted. Twice."), ("sentence", "reply")]),
    ("&gt; quoted\nreply", [("quote", "&gt; quoted"), ("sentence", "reply")]),
    (
        "before\n```py\ncode. More.\n\n> no quote\n```\nafter",
        [
            ("sentence", "before"),
            ("code", "```py"),
            ("code", "code. More."),
            ("code", "> no quote"),
            ("code", "```"),
            ("sentence", "after"),
        ],
    ),
    ("~~~\ncode\n~~~\nout", [("code", "~~~"), ("code", "code"), ("code", "~~~"), ("sentence", "out")]),
    ("```one line```\nafter it", [("code", "```one line```"), ("sentence", "after it")]),
    ("```\nnever closed\n- still code", [("code", "```"), ("code", "never closed"), ("code", "- still code")]),
]


@pytest.fixture(scope="module")
def nlp():
    return tokenizer("en")


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_text_is_split_into_these_sentences(nlp, text, expected):
    assert [text[s.start : s.end] for s in split(text, nlp)] == expected


@pytest.mark.parametrize(("text", "expected"), KINDS)
def test_headings_quotes_and_code_are_told_apart(nlp, text, expected):
    assert [(s.kind, text[s.start : s.end]) for s in split(text, nlp)] == expected


@pytest.mark.xfail(strict=True, reason="signs that end a sentence elsewhere do not end it here")
@pytest.mark.parametrize(
    "text", ["He asked (why?) again.", "We saw logs, dashboards, etc. and agreed.", "12:30 we decided this: ship it"]
)
def test_known_failures_should_stay_one_whole_sentence(nlp, text):
    assert [text[s.start : s.end] for s in split(text, nlp)] == [text]


def test_a_very_long_line_is_cut_into_pieces_that_hold_all_its_words(nlp):
    text = "word " * 5_000
    spans = list(split(text, nlp))
    assert max(s.end - s.start for s in spans) <= MAX_SENTENCE_CHARS
    assert "".join(text[s.start : s.end] for s in spans).replace(" ", "") == "word" * 5_000


def test_sentences_of_a_long_line_are_cut_where_they_end_and_endless_ones_at_a_blank(nlp):
    sentence = "We were blindsided by the news and told the board so at once."
    text = " ".join([sentence] * 200)
    assert {text[s.start : s.end] for s in split(text, nlp)} == {sentence}
    endless = "blindsided " * 600
    assert {word for s in split(endless, nlp) for word in endless[s.start : s.end].split()} == {"blindsided"}


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_spans_stand_in_order_do_not_overlap_and_have_no_blank_ends(text):
    at = 0
    for span in split(text, tokenizer("en")):
        assert at <= span.start < span.end <= len(text)
        assert not set(text[span.start : span.end]) & set(LINE_BREAKS)
        if span.kind == "sentence":
            assert text[span.start : span.end] == text[span.start : span.end].strip()
        at = span.end


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_what_is_outside_of_spans_is_blank_or_a_marker_at_the_start_of_a_line(text):
    covered = [False] * len(text)
    for span in split(text, tokenizer("en")):
        covered[span.start : span.end] = [True] * (span.end - span.start)
    for i, char in enumerate(text):
        if not covered[i] and not char.isspace():
            before = max(text.rfind(b, 0, i) for b in LINE_BREAKS) + 1
            assert not any(covered[before:i]), f"{char!r} at {i} is lost in the midst of a line"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=200))
def test_normalise_keeps_the_length_and_twice_is_once(text):
    once = normalise(text)
    assert len(once) == len(text)
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Don’t – ‘no’ — “yes”", "Don't - 'no' - \"yes\""),
        ("a\u00a0b\u202fc", "a b c"),
        ("cut \ud83d off", "cut \ufffd off"),
    ],
)
def test_normalise_makes_typographic_signs_plain(text, plain):
    assert normalise(text) == plain


@pytest.mark.parametrize("text", ["ok", "Straße 9", "see https://a.org/b now", ":tada: we did it", "日本語です"])
def test_has_words_sees_a_word(text):
    assert has_words(text)


@pytest.mark.parametrize(
    "text", ["", "...", "42 %", "https://a.org/words/in/it", ":tada: :+1:", "@ana.lopez", "a b c", "🎉"]
)
def test_has_words_ignores_links_emoji_mentions_and_single_letters(text):
    assert not has_words(text)
