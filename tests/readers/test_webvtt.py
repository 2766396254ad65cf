from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError


def read_text(tmp_path, text, name="call.vtt"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    reading = ts.read(path)
    return list(reading), reading.report


def cues(*lines, step=2.0):
    """A transcript whose cues follow each other at once, each with one text."""

    def stamp(seconds):
        return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:06.3f}"

    blocks = [f"{i + 1}\n{stamp(i * step)} --> {stamp(i * step + 2)}\n{text}" for i, text in enumerate(lines)]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("vtt")


@pytest.mark.parametrize(
    ("lines", "turns"),
    [
        (["Ana: We ship.", "Ana: On Monday.", "Bo: Fine."], [("Ana", "We ship. On Monday."), ("Bo", "Fine.")]),
        (["<v Ana>We ship.</v>", "on Monday", "<v Bo>Fine.</v>"], [("Ana", "We ship. on Monday"), ("Bo", "Fine.")]),
        (["Ana (Ops | EU): We ship.", "on Monday"], [("Ana (Ops | EU): We ship. on Monday",)]),
        (["Unknown Speaker: Hello.", "Ana: Hi."], [(None, "Hello."), ("Ana", "Hi.")]),
        (["<c.red>Red</c> <00:00:01.000>words &amp; signs &gt; 1"], [(None, "Red words & signs > 1")]),
        # Where no cue has a label, a colon belongs to the sentence.
        (
            ["Here is the problem: nobody decides.", "So we wait."],
            [(None, "Here is the problem: nobody decides. So we wait.")],
        ),
        # A word that begins like the turn before is not a repetition.
        (["No", "Nobody told us."], [(None, "No Nobody told us.")]),
        (["Ana: Yes.", "Ana: Yes."], [("Ana", "Yes. Yes.")]),
        # Rolling captions show the line before once more.
        (["we said", "we said\nit often", "it often"], [(None, "we said it often")]),
    ],
)
def test_cues_become_turns_of_their_speaker_with_all_words(tmp_path, lines, turns):
    found, _ = read_text(tmp_path, cues(*lines))
    # A label on exactly half of the cues is no rule yet.
    expected = [turn if len(turn) == 2 else (None, turn[0]) for turn in turns]
    assert [(turn.author, turn.text) for turn in found] == expected


def test_a_long_silence_and_a_long_speech_begin_a_new_turn(tmp_path):
    silent, _ = read_text(tmp_path, cues("Ana: One.", "Ana: Two.", step=60.0))
    assert [turn.text for turn in silent] == ["One.", "Two."]
    long, report = read_text(tmp_path, cues(*["Ana: " + "word " * 100] * 10))
    assert len(long) > 1
    assert all(len(turn.text) <= 2_000 for turn in long)
    assert report.skipped == {"joined with the cue before": 10 - len(long)}


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ana", "Bo", "Cy Dee"]),
            st.lists(st.from_regex(r"[a-z]{1,8}[.,?]?", fullmatch=True), min_size=1),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_word_is_lost_or_doubled_by_joining_cues(folder, said):
    lines = [f"{name}: {' '.join(words)}" for name, words in said]
    found, report = read_text(folder, cues(*lines))
    assert Counter(w for turn in found for w in turn.text.split()) == Counter(w for _, words in said for w in words)
    # Each word stays with the one who said it.
    for name in {name for name, _ in said}:
        own = [word for speaker, words in said if speaker == name for word in words]
        assert [w for turn in found if turn.author == name for w in turn.text.split()] == own
    assert report.read == len(said) == report.yielded + sum(report.skipped.values())


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            "00:00:1d.000 --> 00:00:12.000\nlost",
            "line 6: the times of this cue cannot be read; write them as 00:01:02.500 --> ...",
        ),
        (
            "00:99.000 --> 00:99.500\nlost",
            "line 6: the times of this cue cannot be read; write them as 00:01:02.500 --> ...",
        ),
        ("7\n00:12.000 -->\nlost", "line 7: the times of this cue cannot be read; write them as 00:01:02.500 --> ..."),
        ("lost", "line 6: text without a time; write it below a line such as 00:01 --> 00:02"),
    ],
)
def test_a_cue_without_usable_times_is_quarantined_with_its_line(tmp_path, block, message):
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\nfirst\n\n{block}\n\n00:20.000 --> 00:21.000\nlast\n"
    found, report = read_text(tmp_path, text)
    assert [turn.text for turn in found] == ["first last"]
    assert [str(problem) for problem in report.problems] == [f"{tmp_path / 'call.vtt'}, {message}"]
    assert (report.read, report.yielded, report.quarantined) == (3, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "WEBVTT\n00:01.000 --> 00:02.000\nhello\n",
        "WEBVTT - a title\n\nNOTE a comment\nover lines\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000\nhello\n",
        "WEBVTT\n\nNOTES-1\n00:01.000 --> 00:02.000\nhello\n",
        "WEBVTT\r\n\r\n00:01,000 --> 00:02,000 align:start\r\nhello\r\n",
        "\ufeffWEBVTT\n\n1:00:01.000 --> 1:00:02.000\nhello",
    ],
)
def test_dialects_of_one_transcript_are_read_alike(tmp_path, text):
    found, report = read_text(tmp_path, text)
    assert [turn.text for turn in found] == ["hello"]
    assert report.problems == ()


@pytest.mark.parametrize("body", ["", " ", "<c></c>"])
def test_a_cue_without_words_is_skipped(tmp_path, body):
    found, report = read_text(tmp_path, f"WEBVTT\n\n00:01.000 --> 00:02.000\n{body}\n")
    assert found == []
    assert report.skipped == {"empty": 1}


def test_a_turn_says_where_and_when_it_was_said(tmp_path):
    [first, second], _ = read_text(tmp_path, cues("Ana: One.", "Bo: Two.", step=2.5), "call-2026-03-13.vtt")
    assert (first.locator, second.locator) == ("line 4", "line 8")
    assert second.meta == {"seconds": 2.5}
    assert {str(turn.timestamp) for turn in (first, second)} == {"2026-03-13 00:00:00+00:00"}
    assert (first.time_source, first.time_precision, first.kind) == ("filename", "day", "speech")


def test_a_file_name_in_the_future_is_told_once(tmp_path):
    path = tmp_path / "2099-01-01.vtt"
    path.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nWe wait.\n")
    with pytest.raises(InputError, match="the date 2099-01-01 is in the future; mend the date in the name"):
        list(ts.read(path))
